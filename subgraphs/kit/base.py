"""What every subgraph is wired from: one database, the log's two ends, keys and projections."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ledger_adapter.port import Ledger
from subgraphs.kit.cursor import CursorSealer
from subgraphs.kit.follow import POSITIONS, open_log
from subgraphs.kit.holder_keys import COLLECTION, HolderKeys
from subgraphs.kit.idempotent import Idempotent
from subgraphs.kit.institutions import Institutions
from subgraphs.kit.mongo import Database, IndexModel, Mongo, create_indexes
from subgraphs.kit.outbox import Outbox, open_outbox
from subgraphs.kit.passes import CasePasses
from subgraphs.kit.paused import Gate
from subgraphs.kit.personal import PERSONAL
from subgraphs.kit.prepared import Prepared
from subgraphs.kit.reads import PrivilegedReads
from subgraphs.kit.roots import Roots
from subgraphs.kit.sealing import DONE, holder_keys, seal_what_is_plain, sealed_database
from subgraphs.kit.serve import CannotStart
from subgraphs.kit.settings import ServiceName, Settings
from subgraphs.kit.statuses import Statuses
from subgraphs.kit.viewer import ContextTokens, load_public_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The shared parts of one subgraph; `log_id` is what cursors of feeds are bound to.

    Through `database` personal fields are sealed; `holder_keys` destroys a holder's key.
    """

    settings: Settings
    mongo: Mongo
    database: Database
    holder_keys: HolderKeys
    ledger: Ledger
    outbox: Outbox
    reads: PrivilegedReads
    tokens: ContextTokens
    sealer: CursorSealer
    passes: CasePasses
    institutions: Institutions
    roots: Roots
    statuses: Statuses
    prepared: Prepared
    gate: Gate
    idempotent: Idempotent
    log_id: str


@asynccontextmanager
async def open_base(
    name: ServiceName, settings: Settings, indexes: Mapping[str, Sequence[IndexModel]]
) -> AsyncIterator[Base]:
    """Wait for the database, create the indexes, and read the keys; closes the connection after."""
    mongo = Mongo(settings.mongodb, driver=settings.driver)
    try:
        await mongo.wait_until_writable()
        base = wire(name, settings, mongo)
        plain = mongo.database(base.database.name)
        await create_indexes(plain, {POSITIONS: (), COLLECTION: (), DONE: (), **indexes})
        await seal_what_is_plain(plain, PERSONAL[name], base.holder_keys)
        yield base
    finally:
        await mongo.close()


def wire(name: ServiceName, settings: Settings, mongo: Mongo) -> Base:
    """The parts over a given connection."""
    keys = holder_keys(name, settings, mongo)
    database = sealed_database(name, settings, mongo, keys)
    log = settings.ledger
    outbox = open_outbox(mongo, database=log.database, shard=log.shard)
    ledger = open_log(mongo, database=log.database, shard=log.shard)
    gate = Gate(ledger.chain_nodes, after=settings.pause_after)
    cursor_key = _cursor_key(settings.cursor_key)
    return Base(
        settings=settings,
        mongo=mongo,
        database=database,
        holder_keys=keys,
        ledger=ledger,
        outbox=outbox,
        reads=PrivilegedReads(mongo, outbox, keys, clock=lambda: datetime.now(UTC)),
        tokens=ContextTokens(
            public_key=load_public_key(_read(settings.context.public_key)),
            issuer=settings.context.issuer,
            audience=name,
        ),
        sealer=CursorSealer(cursor_key, replay=settings.replay_entries),
        passes=CasePasses(cursor_key, clock=lambda: datetime.now(UTC)),
        institutions=Institutions(database),
        roots=Roots(database),
        statuses=Statuses(database),
        prepared=Prepared(database),
        gate=gate,
        idempotent=Idempotent(mongo, database, keys, gate),
        log_id=f"{log.origin}/{log.shard}",
    )


def _cursor_key(path: Path) -> bytes:
    text = _read(path).decode("ascii", "replace").strip()
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 16:
        raise CannotStart(f"{path} must hold 32 hex digits, the key of the cursors")
    return key


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise CannotStart(f"the key file {path} cannot be read: {fault.strerror}") from fault
