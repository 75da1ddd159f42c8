"""What the log tells of fraud, by what kind of trouble it is. Pure.

Each kind is a condition on events that an index answers in the order of the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

from subgraphs.audit.records import EventRow
from subgraphs.kit.types import worded

FRAUD: Final = "FRAUD_SIGNAL"
DENIED: Final = "DISPUTE_OPENED"


@worded(
    "What kind of trouble a signal tells of (信号类型).",
    FORGED="A proof was tampered with, or its issuer is none (伪造或篡改).",
    REPLAYED="A presentation was shown that had served already (重放).",
    DOUBLE_COUNTED="The same money stands in several proofs, or may (重复计算).",
    DENIED="A holder denies an application, a use or a content (本人否认).",
)
class SignalKind(Enum):
    FORGED = "FORGED"
    REPLAYED = "REPLAYED"
    DOUBLE_COUNTED = "DOUBLE_COUNTED"
    DENIED = "DENIED"


_CHECKS: Final[Mapping[SignalKind, tuple[str, ...]]] = MappingProxyType(
    {
        SignalKind.FORGED: ("INTEGRITY", "TRUSTED_ISSUER"),
        SignalKind.REPLAYED: ("REPLAY",),
        SignalKind.DOUBLE_COUNTED: ("DOUBLE_COUNT",),
    }
)
_KIND_OF: Final = {check: kind for kind, checks in _CHECKS.items() for check in checks}


def where(kinds: Iterable[SignalKind]) -> dict[str, Any]:
    """The condition on events for these kinds; at least one."""
    wanted = set(kinds)
    checks = sorted(check for kind in wanted for check in _CHECKS.get(kind, ()))
    steps: list[dict[str, Any]] = []
    if checks:
        steps.append({"kind": FRAUD, "body.check": {"$in": checks}})
    if SignalKind.DENIED in wanted:
        steps.append({"kind": DENIED})
    return steps[0] if len(steps) == 1 else {"$or": steps}


def kind_of(row: EventRow) -> SignalKind:
    """What an event that `where` found tells of."""
    return SignalKind.DENIED if row.kind == DENIED else _KIND_OF[str(row.body["check"])]


def reason_of(row: EventRow) -> str:
    """The reason code of a check, or the ground of a denial."""
    return str(row.body["ground" if row.kind == DENIED else "reasonCode"])
