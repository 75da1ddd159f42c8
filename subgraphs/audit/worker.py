"""What audit takes from the log: every event, the trust register, and who accepted what."""

from __future__ import annotations

from collections.abc import Sequence

from ledger_adapter.port import LoggedEvent
from subgraphs.audit.flow import waits_of
from subgraphs.audit.parts import Parts
from subgraphs.audit.projection import credentials_in, project
from subgraphs.audit.records import EventRow
from subgraphs.audit.tally import facts_of, fold, marks_wanted
from subgraphs.kit.feed import Item
from subgraphs.kit.mongo import Session


async def apply(
    parts: Parts, events: Sequence[LoggedEvent], session: Session
) -> Sequence[Item[EventRow]]:
    """All effects of a batch; the regulator's feed gets every event."""
    rows = await enter(parts, events, session)
    await reckon(parts, events, session)
    return [Item(position=row.index, value=row) for row in rows]


async def enter(
    parts: Parts, events: Sequence[LoggedEvent], session: Session
) -> Sequence[EventRow]:
    """The register, the rows, and who sees them."""
    await parts.institutions.apply(events, session)
    credentials = credentials_in(events)
    before = await parts.store.accepted(credentials, session) if credentials else []
    changes = project(events, before)
    await parts.store.write(changes, session)
    return changes.rows


async def reckon(parts: Parts, events: Sequence[LoggedEvent], session: Session) -> None:
    """The figures and what waits; the rows of all earlier events stand, later ones may as well."""
    first = events[0].position.index
    began = await parts.store.began(marks_wanted(events), first, session)
    facts = facts_of(events, began)
    cells = await parts.tallies.cells({fact.key for fact in facts}, session)
    await parts.tallies.put(fold(cells, facts).values(), session)
    await parts.flows.put(waits_of(events), session)
