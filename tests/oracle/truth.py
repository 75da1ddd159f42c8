"""What each subscriber must have been shown, from the log alone. Pure.

This is a second reading of the rules, beside the projections of the subgraphs: the regulator sees
every entry; an issuer's desk the steps of its own credentials; a verifier, at each entry's index,
the changes of what it has accepted and not lost again, and its own measures; a holder what became
of her permissions and what is asked of her.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger_adapter.port import LoggedEvent

STEPS: Final = frozenset(
    f"CREDENTIAL_{step}"
    for step in (
        *("REQUESTED", "DRAFTED", "OFFERED", "REJECTED", "WITHDRAWN", "LAPSED", "EXPIRED"),
        *("ACTIVATED", "ENDORSED"),
    )
)
MEASURES: Final = frozenset(
    {"SUPPLEMENT_REQUESTED", "PERMISSION_SUSPENDED", "PERMISSION_REINSTATED", "ACCEPTANCE_ENDED"}
)
CHANGES: Final = frozenset({"CREDENTIAL_ENDORSED", "CREDENTIAL_EXPIRED"})

Sees = Callable[[Sequence[LoggedEvent]], Iterable[int]]
"""The indexes of the entries that an audience is shown, ascending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Somebody with a feed: the operation's root field, the token's claims, and what is seen."""

    name: str
    field: str
    claims: Mapping[str, str]
    sees: Sees


def everything(log: Sequence[LoggedEvent]) -> Iterable[int]:
    """The regulator's feed."""
    return (event.position.index for event in log)


def steps_of(institution: str) -> Sees:
    """The feed of an issuer's desk."""

    def sees(log: Sequence[LoggedEvent]) -> Iterable[int]:
        return (
            event.position.index
            for event in log
            if event.envelope.kind in STEPS and event.envelope.body.get("issuer") == institution
        )

    return sees


def asked_of(holder: str) -> Sees:
    """The feed of a holder's tasks."""

    def sees(log: Sequence[LoggedEvent]) -> Iterable[int]:
        kinds = MEASURES | {"PERMISSION_GRANTED"}
        return (
            event.position.index
            for event in log
            if event.envelope.kind in kinds and holder in event.envelope.subjects
        )

    return sees


def relied_on_by(verifier: str, consents: Mapping[str, str]) -> Sees:
    """The feed of a verifier. `consents` tells the consent behind the acceptance of a credential:
    that link is no part of the log."""

    def sees(log: Sequence[LoggedEvent]) -> Iterable[int]:
        accepted: set[str] = set()
        for event in log:
            kind, subjects = event.envelope.kind, event.envelope.subjects
            credential = next((one for one in subjects if one.startswith("cred_")), "")
            if kind == "CREDENTIAL_ACCEPTED" and event.envelope.body["verifier"] == verifier:
                accepted.add(credential)
            elif kind == "CONSENT_WITHDRAWN":
                accepted -= {held for held in accepted if consents.get(held) in subjects}
            elif (kind in CHANGES and credential in accepted) or (
                kind in MEASURES and event.envelope.institutions[:1] == (verifier,)
            ):
                yield event.position.index

    return sees


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is wrong with what one subscriber was shown; empty when nothing is."""

    missing: tuple[int, ...]
    foreign: tuple[int, ...]
    repeated: tuple[int, ...]
    out_of_order: tuple[int, ...]

    def only_behind(self, position: int) -> bool:
        """Whether all that is missing lies after where the subscriber stands: late, not lost."""
        others = self.foreign or self.repeated or self.out_of_order
        return not others and all(index > position for index in self.missing)

    def __bool__(self) -> bool:
        return bool(self.missing or self.foreign or self.repeated or self.out_of_order)


def judge(expected: Sequence[int], received: Sequence[int]) -> Verdict:
    """No gap, no repeat, nothing out of order, nothing that may not be seen."""
    seen: set[int] = set()
    repeated, disorder, last = [], [], -1
    for index in received:
        if index in seen:
            repeated.append(index)
        elif index < last:
            disorder.append(index)
        seen.add(index)
        last = max(last, index)
    wanted = set(expected)
    return Verdict(
        missing=tuple(sorted(wanted - seen)[:20]),
        foreign=tuple(sorted(seen - wanted)[:20]),
        repeated=tuple(repeated[:20]),
        out_of_order=tuple(disorder[:20]),
    )
