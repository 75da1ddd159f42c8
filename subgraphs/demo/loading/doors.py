"""The three business subgraphs' own parts over the databases of a running system, and its log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, cast

from subgraphs.demo.loading.load import Loader
from subgraphs.demo.loading.rooms import Places
from subgraphs.demo.population.books import CoreSystem
from subgraphs.issuer import app as issuer
from subgraphs.issuer.parts import Parts as Issuer
from subgraphs.kit.base import wire
from subgraphs.kit.follow import POSITIONS, Follower
from subgraphs.kit.identity import HttpIdentityProvider
from subgraphs.kit.mongo import Mongo
from subgraphs.kit.settings import ServiceName, Settings
from subgraphs.verifier import app as verifier
from subgraphs.verifier.parts import Parts as Verifier
from subgraphs.verifier.parts import Terms
from subgraphs.verifier.records import Change
from subgraphs.wallet import app as wallet
from subgraphs.wallet.parts import Parts as Wallet

FOLLOWERS: Final[tuple[ServiceName, ...]] = ("issuer", "wallet", "verifier", "audit")
PATIENCE: Final = timedelta(minutes=10)  # a loading system is far behind at times
_STEP: Final = 0.1


class Elsewhere:
    """A subgraph's follower, which is another process: where it stands by its own word."""

    def __init__(self, mongo: Mongo, settings: Settings, name: ServiceName) -> None:
        self._rows, self._name = mongo.database(settings.database(name))[POSITIONS], name
        self.applied = -1

    async def reach(self, index: int) -> None:
        """Wait until an entry is applied; for ever, if need be."""
        while await self._look() < index:  # noqa: ASYNC110  # another process
            await asyncio.sleep(_STEP)

    async def _look(self) -> int:
        found = await self._rows.find_one({"_id": self._name})
        self.applied = int(found["index"]) if found else -1
        return self.applied


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Parts that write to the databases, and where the system's followers stand."""

    issuer: Issuer
    wallet: Wallet
    verifier: Verifier
    followers: Sequence[Elsewhere]

    async def on_log(self, entities: Sequence[str]) -> None:
        """Until what was told of these has its place on the log, and all subgraphs have read it."""
        async with asyncio.timeout(PATIENCE.total_seconds()):
            while await self.verifier.ledger.awaits(entities):  # noqa: ASYNC110  # another process
                await asyncio.sleep(_STEP)
            last = await self.verifier.ledger.size() - 1
            for follower in self.followers:
                await follower.reach(last)


@asynccontextmanager
async def doors_of(settings: Settings, loader: Loader) -> AsyncIterator[Doors]:
    """Over the loader's connection; the identity provider is asked as its process answers."""
    ground, mongo = loader.ground, loader.mongo
    identity = HttpIdentityProvider(settings.identity_url)
    base = wire("verifier", settings, mongo)
    custody = mongo.database(f"{settings.database_prefix}{verifier.CUSTODY_DATABASE}")
    outside = verifier.Doors(
        identity=identity,
        customers=verifier.customer_register(verifier.CUSTOMERS),
        copies=verifier.lent_copies(verifier.COPIES, settings, custody),
    )
    counter = verifier.wire(base, outside, Terms(freshness_wait=PATIENCE))
    followers = {name: Elsewhere(mongo, settings, name) for name in FOLLOWERS}
    there = cast("Follower[Change]", followers["verifier"])
    desk = issuer.wire(ground.issuer, identity=identity, core_system=CoreSystem())
    places = Places(ground.issuer.database, ground.given)
    try:
        yield Doors(
            issuer=replace(desk, store=places, scenario=ground.scenario),
            wallet=wallet.wire(ground.wallet, identity=identity, custodian=ground.custodian),
            verifier=replace(counter, follower=there),
            followers=tuple(followers.values()),
        )
    finally:
        await identity.close()
