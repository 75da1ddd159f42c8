"""Chain rooms over anvil: two proxies stand before it as primary and backup node."""

import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ledger_adapter.chains.evm.chain import EvmChain, EvmOptions, FeeRule, Finality
from ledger_adapter.chains.evm.pool import NodePool, PoolOptions
from ledger_adapter.chains.evm.rpc import Rpc
from ledger_adapter.evidence.evm import TrustedEvm
from tests.ledger_adapter.chains.kit import ChainRoom, Open
from tests.ledger_adapter.evm.anvil import BACKUP, LOG_ID, WRITER, Anvil, anvil
from tests.ledger_adapter.evm.proxy import Proxy, proxies
from tests.ledger_adapter.evm.sealer import Sealer

QUICK = PoolOptions(hedge=0.3, probe_every=0.2, fail_back_after=0.5, first_break=0.1)
AT_ONCE = Finality("immediate")
Proof = Literal["receipt", "storage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvmRoom:
    """A chain over proxies, with a hand on everything."""

    chain: EvmChain
    trusted: TrustedEvm
    node: Anvil
    proxies: Sequence[Proxy]
    pool: NodePool

    async def settle(self) -> None:
        await self.node.mine()

    async def stop_primary(self) -> None:
        await self.proxies[0].stop()


@contextlib.asynccontextmanager
async def evm_room(
    *options: str,
    finality: Finality = AT_ONCE,
    fees: FeeRule | None = None,
    sealed: bool = False,
    proof: Proof = "receipt",
    nodes: int = 2,
    pool: PoolOptions = QUICK,
) -> AsyncIterator[EvmRoom]:
    async with anvil(*options) as node, proxies(node.url, nodes) as fronts:
        trusted = node.deployed.trusted
        if sealed:
            sealer = Sealer(node.rpc)
            genesis = bytes.fromhex((await sealer.name(0))[2:])
            trusted = replace(trusted, genesis=genesis, validators=sealer.configured)
            for front in fronts:
                front.mangle = sealer.mangle
        rpcs = [Rpc(front.url, node.http, deadline=1.0) for front in fronts]
        made = NodePool("evm", trusted, rpcs, pool, clock=time.monotonic)
        settings = EvmOptions(
            name="evm",
            log_id=LOG_ID,
            finality=finality,
            fees=fees or FeeRule(),
            proof=proof,
            start_block=node.deployed.start_block,
        )
        chain = EvmChain(made, trusted, settings, writer=WRITER, backup=BACKUP)
        yield EvmRoom(chain=chain, trusted=trusted, node=node, proxies=fronts, pool=made)


def contract_room(*, sealed: bool, proof: Proof = "receipt", finality: Finality = AT_ONCE) -> Open:
    """For the suite that every chain passes."""

    @contextlib.asynccontextmanager
    async def opened(_folder: Path) -> AsyncIterator[ChainRoom]:
        async with evm_room(sealed=sealed, proof=proof, finality=finality) as room:
            yield ChainRoom(chain=room.chain, trusted=room.trusted, steer=room)

    return opened


EVM_ROOMS = {
    "evm, read by depth": contract_room(sealed=False, finality=Finality("depth", depth=2)),
    "evm, sealed, by receipt": contract_room(sealed=True),
    "evm, sealed, by storage": contract_room(sealed=True, proof="storage"),
}
