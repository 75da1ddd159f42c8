"""The issuer's collections and queries; every query has its index in INDEXES."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from subgraphs.issuer import agreed, codec
from subgraphs.issuer.band import Band
from subgraphs.issuer.lifecycle import LIVE
from subgraphs.issuer.recheck import Rechecks
from subgraphs.issuer.records import Binding, Credential, Endorsement, InForce, Update
from subgraphs.kit import idempotent, institutions, prepared, roots, statuses
from subgraphs.kit.ids import CredentialId, HolderId, InstitutionId
from subgraphs.kit.mongo import Database, IndexModel, Session
from subgraphs.kit.paging import COUNT_CAP, Counter, Order, Rows, Window, capped_count, fetch
from subgraphs.kit.sealed import Seen, find_seen
from subgraphs.kit.vocabulary import CredentialState
from subgraphs.vc.money import format_amount
from subgraphs.vc.tags import TagKey

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    "credentials": [
        IndexModel([("issuer", 1), ("requested_at", -1), ("_id", -1)]),
        IndexModel([("issuer", 1), ("state", 1), ("requested_at", -1), ("_id", -1)]),
        IndexModel([("holder", 1), ("requested_at", -1), ("_id", -1)]),
        IndexModel([("issuer", 1), ("holder", 1), ("state", 1)]),
        IndexModel([("vc_hash", 1)], unique=True, sparse=True),
        IndexModel([("due", 1)], sparse=True),
        IndexModel([("recheck_at", 1)], sparse=True),
        IndexModel(
            [("issuer", 1), ("recheck_due", 1), ("_id", 1)],
            partialFilterExpression={"recheck_due": {"$exists": True}},
        ),
        IndexModel(
            [("issuer", 1), ("status_list", 1), ("status_index", 1)],
            unique=True,
            partialFilterExpression={"status_index": {"$exists": True}},
        ),
    ],
    "endorsements": [IndexModel([("credential", 1), ("at", -1), ("_id", -1)])],
    "bindings": [
        IndexModel([("institution", 1), ("account_no_digest", 1)], unique=True),
        IndexModel([("institution", 1), ("holder", 1)], unique=True),
    ],
    "updates": [IndexModel([("issuer", 1), ("_id", 1)]), IndexModel([("holder", 1), ("_id", 1)])],
    "candidates": [],  # institutions whose registration is queued, or told
    "participants": [],  # by scenario and holder
    "scenarios": [],  # how many places are taken
    **agreed.INDEXES,
    **institutions.INDEXES,
    **prepared.INDEXES,
    **idempotent.INDEXES,
    **roots.INDEXES,
    **statuses.INDEXES,
}

_MOST_IN_FORCE: Final = 200
MOST_OVERDUE: Final = Order(fields=("recheck_due", "_id"), descending=False)
NEWEST: Final = Order(fields=("requested_at", "_id"))
LATEST: Final = Order(fields=("at", "_id"))


class Store:
    """What the issuer keeps."""

    def __init__(self, database: Database) -> None:
        self._credentials = database["credentials"]
        self._endorsements = database["endorsements"]
        self._bindings = database["bindings"]
        self._updates = database["updates"]
        self._participants = database["participants"]
        self._scenarios = database["scenarios"]
        self._candidates = database["candidates"]

    async def credentials(self, ids: Sequence[str], seen: Seen) -> dict[str, Credential]:
        """By id, those that may be seen."""
        found = await find_seen(self._credentials, {"_id": {"$in": list(ids)}}, seen)
        return {row["_id"]: codec.credential(row) for row in found}

    async def add_candidate(self, institution: InstitutionId, session: Session) -> None:
        """DuplicateKeyError for one whose registration was queued before."""
        await self._candidates.insert_one({"_id": institution}, session=session)

    async def by_hash(self, hashes: Sequence[str], seen: Seen) -> dict[str, Credential]:
        """The same by hash."""
        found = await find_seen(self._credentials, {"vc_hash": {"$in": list(hashes)}}, seen)
        return {row["vc_hash"]: codec.credential(row) for row in found}

    async def credential(
        self, credential: str, session: Session | None = None
    ) -> Credential | None:
        found = await self._credentials.find_one({"_id": credential}, session=session)
        return codec.credential(found) if found else None

    async def insert(self, row: Credential, session: Session) -> None:
        await self._credentials.insert_one(codec.credential_document(row), session=session)

    async def replace(self, row: Credential, session: Session) -> bool:
        """Compare-and-set on the version before; False when another writer was first."""
        done = await self._credentials.replace_one(
            {"_id": row.id, "version": row.version - 1},
            codec.credential_document(row),
            session=session,
        )
        return bool(done.modified_count == 1)

    async def in_force(
        self, issuer: InstitutionId, holder: HolderId, session: Session
    ) -> list[Credential]:
        """What one customer holds of one issuer that is not over; an account has one holder.

        Of two transactions that ask for one customer one is made again: neither could see what the
        other brings into force.
        """
        mine = {"institution": issuer, "holder": holder}
        await self._bindings.update_one(mine, {"$inc": {"came_into_force": 1}}, session=session)
        states = sorted(state.value for state in LIVE)
        where = {"issuer": issuer, "holder": holder, "state": {"$in": states}}
        found = self._credentials.find(where, session=session).sort([("_id", 1)])
        return [codec.credential(row) for row in await found.to_list(None)]

    async def in_force_of(self, holder: HolderId, now: datetime) -> list[Credential]:
        """A holder's credentials of all issuers here that stand at the moment."""
        where = {"holder": holder, "state": CredentialState.ACTIVE.value}
        found = self._credentials.find(where).sort([("_id", 1)]).limit(_MOST_IN_FORCE)
        rows = [codec.credential(row) for row in await found.to_list(None)]
        return [row for row in rows if row.offer is not None and now < row.offer.valid_until]

    async def in_short(
        self, issuer: InstitutionId, ids: Sequence[str], session: Session
    ) -> dict[str, InForce]:
        """The issuer's own ones among them that were offered, without their content."""
        where = {"_id": {"$in": list(ids)}, "issuer": issuer, "vc_hash": {"$exists": True}}
        found = self._credentials.find(where, codec.IN_SHORT, session=session)
        return {row["_id"]: codec.in_force(row) for row in await found.to_list(None)}

    async def move_all(self, rows: Sequence[InForce], band: Band | None, session: Session) -> int:
        """Put new states and versions down; how many rows were there to change."""
        now = {"told_low": format_amount(band.low)} if band else {}
        changed = 0
        for state, alike in groupby(sorted(rows, key=_by_state), key=_by_state):
            over = {} if CredentialState(state) in LIVE else codec.NO_MORE_DUE
            update = {"$set": {"state": state, **now}, "$inc": {"version": 1}}
            done = await self._credentials.update_many(
                {"_id": {"$in": [row.id for row in alike]}},
                {**update, "$unset": over} if over else update,
                session=session,
            )
            changed += done.modified_count
        return changed

    async def add_endorsements(self, rows: Sequence[Endorsement], session: Session) -> None:
        await self._endorsements.insert_many(map(codec.endorsement_document, rows), session=session)

    async def newest_list(self, issuer: InstitutionId, /) -> int:
        """The number of the issuer's newest status list; 1 for a new issuer."""
        where = {"issuer": issuer, "status_index": {"$exists": True}}
        shown = {"_id": 0, "status_list": 1}
        newest = self._credentials.find(where, shown).sort([("status_list", -1)]).limit(1)
        return next((int(row["status_list"]) for row in await newest.to_list(None)), 1)

    async def taken(self, issuer: InstitutionId, number: int, drawn: Sequence[int], /) -> set[int]:
        """Those of the drawn indices that belong to a credential already."""
        where = {"issuer": issuer, "status_list": number, "status_index": {"$in": list(drawn)}}
        found = await self._credentials.find(where, {"_id": 0, "status_index": 1}).to_list(None)
        return {row["status_index"] for row in found}

    async def issued(
        self, issuer: InstitutionId, state: str | None, asked: Window
    ) -> tuple[Rows, list[Credential]]:
        page = await fetch(self._credentials, _issued(issuer, state), NEWEST, asked)
        return page, [codec.credential(row) for row in page.rows]

    def count_issued(self, issuer: InstitutionId, state: str | None) -> Counter:
        return capped_count(self._credentials, _issued(issuer, state))

    async def held(self, where: Mapping[str, Any], asked: Window) -> tuple[Rows, list[Credential]]:
        """A holder's credentials; `where` also says whose eyes they are for."""
        page = await fetch(self._credentials, where, NEWEST, asked)
        return page, [codec.credential(row) for row in page.rows]

    def count_held(self, where: Mapping[str, Any]) -> Counter:
        return capped_count(self._credentials, where)

    async def due(self, now: datetime, limit: int) -> list[Credential]:
        """Offers and validities that are over."""
        found = await (
            self._credentials.find({"due": {"$lte": now}})
            .sort([("due", 1)])
            .limit(limit)
            .to_list(None)
        )
        return [codec.credential(row) for row in found]

    async def to_recheck(self, now: datetime, limit: int) -> list[Credential]:
        """What is in force and to be looked at again, the longest due first."""
        due = self._credentials.find({"recheck_at": {"$lte": now}}).sort([("recheck_at", 1)])
        return [codec.credential(row) for row in await due.limit(limit).to_list(None)]

    async def recheck_later(self, row: Credential, when: datetime) -> None:
        """Try again then; the due date stays what it was."""
        where = {"_id": row.id, "version": row.version, "recheck_at": {"$exists": True}}
        await self._credentials.update_one(where, {"$set": {"recheck_at": when}})

    async def overdue(
        self, issuer: InstitutionId, now: datetime, asked: Window
    ) -> tuple[Rows, list[Credential]]:
        page = await fetch(self._credentials, _overdue(issuer, now), MOST_OVERDUE, asked)
        return page, [codec.credential(row) for row in page.rows]

    def count_overdue(self, issuer: InstitutionId, now: datetime) -> Counter:
        return capped_count(self._credentials, _overdue(issuer, now))

    async def rechecks(self, issuer: InstitutionId, now: datetime) -> Rechecks:
        """How an issuer keeps up with looking again; counts end at 10 000."""
        due = {"issuer": issuer, "recheck_due": {"$exists": True}}
        first = await self._credentials.find(due).sort([("recheck_due", 1)]).limit(1).to_list(None)
        return Rechecks(
            watched=await self._credentials.count_documents(due, limit=COUNT_CAP),
            overdue=await self._credentials.count_documents(_overdue(issuer, now), limit=COUNT_CAP),
            next_due_at=first[0]["recheck_due"] if first else None,
        )

    async def add_endorsement(self, row: Endorsement, session: Session) -> None:
        await self._endorsements.insert_one(codec.endorsement_document(row), session=session)

    async def endorsements(self, ids: Sequence[str]) -> dict[str, Endorsement]:
        found = await self._endorsements.find({"_id": {"$in": list(ids)}}).to_list(None)
        return {row["_id"]: codec.endorsement(row) for row in found}

    async def endorsed(
        self, credential: CredentialId, asked: Window
    ) -> tuple[Rows, list[Endorsement]]:
        page = await fetch(self._endorsements, {"credential": credential}, LATEST, asked)
        return page, [codec.endorsement(row) for row in page.rows]

    def count_endorsed(self, credential: CredentialId) -> Counter:
        return capped_count(self._endorsements, {"credential": credential})

    async def add_binding(self, row: Binding, session: Session) -> None:
        """Raises DuplicateKeyError when account or holder is bound already."""
        await self._bindings.insert_one(codec.binding_document(row), session=session)

    async def keep_versions(self, row: Binding) -> None:
        """Later versions of a DID only ever grow."""
        number = len(row.later)
        where = {"_id": row.id, "versions": {"$not": {"$gte": number}}}
        if row.later:
            now = {"later": list(row.later), "versions": number}
            await self._bindings.update_one(where, {"$set": now})

    async def keep_tag_key(self, row: Binding, key: TagKey) -> None:
        where = {"_id": row.id, "holder": row.holder}
        await self._bindings.update_one(where, {"$set": {"tag_key": key.hex()}})

    async def binding_of_account(
        self, institution: InstitutionId, account_no: str
    ) -> Binding | None:
        return await self._binding({"institution": institution, "account_no": account_no})

    async def binding_of_holder(
        self, institution: InstitutionId, holder: HolderId
    ) -> Binding | None:
        return await self._binding({"institution": institution, "holder": holder})

    async def _binding(self, where: Mapping[str, Any]) -> Binding | None:
        found = await self._bindings.find_one(where)
        return codec.binding(found) if found else None

    async def takes_part(
        self, scenario: str, holder: HolderId, session: Session | None = None
    ) -> bool:
        mine = {"_id": f"{scenario}|{holder}"}
        return await self._participants.find_one(mine, {"_id": 1}, session=session) is not None

    async def places_taken(self, scenario: str, session: Session | None = None) -> int:
        found = await self._scenarios.find_one({"_id": scenario}, session=session)
        return int(found["taken"]) if found else 0

    async def take_part(self, scenario: str, holder: HolderId, session: Session) -> None:
        """Of two transactions that take a place one is made again, by the count."""
        row = {"_id": f"{scenario}|{holder}", "holder": holder}
        await self._participants.insert_one(row, session=session)
        await self._scenarios.update_one(
            {"_id": scenario}, {"$inc": {"taken": 1}}, upsert=True, session=session
        )

    async def add_updates(self, rows: Sequence[Update], session: Session) -> None:
        if rows:
            await self._updates.insert_many(map(codec.update_document, rows), session=session)

    async def updates(self, where: Mapping[str, Any], after: int, limit: int) -> list[Update]:
        """The log's steps of one scope (`{"issuer": …}` or `{"holder": …}`), ascending."""
        query = {**where, "_id": {"$gt": after}}
        found = await self._updates.find(query).sort([("_id", 1)]).limit(limit).to_list(None)
        return [codec.update(row) for row in found]


def _by_state(row: InForce) -> str:
    return row.state.value


def _overdue(issuer: InstitutionId, now: datetime) -> dict[str, Any]:
    return {"issuer": issuer, "recheck_due": {"$lte": now, "$exists": True}}


def _issued(issuer: InstitutionId, state: str | None) -> dict[str, Any]:
    return {"issuer": issuer} if state is None else {"issuer": issuer, "state": state}
