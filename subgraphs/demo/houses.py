"""One customer's money at several institutions, and what of it she shows to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from subgraphs.demo.answers import at, items, text
from subgraphs.demo.cast import Desks
from subgraphs.demo.client import Json
from subgraphs.demo.deployment import DemoError
from subgraphs.demo.journey import THRESHOLD, VERIFIER, House, Journey
from subgraphs.demo.pilot import GUOTAI_JUNAN, GUOTAI_JUNAN_FUTURES, HUAAN_FUND, INSTITUTIONS
from subgraphs.holder.choose import HeldCredential, evenly, show
from subgraphs.kit.ids import InstitutionId, institution_id
from subgraphs.vc import guard, lower_bound
from subgraphs.vc.money import format_amount, parse_amount
from subgraphs.vc.presentation import Shown

BROKER: Final = institution_id(GUOTAI_JUNAN.uscc)
FUND_MANAGER: Final = institution_id(HUAAN_FUND.uscc)
FUTURES: Final = institution_id(GUOTAI_JUNAN_FUTURES.uscc)
ISSUERS: Final = (BROKER, FUND_MANAGER, FUTURES)
_HELD_THERE: Final = {
    BROKER: "STOCK",
    FUND_MANAGER: "FUND_UNIT",
    FUTURES: "FUTURES_EQUITY",
    VERIFIER: "FUND_UNIT",  # an issuer of its own, too
}
NAMES: Final = {institution_id(one.uscc): one.name for one in INSTITUTIONS}
CHECKS: Final = 5
TAGS: Final = guard.WITHOUT_AMOUNTS
"""What lets a verifier see that no money counts twice, without one amount."""


def house(institution: InstitutionId, profile: str) -> House:
    """Her account there, for what that institution of the pilot keeps."""
    return House(institution=institution, profile=profile, categories=(_HELD_THERE[institution],))


async def certified(journey: Journey, desks: Desks, houses: Sequence[House]) -> list[Journey]:
    """A credential of each house, asked for, issued and countersigned; nobody goes to a counter."""
    made = []
    for one in houses:
        actors = replace(journey.actors, issuer=desks[one.institution])
        there = Journey(actors, journey.person, one)
        await there.certify()
        made.append(there)
    return made


def held_of(journeys: Sequence[Journey]) -> list[HeldCredential]:
    """The credentials in her own keeping."""
    return [one.held for one in journeys if one.held is not None]


def stated(journey: Journey) -> str:
    """One line on what a credential says to its holder."""
    (held,) = held_of([journey])
    proof = held.statement
    lines = ", ".join(f"{one.category.value} {format_amount(one.amount)}" for one in proof.lines)
    name = NAMES[journey.house.institution]
    return f"{journey.credential_id}: {name}, {lines} at the close of {proof.as_of}"


def bounds(held: Sequence[HeldCredential], amount: str = THRESHOLD) -> list[Shown]:
    """Lower bounds that add up to an amount, with the tags and no amount."""
    capacities = {one.uri: lower_bound.steps_of(one.statement.total) for one in held}
    steps = evenly(parse_amount(amount), capacities)
    return [show(one, claims=TAGS, steps=steps[one.uri]) for one in held if one.uri in steps]


async def asked_of(journey: Journey, scope: Sequence[str]) -> None:
    """The verifier knows its customer and asks; she consents to a scope."""
    await journey.bind_verifier_customer()
    await journey.ask_presentation()
    journey.scope = tuple(scope)
    await journey.consent()


async def decided(journey: Journey, shown: Sequence[Shown]) -> Json:
    """What the verifier says to exactly this."""
    journey.presentation = journey.build_presentation(shown=shown)
    await journey.submit()
    return await journey.verify("decide-with-proof")


def seen(verification: Json) -> list[str]:
    """Each proof as the verifier has it before its eyes."""
    return [
        f"{text(one, 'issuer', 'name')}: close of {text(one, 'asOf')}, {_amount(one)}"
        for one in items(verification, "presentation", "items")
    ]


def checked(verification: Json) -> str:
    """The checks, each over every proof shown; DemoError unless all five passed."""
    told = [(text(one, "kind"), text(one, "outcome")) for one in items(verification, "checks")]
    if [outcome for _, outcome in told] != ["PASSED"] * CHECKS:
        raise DemoError(f"all five checks should pass: {told}")
    return ", ".join(f"{kind} {outcome}" for kind, outcome in told)


def _amount(shown: Json) -> str:
    bound, total = shown["lowerBound"], shown["total"]
    if total is not None:
        return f"total {text(total, 'amount')}"
    return f"total not shown, at least {text(bound, 'amount')}"


def outcome_of(verification: Json, result: str, outcome: str) -> Json:
    """The qualification, if result and outcome are these."""
    found = at(verification, "qualification")
    told = None if found is None else text(found, "outcome")
    if (verification["result"], told) != (result, outcome):
        raise DemoError(
            f"the verifier should say {result}, {outcome}; it says {verification['result']}, {told}"
        )
    return verification["qualification"]  # type: ignore[return-value]
