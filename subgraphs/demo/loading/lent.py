"""Rows of a running system lent to the mutations' own steps: some people's rows of a collection
are brought by one query when they are first asked for, answer from memory, and go back as one
write.

Laws: what goes back stands on rows that are as they were lent, or nothing is written; a call that
is not understood here is an error, never a guess; rows in memory are as the database would bring
them.
"""

# ruff: noqa: ARG002  # the calls have the driver's arguments

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from subgraphs.demo.loading.memory import Done, Found, NotUnderstood, Rows
from subgraphs.kit.mongo import Collection, Document, Session, from_bytes, to_bytes
from subgraphs.kit.sealed import DIGEST, update_each

GUARDS: Final = (
    *("version", "state", "at_index", "digest", "newest"),
    *("holds", "acts", "decided", "came_into_force"),
)
"""The members by which a change shows, of whichever collection."""
_UNKNOWN: Final[Mapping[str, Any]] = MappingProxyType({"$": None})
"""A filter that is not understood."""
Lend: TypeAlias = Callable[[], Awaitable[list[Document]]]


class Overtaken(Exception):
    """Somebody else has changed a row since it was lent; nothing was written."""

    code = "TRY_AGAIN"


class LentFound(Found):
    """A cursor that begins when its rows are asked for."""

    def __init__(self, rows: LentRows, where: Mapping[str, Any]) -> None:
        super().__init__([])
        self._lent, self._where = rows, where
        self._order: Sequence[tuple[str, int]] = ()
        self._most = 0

    def sort(self, keys: Sequence[tuple[str, int]], /) -> LentFound:
        self._order = keys
        return self

    def limit(self, number: int, /) -> LentFound:
        self._most = number
        return self

    async def to_list(self, length: int | None = None, /) -> list[Document]:
        await self._lent.there()
        rows = Found(self._lent.those(self._where)).sort(self._order).limit(self._most)
        return await rows.to_list(length)


class LentRows(Rows):
    """The calls of a Collection, over rows that are lent when the first of them is made."""

    def __init__(
        self, lend: Lend, name: str = "", beside: Mapping[str, LentRows] = MappingProxyType({})
    ) -> None:
        super().__init__()
        self.name, self._beside = name, beside
        self._lend, self._door, self._lent = lend, asyncio.Lock(), False
        self._were: dict[object, Document] = {}
        self._of: dict[object, list[object]] = defaultdict(list)
        self._on: dict[object, list[object]] = defaultdict(list)

    async def there(self) -> None:
        """From here on the rows are there."""
        async with self._door:
            if not self._lent:
                for row in await self._lend():
                    self._keep(row)
                self._were = {id_: dict(row) for id_, row in self.by_id.items()}
                self._lent = True

    def those(self, where: Mapping[str, Any]) -> list[Document]:
        """Copies of the rows of a filter, which are there."""
        return [dict(row) for row in self._those(where)]

    def find(
        self, where: Mapping[str, Any], shown: object = None, *, session: object = None
    ) -> LentFound:
        return LentFound(self, where)

    async def find_one(
        self, where: Mapping[str, Any], shown: object = None, *, session: object = None
    ) -> Document | None:
        await self.there()
        return await super().find_one(where)

    async def aggregate(self, pipeline: Sequence[Mapping[str, Any]]) -> Found:
        """What questions asked together find (`kit/together.py`), here and in the rows beside."""
        own = [stage for stage in pipeline if "$unionWith" not in stage]
        found = await self._part(own)
        for stage in pipeline[len(own) :]:
            match stage:
                case {"$unionWith": {"coll": str(name), "pipeline": part}} if name in self._beside:
                    found += await self._beside[name]._part(part)  # its own kind
                case _:
                    raise NotUnderstood(f"a stage {stage!r}")
        return Found(found)

    async def _part(self, stages: Sequence[Mapping[str, Any]]) -> list[Document]:
        await self.there()
        rows = self.those(stages[0].get("$match", _UNKNOWN))
        for stage in stages[1:]:
            match stage:
                case {"$limit": int(most)}:
                    rows = rows[:most]
                case {"$project": {"_id": 0, "part": {"$literal": int(number)}, "row": "$$ROOT"}}:
                    rows = [{"part": number, "row": row} for row in rows]
                case _:
                    raise NotUnderstood(f"a stage {stage!r}")
        return rows

    async def insert_one(self, document: Document, *, session: object = None) -> None:
        await self.there()
        await super().insert_one(as_stored(document))
        self._keep(self.by_id[document["_id"]])

    async def update_one(
        self,
        where: Mapping[str, Any],
        update: Mapping[str, Any],
        *,
        upsert: bool = False,
        session: object = None,
    ) -> Done:
        await self.there()
        if upsert:
            raise NotUnderstood("an update that may be an insert")
        return await super().update_one(where, _stored(update))

    async def update_many(
        self, where: Mapping[str, Any], update: Mapping[str, Any], *, session: object = None
    ) -> Done:
        await self.there()
        rows = self.those(where)
        for row in rows:
            await super().update_one({"_id": row["_id"]}, _stored(update))
        return Done(len(rows), len(rows))

    async def find_one_and_update(
        self,
        where: Mapping[str, Any],
        update: Mapping[str, Any],
        *,
        return_document: bool = False,
        session: object = None,
    ) -> Document | None:
        await self.there()
        before = await super().find_one_and_update(where, _stored(update))
        return dict(self.by_id[before["_id"]]) if before and return_document else before

    async def replace_one(
        self,
        where: Mapping[str, Any],
        replacement: Mapping[str, Any],
        *,
        upsert: bool = False,
        session: object = None,
    ) -> Done:
        await self.there()
        new = replacement["_id"] not in self.by_id
        done = await super().replace_one(where, as_stored(replacement), upsert=upsert)
        if new and done.matched_count:
            self._keep(self.by_id[replacement["_id"]])
        return done

    async def give_back(self, rows: Collection, session: Session) -> None:
        """What is new or changed, in the caller's transaction; Overtaken when a row that has
        changed here has changed there too."""
        new = [row for id_, row in self.by_id.items() if id_ not in self._were]
        changes = {
            id_: change
            for id_, was in self._were.items()
            if (change := _change(was, self.by_id[id_]))
        }
        if changes:
            await self._unchanged(rows, list(changes), session)
            updates = [({"_id": id_}, change) for id_, change in changes.items()]
            await update_each(rows, updates, session=session)
        if new:
            await rows.insert_many(new, session=session)

    async def _unchanged(self, rows: Collection, ids: Sequence[object], session: Session) -> None:
        # read within the transaction: whoever changes one of them after that collides with it
        shown = dict.fromkeys(GUARDS, 1)
        found = await rows.find({"_id": {"$in": ids}}, shown, session=session).to_list(None)
        now = {row["_id"]: row for row in found}
        for id_ in ids:
            there, was = now.get(id_, {}), self._were[id_]
            if any(there.get(name) != was.get(name) for name in ("_id", *GUARDS)):
                raise Overtaken(str(id_))

    def _keep(self, row: Document) -> None:
        self.by_id[row["_id"]] = row
        self._of[row.get("holder")].append(row["_id"])
        self._on[row.get("place")].append(row["_id"])

    def _those(self, where: Mapping[str, Any]) -> Iterable[Document]:
        ids = self._named(where)
        rows = self.by_id.values() if ids is None else self._at(ids)
        return [row for row in rows if matches(row, where)]

    def _named(self, where: Mapping[str, Any]) -> Iterable[object] | None:
        """The ids among which a filter's rows are; None for all."""
        id_, holder, parts = where.get("_id"), where.get("holder"), where.get("$or")
        if isinstance(id_, str):
            return [id_]
        if isinstance(id_, Mapping) and "$in" in id_:
            return list(id_["$in"])
        if isinstance(holder, str):
            return self._of.get(holder, ())
        places = where.get("place")
        if isinstance(places, Mapping) and "$in" in places:
            return list(chain(*(self._on.get(one, ()) for one in places["$in"])))
        named = [self._named(part) for part in parts] if parts else [None]
        ids = [one for one in named if one is not None]
        return dict.fromkeys(chain(*ids)) if len(ids) == len(named) else None

    def _at(self, ids: Iterable[object]) -> list[Document]:
        return [self.by_id[id_] for id_ in ids if id_ in self.by_id]


def matches(row: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    """Whether a filter finds a row, as the database would say; NotUnderstood for other filters."""
    return all(_holds(row, name, wanted) for name, wanted in where.items())


def _holds(row: Mapping[str, Any], name: str, wanted: Any) -> bool:
    if name == "$or":
        return any(matches(row, one) for one in wanted)
    if name.startswith("$") or "." in name:
        raise NotUnderstood(f"a filter by {name}")
    if not isinstance(wanted, Mapping):
        return _has(row, name, [wanted])
    return all(_compared(row, name, word, value) for word, value in wanted.items())


def _has(row: Mapping[str, Any], name: str, values: Iterable[Any]) -> bool:
    """A list has what it holds, and a member that is not there is None."""
    there = row.get(name)
    held = [*there, there] if isinstance(there, list) else [there]
    return any(one in values for one in held)


def _compared(row: Mapping[str, Any], name: str, word: str, value: Any) -> bool:
    there = row.get(name)
    match word:
        case "$in":
            return _has(row, name, value)
        case "$ne":
            return not _has(row, name, [value])
        case "$exists":
            return (name in row) is value
        case "$gt":
            return there is not None and bool(there > value)
        case "$lt":
            return there is not None and bool(there < value)
        case _:
            raise NotUnderstood(f"a filter with {word}")


def as_stored(row: Mapping[str, Any]) -> Document:
    """A row as a query would bring it: times to the millisecond, lists as lists."""
    found: Document = from_bytes(to_bytes(dict(row)))
    return found


def _stored(update: Mapping[str, Any]) -> Document:
    return {word: as_stored(values) for word, values in update.items()}


def _change(was: Document, now: Document) -> Document:
    """The update that makes one row of the other; none for equal ones."""
    moved = {name: value for name, value in now.items() if name not in was or was[name] != value}
    gone = [name for name in was if name not in now and not _digest_of(name, now)]
    change = {"$set": moved, "$unset": dict.fromkeys(gone, "")}
    return {word: values for word, values in change.items() if values}


def _digest_of(name: str, row: Document) -> bool:
    """What the sealing has put beside a member that is there still."""
    return name.endswith(DIGEST) and name.removesuffix(DIGEST) in row
