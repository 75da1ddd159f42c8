"""A kind that a subgraph passes without a transaction is one that it makes nothing of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from ledger_adapter.port import Envelope, EventId, JsonValue, LoggedEvent
from subgraphs.issuer import app as issuer
from subgraphs.issuer import worker as issuer_worker
from subgraphs.kit.events import KINDS
from subgraphs.kit.feed import Item
from subgraphs.kit.ids import BY_PREFIX, new_id
from subgraphs.kit.mongo import PyMongoError, Session
from subgraphs.simulators.core_system import SimulatedCoreSystem
from subgraphs.verifier import worker as verifier_worker
from subgraphs.verifier.parts import Terms
from subgraphs.verifier.store import Store as VerifierStore
from subgraphs.wallet import worker as wallet_worker
from subgraphs.wallet.store import Store as WalletStore
from tests.subgraphs.kit.logged import at_place
from tests.subgraphs.kit.world import World, world_of

Apply = Callable[[Sequence[LoggedEvent], Session], Awaitable[Sequence[Item[Any]]]]
PREFIX_OF = {kind.type_name: prefix for prefix, kind in BY_PREFIX.items()}
BODY: dict[str, JsonValue] = {
    "issuer": new_id("inst"),
    "vcHash": "sm3:" + "0" * 64,
    "asOf": "2026-06-30",
    "effect": "SUSPEND",
    "state": "SUSPENDED",
    "role": "ISSUER",
    "version": 2,
    "documentDigest": "sm3:" + "1" * 64,
    "textDigest": "sm3:" + "2" * 64,
    "agreementStage": "ISSUANCE",
    "agreement": "A1",
    "monitoring": True,
    "validUntil": "2027-06-30T00:00:00Z",
    "statusList": 1,
    "statusIndex": 5,
}
ODD: dict[str, dict[str, JsonValue]] = {"EXIT_MOVED": {"state": "FROZEN", "business": "BROKERAGE"}}
"""What a kind has to say before anything follows from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    heeded: frozenset[str]
    apply: Apply


@pytest.fixture
async def world(tmp_path: Path, mongo_uri: str, mongo_database: str) -> AsyncIterator[World]:
    async with world_of(
        "issuer", {}, folder=tmp_path, uri=mongo_uri, prefix=mongo_database
    ) as opened:
        yield opened


@pytest.fixture
def readers(world: World) -> dict[str, Reader]:
    at_issuer = issuer.wire(world.base, identity=world.identity, core_system=SimulatedCoreSystem())
    wallet, verifier = world.beside("wallet"), world.beside("verifier")
    listener = verifier_worker.Listener(
        store=VerifierStore(verifier.database),
        institutions=verifier.institutions,
        roots=verifier.roots,
        statuses=verifier.statuses,
        outbox=verifier.outbox,
        terms=Terms(),
        clock=lambda: datetime.now(UTC),
    )
    return {
        "issuer": Reader(
            heeded=issuer_worker.HEEDED, apply=partial(issuer_worker.apply, at_issuer)
        ),
        "wallet": Reader(
            heeded=wallet_worker.HEEDED,
            apply=wallet_worker.Projections(
                WalletStore(wallet.database), wallet.institutions, wallet.outbox
            ),
        ),
        "verifier": Reader(heeded=verifier_worker.HEEDED, apply=listener.apply),
    }


def full(kind: str) -> LoggedEvent:
    """An event of the kind with everything in it that any subgraph could look for."""
    return at_place(
        7,
        Envelope(
            event_id=EventId(f"{new_id('cred')}:1"),
            kind=kind,
            subjects=tuple(new_id(PREFIX_OF[one]) for one in sorted(KINDS[kind].subjects)),
            institutions=(new_id("inst"), new_id("inst")),
            at=datetime(2026, 7, 1, tzinfo=UTC),
            body=BODY | ODD.get(kind, {}),
        ),
    )


async def deaf_to(reader: Reader, kind: str, ended: Session) -> bool:
    """Whether an event of the kind moves it to nothing at all: the driver refuses whatever is read
    or written in a session that was ended."""
    try:
        return not await reader.apply([full(kind)], ended)
    except (PyMongoError, LookupError):
        return False


@pytest.fixture
async def ended(world: World) -> Session:
    session = await world.base.mongo.open_session()
    await cast("Any", session).end_session()
    return session


@pytest.mark.parametrize("name", ["issuer", "wallet", "verifier"])
async def test_a_subgraph_makes_nothing_of_the_kinds_that_it_passes(
    readers: dict[str, Reader], name: str, ended: Session
) -> None:
    reader = readers[name]
    passed = sorted(set(KINDS) - reader.heeded)
    assert len(passed) > 20
    assert [kind for kind in passed if not await deaf_to(reader, kind, ended)] == []


@pytest.mark.parametrize("name", ["issuer", "wallet", "verifier"])
async def test_and_something_of_each_kind_that_it_heeds(
    readers: dict[str, Reader], name: str, ended: Session
) -> None:
    reader = readers[name]
    assert reader.heeded <= set(KINDS)
    assert [kind for kind in sorted(reader.heeded) if await deaf_to(reader, kind, ended)] == []
