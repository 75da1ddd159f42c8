"""Loads a population in large batches: what the mutations would have written, and told the log.

Laws: each batch is one transaction over the subgraphs' databases and the log's queue, so it is
there whole or not at all, and a load that was stopped goes on where it stopped; the log is filled
through its queue alone and gives every position itself; projections are the followers' own work.
What lives for minutes or a day only (prepared payloads, idempotency keys) is not written.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from ledger_adapter.crypto.sm2 import own_signatures_hold
from subgraphs.demo.loading.person import Resident, resident, settle
from subgraphs.demo.loading.rooms import Given, Ground, Rooms, Share, rooms
from subgraphs.demo.population.books import Town
from subgraphs.issuer.store import Store as IssuerStore
from subgraphs.kit.base import Base, wire
from subgraphs.kit.errors import Busy
from subgraphs.kit.ids import institution_id
from subgraphs.kit.institutions import COLLECTION as REGISTER
from subgraphs.kit.keystore import file_keys
from subgraphs.kit.mongo import Contended, Database, Document, Mongo, Session
from subgraphs.kit.offload import in_place
from subgraphs.kit.sealed import everything
from subgraphs.kit.settings import ServiceName, Settings
from subgraphs.rules.scenarios import Scenario
from subgraphs.simulators.identity import USCC as PROVIDER
from subgraphs.wallet import app as wallet
from subgraphs.wallet.store import Store as WalletStore

BATCH: Final = 40
_PAUSE: Final = 0.2
WRITTEN: Final[Mapping[ServiceName, tuple[str, ...]]] = {
    "identity": ("registrations",),
    "wallet": ("root_dids", "agreements"),
    "issuer": ("bindings", "credentials", "participants"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What one call has written; `skipped` people were there already."""

    people: int = 0
    skipped: int = 0
    credentials: int = 0
    events: int = 0
    stories: int = 0

    def __add__(self, other: Loaded) -> Loaded:
        return Loaded(
            people=self.people + other.people,
            skipped=self.skipped + other.skipped,
            credentials=self.credentials + other.credentials,
            events=self.events + other.events,
            stories=self.stories + other.stories,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Loader:
    """The real databases, by service, and what every batch stands on."""

    mongo: Mongo
    ground: Ground
    bases: Mapping[ServiceName, Base]

    async def load(self, town: Town, indices: Sequence[int]) -> Loaded:
        """These people of the town, batch after batch."""
        done = Loaded()
        for start in range(0, len(indices), BATCH):
            some = indices[start : start + BATCH]
            done += await self._batch([resident(town, index) for index in some])
        return done

    async def _batch(self, people: Sequence[Resident]) -> Loaded:
        there = await WalletStore(self.bases["wallet"].database).root_dids(
            [one.holder for one in people], everything
        )
        new = [one for one in people if one.holder not in there]
        if not new:
            return Loaded(skipped=len(people))
        taken = await IssuerStore(self.bases["issuer"].database).places_taken(
            self.ground.scenario.key
        )
        made = rooms(self.ground, taken)
        with in_place(), own_signatures_hold():
            for one in new:
                await settle(made, one)
        await self._write(made)
        credentials = len(made.databases["issuer"].collections["credentials"].by_id)
        return Loaded(
            people=len(new),
            skipped=len(there),
            credentials=credentials,
            events=len(made.told.events),
        )

    async def _write(self, made: Rooms) -> None:
        """Waits while the log has enough to do."""

        async def work(session: Session) -> None:
            for service, names in WRITTEN.items():
                for name in names:
                    rows = list(made.databases[service].collections[name].by_id.values())
                    await _insert(self.bases[service].database, name, rows, session)
            await self._count(made, session)
            await self.ground.issuer.outbox.put(session, *made.told.events)

        while True:
            try:
                return await self.mongo.transaction(work)
            except (Busy, Contended):
                await asyncio.sleep(_PAUSE)

    async def _count(self, made: Rooms, session: Session) -> None:
        """The places of the scenario, counted where the mutations count them."""
        new = len(made.databases["issuer"].collections["participants"].by_id)
        await (
            self.bases["issuer"]
            .database["scenarios"]
            .update_one(
                {"_id": self.ground.scenario.key},
                {"$inc": {"taken": new}},
                upsert=True,
                session=session,
            )
        )


async def _insert(
    database: Database, name: str, rows: Sequence[Document], session: Session
) -> None:
    if rows:
        await database[name].insert_many(rows, session=session)


@asynccontextmanager
async def opened(
    settings: Settings, scenario: Scenario, share: Share | None = None
) -> AsyncIterator[Loader]:
    """A loader over a running system's databases; its institutions are on the log already."""
    mongo = Mongo(settings.mongodb, driver=settings.driver)
    try:
        await mongo.wait_until_writable()
        services: tuple[ServiceName, ...] = ("issuer", "wallet", "identity")
        bases = {name: wire(name, settings, mongo) for name in services}
        issuer = bases["issuer"].database
        custody = mongo.database(f"{settings.database_prefix}{wallet.CUSTODY_DATABASE}")
        ground = Ground(
            issuer=bases["issuer"],
            wallet=bases["wallet"],
            key=settings.key_files.load(settings.keys / institution_id(PROVIDER) / "key-1.json"),
            keys=file_keys(settings),
            institutions=await issuer[REGISTER].find({}).to_list(None),
            scenario=scenario,
            given=Given(issuer, share or Share()),
            custodian=wallet.custodian(wallet.CUSTODIAN, settings, custody),
        )
        yield Loader(mongo=mongo, ground=ground, bases=bases)
    finally:
        await mongo.close()
