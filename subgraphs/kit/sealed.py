"""Personal fields are sealed on their way into the database and opened on their way out.

Laws: which fields those are stands in `personal.py`; each value is sealed by itself with its
holder's key (SM4-GCM) and bound to collection, row, holder and place, so that none can be moved; a
filter may name a sealed field only where a keyed digest (HMAC-SM3) stands beside it; a call that
would let a personal value through in the clear is refused. Above this file nobody notices.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ledger_adapter.crypto import sm3, sm4
from subgraphs.kit.errors import Refusal
from subgraphs.kit.holder_keys import DIGESTS, HolderKeys
from subgraphs.kit.mongo import (
    Collection,
    Cursor,
    Database,
    Document,
    IndexModel,
    UpdateOne,
    box_in,
    boxed,
    from_bytes,
    to_bytes,
)

DIGEST: Final = "_digest"
Change = Callable[[Any, str], Any]
"""From a value and its place in the row to what shall stand there."""
Seen = Callable[[Mapping[str, Any]], bool]
"""Whether a stored row may be seen, by what lies in it in the clear."""
Update = tuple[Mapping[str, Any], Mapping[str, Any]]
"""Which row, and what is changed of it."""


def everything(_: Mapping[str, Any]) -> bool:
    """What the house itself sees."""
    return True


class Unsealable(Exception):
    """A call that this file cannot keep its laws with: a bug of the caller's."""

    code = "UPDATE_UNSEALABLE"


class Shredded(Refusal):
    """The holder has left and her key is destroyed: nothing about her is written any more."""

    code = "HOLDER_HAS_LEFT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """The personal fields of one collection.

    `fields`: dotted paths (lists on the way are walked), each with what is read there once the key
    is destroyed. `owner`: the member that names whose they are. `digests`: those that filters ask.
    """

    fields: Mapping[str, Any]
    owner: str = "holder"
    digests: tuple[str, ...] = ()
    _asked: dict[str, list[tuple[str, ...]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def touched(self, name: str) -> list[tuple[str, ...]]:
        """For a member of an update or filter: the ways from it to sealed fields."""
        if name not in self._asked:
            ways = self._ways(name)
            if "." in name:  # there is no end of them
                return ways
            self._asked[name] = ways
        return self._asked[name]

    def _ways(self, name: str) -> list[tuple[str, ...]]:
        mine, ways = name.split("."), list[tuple[str, ...]]()
        for path in (path.split(".") for path in self.fields):
            if path[: len(mine)] == mine:
                ways.append(tuple(path[len(mine) :]))
            elif path[0] == mine[0] and (
                mine[: len(path)] == path or any(step.isdecimal() for step in mine)
            ):
                raise Unsealable(f"{name} is inside of what is sealed")
        return ways


def mapped(value: Any, way: Sequence[str], place: str, change: Change) -> Any:
    """The value with `change` made at the end of the way; what the way misses stays."""
    if not way:
        return change(value, place)
    if isinstance(value, list | tuple):
        return [mapped(one, way, f"{place}.{number}", change) for number, one in enumerate(value)]
    if not isinstance(value, Mapping) or way[0] not in value:
        return value
    inner = mapped(value[way[0]], way[1:], f"{place}.{way[0]}", change)
    return {**value, way[0]: inner}


def changed(values: Mapping[str, Any], personal: Personal, change: Change) -> Document:
    """Members of a row or of an update with their sealed fields changed."""
    result = dict(values)
    for name in values:
        for way in personal.touched(name):
            result[name] = mapped(result[name], way, name, change)
    return result


class Sealing:
    """The sealing of one collection."""

    def __init__(self, name: str, personal: Personal, keys: HolderKeys) -> None:
        self.name, self.personal, self.keys = name, personal, keys
        self._members = frozenset(path.partition(".")[0] for path in personal.fields)

    async def sealed(self, values: Mapping[str, Any], owner: str, id_: object) -> Document:
        """Members with personal values sealed, and the digests that go with them."""
        key = await self.keys.key(owner)

        def seal(value: Any, place: str) -> Any:
            if value is None or box_in(value) is not None:
                return value
            if key is None:
                return self._gone(value, place)
            nonce = secrets.token_bytes(sm4.NONCE_SIZE)
            beside = self._beside(owner, id_, place)
            return boxed(nonce + sm4.seal(key, nonce, to_bytes(value), beside))

        result = changed(values, self.personal, seal)
        for name in self.personal.digests:
            if name in values and box_in(values[name]) is None and key is not None:
                result[name + DIGEST] = await self.digest(name, values[name])
        return result

    async def opened(self, rows: Sequence[Document]) -> list[Document]:
        """Rows as they were handed in; each box of a destroyed key is what stands for it."""
        owner, sealed = self.personal.owner, self._members
        owners = {str(row[owner]) for row in rows if owner in row and not sealed.isdisjoint(row)}
        keys = await self.keys.known(owners)
        return [self._open(row, keys) for row in rows]

    def _open(self, row: Document, keys: Mapping[str, bytes | None]) -> Document:
        def open_(value: Any, place: str) -> Any:
            box = box_in(value)
            if box is None:
                return value
            owner = str(row[self.personal.owner])
            key = keys.get(owner)
            if key is None:
                return self._instead(place)
            nonce, rest = box[: sm4.NONCE_SIZE], box[sm4.NONCE_SIZE :]
            return from_bytes(sm4.open_(key, nonce, rest, self._beside(owner, row["_id"], place)))

        return changed(row, self.personal, open_)

    async def asked(self, where: Mapping[str, Any]) -> Document:
        """A filter in terms of what is stored."""
        result: Document = {}
        for name, value in where.items():
            if name in {"$and", "$or", "$nor"}:
                result[name] = [await self.asked(part) for part in value]
            elif not self.personal.touched(name):
                result[name] = value
            elif name not in self.personal.digests:
                raise Unsealable(f"{self.name}.{name} is sealed and has no digest")
            else:
                result[name + DIGEST] = await self._asked_digest(name, value)
        return result

    async def _asked_digest(self, name: str, value: Any) -> Any:
        if isinstance(value, str):
            return await self.digest(name, value)
        if isinstance(value, Mapping) and set(value) == {"$in"}:
            return {"$in": [await self.digest(name, one) for one in value["$in"]]}
        raise Unsealable(f"{self.name}.{name} is sealed and asked for more than equality")

    async def digest(self, name: str, value: object) -> str:
        """What stands beside a sealed text, and is no use to whoever has not the key."""
        key = await self.keys.key(DIGESTS)
        if key is None or not isinstance(value, str):
            raise Unsealable(f"{self.name}.{name}: only texts have digests")
        return sm3.hmac(key, f"{self.name}|{name}|{value}".encode()).hex()

    def _gone(self, value: Any, place: str) -> Any:
        if value != self._instead(place):
            raise Shredded("the holder has left")
        return value

    def _instead(self, place: str) -> Any:
        path = ".".join(step for step in place.split(".") if not step.isdecimal())
        return self.personal.fields[path]

    def _beside(self, owner: str, id_: object, place: str) -> bytes:
        return f"credgraph field|{self.name}|{owner}|{id_}|{place}".encode()


class SealedCursor:
    """A find whose filter and rows go through the sealing; it starts when rows are asked for."""

    def __init__(
        self, sealing: Sealing, where: Mapping[str, Any], start: Callable[[Document], Cursor]
    ) -> None:
        self._sealing, self._where, self._start = sealing, where, start

    def sort(self, keys: Sequence[tuple[str, int]], /) -> SealedCursor:
        before = self._start
        return SealedCursor(self._sealing, self._where, lambda where: before(where).sort(keys))

    def limit(self, number: int, /) -> SealedCursor:
        before = self._start
        return SealedCursor(self._sealing, self._where, lambda where: before(where).limit(number))

    async def to_list(self, length: int | None = None, /) -> list[Document]:
        found = self._start(await self._sealing.asked(self._where))
        return await self._sealing.opened(await found.to_list(length))

    async def __aiter__(self) -> AsyncIterator[Document]:
        async for row in self._start(await self._sealing.asked(self._where)):
            yield (await self._sealing.opened([row]))[0]


class SealedCollection:
    """A Collection whose personal fields lie sealed."""

    def __init__(self, rows: Collection, sealing: Sealing) -> None:
        self._rows, self._sealing = rows, sealing

    @property
    def name(self) -> str:
        return self._rows.name

    def find(
        self,
        filter: Mapping[str, Any],  # noqa: A002  # the driver's name
        projection: Mapping[str, Any] | None = None,
        *,
        session: Any = None,
    ) -> SealedCursor:
        def start(where: Document) -> Cursor:
            return self._rows.find(where, projection, session=session)

        return SealedCursor(self._sealing, filter, start)

    async def update_each(self, changes: Sequence[Update], session: Any) -> None:
        """See `update_each`."""
        if any(self._touches(update) for _, update in changes):
            raise Unsealable("several holders' fields in one write")
        asked = [(await self._sealing.asked(where), update) for where, update in changes]
        await update_each(self._rows, asked, session=session)

    async def seen(self, where: Mapping[str, Any], seen: Seen, session: Any) -> list[Document]:
        """See `find_seen`."""
        rows = self._rows.find(await self._sealing.asked(where), session=session)
        return await self._sealing.opened([row for row in await rows.to_list(None) if seen(row)])

    async def find_one(
        self,
        filter: Mapping[str, Any],  # noqa: A002
        projection: Mapping[str, Any] | None = None,
        *,
        session: Any = None,
    ) -> Document | None:
        where = await self._sealing.asked(filter)
        found = await self._rows.find_one(where, projection, session=session)
        return (await self._sealing.opened([found]))[0] if found else None

    async def insert_one(self, document: Document, *, session: Any = None) -> Any:
        return await self._rows.insert_one(await self._row(document), session=session)

    async def insert_many(
        self, documents: Iterable[Document], *, ordered: bool = True, session: Any = None
    ) -> Any:
        given = list(documents)
        await self._sealing.keys.keys({self._owner(document) for document in given})
        rows = [await self._row(document) for document in given]
        return await self._rows.insert_many(rows, ordered=ordered, session=session)

    async def replace_one(
        self,
        filter: Mapping[str, Any],  # noqa: A002
        replacement: Mapping[str, Any],
        *,
        upsert: bool = False,
        session: Any = None,
    ) -> Any:
        where = await self._sealing.asked(filter)
        row = await self._row(replacement)
        return await self._rows.replace_one(where, row, upsert=upsert, session=session)

    async def update_one(
        self,
        filter: Mapping[str, Any],  # noqa: A002
        update: Mapping[str, Any],
        *,
        upsert: bool = False,
        session: Any = None,
    ) -> Any:
        where, stored = await self._update(filter, update, session)
        return await self._rows.update_one(where, stored, upsert=upsert, session=session)

    async def update_many(
        self,
        filter: Mapping[str, Any],  # noqa: A002
        update: Mapping[str, Any],
        *,
        session: Any = None,
    ) -> Any:
        if self._touches(update):
            raise Unsealable("several holders' fields in one update")
        where = await self._sealing.asked(filter)
        return await self._rows.update_many(where, update, session=session)

    async def find_one_and_update(
        self,
        filter: Mapping[str, Any],  # noqa: A002
        update: Mapping[str, Any],
        *,
        upsert: bool = False,
        return_document: bool = False,
        session: Any = None,
    ) -> Document | None:
        where, stored = await self._update(filter, update, session)
        found = await self._rows.find_one_and_update(
            where, stored, upsert=upsert, return_document=return_document, session=session
        )
        return (await self._sealing.opened([found]))[0] if found else None

    async def delete_one(
        self,
        filter: Mapping[str, Any],  # noqa: A002
        *,
        session: Any = None,
    ) -> Any:
        return await self._rows.delete_one(await self._sealing.asked(filter), session=session)

    async def delete_many(
        self,
        filter: Mapping[str, Any],  # noqa: A002
        *,
        session: Any = None,
    ) -> Any:
        return await self._rows.delete_many(await self._sealing.asked(filter), session=session)

    async def count_documents(
        self,
        filter: Mapping[str, Any],  # noqa: A002
        *,
        session: Any = None,
        limit: int = 0,
    ) -> int:
        where = await self._sealing.asked(filter)
        if limit == 0:  # the driver takes no 0
            return await self._rows.count_documents(where, session=session)
        return await self._rows.count_documents(where, session=session, limit=limit)

    async def bulk_write(
        self, requests: Sequence[Any], *, ordered: bool = True, session: Any = None
    ) -> Any:
        del requests, ordered, session
        raise Unsealable("bulk writes do not go through the sealing")

    async def create_indexes(self, indexes: Sequence[IndexModel], /) -> list[str]:
        return await self._rows.create_indexes(indexes)

    async def _row(self, document: Mapping[str, Any]) -> Document:
        return await self._sealing.sealed(document, self._owner(document), document["_id"])

    def _owner(self, document: Mapping[str, Any]) -> str:
        return str(document[self._sealing.personal.owner])

    def _touches(self, update: Mapping[str, Any]) -> bool:
        personal = self._sealing.personal
        return any(personal.touched(name) for part in update.values() for name in part)

    async def _update(
        self, filter_: Mapping[str, Any], update: Mapping[str, Any], session: Any
    ) -> tuple[Document, Document]:
        """Filter and update as stored. A row's holder is looked up where the update names none."""
        where = await self._sealing.asked(filter_)
        if not self._touches(update):
            return where, dict(update)
        owner = self._sealing.personal.owner
        new: Document = {**update.get("$setOnInsert", {}), **update.get("$set", {})}
        row: Mapping[str, Any] | None = new
        if owner not in new or "_id" not in new:
            row = await self._rows.find_one(where, {"_id": 1, owner: 1}, session=session)
        if row is None:
            return {"_id": {"$in": []}}, {"$set": {"_": None}}  # there is nothing to change
        stored: Document = {}
        for step, values in update.items():
            if step not in {"$set", "$setOnInsert"} and self._touches({step: values}):
                raise Unsealable(f"{step} on what is sealed")
            sealed = await self._sealing.sealed(values, str(row[owner]), row["_id"])
            stored[step] = sealed if step in {"$set", "$setOnInsert"} else dict(values)
        return where if "_id" in where else {**where, "_id": row["_id"]}, stored


async def find_seen(
    rows: Collection, where: Mapping[str, Any], seen: Seen, *, session: Any = None
) -> list[Document]:
    """The rows that may be seen. The others are left before anybody's key is looked for: a row
    that may not be seen takes the work of one that is not there."""
    if isinstance(rows, SealedCollection):
        return await rows.seen(where, seen, session)
    return [row for row in await rows.find(where, session=session).to_list(None) if seen(row)]


async def update_each(rows: Collection, changes: Sequence[Update], *, session: Any = None) -> None:
    """Updates of one row each, one after the other in one write; none of what is sealed."""
    if isinstance(rows, SealedCollection):
        await rows.update_each(changes, session)
    elif changes:
        await rows.bulk_write([UpdateOne(*change) for change in changes], session=session)


class SealedDatabase:
    """A Database: collections with personal fields lie sealed, the others as they are."""

    def __init__(
        self, database: Database, personal: Mapping[str, Personal], keys: HolderKeys
    ) -> None:
        self._database, self._personal, self._keys = database, personal, keys

    @property
    def name(self) -> str:
        return self._database.name

    def __getitem__(self, name: str, /) -> Collection:
        rows = self._database[name]
        if name not in self._personal:
            return rows
        return SealedCollection(rows, Sealing(name, self._personal[name], self._keys))

    async def command(self, command: Any, /) -> Document:
        return await self._database.command(command)
