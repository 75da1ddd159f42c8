"""The registry contract: random callers against a model of its laws, and what is committed."""

import asyncio
import json
import random
from typing import Final

import pytest

from ledger_adapter.chains.evm import contract, wire
from ledger_adapter.chains.evm.rpc import NodeRefusal
from ledger_adapter.chains.evm.transactions import Call, Fees, Writer, signed
from tests.js.evm import packages
from tests.js.evm.contract import COMMITTED, built
from tests.ledger_adapter.evm.anvil import BACKUP, LOG_ID, OWNER, WRITER, Anvil, anvil

STRANGER: Final = Writer.from_scalar(0x5A)
OTHER_LOG: Final = b"other log".ljust(32, b"\0")
CALLS: Final = 160


class Model:
    """The laws in words of Python."""

    def __init__(self) -> None:
        self.writers: dict[bytes, tuple[bytes, bytes]] = {LOG_ID: (WRITER.address, BACKUP.address)}
        self.roots: dict[tuple[bytes, int], bytes] = {}

    def latest(self, log: bytes) -> int:
        return max((size for name, size in self.roots if name == log), default=0)

    def anchor(self, who: Writer, log: bytes, size: int, root: bytes) -> bool:
        """Whether the call may succeed; what it then changes."""
        if who.address not in self.writers.get(log, ()) or not any(root):
            return False
        known = self.roots.get((log, size))
        if known is None and size > self.latest(log):
            self.roots[log, size] = root
            return True
        return known == root

    def name_writers(self, who: Writer, log: bytes, writer: bytes, backup: bytes) -> bool:
        if who is not OWNER or not any(writer):
            return False
        self.writers[log] = (writer, backup)
        return True


async def carried_out(node: Anvil, who: Writer, data: bytes, nonces: dict[bytes, int]) -> bool:
    """Whether the transaction succeeded. It is mined in either case."""
    nonce = nonces.get(who.address)
    if nonce is None:
        nonce = wire.quantity(await node.rpc.call("eth_getTransactionCount", who.name, "latest"))
    nonces[who.address] = nonce + 1
    call = Call(to=node.deployed.trusted.registry, data=data, gas=300_000)
    raw = signed(who, call, chain=31337, nonce=nonce, fees=Fees(10**11, 10**9))
    name = await node.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
    async with asyncio.timeout(30):
        asked = ("eth_getTransactionReceipt", name)
        while (receipt := await node.rpc.call(*asked)) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return wire.quantity(wire.members(receipt).get("status")) == 1


async def test_no_caller_breaks_a_law() -> None:
    chance, model, nonces, outcomes = random.Random(20), Model(), dict[bytes, int](), []
    async with anvil() as node:
        await node.rpc.call("anvil_setBalance", STRANGER.name, hex(10**20))
        for _ in range(CALLS):
            who = chance.choice([WRITER, WRITER, BACKUP, OWNER, STRANGER])
            log = chance.choice([LOG_ID, LOG_ID, OTHER_LOG])
            if chance.random() < 0.1:
                writer = chance.choice([WRITER, STRANGER]).address
                named = (log, chance.choice([writer, bytes(20)]), chance.choice([BACKUP.address]))
                allowed = model.name_writers(who, *named)
                done = await carried_out(node, who, contract.name_writers(*named), nonces)
            else:
                size = max(0, model.latest(log) + chance.randrange(-2, 3))
                root = chance.choice([bytes(32), b"a" * 32, b"b" * 32])
                allowed = model.anchor(who, log, size, root)
                extra = (b"c" * 32,) * chance.choice([0, 0, 3])
                data = contract.anchor(log, size, root, b"h" * 32, extra)
                done = await carried_out(node, who, data, nonces)
            assert done == allowed
            outcomes.append(done)
        for (log, size), root in model.roots.items():
            asked = {
                "to": "0x" + node.deployed.trusted.registry.hex(),
                "data": "0x" + contract.roots(log, size).hex(),
            }
            assert await node.rpc.call("eth_call", asked, "latest") == "0x" + root.hex()
    assert min(outcomes.count(True), outcomes.count(False)) > 25
    assert len(model.roots) > 12


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff" * 4, id="an unknown call"),
        pytest.param(contract.anchor(LOG_ID, 2**64, b"r" * 32, b"h" * 32), id="a size too long"),
    ],
)
async def test_it_takes_no_money_and_no_other_call(data: bytes) -> None:
    async with anvil() as node:
        asked = {
            "from": WRITER.name,
            "to": "0x" + node.deployed.trusted.registry.hex(),
            "data": "0x" + data.hex(),
            "value": "0x1" if not data else "0x0",
        }
        with pytest.raises(NodeRefusal):
            await node.rpc.call("eth_call", asked, "latest")


def test_what_is_committed_is_what_the_compiler_makes() -> None:
    if isinstance(packages(), str):
        pytest.skip(str(packages()))
    version, made = contract.registry().version, built()
    assert made == json.loads(COMMITTED.read_text(encoding="utf-8"))
    assert made["codeHash"] == version.code_hash.hex()
    assert version.checked_by == tuple(made["checkedBy"])
