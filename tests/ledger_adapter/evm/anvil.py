"""A real EVM of the test's own: anvil, with the registry on it and two writers named."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import httpx
import pytest

from ledger_adapter.chains.evm.deploy import Deployed, deploy, name_writers
from ledger_adapter.chains.evm.rpc import NodeFault, Rpc
from ledger_adapter.chains.evm.transactions import Fees, Writer
from ledger_adapter.log.checkpoint import log_id
from tests.js.evm import anvil_binary
from tests.ledger_adapter.kit import KEY, ORIGIN

OWNER: Final = Writer.from_scalar(0x0DE)
WRITER: Final = Writer.from_scalar(0x3A1)
BACKUP: Final = Writer.from_scalar(0x3A2)
LOG_ID: Final = log_id(ORIGIN, KEY.public_key)
FEES: Final = Fees(20_000_000_000, 1_000_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anvil:
    """A running node, spoken to without any of our proxies between."""

    url: str
    rpc: Rpc
    http: httpx.AsyncClient
    deployed: Deployed

    async def mine(self, blocks: int = 1) -> None:
        await self.rpc.call("anvil_mine", hex(blocks))


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def anvil(*options: str) -> AsyncIterator[Anvil]:
    """Each transaction is mined at once, unless the options say otherwise."""
    program = anvil_binary()
    if program is None:
        pytest.skip("no anvil from npm for this platform")
    port = free_port()
    arguments = [str(program), "--port", str(port), "--silent", "--accounts", "1", *options]
    node = await asyncio.create_subprocess_exec(
        *arguments, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with httpx.AsyncClient(timeout=10, trust_env=False, verify=False) as http:
            rpc = Rpc(f"http://127.0.0.1:{port}", http, deadline=5)
            await _ready(rpc)
            deployed = await _prepared(rpc)
            yield Anvil(url=f"http://127.0.0.1:{port}", rpc=rpc, http=http, deployed=deployed)
    finally:
        node.kill()
        await node.wait()


async def _ready(rpc: Rpc) -> None:
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(NodeFault):
                await rpc.call("eth_chainId")
                return
            await asyncio.sleep(0.02)


async def _prepared(rpc: Rpc) -> Deployed:
    for account in (OWNER, WRITER, BACKUP):
        await rpc.call("anvil_setBalance", account.name, hex(10**20))
    deployed = await deploy(rpc, OWNER, FEES)
    await name_writers(
        rpc,
        OWNER,
        FEES,
        trusted=deployed.trusted,
        log_id=LOG_ID,
        writer=WRITER.address,
        backup=BACKUP.address,
    )
    return deployed
