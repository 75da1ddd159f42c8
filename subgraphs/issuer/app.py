"""Wires the issuer: stores, follower, clock and the ASGI app."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final, cast

from ledger_adapter.port import LoggedEvent
from subgraphs.issuer.agreed import Agreed
from subgraphs.issuer.desk.clock import keep_time
from subgraphs.issuer.desk.recheck import keep_rechecking
from subgraphs.issuer.parts import Parts
from subgraphs.issuer.ports import CoreSystem
from subgraphs.issuer.published import schema_app
from subgraphs.issuer.records import Update
from subgraphs.issuer.schema import schema
from subgraphs.issuer.status import StatusLists, status_app
from subgraphs.issuer.store import INDEXES, Store
from subgraphs.issuer.worker import HEEDED, apply
from subgraphs.kit.base import Base, open_base
from subgraphs.kit.feed import Feed, Item
from subgraphs.kit.follow import Follower
from subgraphs.kit.identity import HttpIdentityProvider, IdentityProvider
from subgraphs.kit.keystore import file_keys
from subgraphs.kit.mongo import Session
from subgraphs.kit.serve import Service, asgi
from subgraphs.kit.settings import Settings

# the simulator is named, not imported: a deployment names its own core system here
CORE_SYSTEM: Final = "subgraphs.demo.population.books:CoreSystem"


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Service]:
    """The issuer's service, for the length of the process."""
    identity = HttpIdentityProvider(settings.identity_url)
    try:
        async with open_base("issuer", settings, INDEXES) as base:
            yield service(base, identity=identity, core_system=core_system(CORE_SYSTEM))
    finally:
        await identity.close()


def service(base: Base, *, identity: IdentityProvider, core_system: CoreSystem) -> Service:
    """The wiring over given doors to others."""
    parts = wire(base, identity=identity, core_system=core_system)
    follower = follow(base, parts)

    async def health() -> Mapping[str, object]:
        return {"position": follower.applied, "lag": await follower.lag()}

    async def clock() -> None:
        await keep_time(parts)

    async def rechecks() -> None:
        await keep_rechecking(parts)

    app = asgi(schema, name="issuer", parts=parts, tokens=base.tokens, health=health)
    lists = StatusLists(parts, applied=lambda: follower.applied)
    # no login: whoever checks a credential
    app.mount("/status", status_app(lists))
    app.mount("/schemas", schema_app(parts.schema_base))
    return Service(
        app=app,
        jobs=[follower.run, clock, rechecks],
        stopping=[parts.feed.close],
    )


def wire(base: Base, *, identity: IdentityProvider, core_system: CoreSystem) -> Parts:
    return Parts(
        store=Store(base.database),
        institutions=base.institutions,
        roots=base.roots,
        statuses=base.statuses,
        agreed=Agreed(base.database),
        prepared=base.prepared,
        idempotent=base.idempotent,
        outbox=base.outbox,
        reads=base.reads,
        passes=base.passes,
        identity=identity,
        core_system=core_system,
        keys=file_keys(base.settings),
        status_base=base.settings.status_base,
        sealer=base.sealer,
        feed=Feed(),
        log_id=base.log_id,
        clock=lambda: datetime.now(UTC),
    )


def follow(base: Base, parts: Parts) -> Follower[Update]:
    async def applied(events: Sequence[LoggedEvent], session: Session, /) -> Sequence[Item[Update]]:
        return await apply(parts, events, session)

    return Follower(
        name="issuer",
        mongo=base.mongo,
        database=base.database,
        ledger=base.ledger,
        apply=applied,
        heeds=HEEDED,
        feed=parts.feed,
    )


def core_system(where: str) -> CoreSystem:
    """The core system named `module:Class`."""
    module, _, name = where.partition(":")
    return cast("CoreSystem", getattr(importlib.import_module(module), name)())
