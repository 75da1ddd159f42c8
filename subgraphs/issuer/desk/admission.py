"""Who may ask for a credential: the scenario's policy, asked before anything is signed (R82).

Laws: places are counted in the transaction that takes one, so the last place is given once; whoever
has a place keeps it.
"""

from __future__ import annotations

from datetime import datetime

from subgraphs.issuer.parts import Parts
from subgraphs.kit.errors import Invalid
from subgraphs.kit.ids import HolderId
from subgraphs.kit.mongo import Session
from subgraphs.rules.calendar import day_of
from subgraphs.rules.scenarios import admit


async def check_admission(
    parts: Parts, holder: HolderId, now: datetime, session: Session | None = None
) -> bool:
    """Whether the customer has her place already; Invalid with the first reason against her."""
    scenario = parts.scenario
    already = await parts.store.takes_part(scenario.key, holder, session)
    taken = await parts.store.places_taken(scenario.key, session)
    day = day_of(now)
    # who asks is bound: the step before refuses whom the issuer has not matched
    found = admit(scenario, bound=True, taking_part=taken, already=already, on=day)
    if not found.admitted:
        reason = found.reasons[0].value
        raise Invalid(f"not admitted to {found.scenario}", field="issuerId", code=reason)
    return already


async def take_place(parts: Parts, holder: HolderId, now: datetime, session: Session) -> None:
    """Check once more and take the place, within the session."""
    if not await check_admission(parts, holder, now, session):
        await parts.store.take_part(parts.scenario.key, holder, session)
