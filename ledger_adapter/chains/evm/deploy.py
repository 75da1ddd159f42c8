"""Bringing the registry onto a chain: done once by an owner, never by the running ledger."""

import asyncio
from dataclasses import dataclass
from typing import Final

from ledger_adapter.chains.evm import contract, reading, wire
from ledger_adapter.chains.evm.rpc import Rpc
from ledger_adapter.chains.evm.transactions import Call, Fees, Writer, hash_of, signed
from ledger_adapter.errors import BadProof, ChainUnavailable
from ledger_adapter.evidence import qbft
from ledger_adapter.evidence.ethereum import read_header
from ledger_adapter.evidence.evm import TrustedEvm, Validators
from ledger_adapter.evidence.keccak import keccak256

_CREATION_GAS: Final = 1_500_000
_NAMING_GAS: Final = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What a deployment's settings and its readers' trust files need to know."""

    trusted: TrustedEvm
    start_block: int


async def deploy(rpc: Rpc, owner: Writer, fees: Fees, *, patience: float = 120.0) -> Deployed:
    """Create the registry; BadProof when the chain ends up with other code than ours."""
    number = wire.quantity(await rpc.call("eth_chainId"))
    genesis = await reading.block_at(rpc, 0)
    if genesis is None:
        raise ChainUnavailable(f"{rpc.name} has no first block")
    code = contract.registry()
    call = Call(to=b"", data=code.creation, gas=_CREATION_GAS)
    receipt = await _carried_out(rpc, owner, call, chain=number, fees=fees, patience=patience)
    address = wire.data(receipt.get("contractAddress"), 20)
    found = wire.data(await rpc.call("eth_getCode", "0x" + address.hex(), "latest"))
    if keccak256(found) != code.version.code_hash:
        raise BadProof("deploy", "the code on the chain is not the committed one")
    trusted = TrustedEvm(
        chain_id=f"eip155:{number}",
        genesis=genesis.hash,
        registry=address,
        code_hash=code.version.code_hash,
        validators=await _sealers(rpc),
    )
    return Deployed(trusted=trusted, start_block=wire.quantity(receipt.get("blockNumber")))


async def _sealers(rpc: Rpc) -> tuple[Validators, ...]:
    """The validators that the head names, on a chain of sealed blocks: for a person to compare."""
    header = read_header((await reading.head(rpc)).header)
    if not qbft.is_bft(header):
        return ()
    return (Validators(0, None, qbft.read_extra(header.extra).validators),)


async def name_writers(
    rpc: Rpc,
    owner: Writer,
    fees: Fees,
    *,
    trusted: TrustedEvm,
    log_id: bytes,
    writer: bytes,
    backup: bytes = bytes(20),
    patience: float = 120.0,
) -> None:
    """Open a log on the registry, or give it other writers."""
    data = contract.name_writers(log_id, writer, backup)
    call = Call(to=trusted.registry, data=data, gas=_NAMING_GAS)
    number = int(trusted.chain_id.removeprefix("eip155:"))
    await _carried_out(rpc, owner, call, chain=number, fees=fees, patience=patience)


async def _carried_out(
    rpc: Rpc, owner: Writer, call: Call, *, chain: int, fees: Fees, patience: float
) -> wire.Object:
    """The receipt of a transaction that succeeded."""
    nonce = await reading.nonce(rpc, owner.address, "latest")
    raw = signed(owner, call, chain=chain, nonce=nonce, fees=fees)
    await rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
    async with asyncio.timeout(patience):
        while (found := await _receipt(rpc, hash_of(raw))) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    receipt = wire.members(found)
    if wire.quantity(receipt.get("status")) != 1:
        raise BadProof("deploy", f"transaction 0x{hash_of(raw).hex()} failed")
    return receipt


async def _receipt(rpc: Rpc, name: bytes) -> object:
    return await rpc.call("eth_getTransactionReceipt", "0x" + name.hex())
