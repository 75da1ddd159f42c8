"""Builders for the ledger's tests: events, and a log room over each store."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from ledger_adapter.anchors.records import AnchorStore
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.evidence.trust import Trust, load_trust, write_trust
from ledger_adapter.port import Envelope, EventId, LogRef, Queue, Shard
from ledger_adapter.reader import LogReader
from ledger_adapter.replay import AuditSource
from ledger_adapter.sequencer import LogKeys, Sequencer, SequencerOptions, SequencerStore, log_ref
from ledger_adapter.store.memory import MemoryStore
from ledger_adapter.store.mongo import MongoAnchors, MongoLog, MongoQueue
from ledger_adapter.store.mongo.seam import Database, connect, open_session, settle, transact

every_driver: Final = pytest.mark.parametrize("room", ["memory", "motor", "pymongo"], indirect=True)
ORIGIN = "test.example/log/2026"
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
KEY = PrivateKey.from_scalar(0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8)


def event(number: int, *, kind: str = "CREDENTIAL_ACTIVATED", text: str = "") -> Envelope:
    """A well-formed event; the number makes its id."""
    return Envelope(
        event_id=EventId(f"cred_{number:026d}:{kind}:1"),
        kind=kind,
        subjects=(f"cred_{number:026d}", "hold_00000000000000000000000001"),
        institutions=("inst_00000000000000000000000001",),
        at=AT,
        body={"issuer": "inst_00000000000000000000000001", "note": text},
    )


class Store(SequencerStore, AuditSource):
    """What both stores are."""


Transaction = Callable[[Callable[[object], Awaitable[None]]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """One log over one store, with the ways in and out."""

    name: str
    store: Store
    queue: Queue
    transaction: Transaction
    log: LogRef
    key: PrivateKey
    anchors: AnchorStore
    database: Database = None
    keys: LogKeys | None = None

    @property
    def reader(self) -> LogReader:
        return LogReader(self.store, self.anchors)

    def sequencer(self, owner: str = "first", *, batch: int = 1000) -> Sequencer:
        options = SequencerOptions(
            owner=owner, batch=batch, checkpoint_seconds=0.05, lease_seconds=0.5
        )
        key = self.keys or self.key
        return Sequencer(self.store, log=self.log, key=key, options=options, now=lambda: AT)

    async def put(self, events: Sequence[Envelope]) -> None:
        """Queue events in one transaction of their own."""

        async def work(session: object) -> None:
            await self.queue.put(events, session=session)

        await self.transaction(work)

    async def write(self, count: int, *, first: int = 0, batch: int = 1000) -> None:
        """Queue events and give them positions and a signed head, as a leader would."""
        await self.put([event(first + number) for number in range(count)])
        sequencer = self.sequencer("writer", batch=batch)
        async with asyncio.timeout(30):
            while (lease := await self.store.lead("writer", 5)) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await sequencer.take_over(lease)
        while await sequencer.append_once(lease):
            pass
        await sequencer.checkpoint_once(lease)
        await self.store.resign(lease)


def memory_room(*, limit: int = 20_000, key: PrivateKey = KEY) -> Room:
    store = MemoryStore(limit=limit)

    async def transaction(work: Callable[[object], Awaitable[None]]) -> None:
        async with store.transaction() as session:
            await work(session)

    return Room(
        name="memory",
        store=store,  # type: ignore[arg-type]  # structural, checked member by member below
        queue=store,
        transaction=transaction,
        log=log_ref(origin=ORIGIN, shard="2026", first_key=key.public_key),
        key=key,
        anchors=store,
    )


@asynccontextmanager
async def mongo_room(
    uri: str,
    name: str,
    driver: str,
    *,
    limit: int = 20_000,
    key: PrivateKey = KEY,
    selection_ms: int = 2000,
) -> AsyncIterator[Room]:
    client = connect(uri, driver, selection_ms=selection_ms)
    database = client[name]

    async def transaction(work: Callable[[object], Awaitable[None]]) -> None:
        session = await open_session(database)
        try:
            await transact(session, work)
        finally:
            await settle(session.end_session())

    try:
        yield Room(
            name=driver,
            store=MongoLog(database, Shard("2026")),  # type: ignore[arg-type]
            queue=MongoQueue(database, Shard("2026"), limit=limit),
            transaction=transaction,
            log=log_ref(origin=ORIGIN, shard="2026", first_key=key.public_key),
            key=key,
            anchors=MongoAnchors(database, Shard("2026")),
            database=database,
        )
    finally:
        await settle(client.close())


def trust_in(key: PrivateKey, folder: Path) -> Trust:
    """The trust file a verifier of this log would have."""
    write_trust(folder / "trust.json", origin=ORIGIN, keys=[key.public_key])
    return load_trust(folder / "trust.json")
