"""Chapter: a change after acceptance, from the issuer's re-check to the permission given back."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Final

from subgraphs.demo.answers import at, mutate, text
from subgraphs.demo.cast import Desks
from subgraphs.demo.deployment import DemoError, Deployment
from subgraphs.demo.houses import (
    BROKER,
    FUND_MANAGER,
    FUTURES,
    TAGS,
    asked_of,
    bounds,
    certified,
    decided,
    held_of,
    house,
    outcome_of,
    seen,
    stated,
)
from subgraphs.demo.journey import PRODUCT, VERIFIER, Journey, Person
from subgraphs.demo.listening import Listener
from subgraphs.demo.passing import falls_due
from subgraphs.demo.story import Story
from subgraphs.holder.choose import HeldCredential
from subgraphs.vc.consent import NEW_TOTAL_BAND

SECONDS_TO_FALL: Final = 20
"""By then everything is issued, and stated as it was."""
_ENDORSED: Final = """query Endorsed($id: ID!) { node(id: $id) { ... on Credential {
  endorsements(first: 1) { edges { node { at effect reasonCode newTotalBand } } } } } }"""


def whose_assets_fall() -> Person:
    """Somebody whose broker's books lose two thirds a few seconds from now."""
    person = Person()
    person.name = f"{person.name}-{int(time.time()) + SECONDS_TO_FALL}"
    return person


async def afterwards(journey: Journey, desks: Desks, deployment: Deployment, story: Story) -> None:
    """`journey` is that of somebody whose assets fall."""
    permission, made = await _permitted(journey, desks, story)
    journey.credential_id = made[0].credential_id  # the broker's
    async with Listener.listening(journey.actors.verifier) as listener:
        supplement = await _rechecked(made[0], listener, deployment, story)
        await falls_due(deployment, "verifier", "supplements", supplement, "due_at")
        told = await listener.next_change(journey.credential_id, "PERMISSION_SUSPENDED")
        story.tell(
            "no new proof by the due date (the days pass): suspended by rule",
            f"sequence {told['sequence']}: permission {text(told, 'permission', 'state')}",
        )
    await _proved_anew(journey, held_of(made[1:]), desks, story)
    again = await mutate(
        journey.actors.verifier,
        "grant-permission",
        qualificationId=journey.qualification_id,
        product=PRODUCT,
    )
    given = (text(again, "permission", "id"), text(again, "permission", "state"))
    if given != (permission, "GRANTED"):
        raise DemoError("the permission should be given back on the new proof")
    story.tell("the same permission is given back on it: reinstated", "permission GRANTED")


async def _permitted(journey: Journey, desks: Desks, story: Story) -> tuple[str, list[Journey]]:
    """One permission that rests on three proofs."""
    await journey.register_root_did()
    houses = (house(BROKER, "FALL"), house(FUND_MANAGER, "THREE"), house(FUTURES, "THREE"))
    made = await certified(journey, desks, houses)
    await asked_of(journey, (*TAGS, NEW_TOTAL_BAND))
    outcome_of(await decided(journey, bounds(held_of(made))), "ACCEPTED", "QUALIFIED")
    granted = await journey.grant_permission()
    story.tell("a permission that rests on three proofs; the verifier listens", *map(stated, made))
    return text(granted, "permission", "id"), made


async def _rechecked(
    broker: Journey, listener: Listener, deployment: Deployment, story: Story
) -> str:
    """The issuer looks at its books again; the id of what the verifier then asks for."""
    fall = int(broker.person.name.rpartition("-")[2])
    await asyncio.sleep(max(0.0, fall + 1 - time.time()))
    await falls_due(deployment, "issuer", "credentials", broker.credential_id, "recheck_at")
    await listener.next_change(broker.credential_id, "CREDENTIAL_ENDORSED")
    heard = datetime.now(UTC)
    data = await broker.actors.issuer.ask(_ENDORSED, {"id": broker.credential_id})
    endorsed = at(data, "node", "endorsements", "edges", 0, "node")
    story.tell(
        "thirty days pass: the issuer looks at its books again and endorses what it finds",
        f"{text(endorsed, 'effect')}, {text(endorsed, 'reasonCode')}: the total lies in "
        f"{text(endorsed, 'newTotalBand')} now",
    )
    late = heard - datetime.fromisoformat(text(endorsed, "at"))
    story.tell(
        f"the verifier is told {late.total_seconds():.3f} s after the endorsement was written"
    )
    asked = await listener.next_change(broker.credential_id, "SUPPLEMENT_REQUESTED")
    story.tell(
        "what is left does not carry the permission: further proof is asked for",
        f"due {text(asked, 'supplementRequest', 'dueAt')}, by working days",
    )
    return text(asked, "supplementRequest", "id")


async def _proved_anew(
    journey: Journey, kept: list[HeldCredential], desks: Desks, story: Story
) -> None:
    """A fourth institution's proof takes the place of the one that fell."""
    (new,) = await certified(journey, desks, [house(VERIFIER, "TWICE")])
    await journey.ask_presentation()
    shown = bounds([*kept, *held_of([new])])
    await journey.hand_in(journey.build_presentation(shown=shown))
    verification = await journey.verify("decide-with-proof")
    outcome_of(verification, "ACCEPTED", "QUALIFIED")
    story.tell("a new proof, from another institution", *seen(verification))
