"""The three business subgraphs' own parts over the databases of a running system, and its log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ledger_adapter.port import Ledger
from subgraphs.demo.loading.load import Loader
from subgraphs.demo.loading.stage import House, Stage, Whose
from subgraphs.kit.base import wire
from subgraphs.kit.follow import POSITIONS
from subgraphs.kit.identity import HttpIdentityProvider
from subgraphs.kit.mongo import Mongo
from subgraphs.kit.settings import ServiceName, Settings
from subgraphs.verifier import app as verifier

FOLLOWERS: Final[tuple[ServiceName, ...]] = ("issuer", "wallet", "verifier", "audit")
PATIENCE: Final = timedelta(minutes=10)  # a loading system is far behind at times
_STEP: Final = 0.1


class Elsewhere:
    """A subgraph's follower, which is another process: where it stands by its own word."""

    def __init__(self, mongo: Mongo, settings: Settings, name: ServiceName) -> None:
        self._rows, self._name = mongo.database(settings.database(name))[POSITIONS], name

    async def reach(self, index: int) -> None:
        """Wait until an entry is applied; for ever, if need be."""
        while await self.look() < index:  # noqa: ASYNC110  # another process
            await asyncio.sleep(_STEP)

    async def look(self) -> int:
        """The last entry that is applied."""
        found = await self._rows.find_one({"_id": self._name})
        return int(found["index"]) if found else -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What stages are made of, and where the log and the system's followers stand."""

    house: House
    ledger: Ledger
    followers: Mapping[ServiceName, Elsewhere]

    async def stage(self, whose: Whose) -> Stage:
        """For one step of these people, as far as the verifier has read the log by now."""
        return self.house.stage(whose, await self.followers["verifier"].look())

    async def on_log(self, entities: Sequence[str]) -> None:
        """Until what was told of these has its place on the log, and all subgraphs have read it."""
        async with asyncio.timeout(PATIENCE.total_seconds()):
            for asked in (entities[-1:], entities):  # one is asked for at less cost than all
                while await self.ledger.awaits(asked):  # noqa: ASYNC110  # another process
                    await asyncio.sleep(_STEP)
            last = await self.ledger.size() - 1
            for follower in self.followers.values():
                await follower.reach(last)


@asynccontextmanager
async def doors_of(settings: Settings, loader: Loader) -> AsyncIterator[Doors]:
    """Over the loader's connection; the identity provider answers from its own rows."""
    mongo = loader.mongo
    base = wire("verifier", settings, mongo)
    custody = mongo.database(f"{settings.database_prefix}{verifier.CUSTODY_DATABASE}")
    identity = HttpIdentityProvider(settings.identity_url)
    outside = verifier.Doors(
        identity=identity,
        customers=verifier.customer_register(verifier.CUSTOMERS),
        copies=verifier.lent_copies(verifier.COPIES, settings, custody),
    )
    house = House(
        ground=loader.ground,
        bases={**loader.bases, "verifier": base},
        outside=outside,
    )
    followers = {name: Elsewhere(mongo, settings, name) for name in FOLLOWERS}
    try:
        yield Doors(house=house, ledger=base.ledger, followers=followers)
    finally:
        await identity.close()
