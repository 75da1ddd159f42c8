"""Exits in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from subgraphs.audit.kept.exits import ExitCase, document, exit_case
from subgraphs.audit.states import ExitState
from subgraphs.kit import institutions
from subgraphs.kit.errors import Busy
from subgraphs.kit.mongo import Database, IndexModel, Session
from subgraphs.kit.paging import Order, Rows, Window, fetch

EXITS: Final = "exits"
INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    EXITS: [
        IndexModel([("owner", 1), ("_id", 1)]),
        IndexModel([("public", 1), ("_id", 1)]),
        # nobody leaves twice at once
        IndexModel([("open", 1)], unique=True, partialFilterExpression={"open": {"$gt": ""}}),
    ],
}
BY_ID: Final = Order(fields=("_id",))
_CLEANED: Final = [ExitState.CLEANED.value, ExitState.CLOSED.value]
_WORKING: Final = ["ISSUER", "VERIFIER"]


class Exits:
    """What audit keeps of exits."""

    def __init__(self, database: Database) -> None:
        self._rows = database[EXITS]
        self._register = database[institutions.COLLECTION]

    async def get(self, id_: str, session: Session | None = None) -> ExitCase | None:
        row = await self._rows.find_one({"_id": id_}, session=session)
        return None if row is None else exit_case(row)

    async def find(self, ids: Sequence[str]) -> dict[str, ExitCase]:
        rows = await self._rows.find({"_id": {"$in": list(ids)}}).to_list(None)
        return {row["_id"]: exit_case(row) for row in rows}

    async def page(self, where: Mapping[str, Any], asked: Window) -> tuple[Rows, list[ExitCase]]:
        page = await fetch(self._rows, where, BY_ID, asked)
        return page, [exit_case(row) for row in page.rows]

    async def add(self, row: ExitCase, session: Session) -> None:
        """DuplicateKeyError while another exit of the same owner is under way."""
        await self._rows.insert_one(document(row), session=session)

    async def under_way(self, row: ExitCase) -> str | None:
        """The id of the exit that `row` would be a second one beside."""
        found = await self._rows.find_one({"open": document(row)["open"]}, {"_id": 1})
        return None if found is None else str(found["_id"])

    async def move(self, was: ExitCase, now: ExitCase, session: Session) -> None:
        """Busy when somebody else moved it first."""
        same = {"_id": was.id, "version": was.version}
        done = await self._rows.replace_one(same, document(now), session=session)
        if done.matched_count != 1:
            raise Busy("the exit has just changed")

    async def hold(self, holder: str, session: Session) -> bool:
        """Whether she was cleaned away; collides with whoever takes an exit of hers further."""
        await self._rows.update_many({"owner": holder}, {"$inc": {"holds": 1}}, session=session)
        gone = {"owner": holder, "state": {"$in": _CLEANED}}
        return await self._rows.find_one(gone, session=session) is not None

    async def working(self, *, besides: Sequence[str]) -> list[str]:
        """Issuers and verifiers of the register that take part otherwise than so."""
        where = {
            "uscc": {"$gte": ""},
            "roles": {"$in": _WORKING},
            "participation": {"$nin": list(besides)},
        }
        rows = await self._register.find(where, {"_id": 1}).to_list(None)
        return [row["_id"] for row in rows]
