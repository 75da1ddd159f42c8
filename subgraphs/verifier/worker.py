"""What happens without anybody asking: entries of the log applied, overdue supplements acted on.

Laws: effects, own events and the follower's position are one transaction, so each entry acts
exactly once however often it is tried; a job acts only on rows it has read in its transaction.
"""

import asyncio
import logging
from collections.abc import Callable, Container, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from ledger_adapter.errors import LedgerError
from ledger_adapter.port import LoggedEvent
from subgraphs.kit.errors import Busy
from subgraphs.kit.feed import Item
from subgraphs.kit.institutions import Institutions
from subgraphs.kit.mongo import Contended, Mongo, PyMongoError, Session
from subgraphs.kit.outbox import Outbox
from subgraphs.kit.roots import Roots
from subgraphs.kit.statuses import Statuses
from subgraphs.verifier.parts import Terms
from subgraphs.verifier.projection import HEEDED as PROJECTED
from subgraphs.verifier.projection import subject
from subgraphs.verifier.reactions import Cause
from subgraphs.verifier.records import Change, DecisionOnLog, Supplement, VerificationId
from subgraphs.verifier.states import SupplementState
from subgraphs.verifier.store import Store
from subgraphs.verifier.watch import CHANGES, FEED_OF_HOLDER, Sheet

DECIDED: Final = "PRESENTATION_VERIFIED"
_MOVES: Final = PROJECTED | CHANGES | FEED_OF_HOLDER
HEEDED: Final = Institutions.heeds | Roots.heeds | Statuses.heeds | _MOVES | {DECIDED}
"""The kinds that a `Listener` makes anything of."""
log = logging.getLogger("credgraph.verifier")
_BATCH: Final = 100


class Listener:
    """The effects of the log on this subgraph (the follower's `apply`)."""

    def __init__(
        self,
        *,
        store: Store,
        institutions: Institutions,
        roots: Roots,
        statuses: Statuses,
        outbox: Outbox,
        terms: Terms,
        clock: Callable[[], datetime],
    ) -> None:
        self._clock = clock
        self._store, self._institutions = store, institutions
        self._roots, self._statuses = roots, statuses
        self._outbox, self._terms = outbox, terms

    async def apply(
        self, events: Sequence[LoggedEvent], session: Session, /
    ) -> Sequence[Item[Change]]:
        """Project, react and tell, in the follower's transaction."""
        known = await self._store.touched(
            credentials=_subjects(events, "cred", _MOVES),
            consents=_subjects(events, "cons", _MOVES),
            endorsed=_subjects(events, "cred", CHANGES),
            withdrawn=_subjects(events, "cons", {"CONSENT_WITHDRAWN"}),
            acceptances=_subjects(events, "accp", {"SUPPLEMENT_REQUESTED", "ACCEPTANCE_ENDED"}),
            session=session,
        )
        sheet = Sheet(known, due=self._terms.due, now=self._clock())
        for event in events:
            sheet.take(event)
        await self._institutions.apply(events, session)
        await self._roots.apply(events, session)
        await self._statuses.apply(events, session)
        await self._store.save(sheet.written(), session=session)
        await self._store.decided.put(_decided(events), session=session)
        await _put(self._outbox, sheet, session)
        return [Item(position=change.index, value=change) for change in sheet.changes]


class Overdue:
    """Suspends by rule what was prompted and not mended in time."""

    def __init__(self, *, mongo: Mongo, store: Store, outbox: Outbox, terms: Terms) -> None:
        self._mongo, self._store, self._outbox, self._terms = mongo, store, outbox, terms

    async def act(self, now: datetime) -> int:
        """One round; how many supplements were found overdue."""
        where = {"state": SupplementState.OPEN.value, "due_at": {"$lt": now}}
        due = await self._store.supplements.where(where, sort=[("due_at", 1)], limit=_BATCH)
        for row in due:
            await self._mongo.transaction(partial(self._one, row, now))
        return len(due)

    async def _one(self, row: Supplement, now: datetime, session: Session) -> None:
        known = await self._store.awaited([row], session=session)
        sheet = Sheet(known, due=self._terms.due, now=now)
        for acceptance in known.acceptances:
            sheet.apply(acceptance, Cause.SUPPLEMENT_OVERDUE, at=now)
        await self._store.save(sheet.written(), session=session)
        await _put(self._outbox, sheet, session)

    async def run(self, clock: Callable[[], datetime]) -> None:
        """Round after round; a database that is away is waited for."""
        while True:
            try:
                await self.act(clock())
            except (LedgerError, PyMongoError, Contended) as fault:
                log.warning("overdue supplements wait: %s", fault)
            await asyncio.sleep(self._terms.overdue_every.total_seconds())


async def _put(outbox: Outbox, sheet: Sheet, session: Session) -> None:
    """A full queue is waited for like any other contention: nobody is there to be refused."""
    if not sheet.events:
        return
    try:
        await outbox.put(session, *sheet.events)
    except Busy as fault:
        raise Contended(fault.message) from fault


def _decided(events: Sequence[LoggedEvent]) -> list[DecisionOnLog]:
    """Where each decision stands on the log, for whoever makes it again."""
    made = (event for event in events if event.envelope.kind == DECIDED)
    return [
        DecisionOnLog(id=VerificationId(id_), at_index=event.position.index)
        for event in made
        if (id_ := subject(event.envelope, "veri")) is not None
    ]


def _subjects(events: Sequence[LoggedEvent], prefix: str, kinds: Container[str]) -> list[str]:
    found = (subject(event.envelope, prefix) for event in events if event.envelope.kind in kinds)
    return sorted({one for one in found if one is not None})
