"""Chapter: the same 1 300 000 through three institutions in ten days, proved three times."""

from __future__ import annotations

from typing import Final

from subgraphs.demo.answers import items, text
from subgraphs.demo.cast import Desks
from subgraphs.demo.deployment import DemoError
from subgraphs.demo.houses import (
    ISSUERS,
    TAGS,
    asked_of,
    bounds,
    certified,
    checked,
    decided,
    held_of,
    house,
    outcome_of,
    seen,
    stated,
)
from subgraphs.demo.journey import Journey
from subgraphs.demo.story import Story

CLAIMED: Final = "3900000.00"
SHOWN_TAG: Final = 24  # characters of a tag; the whole one says no more to a reader


async def same_money(journey: Journey, desks: Desks, story: Story) -> None:
    """Each proof is genuine; together they are no 3 900 000."""
    await journey.register_root_did()
    made = await certified(journey, desks, [house(one, "TRIP") for one in ISSUERS])
    story.tell(
        "1 300 000 goes through three institutions in ten days, with a proof at each stop",
        *map(stated, made),
    )
    await asked_of(journey, TAGS)
    verification = await decided(journey, bounds(held_of(made), CLAIMED))
    qualification = outcome_of(verification, "ACCEPTED", "NOT_QUALIFIED")
    story.tell(
        "three genuine proofs, all five checks passed on each",
        checked(verification),
        *seen(verification),
    )
    found = verification["doubleCount"]
    if text(found, "verdict") != "DOUBLE_COUNT":
        raise DemoError(f"the verdict should be DOUBLE_COUNT, not {text(found, 'verdict')}")
    story.tell(
        f"verdict DOUBLE_COUNT: claimed {text(found, 'claimed', 'amount')}, "
        f"proven {text(found, 'proven', 'amount')}, {qualification['outcome']}",
        *(
            f"{one['kind']}: {one['explanation']}{_tags(one['tags'])}"
            for one in items(found, "signals")
        ),
    )


def _tags(tags: object) -> str:
    names = [str(one)[:SHOWN_TAG] for one in tags] if isinstance(tags, list) else []
    return f" [{', '.join(names)}…]" if names else ""
