"""The only door to the driver: motor or pymongo's async client, the same calls above either.

Laws: no other file of the subgraphs imports motor, pymongo or bson. Work inside `transaction` may
run several times, so it keeps nothing outside the session. Times are UTC and aware.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, Protocol, TypeVar, cast

# Motor reads its thread limit at import; ten idle change streams would stall its default pool.
os.environ.setdefault("MOTOR_MAX_WORKERS", "100")  # noqa: TID251

import bson
from bson.binary import Binary
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import (
    ASCENDING,
    DESCENDING,
    AsyncMongoClient,
    IndexModel,
    InsertOne,
    ReplaceOne,
    ReturnDocument,
    UpdateOne,
)
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
)

__all__ = [
    "ASCENDING",
    "DESCENDING",
    "BulkWriteError",
    "Collection",
    "Contended",
    "Database",
    "Document",
    "Driver",
    "DuplicateKeyError",
    "IndexModel",
    "InsertOne",
    "Mongo",
    "PyMongoError",
    "ReplaceOne",
    "ReturnDocument",
    "Session",
    "Unreachable",
    "UpdateOne",
    "aggregate",
    "begin_anew",
    "box_in",
    "boxed",
    "create_indexes",
    "from_bytes",
    "only_duplicates",
    "to_bytes",
]

Driver = Literal["motor", "pymongo"]
Document = dict[str, Any]
T = TypeVar("T")

ATTEMPTS: Final = 12
COMMIT_ATTEMPTS: Final = 5
ALREADY_THERE: Final = 48
DUPLICATE: Final = 11_000
LAST_SECONDS: Final = 2.0  # what a cancelled caller grants its transaction
_BOX: Final = 0x91  # a user's subtype of binary data: a sealed value, see `sealed.py`


class Unreachable(Exception):
    """The database did not answer in time; the message is one sentence for the operator."""

    code = "DATABASE_UNREACHABLE"


class Contended(Exception):
    """A transaction lost its race ATTEMPTS times; nothing was written, a retry may work."""

    code = "TRY_AGAIN"


class Session(Protocol):
    """The caller's transaction, opaque above this file."""

    @property
    def session_id(self) -> Mapping[str, Any]: ...
    async def commit_transaction(self) -> None: ...
    async def abort_transaction(self) -> None: ...


class Cursor(Protocol):
    def sort(self, keys: Sequence[tuple[str, int]], /) -> Cursor: ...
    def limit(self, number: int, /) -> Cursor: ...
    async def to_list(self, length: int | None = None, /) -> list[Document]: ...
    def __aiter__(self) -> AsyncIterator[Document]: ...


class Collection(Protocol):
    """The calls that are alike in both drivers; `aggregate` and `watch` are not (see Mongo)."""

    @property
    def name(self) -> str: ...
    def find(
        self,
        filter: Mapping[str, Any],  # noqa: A002  # the driver's name
        projection: Mapping[str, Any] | None = None,
        *,
        session: Any = None,
    ) -> Cursor: ...
    async def find_one(
        self,
        filter: Mapping[str, Any],  # noqa: A002
        projection: Mapping[str, Any] | None = None,
        *,
        session: Any = None,
    ) -> Document | None: ...
    async def insert_one(self, document: Document, *, session: Any = None) -> Any: ...
    async def insert_many(
        self, documents: Iterable[Document], *, ordered: bool = True, session: Any = None
    ) -> Any: ...
    async def update_one(
        self,
        filter: Mapping[str, Any],  # noqa: A002
        update: Mapping[str, Any],
        *,
        upsert: bool = False,
        session: Any = None,
    ) -> Any: ...
    async def update_many(
        self,
        filter: Mapping[str, Any],  # noqa: A002
        update: Mapping[str, Any],
        *,
        session: Any = None,
    ) -> Any: ...
    async def replace_one(
        self,
        filter: Mapping[str, Any],  # noqa: A002
        replacement: Mapping[str, Any],
        *,
        upsert: bool = False,
        session: Any = None,
    ) -> Any: ...
    async def find_one_and_update(
        self,
        filter: Mapping[str, Any],  # noqa: A002
        update: Mapping[str, Any],
        *,
        upsert: bool = False,
        return_document: bool = False,
        session: Any = None,
    ) -> Document | None: ...
    async def delete_one(
        self,
        filter: Mapping[str, Any],  # noqa: A002
        *,
        session: Any = None,
    ) -> Any: ...
    async def delete_many(
        self,
        filter: Mapping[str, Any],  # noqa: A002
        *,
        session: Any = None,
    ) -> Any: ...
    async def count_documents(
        self,
        filter: Mapping[str, Any],  # noqa: A002
        *,
        session: Any = None,
        limit: int = 0,
    ) -> int: ...
    async def bulk_write(
        self, requests: Sequence[Any], *, ordered: bool = True, session: Any = None
    ) -> Any: ...
    async def create_indexes(self, indexes: Sequence[IndexModel], /) -> list[str]: ...


class Database(Protocol):
    @property
    def name(self) -> str: ...
    def __getitem__(self, name: str, /) -> Collection: ...
    async def command(self, command: Any, /) -> Document: ...


class Mongo:
    """A connection with the two drivers' differences removed."""

    def __init__(self, uri: str, *, driver: Driver = "motor", pool: int = 32) -> None:
        make: Callable[..., Any] = AsyncIOMotorClient if driver == "motor" else AsyncMongoClient
        self._client: Any = make(
            uri, tz_aware=True, maxPoolSize=pool, serverSelectionTimeoutMS=2_000
        )

    def database(self, name: str) -> Database:
        return cast("Database", self._client[name])

    async def close(self) -> None:
        await _settled(self._client.close())

    async def dump(self) -> AsyncIterator[tuple[str, bytes]]:
        """`database.collection` and the raw BSON of each document that the server holds, its oplog
        included."""
        raw = CodecOptions(document_class=RawBSONDocument)
        for name in await _settled(self._client.list_database_names()):
            for kind in await _settled(self._client[name].list_collection_names()):
                rows = self._client[name][kind].with_options(codec_options=raw)
                async for row in rows.find({}):
                    yield f"{name}.{kind}", row.raw

    async def wait_until_writable(self, *, seconds: float = 60.0) -> None:
        """Wait for a primary with bounded retries; Unreachable says what was missing."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            reason = await self._unready()
            if reason is None:
                return
            if asyncio.get_running_loop().time() > deadline:
                raise Unreachable(f"MongoDB is not writable after {seconds:g} s: {reason}")
            await asyncio.sleep(0.25)

    async def _unready(self) -> str | None:
        try:
            hello = await self._client.admin.command("hello")
        except PyMongoError as fault:
            return str(fault).split(",", maxsplit=1)[0]
        if "setName" not in hello:
            return "it is not a replica set, and transactions need one"
        return None if hello.get("isWritablePrimary") else "no primary is elected"

    async def transaction(
        self, work: Callable[[Session], Awaitable[T]], *, within: Session | None = None
    ) -> T:
        """Run `work` and commit, again after a transient conflict, at most ATTEMPTS times.

        A caller that is cancelled waits for the end all the same: a call of motor's goes on in its
        thread, and a transaction nobody ends holds its rows on the server for a minute. `within`
        reuses a session whose id is known (`open_session`).
        """
        running = asyncio.ensure_future(self._attempts(work, within))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running], timeout=LAST_SECONDS)
            if not running.cancelled():
                running.exception()  # told to nobody: the caller has left
            raise

    async def open_session(self) -> Session:
        """A session to hold on to; its `session_id` tells a successor what to end."""
        session: Session = await _settled(self._client.start_session())
        return session

    async def end_session(self, session_id: Mapping[str, Any]) -> None:
        """End a dead process's session, and with it the transaction it left open."""
        try:
            await self._client.admin.command({"killSessions": [dict(session_id)]})
        except OperationFailure:
            return  # not ours to end: the server does after a minute

    async def _attempts(self, work: Callable[[Session], Awaitable[T]], within: Session | None) -> T:
        session = within or await self.open_session()
        try:
            for attempt in range(ATTEMPTS):
                try:
                    return await self._once(session, work)
                except PyMongoError as fault:
                    if not fault.has_error_label("TransientTransactionError"):
                        raise
                # full jitter: rivals that met once must not meet again
                await asyncio.sleep(random.uniform(0, min(0.2, 0.004 * 2**attempt)))  # noqa: S311
            raise Contended(f"a transaction met conflicts {ATTEMPTS} times")
        finally:
            if within is None:
                await _settled(cast("Any", session).end_session())

    async def _once(self, session: Any, work: Callable[[Session], Awaitable[T]]) -> T:
        await _settled(session.start_transaction())
        try:
            result = await work(session)
        except BaseException:
            await _abort(session)
            raise
        await _commit(session)
        return result

    async def aggregate(
        self, collection: Collection, pipeline: Sequence[Mapping[str, Any]]
    ) -> list[Document]:
        return await aggregate(collection, pipeline)

    async def watch(
        self, collection: Collection, pipeline: Sequence[Mapping[str, Any]], *, await_ms: int = 1000
    ) -> AsyncIterator[Document]:
        """A change stream. One a process and collection: fan out in memory (`feed.py`)."""
        opened = await _settled(cast("Any", collection).watch(pipeline, max_await_time_ms=await_ms))
        async with opened as stream:
            async for change in stream:
                yield change


async def aggregate(
    collection: Collection, pipeline: Sequence[Mapping[str, Any]]
) -> list[Document]:
    """All rows that a pipeline leads to."""
    cursor = await _settled(cast("Any", collection).aggregate(pipeline))
    rows: list[Document] = await cursor.to_list(None)
    return rows


async def create_indexes(database: Database, indexes: Mapping[str, Sequence[IndexModel]]) -> None:
    """Create missing collections and indexes; called at each start, before the first request.

    A collection that a transaction has to create by the way makes others wait and fail.
    """
    for collection, models in indexes.items():
        try:
            await database.command({"create": collection})
        except OperationFailure as fault:
            if fault.code != ALREADY_THERE:
                raise
        if models:
            await database[collection].create_indexes(models)


async def _commit(session: Any) -> None:
    for attempt in range(COMMIT_ATTEMPTS):
        try:
            await session.commit_transaction()
        except PyMongoError as fault:
            unknown = fault.has_error_label("UnknownTransactionCommitResult")
            if not unknown or attempt == COMMIT_ATTEMPTS - 1:
                raise
            await asyncio.sleep(0.05 * 2**attempt)
        else:
            return


async def begin_anew(session: Session) -> None:
    """Inside the work of `Mongo.transaction`: give up what it has written so far, and the rows it
    holds by that, and go on in a new transaction."""
    await _abort(session)
    await _settled(cast("Any", session).start_transaction())


async def _abort(session: Any) -> None:
    try:
        await session.abort_transaction()
    except (ConnectionFailure, PyMongoError):
        return  # the server drops it by itself; the first fault is the one to tell


async def _settled(value: Any) -> Any:
    """The two drivers disagree which of their calls are coroutines."""
    return await value if inspect.isawaitable(value) else value


def only_duplicates(fault: BulkWriteError) -> bool:
    """Whether nothing went wrong in a write of many but that some were there already."""
    told = fault.details or {}
    errors = told.get("writeErrors", [])
    rest = told.get("writeConcernErrors", [])
    return bool(errors) and not rest and all(one["code"] == DUPLICATE for one in errors)


def boxed(data: bytes) -> Any:
    """Bytes in a form that `box_in` tells from every other value of a row."""
    return Binary(data, _BOX)


def box_in(value: object) -> bytes | None:
    """The bytes of a boxed value, None for any other."""
    return bytes(value) if isinstance(value, Binary) and value.subtype == _BOX else None


def to_bytes(value: object) -> bytes:
    """Any value a row can hold, as bytes."""
    return bytes(bson.encode({"v": value}))


def from_bytes(data: bytes) -> Any:
    """The value as a query would have brought it."""
    return bson.decode(data, codec_options=CodecOptions(tz_aware=True))["v"]
