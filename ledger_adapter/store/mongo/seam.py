"""The six places where motor and pymongo's async client differ, and the faults of either as ours.

Motor reads MOTOR_MAX_WORKERS when it is imported, so a door sets it first; here it is imported only
when a client is asked for.
"""

import asyncio
import importlib
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias, TypeVar

from pymongo.errors import (
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from ledger_adapter.errors import LedgerUnavailable

Database: TypeAlias = Any
Collection: TypeAlias = Any
Session: TypeAlias = Any
Document: TypeAlias = dict[str, Any]
T = TypeVar("T")

CLIENTS: Final = {
    "motor": ("motor.motor_asyncio", "AsyncIOMotorClient"),
    "pymongo": ("pymongo", "AsyncMongoClient"),
}
AWAIT_MS: Final = 1000
SELECTION_MS: Final = 2000
_LABELS: Final = (
    "TransientTransactionError",
    "UnknownTransactionCommitResult",
    "RetryableWriteError",
    "ResumableChangeStreamError",
)
# A snapshot read of a collection that was made a moment ago, or too long ago: the server asks to
# be asked again, but puts no label on it outside transactions.
_SNAPSHOT_CODES: Final = frozenset({239, 246})
# A change stream that was read more slowly than the oplog rolls over: opened anew, it says that
# something may have changed, and what it missed is found in its collection.
_LOST_PLACE_CODES: Final = frozenset({136, 286})
_PASSING_CODES: Final = _SNAPSHOT_CODES | _LOST_PLACE_CODES
_MAJORITY: Final = WriteConcern("majority")


def connect(uri: str, driver: str, *, selection_ms: int = SELECTION_MS) -> Any:
    """A client of the named driver; nothing is sent yet."""
    module, name = CLIENTS[driver]
    make = getattr(importlib.import_module(module), name)
    return make(uri, serverSelectionTimeoutMS=selection_ms, tz_aware=True)


async def wait_until_writable(client: Any, *, seconds: float) -> None:
    """Wait for a primary with bounded retries; LedgerUnavailable says what was missing."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + seconds
    while (reason := await _unready(client)) is not None:
        if clock() > deadline:
            raise LedgerUnavailable(f"MongoDB is not writable after {seconds:g} s: {reason}")
        await asyncio.sleep(0.25)


async def _unready(client: Any) -> str | None:
    try:
        hello = await client.admin.command("hello")
    except PyMongoError as fault:
        return str(fault).split(",", maxsplit=1)[0]
    if "setName" not in hello:
        return "it is not a replica set, and transactions need one"
    return None if hello.get("isWritablePrimary") else "no primary is elected"


async def settle(value: Any) -> Any:
    """Await what one driver gives as a coroutine and the other at once."""
    return await value if inspect.isawaitable(value) else value


@asynccontextmanager
async def faults() -> AsyncIterator[None]:
    """Turn what the driver raises when the server is away into LedgerUnavailable."""
    try:
        yield
    except (ConnectionFailure, ExecutionTimeout, WriteConcernError) as fault:
        # of a write concern that failed nobody knows yet whether it will hold
        raise LedgerUnavailable(_sentence(fault)) from fault
    except OperationFailure as fault:
        labelled = any(fault.has_error_label(label) for label in _LABELS)
        if not labelled and fault.code not in _PASSING_CODES:
            raise
        raise LedgerUnavailable(_sentence(fault)) from fault


async def open_session(database: Database) -> Session:
    """A session of the database's client; `session_id` names it on the server."""
    async with faults():
        return await settle(database.client.start_session())


async def kill_session(database: Database, session_id: Mapping[str, Any]) -> None:
    """End a dead client's session. Its open transaction would hold its rows for a minute."""
    async with faults():
        await database.client.admin.command({"killSessions": [dict(session_id)]})


async def transact(session: Session, work: Callable[[Session], Awaitable[T]]) -> T:
    """Run once and commit durably. A conflict or a lost answer is LedgerUnavailable: the caller
    re-reads where it stands, since it cannot know whether the commit happened."""
    async with faults():
        # on the server this also aborts what an earlier, lost transaction of the session left
        await settle(
            session.start_transaction(read_concern=ReadConcern("snapshot"), write_concern=_MAJORITY)
        )
        try:
            result = await work(session)
        except BaseException:
            await _abort(session)
            raise
        await session.commit_transaction()
        return result


async def watch(
    collection: Collection, pipeline: Sequence[Mapping[str, Any]]
) -> AsyncGenerator[Document | None, None]:
    """None once the stream is open, then its changes, and None whenever it has been idle."""
    async with faults():
        opened = await settle(collection.watch(list(pipeline), max_await_time_ms=AWAIT_MS))
        async with opened as stream:
            yield None  # motor opens on entering the block, pymongo before it
            while stream.alive:
                yield await stream.try_next()


async def _abort(session: Session) -> None:
    try:
        await session.abort_transaction()
    except PyMongoError:
        return  # the server drops it by itself; the first fault is the one to tell


def _sentence(fault: PyMongoError) -> str:
    return f"MongoDB: {str(fault).split(',', maxsplit=1)[0]}"
