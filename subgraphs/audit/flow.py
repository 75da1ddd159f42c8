"""Where business waits: what has begun and whose next step has not come yet. Pure.

Laws: a thing waits in one stage at most; what a batch of events does to it is where the last of
them leaves it, so that however batches fall, rows come out alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Final, NamedTuple

from ledger_adapter.port import LoggedEvent
from subgraphs.kit.ids import is_id
from subgraphs.kit.types import worded


@worded(
    "A step that business waits for (业务环节).",
    DRAFT="A request waits for the issuer to compile it (待编制).",
    OFFER="A draft waits for the issuer's signature (待签发).",
    COUNTERSIGNATURE="An offer waits for the holder's countersignature (待持证方签署).",
    CHECK="A presentation waits for the verifier's checks (待核验).",
    ERASURE="A copy given up waits for the custodian's receipt (待删除).",
    DECISION="A dispute waits to be decided (待裁决).",
)
class Stage(Enum):
    DRAFT = "DRAFT"
    OFFER = "OFFER"
    COUNTERSIGNATURE = "COUNTERSIGNATURE"
    CHECK = "CHECK"
    ERASURE = "ERASURE"
    DECISION = "DECISION"


_ENDS: Final = ("ACTIVATED", "REJECTED", "WITHDRAWN", "LAPSED", "CANCELLED")
LEADS: Final[Mapping[str, tuple[str, Stage | None]]] = MappingProxyType(
    {
        "CREDENTIAL_REQUESTED": ("cred", Stage.DRAFT),
        "CREDENTIAL_DRAFTED": ("cred", Stage.OFFER),
        "CREDENTIAL_OFFERED": ("cred", Stage.COUNTERSIGNATURE),
        **{f"CREDENTIAL_{one}": ("cred", None) for one in _ENDS},
        "PRESENTATION_SUBMITTED": ("pres", Stage.CHECK),
        "PRESENTATION_VERIFIED": ("pres", None),
        "CUSTODY_GIVEN_UP": ("cust", Stage.ERASURE),
        "CUSTODY_DELETED": ("cust", None),
        "DISPUTE_OPENED": ("disp", Stage.DECISION),
        "DISPUTE_CLOSED": ("disp", None),
    }
)
"""Whose id an event is about, and what it waits for afterwards; nothing any more for None."""


class Wait(NamedTuple):
    """What somebody waits for, and since when by the clock of who told it."""

    stage: Stage
    since: datetime


def waits_of(events: Iterable[LoggedEvent]) -> dict[str, Wait | None]:
    """Where each thing is left; None for one that waits no more."""
    left = dict[str, Wait | None]()
    for event in events:
        prefix, stage = LEADS.get(event.envelope.kind, ("", None))
        if prefix:
            subject = next(one for one in event.envelope.subjects if is_id(one, prefix))
            left[subject] = None if stage is None else Wait(stage, event.envelope.at)
    return left
