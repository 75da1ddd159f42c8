"""What time alone decides: offers lapse, validities end."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from subgraphs.issuer.desk.change import move, state_now
from subgraphs.issuer.parts import Parts
from subgraphs.issuer.records import Credential
from subgraphs.kit.errors import Refusal
from subgraphs.kit.idempotent import Call
from subgraphs.kit.mongo import PyMongoError, Session

EVERY_SECONDS: Final = 5.0
AT_ONCE: Final = 100
log = logging.getLogger("credgraph.issuer.clock")


async def keep_time(parts: Parts) -> None:
    """For ever: write down what the clock decided; a database that is away is waited for."""
    while True:
        try:
            while await end_what_is_due(parts) == AT_ONCE:
                pass
        except PyMongoError as fault:
            log.warning("the clock's job waits: %s", fault)
        await asyncio.sleep(EVERY_SECONDS)


async def end_what_is_due(parts: Parts) -> int:
    """Move what is due; how many rows were looked at."""
    rows = await parts.store.due(parts.clock(), AT_ONCE)
    for row in rows:
        try:
            await _end(parts, row)
        except Refusal as refusal:
            log.info("%s: %s", row.id, refusal)  # somebody else was quicker
    return len(rows)


async def _end(parts: Parts, row: Credential) -> None:
    target = state_now(parts, row)
    if target is row.state:
        return

    async def work(session: Session) -> dict[str, str]:
        await move(parts, row, target, session)
        return {}

    await parts.idempotent.once(Call(key=None, digest=""), work)
