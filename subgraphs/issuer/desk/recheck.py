"""Look at the books of live credentials again, at intervals, and endorse what changed (R25).

Laws: the endorsement, its event and the next due date are one write, so a job that is killed leaves
nothing half done and two jobs tell a change once; the core system is asked outside of it, and one
that gives no answer leaves the due date where it was: overdue is what `overdueRechecks` shows.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Final

from subgraphs.issuer import lifecycle, outgoing
from subgraphs.issuer.desk.change import for_clock, put, state_now
from subgraphs.issuer.desk.endorse import written
from subgraphs.issuer.parts import Parts
from subgraphs.issuer.ports import CoreSystemAway, Statement
from subgraphs.issuer.recheck import Change, change
from subgraphs.issuer.records import Credential
from subgraphs.kit.errors import Busy, Refusal
from subgraphs.kit.idempotent import Call
from subgraphs.kit.keystore import NoKey
from subgraphs.kit.mongo import PyMongoError, Session
from subgraphs.vc.money import Fen

EVERY_SECONDS: Final = 5.0
AT_ONCE: Final = 100
log = logging.getLogger("credgraph.issuer.recheck")


async def keep_rechecking(parts: Parts) -> None:
    """For ever: look at what is due; a database that is away is waited for."""
    while True:
        try:
            while await recheck_what_is_due(parts) == AT_ONCE:
                pass
        except PyMongoError as fault:
            log.warning("re-checks wait: %s", fault)
        await asyncio.sleep(EVERY_SECONDS)


async def recheck_what_is_due(parts: Parts) -> int:
    """How many credentials were looked at."""
    rows = await parts.store.to_recheck(parts.clock(), AT_ONCE)
    for row in rows:
        try:
            statement = await parts.core_system.statement(row.issuer, row.account_no)
            await _rechecked(parts, row, statement)
        except (CoreSystemAway, NoKey) as fault:
            log.warning("%s is not re-checked: %s", row.id, fault)
            await parts.store.recheck_later(row, parts.clock() + parts.recheck.retry)
        except Refusal as refusal:
            log.info("%s: %s", row.id, refusal)  # somebody else was quicker
    return len(rows)


async def _rechecked(parts: Parts, asked: Credential, statement: Statement | None) -> None:
    found = None if statement is None else _total(statement, asked)

    async def work(session: Session) -> dict[str, str]:
        row = await for_clock(parts, asked.id, session)
        if row.version != asked.version:
            raise Busy("the credential changed meanwhile")
        if state_now(parts, row) not in lifecycle.LIVE or row.draft is None:
            return {}
        told = row.told_total if row.told_total is not None else row.draft.total
        seen = change(
            parts.recheck, state=row.state, stated=row.draft.total, told=told, found=found
        )
        known = row.told_total if seen is None or found is None else found
        await _write(parts, row, seen, known, session)
        return {}

    await parts.idempotent.once(Call(key=None, digest=""), work)


async def _write(
    parts: Parts, row: Credential, seen: Change | None, told: Fen | None, session: Session
) -> None:
    now = parts.clock()
    looked = replace(row, rechecked_at=now, recheck_due=now + parts.recheck.every, told_total=told)
    if seen is None:
        looked = replace(looked, version=row.version + 1)
        await put(parts, looked, outgoing.rechecked(looked, now), session)
        return
    await written(parts, looked, seen, session)


def _total(statement: Statement, row: Credential) -> Fen:
    stated = (line for line in statement.lines if line.category.value in row.categories)
    return Fen(sum(line.amount for line in stated))
