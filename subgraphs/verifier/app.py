"""Wires the verifier: store, follower, jobs and the ASGI app."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final, cast

from subgraphs.kit.base import Base, open_base
from subgraphs.kit.board import Board
from subgraphs.kit.feed import Feed
from subgraphs.kit.follow import Follower
from subgraphs.kit.identity import HttpIdentityProvider, IdentityProvider
from subgraphs.kit.mongo import Database
from subgraphs.kit.serve import Service, asgi
from subgraphs.kit.settings import Settings
from subgraphs.verifier.parts import Parts, Terms
from subgraphs.verifier.ports import CustomerRegister, LentCopies
from subgraphs.verifier.records import Change
from subgraphs.verifier.schema import schema
from subgraphs.verifier.service import service_state
from subgraphs.verifier.store import INDEXES, Store
from subgraphs.verifier.worker import HEEDED, Listener, Overdue

# simulators are named, not imported: a deployment names its own register and custodian here
CUSTOMERS: Final = "subgraphs.simulators.customers:SimulatedCustomers"
COPIES: Final = "subgraphs.simulators.custody:counter"
CUSTODY_DATABASE: Final = "custody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What lies outside: other systems, and the time."""

    identity: IdentityProvider
    customers: CustomerRegister
    copies: LentCopies
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Service]:
    """The verifier's service, for the length of the process."""
    identity = HttpIdentityProvider(settings.identity_url)
    try:
        async with open_base("verifier", settings, INDEXES) as base:
            places = base.mongo.database(f"{settings.database_prefix}{CUSTODY_DATABASE}")
            doors = Doors(
                identity=identity,
                customers=customer_register(CUSTOMERS),
                copies=lent_copies(COPIES, settings, places),
            )
            yield service(base, doors)
    finally:
        await identity.close()


def service(base: Base, doors: Doors, terms: Terms | None = None) -> Service:
    """The wiring over given doors to others."""
    parts = wire(base, doors, terms or Terms())
    overdue = Overdue(mongo=base.mongo, store=parts.store, outbox=parts.outbox, terms=parts.terms)

    async def health() -> Mapping[str, object]:
        return {"position": parts.follower.applied, "lag": await parts.follower.lag()}

    async def act_on_overdue() -> None:
        await overdue.run(parts.clock)

    return Service(
        app=asgi(schema, name="verifier", parts=parts, tokens=base.tokens, health=health),
        jobs=[parts.follower.run, act_on_overdue],
        stopping=[parts.feed.close, parts.board.close],
    )


def wire(base: Base, doors: Doors, terms: Terms) -> Parts:
    store, feed = Store(base.database), Feed[Change](heartbeat=terms.heartbeat.total_seconds())
    listener = Listener(
        store=store,
        institutions=base.institutions,
        roots=base.roots,
        statuses=base.statuses,
        outbox=base.outbox,
        terms=terms,
        clock=doors.clock,
    )
    follower = Follower(
        name="verifier",
        mongo=base.mongo,
        database=base.database,
        ledger=base.ledger,
        apply=listener.apply,
        heeds=HEEDED,
        feed=feed,
    )
    return Parts(
        store=store,
        institutions=base.institutions,
        roots=base.roots,
        statuses=base.statuses,
        idempotent=base.idempotent,
        outbox=base.outbox,
        ledger=base.ledger,
        follower=follower,
        feed=feed,
        gate=base.gate,
        board=Board(partial(service_state, follower, base.gate)),
        identity=doors.identity,
        customers=doors.customers,
        copies=doors.copies,
        holder_keys=base.holder_keys,
        sealer=base.sealer,
        log_id=base.log_id,
        clock=doors.clock,
        terms=terms,
    )


def customer_register(where: str) -> CustomerRegister:
    """The customer register named `module:Class`."""
    module, _, name = where.partition(":")
    return cast("CustomerRegister", getattr(importlib.import_module(module), name)())


def lent_copies(where: str, settings: Settings, database: Database) -> LentCopies:
    """The custodian's counter that `module:function` opens."""
    module, _, name = where.partition(":")
    return cast("LentCopies", getattr(importlib.import_module(module), name)(settings, database))
