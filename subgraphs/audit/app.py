"""Wires audit: store, follower, the deployment's own trust, and the ASGI app."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from ledger_adapter.port import LoggedEvent, Shard
from ledger_adapter.public import PublicLog
from ledger_adapter.verify import Trust, load_trust
from subgraphs.audit.chains import look_at_chains
from subgraphs.audit.complaint.steps import Reminders
from subgraphs.audit.denials import Denied
from subgraphs.audit.dispute.file import PATH, answer
from subgraphs.audit.flows import Flows
from subgraphs.audit.kept.allow_lists import AllowLists
from subgraphs.audit.kept.complaint_store import Complaints
from subgraphs.audit.kept.dispute_store import Disputes
from subgraphs.audit.kept.exit_store import Exits
from subgraphs.audit.kept.operation_store import Operation
from subgraphs.audit.parts import Parts
from subgraphs.audit.records import EventRow
from subgraphs.audit.schema import schema
from subgraphs.audit.store import INDEXES, Store
from subgraphs.audit.tallies import Tallies
from subgraphs.audit.worker import apply
from subgraphs.kit.base import Base, open_base
from subgraphs.kit.board import Board
from subgraphs.kit.feed import Feed, Item
from subgraphs.kit.follow import Follower
from subgraphs.kit.mongo import Session
from subgraphs.kit.serve import Health, Service, asgi
from subgraphs.kit.settings import ServiceName, Settings

NAME: Final[ServiceName] = "audit"


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Service]:
    """Audit's service, for the length of the process."""
    trust = load_trust(settings.data / "trust.json")
    async with open_base(NAME, settings, INDEXES) as base:
        yield service(base, trust)


def service(base: Base, trust: Trust) -> Service:
    parts = wire(base, trust)
    follower = follow(base, parts)

    async def health() -> Mapping[str, object]:
        return {"position": follower.applied, "lag": await follower.lag()}

    app = doors(base, parts, health)
    return Service(
        app=app,
        jobs=[follower.run, Reminders(base.mongo, parts).run],
        stopping=[parts.feed.close, parts.chains.close],
    )


def doors(base: Base, parts: Parts, health: Health) -> Starlette:
    """GraphQL for those who come through the gateway; the log and sealed evidence for everybody."""
    app = asgi(schema, name=NAME, parts=parts, tokens=base.tokens, health=health)

    async def evidence(request: Request) -> Response:
        return await answer(parts, request)

    app.add_route(PATH, evidence, methods=["GET"])  # who has the address was given it
    app.mount("/log", PublicLog(base.ledger, now=time.monotonic))
    return app


def wire(base: Base, trust: Trust) -> Parts:
    return Parts(
        store=Store(base.database),
        tallies=Tallies(base.database),
        disputes=Disputes(base.database),
        complaints=Complaints(base.database),
        exits=Exits(base.database),
        operation=Operation(base.database),
        flows=Flows(base.database),
        holder_keys=base.holder_keys,
        idempotent=base.idempotent,
        outbox=base.outbox,
        reads=base.reads,
        public=_public(base.settings),
        denied=Denied(base.database),
        allow_lists=AllowLists(base.database),
        institutions=base.institutions,
        ledger=base.ledger,
        trust=trust,
        shard=Shard(base.settings.ledger.shard),
        sealer=base.sealer,
        passes=base.passes,
        feed=Feed(),
        chains=Board(partial(look_at_chains, base.ledger)),
        log_id=base.log_id,
        clock=lambda: datetime.now(UTC),
    )


def _public(settings: Settings) -> str:
    scheme = "https" if settings.tls else "http"
    return f"{scheme}://{settings.host}:{settings.ports[NAME]}"


def follow(base: Base, parts: Parts) -> Follower[EventRow]:
    async def applied(
        events: Sequence[LoggedEvent], session: Session, /
    ) -> Sequence[Item[EventRow]]:
        return await apply(parts, events, session)

    return Follower(
        name=NAME,
        mongo=base.mongo,
        database=base.database,
        ledger=base.ledger,
        apply=applied,
        feed=parts.feed,
    )
