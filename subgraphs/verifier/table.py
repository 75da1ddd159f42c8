"""One collection of one kind of record: batched reads, inserts, and guarded changes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from subgraphs.kit.mongo import Collection, Document, ReplaceOne, ReturnDocument, Session
from subgraphs.kit.sealed import Seen, everything, find_seen
from subgraphs.kit.together import Question
from subgraphs.verifier.codec import from_document, to_document, to_value

R = TypeVar("R")


class Stale(Exception):
    """The row is no longer as it was read: whoever changed it first has won."""

    code = "TRY_AGAIN"


class Row(Protocol):
    """What every record has."""

    @property
    def id(self) -> str: ...


class Table(Generic[R]):
    """Every read here is by an index; see `store.INDEXES`."""

    def __init__(self, rows: Collection, record: type[R]) -> None:
        self.rows, self._record = rows, record

    def read(self, document: Mapping[str, Any]) -> R:
        """A record from a row some query brought."""
        return from_document(self._record, document)

    async def get(self, id_: str, *, session: Session | None = None) -> R | None:
        """By id."""
        return await self.one({"_id": id_}, session=session)

    async def stored(self, id_: str) -> dict[str, Any] | None:
        """By id, as it is kept, with members that this build does not know."""
        return await self.rows.find_one({"_id": id_})

    async def one(self, where: Mapping[str, Any], *, session: Session | None = None) -> R | None:
        """The row a unique index names."""
        row = await self.rows.find_one(where, session=session)
        return None if row is None else self.read(row)

    async def find(
        self, ids: Iterable[str], *, seen: Seen = everything, session: Session | None = None
    ) -> dict[str, R]:
        """Many by id in one query, those that may be seen."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        found = await find_seen(self.rows, {"_id": {"$in": wanted}}, seen, session=session)
        return {row["_id"]: self.read(row) for row in found}

    async def where(
        self,
        where: Mapping[str, Any],
        *,
        sort: Sequence[tuple[str, int]] = (("_id", 1),),
        limit: int = 1_000,
        session: Session | None = None,
    ) -> list[R]:
        """A bounded list."""
        rows = self.rows.find(where, session=session).sort(list(sort)).limit(limit)
        return [self.read(row) for row in await rows.to_list(None)]

    def matching(self, where: Mapping[str, Any], *, limit: int = 0) -> Question[list[R]]:
        """The rows by an index, to be asked for with others; of nothing that is sealed."""

        def read(found: list[Document]) -> list[R]:
            return [self.read(row) for row in found]

        return Question(rows=self.rows, where=where, read=read, limit=limit)

    async def insert(self, record: R, *, session: Session) -> None:
        """A new row; a second of the same unique key raises the driver's DuplicateKeyError."""
        await self.rows.insert_one(to_document(record), session=session)

    async def put(self, records: Sequence[R], *, session: Session) -> None:
        """Each record in place of the row of its id, in one write; none of them is personal."""
        rows = [to_document(record) for record in records]
        if rows:
            whole = [ReplaceOne({"_id": row["_id"]}, row, upsert=True) for row in rows]
            await self.rows.bulk_write(whole, session=session)

    async def add(self, records: Sequence[R], *, session: Session) -> None:
        """New rows in one write."""
        if records:
            await self.rows.insert_many([to_document(row) for row in records], session=session)

    async def hold(self, id_: str, *, was: Mapping[str, Any], session: Session) -> None:
        """Leave the row as it is, but collide with whoever changes it; Stale if it has changed."""
        guard = {"_id": id_} | {name: to_value(value) for name, value in was.items()}
        held = await self.rows.update_one(guard, {"$inc": {"holds": 1}}, session=session)
        if held.matched_count != 1:
            raise Stale(id_)

    async def hold_all(self, were: Mapping[str, Mapping[str, Any]], *, session: Session) -> None:
        """The same for several rows by id, in one write."""
        guards = [
            {"_id": id_} | {name: to_value(value) for name, value in was.items()}
            for id_, was in were.items()
        ]
        if not guards:
            return
        held = await self.rows.update_many({"$or": guards}, {"$inc": {"holds": 1}}, session=session)
        if held.matched_count != len(guards):
            raise Stale(", ".join(were))

    async def move(self, was: Row, now: Row, *, by: Sequence[str], session: Session) -> None:
        """Set what differs if the members `by` still are as they were read; Stale if not."""
        before, after = to_document(was), to_document(now)
        changed = {name: value for name, value in after.items() if value != before[name]}
        guard = {"_id": was.id} | {name: before[name] for name in by}
        moved = await self.rows.update_one(guard, {"$set": changed}, session=session)
        if moved.matched_count != 1:
            raise Stale(was.id)

    async def change(
        self, id_: str, *, was: Mapping[str, Any], now: Mapping[str, Any], session: Session
    ) -> R:
        """Set members if the row still is as it was; Stale if not."""
        guard = {"_id": id_} | {name: to_value(value) for name, value in was.items()}
        row = await self.rows.find_one_and_update(
            guard,
            {"$set": {name: to_value(value) for name, value in now.items()}},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        if row is None:
            raise Stale(id_)
        return self.read(row)
