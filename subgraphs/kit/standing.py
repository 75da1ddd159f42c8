"""How an institution takes part, and by which licence: what the register said of it from one place
of the log on. Pure.

Laws: only an ACTIVE institution stands in a role; who issues or verifies needs the licence of its
kind, valid on that day in China; a standing that tells no licences at all was written before they
were kept and lacks none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ledger_adapter.port import JsonValue
from subgraphs.rules.calendar import day_of

MOST_LICENCES: Final = 8
NUMBER: Final = re.compile(r"[A-Z0-9][A-Z0-9-]{0,39}", re.ASCII)


class Participation(StrEnum):
    CANDIDATE = "CANDIDATE"
    ADMITTED = "ADMITTED"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    EXITING = "EXITING"
    EXITED = "EXITED"


class LicenceKind(StrEnum):
    SECURITIES_AND_FUTURES = "SECURITIES_AND_FUTURES"
    BANKING = "BANKING"
    INSURANCE = "INSURANCE"


NEEDED: Final[Mapping[str, LicenceKind]] = MappingProxyType(
    {
        "SECURITIES_COMPANY": LicenceKind.SECURITIES_AND_FUTURES,
        "FUND_COMPANY": LicenceKind.SECURITIES_AND_FUTURES,
        "FUTURES_COMPANY": LicenceKind.SECURITIES_AND_FUTURES,
        "BANK": LicenceKind.BANKING,
        "TRUST_COMPANY": LicenceKind.BANKING,
        "INSURER": LicenceKind.INSURANCE,
    }
)
"""The licence that a kind of institution issues and verifies by; other kinds do neither."""
LICENSED_ROLES: Final = frozenset({"ISSUER", "VERIFIER"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """Valid from the first day to the last, both included; `last` None: until it is taken back."""

    kind: str
    number: str
    first: date
    last: date | None

    def holds(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)

    def as_json(self) -> dict[str, JsonValue]:
        told: dict[str, JsonValue] = {
            "kind": self.kind,
            "number": self.number,
            "validFrom": self.first.isoformat(),
        }
        return told | ({} if self.last is None else {"validUntil": self.last.isoformat()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the register said of an institution from one place of the log on."""

    roles: tuple[str, ...]
    participation: str
    at: datetime
    index: int
    licences: tuple[Licence, ...] | None = None

    def has(self, role: str) -> bool:
        """Whether it takes part in the role; its licence is another question."""
        return role in self.roles and self.participation == Participation.ACTIVE

    def licensed(self, role: str, kind: str, at: datetime) -> bool:
        """Whether an institution of this kind may do at a time what the role does."""
        if role not in LICENSED_ROLES or self.licences is None:
            return True
        wanted, day = NEEDED.get(kind), day_of(at)
        return any(one.kind == wanted and one.holds(day) for one in self.licences)


def read_licences(value: JsonValue) -> tuple[Licence, ...] | None:
    """Those of an event's body, None where it tells none; a malformed one is a ValueError or
    TypeError."""
    if value is None:
        return None
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise TypeError("licences are a list")
    return tuple(_licence(one) for one in value)


def _licence(value: JsonValue) -> Licence:
    if not isinstance(value, Mapping):
        raise TypeError("a licence is an object")
    last = value.get("validUntil")
    return Licence(
        kind=str(value.get("kind")),
        number=str(value.get("number")),
        first=date.fromisoformat(str(value.get("validFrom"))),
        last=None if last is None else date.fromisoformat(str(last)),
    )
