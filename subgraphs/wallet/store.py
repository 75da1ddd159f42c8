"""The wallet's collections and queries; every query has its index in INDEXES."""

from __future__ import annotations

from collections import Counter as Counting
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from subgraphs.kit import idempotent, institutions, prepared
from subgraphs.kit.follow import POSITIONS
from subgraphs.kit.ids import CredentialId, HolderId, InstitutionId
from subgraphs.kit.mongo import Database, IndexModel, ReplaceOne, Session, UpdateOne
from subgraphs.kit.paging import Counter, Order, Rows, Window, capped_count, fetch
from subgraphs.kit.sealed import Seen, everything, find_seen, update_each
from subgraphs.kit.vocabulary import CredentialState
from subgraphs.wallet import codec, custody_store
from subgraphs.wallet.records import (
    Consent,
    Move,
    RootDid,
    SignedAgreement,
    WalletItem,
)

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    "root_dids": [IndexModel([("did_digest", 1)], unique=True)],
    "did_versions": [IndexModel([("holder", 1)])],
    "consents": [
        IndexModel([("holder", 1), ("granted_at", -1), ("_id", -1)]),
        IndexModel([("holder", 1), ("credentials", 1), ("granted_at", -1), ("_id", -1)]),
        IndexModel([("state", 1), ("valid_until", 1)]),
    ],
    "wallet_items": [
        IndexModel([("holder", 1), ("added_at", -1), ("_id", -1)]),
        IndexModel([("credential", 1)], unique=True),
    ],
    "agreements": [IndexModel([("holder", 1), ("signed_at", -1)])],
    "bindings": [],  # who has to do with a holder, by both their ids
    **custody_store.INDEXES,
    **institutions.INDEXES,
    **prepared.INDEXES,
    **idempotent.INDEXES,
}
GRANTED: Final = Order(fields=("granted_at", "_id"))
_LIVE: Final = [CredentialState.ACTIVE.value, CredentialState.SUSPENDED.value]
ADDED: Final = Order(fields=("added_at", "_id"))


class Tie(NamedTuple):
    """An institution has to do with this holder, as `tie` of `policy.did_ties` says."""

    holder: str
    institution: str
    tie: str


class DidTold(NamedTuple):
    """A version of a holder's DID, and its place in the log."""

    holder: HolderId
    number: int
    position: int


class Store:
    """What the wallet keeps."""

    def __init__(self, database: Database) -> None:
        self._root_dids = database["root_dids"]
        self._told = database["did_versions"]
        self._positions = database[POSITIONS]
        self._consents = database["consents"]
        self._items = database["wallet_items"]
        self._bindings = database["bindings"]
        self._agreements = database["agreements"]

    # root DIDs

    async def root_dids(self, holders: Sequence[str], seen: Seen) -> dict[str, RootDid]:
        """By holder, those that may be seen."""
        found = await find_seen(self._root_dids, {"_id": {"$in": list(holders)}}, seen)
        return {row["_id"]: codec.root_did(row) for row in found}

    async def root_did(self, holder: HolderId, *, session: Session | None = None) -> RootDid | None:
        found = await self._root_dids.find_one({"_id": holder}, session=session)
        return codec.root_did(found) if found else None

    async def holder_of(self, did: str) -> RootDid | None:
        found = await self._root_dids.find_one({"did": did})
        return codec.root_did(found) if found else None

    async def add_root_did(self, row: RootDid, session: Session) -> None:
        """Raises DuplicateKeyError when holder or DID have one already."""
        await self._root_dids.insert_one(codec.root_did_document(row), session=session)

    async def replace_root_did(self, row: RootDid, session: Session) -> bool:
        """Compare-and-set on the version before."""
        where = {"_id": row.holder, "version": row.version - 1}
        document = codec.root_did_document(row)
        done = await self._root_dids.replace_one(where, document, session=session)
        return bool(done.modified_count == 1)

    async def act(self, holder: HolderId, session: Session) -> None:
        """Two signed acts of one holder at once collide here: none decides on what the other
        changes."""
        await self._root_dids.update_one({"_id": holder}, {"$inc": {"acts": 1}}, session=session)

    async def tell_dids(self, told: Sequence[DidTold], session: Session) -> None:
        """Where the log tells versions; the first word counts."""
        rows = [
            {"_id": f"{one.holder}|{one.number}", "holder": one.holder}
            | {"number": one.number, "index": one.position}
            for one in told
        ]
        if rows:
            first = [UpdateOne({"_id": r["_id"]}, {"$setOnInsert": r}, upsert=True) for r in rows]
            await self._told.bulk_write(first, session=session)

    async def told(self, holder: HolderId) -> dict[int, int]:
        """The places in the log of a DID's versions, by number."""
        found = await self._told.find({"holder": holder}).to_list(None)
        return {row["number"]: row["index"] for row in found}

    async def applied(self) -> int:
        """Up to where in the log this database has read."""
        found = await self._positions.find_one({"_id": "wallet"})
        return int(found["index"]) if found else -1

    # agreements

    async def agreements(
        self, holder: HolderId, *, session: Session | None = None
    ) -> list[SignedAgreement]:
        """All that a holder agreed to, newest first: as many as there are texts and versions."""
        found = self._agreements.find({"holder": holder}, session=session)
        rows = await found.sort([("signed_at", -1)]).to_list(None)
        return [codec.agreement(row) for row in rows]

    async def add_agreements(self, rows: Sequence[SignedAgreement], session: Session) -> None:
        """Raises DuplicateKeyError for a version that is signed already."""
        if rows:
            documents = [codec.agreement_document(row) for row in rows]
            await self._agreements.insert_many(documents, session=session)

    # consents

    async def consents(self, ids: Sequence[str], seen: Seen) -> dict[str, Consent]:
        """By id, those that may be seen."""
        found = await find_seen(self._consents, {"_id": {"$in": list(ids)}}, seen)
        return {row["_id"]: codec.consent(row) for row in found}

    async def consent(
        self, id_: str, holder: HolderId, *, session: Session | None = None
    ) -> Consent | None:
        """A holder's own consent; a foreign one is not found."""
        found = await self._consents.find_one({"_id": id_, "holder": holder}, session=session)
        return codec.consent(found) if found else None

    async def add_consent(self, row: Consent, session: Session) -> None:
        await self._consents.insert_one(codec.consent_document(row), session=session)

    async def replace_consent(self, row: Consent, session: Session) -> bool:
        """Compare-and-set on the version before."""
        done = await self._consents.replace_one(
            {"_id": row.id, "version": row.version - 1},
            codec.consent_document(row),
            session=session,
        )
        return bool(done.modified_count == 1)

    async def covered(
        self, holder: HolderId, credential: str, now: datetime, *, session: Session
    ) -> bool:
        """Whether a consent in force lets the credential be shown."""
        where = {
            **for_credential({"holder": holder}, CredentialId(credential)),
            "state": "GRANTED",
            "valid_until": {"$gt": now},
        }
        return await self._consents.find_one(where, {"_id": 1}, session=session) is not None

    async def in_force(self, holder: HolderId, now: datetime, *, session: Session) -> list[Consent]:
        """All of a holder's consents in force."""
        where = {"holder": holder, "state": "GRANTED", "valid_until": {"$gt": now}}
        found = await self._consents.find(where, session=session).to_list(None)
        return [codec.consent(row) for row in found]

    async def withdrawable(
        self, holder: HolderId, now: datetime, *, session: Session
    ) -> list[Consent]:
        """All of a holder's consents in force, and those that are over and still let watch."""
        over = {"state": {"$ne": "WITHDRAWN"}, "monitoring_until": {"$gt": now}}
        where = {"holder": holder, "$or": [{"state": "GRANTED", "valid_until": {"$gt": now}}, over]}
        found = await self._consents.find(where, session=session).to_list(None)
        return [codec.consent(row) for row in found]

    async def over(self, now: datetime, limit: int) -> list[Consent]:
        """Consents still GRANTED whose time is over, the longest over first."""
        where = {"state": "GRANTED", "valid_until": {"$lte": now}}
        found = self._consents.find(where).sort([("valid_until", 1)]).limit(limit)
        return [codec.consent(row) for row in await found.to_list(None)]

    async def consents_of(self, holder: HolderId, limit: int) -> list[Consent]:
        """A holder's consents, newest first."""
        found = self._consents.find({"holder": holder}).sort(GRANTED.sort).limit(limit)
        return [codec.consent(row) for row in await found.to_list(None)]

    async def granted(self, where: Mapping[str, Any], asked: Window) -> tuple[Rows, list[Consent]]:
        page = await fetch(self._consents, where, GRANTED, asked)
        return page, [codec.consent(row) for row in page.rows]

    def count_granted(self, where: Mapping[str, Any]) -> Counter:
        return capped_count(self._consents, where)

    # wallet items

    async def items(self, ids: Sequence[str], seen: Seen) -> dict[str, WalletItem]:
        """By id, those that may be seen."""
        found = await find_seen(self._items, {"_id": {"$in": list(ids)}}, seen)
        return {row["_id"]: codec.item(row) for row in found}

    async def items_of(
        self, credentials: Sequence[str], *, seen: Seen = everything, session: Session | None = None
    ) -> dict[str, WalletItem]:
        """By credential id, those that may be seen."""
        where = {"credential": {"$in": list(credentials)}}
        found = await find_seen(self._items, where, seen, session=session)
        return {row["credential"]: codec.item(row) for row in found}

    async def owners_of(self, credentials: Sequence[str]) -> dict[str, HolderId]:
        """Whose credentials they are, by credential id; nothing personal is opened for it."""
        where = {"credential": {"$in": list(credentials)}}
        found = await self._items.find(where, {"credential": 1, "holder": 1}).to_list(None)
        return {row["credential"]: row["holder"] for row in found}

    async def item(
        self, id_: str, holder: HolderId, *, session: Session | None = None
    ) -> WalletItem | None:
        """A holder's own item; a foreign one is not found."""
        found = await self._items.find_one({"_id": id_, "holder": holder}, session=session)
        return codec.item(found) if found else None

    async def kept_copies(
        self, holder: HolderId, credentials: Sequence[str], *, session: Session
    ) -> list[WalletItem]:
        """Her items with a copy in custody, of these credentials; of all where none is named.

        Two that decide about the same copy collide here: none decides on what the other changes.
        """
        where: dict[str, Any] = {"holder": holder, "custody": {"$ne": None}}
        if credentials:
            where["credential"] = {"$in": list(credentials)}
        await self._items.update_many(where, {"$inc": {"decided": 1}}, session=session)
        found = await self._items.find(where, session=session).to_list(None)
        return [codec.item(row) for row in found]

    async def items_of_holder(self, holder: HolderId, limit: int) -> list[WalletItem]:
        """A holder's items, newest first."""
        found = self._items.find({"holder": holder}).sort(ADDED.sort).limit(limit)
        return [codec.item(row) for row in await found.to_list(None)]

    async def held(self, holder: HolderId, asked: Window) -> tuple[Rows, list[WalletItem]]:
        page = await fetch(self._items, {"holder": holder}, ADDED, asked)
        return page, [codec.item(row) for row in page.rows]

    def count_held(self, holder: HolderId) -> Counter:
        return capped_count(self._items, {"holder": holder})

    async def add_items(self, rows: Sequence[WalletItem], session: Session) -> None:
        """Idempotent by credential: an item that is there stays as it is; of two the first."""
        new = {row.id: row for row in reversed(rows)}
        if not new:
            return
        where = {"_id": {"$in": list(new)}}
        there = await self._items.find(where, {"_id": 1}, session=session).to_list(None)
        for row in there:
            del new[row["_id"]]
        if new:
            documents = [codec.item_document(row) for row in reversed(new.values())]
            await self._items.insert_many(documents, session=session)

    async def move_items(self, moves: Sequence[Move], session: Session) -> None:
        """Later words about credentials, in their order; an earlier one, or one after an end, is
        nothing."""
        changes = [(_not_after(move), {"$set": _moved(move)}) for move in moves]
        await update_each(self._items, changes, session=session)

    # bindings

    async def tie(self, ties: Collection[Tie], session: Session) -> None:
        """Institutions that have to do with holders."""
        rows = [{"_id": _binding(*tie)} for tie in ties]
        if rows:
            whole = [ReplaceOne(row, row, upsert=True) for row in rows]
            await self._bindings.bulk_write(whole, session=session)

    async def bound(
        self, institution: InstitutionId, holders: Sequence[str], ties: Sequence[str]
    ) -> frozenset[str]:
        """Those of the holders that the institution is tied to by all of these."""
        asked = {_binding(holder, institution, tie): holder for holder in holders for tie in ties}
        found = await self._bindings.find({"_id": {"$in": list(asked)}}).to_list(None)
        counted = Counting(asked[row["_id"]] for row in found)
        return frozenset(holder for holder, number in counted.items() if number == len(ties))


def _not_after(move: Move) -> dict[str, Any]:
    row = {"_id": move.id, "issuer": move.issuer}
    return {**row, "index": {"$lt": move.index}, "state": {"$in": _LIVE}}


def _moved(move: Move) -> dict[str, Any]:
    return {"state": move.state.value, "index": move.index}


def for_credential(scope: Mapping[str, Any], credential: CredentialId) -> dict[str, Any]:
    """The consents of a scope that a credential may be shown under."""
    return {**scope, "credentials": {"$in": [credential, codec.ANY]}}


def _binding(holder: str, institution: str, tie: str) -> str:
    return f"{holder}|{institution}|{tie}"
