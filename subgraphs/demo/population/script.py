"""What happens to a holder after her proofs are compiled, and to the system: fixed by the seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from subgraphs.demo.population.chance import Chance
from subgraphs.demo.population.records import Asked, Label, Step

_ENDINGS: Final = (
    (("ENDORSED_REDUCED",), 4),
    (("ENDORSED_REDUCED", "ENDORSED_RESTORED"), 2),
    (("ENDORSED_REDUCED", "SUPERSEDED"), 2),
    (("ENDORSED_SUSPEND",), 1),
    (("ENDORSED_REVOKE",), 1),
)
"""How a fall after acceptance goes on; what a verifier does about it is its own."""
_AFTER: Final[dict[Label, tuple[str, ...]]] = {
    Label.HOLDER_CANCEL: ("CONSENT_WITHDRAWN", "CREDENTIAL_CANCELLED"),
    Label.KEY_LOST: ("KEY_REPORTED_LOST", "KEY_RECOVERED"),
    Label.DENIAL_DISPUTE: ("DISPUTE_OPENED", "EVIDENCE_EXPORTED"),
    Label.FORGED_OR_TAMPERED: ("FORGERY_REFUSED",),
}
_JOURNEY: Final = ("REQUESTED", "OFFERED", "COUNTERSIGNED")


def script(chance: Chance, label: Label, asked: tuple[Asked, ...]) -> tuple[Step, ...]:
    """In order of days; a forgery is shown in place of an honest presentation."""
    made = [
        Step(kind=kind, on=one.as_of + timedelta(days=1), institution=one.institution)
        for one in sorted(asked, key=lambda one: (one.as_of, one.institution))
        for kind in _JOURNEY
    ]
    shown = max(one.as_of for one in asked) + timedelta(days=1)
    forged = label is Label.FORGED_OR_TAMPERED
    made.append(Step(kind="FORGERY_PRESENTED" if forged else "PRESENTED", on=shown))
    at = shown
    for kind in _after(chance, label):
        at += timedelta(days=chance.between(1, 9))
        made.append(Step(kind=kind, on=at, institution=asked[0].institution))
    return tuple(made)


def _after(chance: Chance, label: Label) -> tuple[str, ...]:
    if label is Label.DROP_AFTER_ACCEPT:
        return chance.weighted(_ENDINGS)
    return _AFTER.get(label, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """Something the system has to live through; `after` counts holders played so far."""

    kind: str
    part: str
    after: int


def disturbances(seed: int, count: int) -> Iterator[Disturbance]:
    """Node failovers and outages at fixed points of a population of that size."""
    chance = Chance(seed, "disturbances", count)
    planned = (
        *(("NODE_FAILOVER", "node-1"), ("SUBGRAPH_OUTAGE", "issuer")),
        *(("SUBGRAPH_OUTAGE", "wallet"), ("NODE_FAILOVER", "node-2")),
        *(("SUBGRAPH_OUTAGE", "verifier"), ("SUBGRAPH_OUTAGE", "audit")),
    )
    stretch = count // len(planned)
    for place, (kind, part) in enumerate(planned):
        after = place * stretch + chance.below(max(1, stretch))
        yield Disturbance(kind=kind, part=part, after=after)
