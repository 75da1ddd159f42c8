"""Where the mutations' own steps write while many people are loaded: rows in memory, as far as the
steps ask for them, until they are written in large batches.

Laws: a call that is not understood here is an error, never a guess; nothing of it outlives a batch.
"""

# ruff: noqa: ARG002  # the calls have the driver's arguments

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

from subgraphs.kit.mongo import (
    Collection,
    Database,
    Document,
    DuplicateKeyError,
    Mongo,
    ReplaceOne,
    Session,
    UpdateOne,
)

T = TypeVar("T")
_PLAIN: Final = frozenset({str, int, bool, type(None)})
NO_SESSION: Final = cast("Session", None)


class NotUnderstood(Exception):
    """A step asks for more than the rows in memory can answer."""

    code = "CALL_NOT_UNDERSTOOD"


@dataclass(frozen=True, slots=True)
class Done:
    """What a write answers."""

    matched_count: int
    modified_count: int


class Found:
    """A cursor over rows that are there."""

    def __init__(self, rows: list[Document]) -> None:
        self._rows = rows

    def sort(self, keys: Sequence[tuple[str, int]], /) -> Found:
        rows = list(self._rows)
        for name, direction in reversed(keys):
            rows.sort(key=lambda row: row[name], reverse=direction < 0)
        return Found(rows)

    def limit(self, number: int, /) -> Found:
        return Found(self._rows[:number] if number else self._rows)

    async def to_list(self, length: int | None = None, /) -> list[Document]:
        return self._rows[:length]


class Rows:
    """The calls of a Collection that the steps of registering and issuing make."""

    def __init__(self) -> None:
        self.by_id: dict[object, Document] = {}

    def find(
        self, where: Mapping[str, Any], shown: object = None, *, session: object = None
    ) -> Found:
        return Found([dict(row) for row in self._those(where)])

    async def find_one(
        self, where: Mapping[str, Any], shown: object = None, *, session: object = None
    ) -> Document | None:
        return next((dict(row) for row in self._those(where)), None)

    async def insert_one(self, document: Document, *, session: object = None) -> None:
        if document["_id"] in self.by_id:
            raise DuplicateKeyError(str(document["_id"]))
        self.by_id[document["_id"]] = dict(document)

    async def insert_many(
        self, documents: Iterable[Document], *, ordered: bool = True, session: object = None
    ) -> None:
        for document in documents:
            await self.insert_one(document)

    async def update_one(
        self,
        where: Mapping[str, Any],
        update: Mapping[str, Any],
        *,
        upsert: bool = False,
        session: object = None,
    ) -> Done:
        row = next(iter(self._those(where)), None)
        if row is None and upsert:
            row = self.by_id[where["_id"]] = {"_id": where["_id"]}
        if row is None:
            return Done(0, 0)
        _change(row, update)
        return Done(1, 1)

    async def bulk_write(
        self, requests: Sequence[object], *, ordered: bool = True, session: object = None
    ) -> None:
        for one in requests:
            match one:
                case ReplaceOne(_filter=where, _doc=row, _upsert=upsert):
                    await self.replace_one(where, row, upsert=bool(upsert))
                case UpdateOne(_filter=where, _doc=dict(change), _upsert=upsert):
                    await self.update_one(where, change, upsert=bool(upsert))
                case _:
                    raise NotUnderstood(f"a write with {one!r}")

    async def find_one_and_update(
        self, where: Mapping[str, Any], update: Mapping[str, Any], *, session: object = None
    ) -> Document | None:
        row = next(iter(self._those(where)), None)
        if row is None:
            return None
        before = dict(row)
        _change(row, update)
        return before

    async def replace_one(
        self,
        where: Mapping[str, Any],
        replacement: Mapping[str, Any],
        *,
        upsert: bool = False,
        session: object = None,
    ) -> Done:
        row = next(iter(self._those(where)), None)
        if row is None and not upsert:
            return Done(0, 0)
        self.by_id[replacement["_id"]] = dict(replacement)
        return Done(1, 1)

    def _those(self, where: Mapping[str, Any]) -> Iterable[Document]:
        id_ = where.get("_id")
        if isinstance(id_, str):
            row = self.by_id.get(id_)
            rows = [] if row is None else [row]
        else:
            rows = list(self.by_id.values())
        for name, wanted in where.items():
            rows = _holding(rows, name, wanted)
        return rows


class MemoryDatabase:
    """Collections by name, made when they are first asked for."""

    def __init__(self, given: Mapping[str, Iterable[Document]] | None = None) -> None:
        self.collections: dict[str, Rows] = defaultdict(Rows)
        for name, rows in (given or {}).items():
            self.collections[name].by_id = {row["_id"]: row for row in rows}

    def __getitem__(self, name: str, /) -> Collection:
        return cast("Collection", self.collections[name])

    @property
    def database(self) -> Database:
        """As the stores take it."""
        return cast("Database", self)


class MemoryMongo:
    """A connection whose transactions have nobody beside them."""

    async def transaction(self, work: Callable[[Session], Awaitable[T]]) -> T:
        return await work(NO_SESSION)

    @property
    def mongo(self) -> Mongo:
        """As `Idempotent` takes it."""
        return cast("Mongo", self)


def _holding(rows: list[Document], name: str, wanted: Any) -> list[Document]:
    if name.startswith("$") or "." in name:
        raise NotUnderstood(f"a filter by {name}")
    if type(wanted) in _PLAIN or not isinstance(wanted, Mapping):
        return [row for row in rows if row.get(name) == wanted]
    for word, value in wanted.items():
        rows = [row for row in rows if _compared(row, name, word, value)]
    return rows


def _compared(row: Mapping[str, Any], name: str, word: str, value: Any) -> bool:
    match word:
        case "$in":
            return row.get(name) in value
        case "$exists":
            return (name in row) is value
        case "$gt":
            return name in row and bool(row[name] > value)
        case _:
            raise NotUnderstood(f"a filter with {word}")


def _change(row: Document, update: Mapping[str, Any]) -> None:
    for word, values in update.items():
        match word:
            case "$set":
                row.update(values)
            case "$inc":
                row.update({name: row.get(name, 0) + more for name, more in values.items()})
            case _:
                raise NotUnderstood(f"an update with {word}")
