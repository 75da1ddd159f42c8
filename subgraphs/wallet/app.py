"""Wires the wallet: store, follower, the doors to provider and custodian, and the ASGI app."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final, cast

from subgraphs.kit.base import Base, open_base
from subgraphs.kit.follow import Follower
from subgraphs.kit.identity import HttpIdentityProvider, IdentityProvider
from subgraphs.kit.keystore import file_keys
from subgraphs.kit.mongo import Database
from subgraphs.kit.serve import Service, asgi
from subgraphs.kit.settings import Settings
from subgraphs.wallet.custody_store import CustodyStore
from subgraphs.wallet.parts import Parts, Terms
from subgraphs.wallet.ports import Custodian
from subgraphs.wallet.schema import schema
from subgraphs.wallet.steps.erase import keep_erasing
from subgraphs.wallet.steps.expire import keep_expiring
from subgraphs.wallet.store import INDEXES, Store
from subgraphs.wallet.worker import HEEDED, Projections

# the simulator is named, not imported: a deployment names its own custodian here
CUSTODIAN: Final = "subgraphs.simulators.custody:opened"
CUSTODY_DATABASE: Final = "custody"


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Service]:
    """The wallet's service, for the length of the process."""
    identity = HttpIdentityProvider(settings.identity_url)
    try:
        async with open_base("wallet", settings, INDEXES) as base:
            places = base.mongo.database(f"{settings.database_prefix}{CUSTODY_DATABASE}")
            yield service(base, identity=identity, custodian=custodian(CUSTODIAN, settings, places))
    finally:
        await identity.close()


def service(base: Base, *, identity: IdentityProvider, custodian: Custodian) -> Service:
    """The wiring over given doors to others."""
    parts = wire(base, identity=identity, custodian=custodian)
    follower = follow(base, parts)

    async def health() -> Mapping[str, object]:
        return {"position": follower.applied, "lag": await follower.lag()}

    async def erasures() -> None:
        await keep_erasing(parts)

    async def expiries() -> None:
        await keep_expiring(parts)

    return Service(
        app=asgi(schema, name="wallet", parts=parts, tokens=base.tokens, health=health),
        jobs=[follower.run, erasures, expiries],
    )


def wire(
    base: Base,
    *,
    identity: IdentityProvider,
    custodian: Custodian,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Parts:
    return Parts(
        store=Store(base.database),
        copies=CustodyStore(base.database),
        institutions=base.institutions,
        prepared=base.prepared,
        idempotent=base.idempotent,
        outbox=base.outbox,
        reads=base.reads,
        identity=identity,
        custodian=custodian,
        sealer=base.sealer,
        clock=clock,
        keys=file_keys(base.settings),
        terms=Terms(shortest_cooling=base.settings.recovery.least),
        shard=base.settings.ledger.shard,
    )


def follow(base: Base, parts: Parts) -> Follower[None]:
    return Follower(
        name="wallet",
        mongo=base.mongo,
        database=base.database,
        ledger=base.ledger,
        apply=Projections(parts.store, parts.institutions, parts.outbox),
        heeds=HEEDED,
    )


def custodian(where: str, settings: Settings, database: Database) -> Custodian:
    """The custodian that `module:function` opens, over a database of its own."""
    module, _, name = where.partition(":")
    return cast("Custodian", getattr(importlib.import_module(module), name)(settings, database))
