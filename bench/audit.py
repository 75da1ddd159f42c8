"""Audit's figures, each beside what it must reach: `python -m bench.audit [--events N]`.

A real mongod and one process; events of many persons, institutions and months on a real log.
Figures of a loaded machine are upper bounds.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.ledger_table import Figure
from subgraphs.audit.figures import Question
from subgraphs.audit.rebuild import rebuild
from subgraphs.audit.store import INDEXES
from tests.kit.mongo import running_mongod
from tests.subgraphs.audit.desk import (
    ANALYST,
    ISSUER,
    REGULATOR,
    STRANGER,
    VERIFIER,
    Case,
    Desk,
    desk_in,
    trust_of,
)
from tests.subgraphs.audit.evidence import Play, documents
from tests.subgraphs.audit.town import Happening, told
from tests.subgraphs.kit.world import World, world_of

AT_ONCE = 1_000
BEHIND = 5_000  # told, and not on the log yet: a quarter of what the queue takes
TIMELINE = """query($id: ID!) { node(id: $id) { ... on Credential { timeline(last: 50) {
  edges { node { sequence kind at } } } } } }"""
PAGE = """query($f: AuditEventFilter, $a: Cursor) { auditEvents(filter: $f, first: 100, after: $a) {
  edges { node { sequence kind at } } pageInfo { endCursor } } }"""
STATS = """query { auditStats(from: "2026-06-01T00:00:00+08:00", to: "2027-06-01T00:00:00+08:00",
  groupBy: [INSTITUTION, MONTH], metric: EVENTS) { buckets { count key { month } } } }"""


def happenings(chance: random.Random, count: int) -> list[Happening]:
    kinds = ["CREDENTIAL_REQUESTED", "PRESENTATION_VERIFIED", "PERMISSION_SUSPENDED"]
    return [
        Happening(
            person=chance.randrange(100_000),
            institution=chance.choice([ISSUER, VERIFIER, STRANGER]),
            kind=chance.choice(kinds),
            month=chance.randrange(12),
            outcome=chance.choice(["ACCEPTED", "REJECTED"]),
            seconds=chance.choice([None, 5, 600]),
        )
        for _ in range(count)
    ]


async def fill(world: World, events: int) -> None:
    """On the log, as their writers tell them."""
    chance, done = random.Random(1), 0
    while done < events:
        some = told(happenings(chance, AT_ONCE), first=done)[: events - done]
        await world.tell(*some)
        done += len(some)
        await _sequenced(world, done - BEHIND)
    await _sequenced(world, done)


async def _sequenced(world: World, count: int) -> None:
    while await world.base.ledger.size() < count:  # noqa: ASYNC110  # it is in the database
        await asyncio.sleep(0.01)


async def median(ask: Callable[[], Awaitable[Any]], times: int) -> float:
    """In milliseconds; the first is not counted."""
    await ask()
    spent = []
    for _ in range(times):
        began = perf_counter()
        await ask()
        spent.append(perf_counter() - began)
    return statistics.median(spent) * 1_000


async def pages(desk: Desk, size: int, times: int) -> float:
    """At any depth: a page that begins at a random place of the log."""
    chance = random.Random(2)

    async def ask() -> None:
        wanted = {
            "kinds": [chance.choice(["PRESENTATION_VERIFIED", "CREDENTIAL_REQUESTED"])],
            "institution": chance.choice([ISSUER, VERIFIER]),
            "toSequence": chance.randrange(size),
        }
        (await desk.ask(PAGE, {"f": wanted}, who=REGULATOR)).only("auditEvents")

    return await median(ask, times)


async def timelines(desk: Desk, times: int) -> float:
    case = Case("bench")
    await desk.tell(*case.whole())

    async def ask() -> None:
        found = (await desk.ask(TIMELINE, {"id": case.id("cred")}, who=REGULATOR)).only("node")
        assert len(found["timeline"]["edges"]) == 5

    return await median(ask, times)


async def stats(desk: Desk, times: int) -> float:
    async def ask() -> None:
        answer = await desk.ask(STATS, who=ANALYST)
        assert answer.only("auditStats")["buckets"]

    months = tuple(f"{2026 + (m > 12)}-{(m - 1) % 12 + 1:02}" for m in range(6, 18))
    asked = Question(metric="EVENTS", group_by=("institution", "month"), months=months)
    assert await desk.parts.tallies.told(asked)
    return await median(ask, times)


async def evidence(desk: Desk) -> tuple[float, int]:
    play = Play(desk, Case("bench"))
    await play.open()
    for kind, document in documents(desk.world).items():
        await play.give(kind, document)
    await play.seal(play.case.who)
    package = await play.package(play.case.who)
    began = perf_counter()
    found = await play.read(package["downloadUrl"])
    return (perf_counter() - began) * 1_000, len(found.content)


async def figures(events: int, times: int) -> list[Figure]:
    indexes = {name: list(models) for name, models in INDEXES.items()}
    with running_mongod() as uri, tempfile.TemporaryDirectory() as folder:
        opened = world_of("audit", indexes, folder=Path(folder), uri=uri, prefix="bench")
        async with opened as world:
            await world.register_institutions()
            began = perf_counter()
            await fill(world, events)
            print(f"{events} events on the log: {perf_counter() - began:.0f} s")
            await trust_of(world)
            done = await rebuild(world.base)  # nothing new comes meanwhile: audit rests
            print(f"{done.events} events taken in: {done.seconds:.0f} s")
            async with desk_in(world) as desk:
                line, page = await timelines(desk, times), await pages(desk, done.events, times)
                figured = await stats(desk, times)
                took, length = await evidence(desk)
    rate = done.events / done.seconds
    return [
        Figure("timeline of one credential, p50", "15 ms", f"{line:.1f} ms", line <= 15),
        Figure("page of 100, filtered, any depth, p50", "30 ms", f"{page:.1f} ms", page <= 30),
        Figure("auditStats of a year, warm, p50", "300 ms", f"{figured:.1f} ms", figured <= 300),
        Figure("evidence file, made and read", "1 s", f"{took:.0f} ms", took <= 1_000),
        Figure("evidence file, size", "200 kB", f"{length / 1000:.0f} kB", length <= 200_000),
        Figure("rebuild of the read model", "5000/s", f"{rate:.0f}/s", rate >= 5_000),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.audit", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=50)
    asked = parser.parse_args()
    print("| what | must | found | holds |\n|---|---|---|---|")
    for figure in asyncio.run(figures(asked.events, asked.times)):
        print(figure.row())


if __name__ == "__main__":
    main()
