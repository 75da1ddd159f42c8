"""A native receipt proof as a node of FISCO BCOS 3.x gives it, made evidence and checked.

Experimental: the members' names are those of the node's source; no node was run.
"""

from collections.abc import Mapping, Sequence

from ledger_adapter.chains.evm import wire
from ledger_adapter.chains.evm.rpc import Rpc
from ledger_adapter.errors import BadProof
from ledger_adapter.evidence import fisco
from ledger_adapter.evidence.fisco import TrustedFisco
from ledger_adapter.evidence.kinds import AnchoredHead
from ledger_adapter.log.bundle import b64url
from ledger_adapter.port import JsonValue


async def captured(
    rpc: Rpc, chain: TrustedFisco, transaction: bytes, *, group: str
) -> tuple[Mapping[str, JsonValue], AnchoredHead]:
    """Evidence of a transaction's receipt, and what it proves; BadProof when it does not."""
    name = "0x" + transaction.hex()
    receipt = wire.members(await rpc.call("getTransactionReceipt", group, "", name, True))  # noqa: FBT003
    number = _whole(receipt.get("blockNumber"))
    block = wire.members(await rpc.call("getBlockByNumber", group, "", number, True, True))  # noqa: FBT003
    evidence = evidence_of(receipt, block)
    return evidence, fisco.KINDS[fisco.RECEIPT].check(evidence, chain)


def evidence_of(receipt: wire.Object, block: wire.Object) -> Mapping[str, JsonValue]:
    """Both answers in our form; nothing is believed here."""
    logs = _list(receipt.get("logEntries"))
    if len(logs) != 1 or _whole(receipt.get("status")) or receipt.get("output") not in ("", "0x"):
        raise BadProof("receipt", "not a success with one event and no output")
    log = wire.members(logs[0])
    topics = b"".join(wire.data(topic, 32) for topic in _list(log.get("topics")))
    return {
        "header": _header(block),
        "receipt": {
            "version": str(_whole(receipt.get("version"))),
            "gasUsed": str(receipt.get("gasUsed")),
            "effectiveGasPrice": str(receipt.get("effectiveGasPrice", "")),
            "event": b64url(topics[32:] + wire.data(log.get("data"))),
        },
        "path": _path(_list(receipt.get("txReceiptProof"))),
        "seals": [_seal(wire.members(each)) for each in _list(block.get("signatureList"))],
    }


def _header(block: wire.Object) -> dict[str, JsonValue]:
    parents = [wire.members(each) for each in _list(block.get("parentInfo"))]
    return {
        **{name: str(_whole(block.get(name))) for name in ("version", "number", "timestamp")},
        "sealer": str(_whole(block.get("sealer"))),
        "gasUsed": str(block.get("gasUsed")),
        "parents": [
            {"number": str(_whole(each.get("blockNumber"))), "hash": _bytes(each.get("blockHash"))}
            for each in parents
        ],
        "txsRoot": _bytes(block.get("txsRoot")),
        "receiptRoot": _bytes(block.get("receiptsRoot")),
        "stateRoot": _bytes(block.get("stateRoot")),
        "sealers": [_bytes(each) for each in _list(block.get("sealerList"))],
        "extraData": _bytes(block.get("extraData")),
        "weights": [str(_whole(each)) for each in _list(block.get("consensusWeights"))],
    }


def _seal(value: wire.Object) -> JsonValue:
    return {
        "index": str(_whole(value.get("sealerIndex"))),
        "signature": _bytes(value.get("signature")),
    }


def _path(flat: Sequence[object]) -> list[JsonValue]:
    """The node's flat list: a count in four bytes, then so many hashes, again and again.

    A block of one transaction has its receipt's hash for a root, and a list of just that.
    """
    parts = [wire.data(each) for each in flat]
    groups: list[JsonValue] = []
    while len(parts) > 1:
        count = int.from_bytes(parts[0])
        if len(parts[0]) != 4 or not 0 < count < len(parts):
            raise BadProof("path", "a count that is none")
        groups.append([b64url(part) for part in parts[1 : 1 + count]])
        parts = parts[1 + count :]
    return groups


def _bytes(value: object) -> str:
    if not isinstance(value, str):
        raise BadProof("node", "not data")
    return b64url(wire.data(value if value.startswith("0x") else "0x" + value))


def _whole(value: object) -> int:
    if type(value) is not int or value < 0:
        raise BadProof("node", "not a whole number")
    return value


def _list(value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise BadProof("node", "not a list")
    return value
