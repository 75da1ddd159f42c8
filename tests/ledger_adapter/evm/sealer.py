"""Makes a synthetic QBFT chain of anvil's: the same blocks, sealed by validators of the test.

Besu can't be had from npm or PyPI. What a sealed header looks like was compared with one that a
real Besu network made.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from ledger_adapter.chains.evm import wire
from ledger_adapter.chains.evm.rpc import Rpc
from ledger_adapter.chains.evm.transactions import Writer
from ledger_adapter.evidence import qbft
from ledger_adapter.evidence.ethereum import Header, read_header, spelled
from ledger_adapter.evidence.evm import Validators

WITHOUT: Final = (False,)
_HEADER: Final = ("eth_getBlockByNumber", "eth_getBlockByHash")


def seal(writer: Writer, digest: bytes) -> bytes:
    """A commit seal: r, s and the parity."""
    parity, r, s = writer.sign(digest)
    return r.to_bytes(32) + s.to_bytes(32) + bytes([parity])


@dataclass(slots=True)
class Sealer:
    """Rewrites what anvil answers. `seals`: how many of the validators sign."""

    rpc: Rpc
    validators: list[Writer] = field(
        default_factory=lambda: [Writer.from_scalar(0xBE50 + at) for at in range(4)]
    )
    seals: int = 3
    _names: dict[int, str] = field(default_factory=dict)
    _sealed: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def configured(self) -> tuple[Validators, ...]:
        return (Validators(0, None, tuple(writer.address for writer in self.validators)),)

    async def mangle(self, method: str, _params: list[Any], result: Any) -> Any:
        if result is None:
            return None
        if method in _HEADER:
            return await self._block(result)
        if method == "eth_getTransactionReceipt":
            return await self._placed(result)
        if method in ("eth_getBlockReceipts", "eth_getLogs"):
            return [await self._placed(each) for each in result]
        return result

    async def _placed(self, result: dict[str, Any]) -> dict[str, Any]:
        return {**result, "blockHash": await self.name(int(result["blockNumber"], 16))}

    async def name(self, number: int) -> str:
        """The sealed block's hash."""
        if number not in self._names:
            await self._block(await self.rpc.call("eth_getBlockByNumber", hex(number), *WITHOUT))
        return self._names[number]

    async def _block(self, plain: Any) -> dict[str, Any]:
        if plain["hash"] not in self._sealed:
            self._sealed[plain["hash"]] = await self._made(plain)
        return {**plain, **self._sealed[plain["hash"]]}

    async def _made(self, plain: dict[str, Any]) -> dict[str, Any]:
        """The fields in which the sealed block differs."""
        number = int(plain["number"], 16)
        parent = await self.name(number - 1) if number else plain["parentHash"]
        block = {
            **plain,
            "parentHash": parent,
            "difficulty": "0x1",
            "mixHash": "0x" + qbft.DIGEST.hex(),
            "nonce": "0x" + "00" * 8,
        }
        extra = qbft.Extra(
            vanity=bytes(32),
            validators=tuple(writer.address for writer in self.validators),
            vote=[],
            round=spelled(number % 3),
            seals=(),
        )
        block["extraData"] = "0x" + extra.encode(round_=extra.round).hex()
        digest = qbft.seal_hash(_header(block))
        seals = [seal(writer, digest) for writer in self.validators[: self.seals * bool(number)]]
        block["extraData"] = "0x" + extra.encode(round_=extra.round, seals=seals).hex()
        block["hash"] = "0x" + qbft.block_hash(_header(block)).hex()
        self._names[number] = block["hash"]
        return {name: value for name, value in block.items() if plain.get(name) != value}


def _header(block: dict[str, Any]) -> Header:
    return read_header(wire.header_bytes(block))
