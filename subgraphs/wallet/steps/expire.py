"""Consents whose time is over become EXPIRED, and the log is told, once each.

Laws: what the clock says counts from that very moment, whether this job has run or not
(`lifecycle.consent_at`); row and event are one transaction, compared and set on the row's version,
so of two wallets, or of a withdrawal and the clock, one writes the end.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import datetime
from typing import Final

from ledger_adapter.errors import LedgerError
from subgraphs.kit.errors import Busy
from subgraphs.kit.idempotent import Call
from subgraphs.kit.mongo import PyMongoError, Session
from subgraphs.wallet import lifecycle, outgoing
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.records import Consent
from subgraphs.wallet.states import ConsentState

EVERY_SECONDS: Final = 5.0
AT_ONCE: Final = 100
_CALL: Final = Call(key=None, digest="")
log = logging.getLogger("credgraph.wallet.consents")


async def keep_expiring(parts: Parts) -> None:
    """For ever; a database that is away is waited for."""
    while True:
        try:
            while await expire_what_is_over(parts) == AT_ONCE:
                pass
        except (PyMongoError, LedgerError) as fault:
            log.warning("consents expire later: %s", fault)
        await asyncio.sleep(EVERY_SECONDS)


async def expire_what_is_over(parts: Parts) -> int:
    """How many consents were found past their time; each is EXPIRED now, or somebody ended it."""
    now = parts.clock()
    found = await parts.store.over(now, AT_ONCE)
    for row in found:
        try:
            await _expire(parts, row, now)
        except Busy as late:
            log.info("%s: %s", row.id, late)
    return len(found)


async def _expire(parts: Parts, row: Consent, now: datetime) -> None:
    state = lifecycle.consent_step(row.state, ConsentState.EXPIRED)
    over = replace(row, state=state, version=row.version + 1)

    async def work(session: Session) -> dict[str, str]:
        if not await parts.store.replace_consent(over, session):
            raise Busy("the consent was ended meanwhile")
        await parts.outbox.put(session, outgoing.consent_expired(over, now))
        return {}

    await parts.idempotent.once(_CALL, work)
