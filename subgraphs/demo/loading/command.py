"""`make seed SIZE=S|M|L`: the population of that size into what `make up` runs."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from typing import Final

from ledger_adapter.store.mongo import names
from subgraphs.demo.ceremony import give_key
from subgraphs.demo.deployment import DemoError, Deployment
from subgraphs.demo.loading.doors import FOLLOWERS, Doors, doors_of
from subgraphs.demo.loading.load import Loaded, Loader, opened
from subgraphs.demo.loading.person import resident
from subgraphs.demo.loading.rooms import Share
from subgraphs.demo.loading.stories import CHUNK, kinds_after, play
from subgraphs.demo.pilot import INSTITUTIONS, PilotInstitution
from subgraphs.demo.population import SIZES
from subgraphs.demo.population.books import Town
from subgraphs.demo.population.issuers import ISSUERS
from subgraphs.demo.seed import register_institutions
from subgraphs.kit.follow import POSITIONS, open_log
from subgraphs.kit.ids import institution_id
from subgraphs.kit.institutions import COLLECTION as REGISTER
from subgraphs.kit.main import load
from subgraphs.kit.mongo import Mongo
from subgraphs.kit.mongod import filled
from subgraphs.kit.settings import Settings
from subgraphs.rules.calendar import day_of
from subgraphs.rules.scenarios import INDUSTRY

SLICE: Final = 250
SELDOM: Final = 100_000
LANES: Final = 2
REGISTERED_SECONDS: Final = 60.0
STANDSTILL_SECONDS: Final = 120.0
_STEP: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How it went: `written` seconds until all was with the log's queue, `followed` until every
    subgraph had read it."""

    loaded: Loaded
    written: float
    followed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What one process does."""

    environment: Mapping[str, str]
    town: Town
    indices: range
    share: Share


def seed_population(
    deployment: Deployment, town: Town, *, count: int | None = None, processes: int = 0
) -> Told:
    """All people of the town, or the first `count`; DemoError when the system does not run."""
    people = range(min(SIZES[town.size].holders, count or sys.maxsize))
    processes = processes or os.cpu_count() or 1
    asyncio.run(prepare(deployment))
    start = time.monotonic()
    loaded = Loaded()
    with _filled(deployment):
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            for done in pool.map(_run, _shares(deployment, town, people, processes)):
                loaded += done
        written = time.monotonic() - start
        asyncio.run(followed(deployment))
    return Told(loaded=loaded, written=written, followed=time.monotonic() - start)


def _filled(deployment: Deployment) -> AbstractContextManager[None]:
    return filled(deployment.uri) if deployment.embedded else nullcontext()


def town_of(size: str, seed: int, copy: int = 0) -> Town:
    """The population as of today."""
    today = day_of(datetime.now(UTC))
    return Town(size=size, seed=seed, today=today, copy=copy)


def _shares(deployment: Deployment, town: Town, people: range, processes: int) -> Iterator[_Part]:
    for number in range(processes):
        yield _Part(
            environment=deployment.environment(),
            town=town,
            indices=people[number::processes],
            share=Share(number=number, of=processes),
        )


def _run(part: _Part) -> Loaded:
    """In a process of its own, which makes much and keeps little: it looks for cycles seldom."""
    gc.freeze()
    gc.set_threshold(SELDOM)
    return asyncio.run(_load(part))


async def _load(part: _Part) -> Loaded:
    done, start = Loaded(), time.monotonic()
    settings, stories = load(part.environment), list[int]()
    async with opened(settings, INDUSTRY, part.share) as loader:
        for first in range(0, len(part.indices), SLICE):
            some = part.indices[first : first + SLICE]
            done += await loader.load(part.town, some)
            stories += [one for one in some if kinds_after(part.town, one)]
            _tell(done, part, time.monotonic() - start)
        return done + await tell_stories(settings, loader, part.town, stories)


async def tell_stories(
    settings: Settings, loader: Loader, town: Town, indices: Sequence[int]
) -> Loaded:
    """What befalls these people, who are there already: some wait for the log while others act."""
    waiting = (indices[first : first + CHUNK] for first in range(0, len(indices), CHUNK))
    async with doors_of(settings, loader) as doors, asyncio.TaskGroup() as lanes:
        told = [lanes.create_task(_lane(doors, town, waiting)) for _ in range(LANES)]
    return Loaded(stories=sum(lane.result() for lane in told))


async def _lane(doors: Doors, town: Town, waiting: Iterator[Sequence[int]]) -> int:
    done = 0
    for some in waiting:
        people = [resident(town, index) for index in some]
        await doors.on_log([one.holder for one in people])
        done += await play(doors, people)
    return done


def _tell(done: Loaded, part: _Part, seconds: float) -> None:
    people = f"{done.people + done.skipped} of {len(part.indices)} people"
    process = f"process {part.share.number + 1} of {part.share.of}"
    print(f"  {process}: {people}, {done.credentials} credentials, {seconds:.0f} s", flush=True)


async def prepare(deployment: Deployment) -> None:
    """The synthetic issuers join, and every subgraph that needs them has heard of them."""
    settings = load(deployment.environment())
    if not settings.keys.is_dir():
        raise DemoError(f"there is no system in {deployment.data}: start `make up` first")
    synthetic = [
        PilotInstitution(uscc=one.uscc, name=one.name, kind=one.kind, roles=("ISSUER",))
        for one in ISSUERS
        if one.synthetic
    ]
    for one in synthetic:
        give_key(deployment.data, one.uscc, settings.key_files.passphrase)
    await register_institutions(deployment, [*INSTITUTIONS, *synthetic])
    wanted = {institution_id(one.uscc) for one in (*INSTITUTIONS, *synthetic)}
    mongo = Mongo(settings.mongodb, driver=settings.driver)
    try:
        deadline = time.monotonic() + REGISTERED_SECONDS
        while not await _known(mongo, settings, sorted(wanted)):
            if time.monotonic() > deadline:
                raise DemoError("the institutions are not on the log: does `make up` run?")
            await asyncio.sleep(_STEP)
    finally:
        await mongo.close()


async def _known(mongo: Mongo, settings: Settings, wanted: Sequence[str]) -> bool:
    where = {"_id": {"$in": list(wanted)}}
    for name in FOLLOWERS:
        rows = mongo.database(settings.database(name))[REGISTER]
        if await rows.count_documents(where) < len(wanted):
            return False
    return True


async def followed(deployment: Deployment) -> None:
    """Until the log's queue is empty and all four have read to its end; DemoError when nothing
    moves any more."""
    settings = load(deployment.environment())
    mongo = Mongo(settings.mongodb, driver=settings.driver)
    try:
        seen, since = tuple[int, ...](), time.monotonic()
        while True:
            now = await _standing(mongo, settings)
            waiting, *positions = now
            if not waiting and len(set(positions)) == 1:
                return
            if now != seen:
                seen, since = now, time.monotonic()
            elif time.monotonic() - since > STANDSTILL_SECONDS:
                raise DemoError("the log is not followed to its end: does `make up` run?")
            await asyncio.sleep(_STEP)
    finally:
        await mongo.close()


async def _standing(mongo: Mongo, settings: Settings) -> tuple[int, ...]:
    """How many events wait for the log, its last position, and where each subgraph stands."""
    log = settings.ledger
    database = mongo.database(log.database)
    ledger = open_log(mongo, database=log.database, shard=log.shard)
    waiting = await database[names.QUEUE].count_documents({})
    places = [await ledger.size() - 1]
    for name in FOLLOWERS:
        rows = mongo.database(settings.database(name))[POSITIONS]
        found = await rows.find_one({"_id": name})
        places.append(int(found["index"]) if found else -1)
    return (waiting, *places)
