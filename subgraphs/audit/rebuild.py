"""`python -m subgraphs.audit.rebuild`: the read model made again from the log, from nothing.

What people told audit itself, such as complaints, is not made from the log, and stays.
Killed on the way, it is not lost: audit goes on from where it stopped.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Final

from ledger_adapter.errors import LedgerFault
from ledger_adapter.port import EntryIndex, LoggedEvent
from ledger_adapter.verify import load_trust
from subgraphs.audit.app import NAME, wire
from subgraphs.audit.parts import Parts
from subgraphs.audit.store import EVENTS, INDEXES, PROJECTED, WHILE_WRITING
from subgraphs.audit.worker import enter, reckon
from subgraphs.kit.base import Base, open_base
from subgraphs.kit.follow import POSITIONS
from subgraphs.kit.main import load
from subgraphs.kit.mongo import PyMongoError, Session, Unreachable, create_indexes
from subgraphs.kit.serve import CannotStart
from subgraphs.kit.settings import BadSetting, Settings

BATCH: Final = 2_000
_TOO_LONG: Final = frozenset({251, 290})  # NoSuchTransaction, its lifetime is over

Work = Callable[[Sequence[LoggedEvent], Session], Awaitable[object]]
"""Effects of events, written in a session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """How much was made again, in what time."""

    events: int
    seconds: float


async def rebuild(base: Base, *, batch: int = BATCH) -> Rebuilt:
    """Empty what follows from the log, then apply the log from its first event; audit must rest.

    At once the next events are read, the rows of those read before are written, and those whose
    rows stand are reckoned. The position moves with the figures, which come last, and what only
    readers need of the indexes is made at the end: killed before, audit does the rest when it
    starts.
    """
    began = perf_counter()
    await base.database[POSITIONS].delete_many({"_id": NAME})
    for collection in PROJECTED:
        await base.database.command({"drop": collection})
    await create_indexes(base.database, {**INDEXES, EVENTS: WHILE_WRITING})
    parts = wire(base, load_trust(base.settings.data / "trust.json"))
    taken, size = 0, await base.ledger.size()
    entered: Sequence[LoggedEvent] = ()
    coming = await base.ledger.read(EntryIndex(0), batch)
    while entered or coming:
        taken += len(coming)
        more = asyncio.ensure_future(_read(base, taken, min(batch, size - taken)))
        await _together(
            _take(base, partial(enter, parts), coming),
            _take(base, partial(_reckon, base, parts), entered),
            more,
        )
        entered, coming = coming, more.result()
    await create_indexes(base.database, INDEXES)
    return Rebuilt(events=taken, seconds=perf_counter() - began)


async def _read(base: Base, first: int, limit: int) -> Sequence[LoggedEvent]:
    return await base.ledger.read(EntryIndex(first), limit)


async def _together(*works: Awaitable[object]) -> None:
    """What one of them raises is raised when all have ended: none writes on after it."""
    ended = await asyncio.gather(*works, return_exceptions=True)
    for one in ended:
        if isinstance(one, BaseException):
            raise one


async def _take(base: Base, work: Work, events: Sequence[LoggedEvent]) -> None:
    """In one transaction, or in smaller ones where the server finds one too long: an overloaded
    machine interrupts it, and the same events again give the same rows."""
    if not events:
        return
    try:
        await base.mongo.transaction(partial(work, events))
    except PyMongoError as fault:
        if len(events) == 1 or getattr(fault, "code", None) not in _TOO_LONG:
            raise
        half = len(events) // 2
        await _take(base, work, events[:half])
        await _take(base, work, events[half:])


async def _reckon(
    base: Base, parts: Parts, events: Sequence[LoggedEvent], session: Session
) -> None:
    await reckon(parts, events, session)
    position = {"$set": {"index": events[-1].position.index}}
    positions = base.database[POSITIONS]
    await positions.update_one({"_id": NAME}, position, upsert=True, session=session)


async def _run(settings: Settings) -> Rebuilt:
    async with open_base(NAME, settings, INDEXES) as base:
        return await rebuild(base)


def main() -> int:
    """Exit code 0, or 1 with one sentence."""
    try:
        settings = load(os.environ)  # noqa: TID251  # this is the door
        _must_rest(settings)
        done = asyncio.run(_run(settings))
    except (BadSetting, CannotStart, LedgerFault, Unreachable) as fault:
        print(f"audit: {fault}", file=sys.stderr)  # noqa: T201  # for the person at the terminal
        return 1
    rate = done.events / done.seconds
    print(  # noqa: T201
        f"{done.events} events in {done.seconds:.1f} s, {rate:.0f} a second"
    )
    return 0


def _must_rest(settings: Settings) -> None:
    """An audit that follows the log meanwhile would write into what is being emptied."""
    address = (settings.host, settings.ports[NAME])
    try:
        socket.create_connection(address, timeout=2).close()
    except OSError:
        return
    raise CannotStart(f"audit serves on {address[0]}:{address[1]}; stop it first")


if __name__ == "__main__":
    raise SystemExit(main())
