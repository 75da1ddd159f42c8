"""Disputes, parts and packages in the database; documents are kept as text, word for word."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from subgraphs.audit.kept.disputes import Dispute, Package, Part
from subgraphs.audit.states import DisputeState
from subgraphs.kit.errors import Busy
from subgraphs.kit.mongo import Database, Document, IndexModel, Session
from subgraphs.kit.paging import Order, Rows, Window, fetch

DISPUTES: Final = "disputes"
PARTS: Final = "evidence_parts"
PACKAGES: Final = "evidence_packages"

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    DISPUTES: [
        IndexModel([("holder", 1), ("_id", 1)]),
        IndexModel([("institution", 1), ("_id", 1)]),
        # nobody denies the same twice at once
        IndexModel([("open", 1)], unique=True, partialFilterExpression={"open": {"$gt": ""}}),
    ],
    PARTS: [IndexModel([("dispute", 1), ("kind", 1)], unique=True)],
    PACKAGES: [
        IndexModel(
            [("token_digest", 1)],
            unique=True,
            partialFilterExpression={"token_digest": {"$gt": ""}},
        )
    ],
}
UNDECIDED: Final = (DisputeState.OPEN, DisputeState.SEALED)
BY_ID: Final = Order(fields=("_id",))


class Disputes:
    """What audit keeps of disputes."""

    def __init__(self, database: Database) -> None:
        self._disputes = database[DISPUTES]
        self._parts = database[PARTS]
        self._packages = database[PACKAGES]

    async def get(self, id_: str, session: Session | None = None) -> Dispute | None:
        row = await self._disputes.find_one({"_id": id_}, session=session)
        return None if row is None else dispute(row)

    async def find(self, ids: Sequence[str]) -> dict[str, Dispute]:
        rows = await self._disputes.find({"_id": {"$in": list(ids)}}).to_list(None)
        return {row["_id"]: dispute(row) for row in rows}

    async def page(self, where: Mapping[str, Any], asked: Window) -> tuple[Rows, list[Dispute]]:
        page = await fetch(self._disputes, where, BY_ID, asked)
        return page, [dispute(row) for row in page.rows]

    async def undecided(self, owner: str | None, session: Session) -> int:
        """How many disputes of hers, or that an institution answers, wait; None: of anybody."""
        waits: dict[str, Any] = {"state": {"$in": [one.value for one in UNDECIDED]}}
        if owner is None:
            waits["_id"] = {"$gt": ""}
        else:
            waits["$or"] = [{"holder": owner}, {"institution": owner}]
        return await self._disputes.count_documents(waits, session=session)

    async def same(
        self, holder: str, subject: str, ground: str, session: Session
    ) -> Dispute | None:
        """Hers that waits already, on this ground."""
        waits = {"$in": [one.value for one in UNDECIDED]}
        asked = {"holder": holder, "subject": subject, "ground": ground, "state": waits}
        row = await self._disputes.find_one(asked, session=session)
        return None if row is None else dispute(row)

    async def add(self, row: Dispute, session: Session) -> None:
        """DuplicateKeyError while the same of hers waits."""
        await self._disputes.insert_one(_dispute_document(row), session=session)

    async def move(self, was: Dispute, now: Dispute, session: Session) -> None:
        """Busy when somebody else moved it first."""
        same = {"_id": was.id, "version": was.version}
        done = await self._disputes.replace_one(same, _dispute_document(now), session=session)
        if done.matched_count != 1:
            raise Busy("the dispute has just changed")

    async def parts(self, dispute_id: str, session: Session | None = None) -> list[Part]:
        found = self._parts.find({"dispute": dispute_id}, session=session)
        return [_part(row) for row in await found.sort([("kind", 1)]).to_list(None)]

    async def give(self, row: Part, session: Session) -> None:
        """DuplicateKeyError for a second part of a kind."""
        document = {name: getattr(row, name) for name in _PART_FIELDS}
        document |= {"_id": row.id, "document": json.dumps(row.document)}
        await self._parts.insert_one(document, session=session)

    async def package(self, id_: str) -> Package | None:
        row = await self._packages.find_one({"_id": id_})
        return None if row is None else _package(row)

    async def package_of(self, token: str) -> Package | None:
        row = await self._packages.find_one({"token": token})
        return None if row is None else _package(row)

    async def seal(self, row: Package, session: Session) -> None:
        document = {
            "_id": row.id,
            "dispute": row.dispute,
            "holder": row.holder,
            "token": row.token,
            "manifest": json.dumps(row.manifest),
            "manifest_hash": row.manifest_hash,
            "documents": [json.dumps(one) for one in row.documents],
            "proofs": list(row.proofs),
            "sealed_at": row.sealed_at,
        }
        await self._packages.insert_one(document, session=session)


_PART_FIELDS: Final = (
    "dispute",
    "holder",
    "kind",
    "institution",
    "method",
    "digest",
    "signature",
    "given_at",
)


def dispute(row: Document) -> Dispute:
    return Dispute(
        id=row["_id"],
        version=row["version"],
        state=DisputeState(row["state"]),
        holder=row["holder"],
        institution=row["institution"],
        subject=row["subject"],
        ground=row["ground"],
        opened_at=row["opened_at"],
        package=row["package"],
    )


def _dispute_document(row: Dispute) -> Document:
    return {
        "_id": row.id,
        "version": row.version,
        "state": row.state.value,
        "holder": row.holder,
        "institution": row.institution,
        "subject": row.subject,
        "ground": row.ground,
        "opened_at": row.opened_at,
        "package": row.package,
        "open": f"{row.holder}|{row.subject}|{row.ground}" if row.state in UNDECIDED else None,
    }


def _part(row: Document) -> Part:
    fields = {name: row[name] for name in _PART_FIELDS}
    return Part(id=row["_id"], document=json.loads(row["document"]), **fields)


def _package(row: Document) -> Package:
    return Package(
        id=row["_id"],
        dispute=row["dispute"],
        holder=row["holder"],
        token=row["token"],
        manifest=json.loads(row["manifest"]),
        manifest_hash=row["manifest_hash"],
        documents=[json.loads(one) for one in row["documents"]],
        proofs=row["proofs"],
        sealed_at=row["sealed_at"],
    )
