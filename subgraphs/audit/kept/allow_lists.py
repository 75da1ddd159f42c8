"""From which networks institutions come: their allow-lists, in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from subgraphs.kit.errors import Busy
from subgraphs.kit.mongo import Database, Document, DuplicateKeyError, IndexModel, Session

COLLECTION: Final = "allow_lists"
INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {COLLECTION: ()}
MOST: Final = 10_000
"""Lists a gateway is told at once; an institution has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """In its one spelling, like 10.1.0.0/16. `bastion`: staff come from such ones only."""

    network: str
    bastion: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowList:
    """`version` counts its changes; 0 is a list that nobody has made yet."""

    institution: str
    version: int
    networks: tuple[Network, ...]
    changed_at: datetime


class AllowLists:
    """What audit keeps of them: each list as it is now; what changed when stands on the log."""

    def __init__(self, database: Database) -> None:
        self._rows = database[COLLECTION]

    async def get(self, institution: str, session: Session | None = None) -> AllowList | None:
        row = await self._rows.find_one({"_id": institution}, session=session)
        return None if row is None else _read(row)

    async def all(self) -> list[AllowList]:
        """Every list. Raises OverflowError where there are more than a gateway may be told: half
        of them would be worse than none."""
        rows = await self._rows.find({}).sort([("_id", 1)]).limit(MOST + 1).to_list(None)
        if len(rows) > MOST:
            raise OverflowError(f"more than {MOST} allow-lists")
        return [_read(row) for row in rows]

    async def put(self, now: AllowList, session: Session) -> None:
        """In the place of the version before. Busy when somebody else has put one there."""
        row = {
            "_id": now.institution,
            "version": now.version,
            "networks": [{"network": one.network, "bastion": one.bastion} for one in now.networks],
            "changed_at": now.changed_at,
        }
        if now.version == 1:
            try:
                await self._rows.insert_one(row, session=session)
            except DuplicateKeyError:
                raise Busy("the list has just been made") from None
            return
        before = {"_id": now.institution, "version": now.version - 1}
        done = await self._rows.replace_one(before, row, session=session)
        if done.matched_count != 1:
            raise Busy("the list has just changed")


def _read(row: Document) -> AllowList:
    return AllowList(
        institution=row["_id"],
        version=row["version"],
        networks=tuple(Network(**one) for one in row["networks"]),
        changed_at=row["changed_at"],
    )
