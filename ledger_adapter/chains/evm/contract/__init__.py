"""The registry contract: its committed code, and the bytes of its calls."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from ledger_adapter.evidence.keccak import keccak256

_ANCHOR: Final = "anchor(bytes32,uint64,bytes32,bytes32)"
_ANCHOR_WITH: Final = "anchorWithCommitments(bytes32,uint64,bytes32,bytes32,bytes32[])"
_NAME_WRITERS: Final = "nameWriters(bytes32,address,address)"
_LOGS: Final = "logs(bytes32)"
_ROOTS: Final = "roots(bytes32,uint64)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractVersion:
    """What stands on a proof: which code keeps the root, and who has looked at it."""

    code_hash: bytes
    checked_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """The committed build of LogRegistry.sol."""

    version: ContractVersion
    creation: bytes


@cache
def registry() -> Registry:
    """Read once from the package; `make contract` proves that it is what the source compiles to."""
    built = json.loads((files(__package__) / "registry.json").read_text(encoding="utf-8"))
    return Registry(
        version=ContractVersion(
            code_hash=bytes.fromhex(built["codeHash"]), checked_by=tuple(built["checkedBy"])
        ),
        creation=bytes.fromhex(built["bytecode"]),
    )


def anchor(
    log_id: bytes, size: int, root: bytes, digest: bytes, commitments: Sequence[bytes] = ()
) -> bytes:
    """The call that writes a root; with commitments, they travel in the call's data."""
    head = log_id + size.to_bytes(32) + root + digest
    if not commitments:
        return _selector(_ANCHOR) + head
    tail = (5 * 32).to_bytes(32) + len(commitments).to_bytes(32) + b"".join(commitments)
    return _selector(_ANCHOR_WITH) + head + tail


def name_writers(log_id: bytes, writer: bytes, backup: bytes) -> bytes:
    """The owner's call that opens a log, or gives it other writers."""
    return _selector(_NAME_WRITERS) + log_id + writer.rjust(32, b"\0") + backup.rjust(32, b"\0")


def logs(log_id: bytes) -> bytes:
    """Asks for writer, size and backup: three words."""
    return _selector(_LOGS) + log_id


def roots(log_id: bytes, size: int) -> bytes:
    """Asks for the root of a size: one word, zero while there is none."""
    return _selector(_ROOTS) + log_id + size.to_bytes(32)


@cache
def _selector(signature: str) -> bytes:
    return keccak256(signature.encode())[:4]
