"""The public trust register as each subgraph keeps it: a projection of INSTITUTION_REGISTERED, of
INSTITUTION_MOVED and INSTITUTION_LICENSED, by which the project's lead admits and suspends, of
EXIT_MOVED, by which it leaves one business, and of INSTITUTION_DID_CHANGED, whose versions are
checked here before they change anything.

It also carries the few facts that all four subgraphs share by copy: uscc, name and kind.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

from strawberry import federation

from ledger_adapter.port import LoggedEvent
from subgraphs.kit.errors import Forbidden
from subgraphs.kit.ids import USCC, InstitutionId
from subgraphs.kit.mongo import Database, Document, IndexModel, Session
from subgraphs.kit.paging import Counter, Order, Rows, Window, capped_count, fetch
from subgraphs.kit.standing import Licence, Standing, read_licences
from subgraphs.kit.together import Question
from subgraphs.kit.types import Node, worded
from subgraphs.vc.did import Did, MethodId, build_did_document
from subgraphs.vc.did_versions import DidHistory, read_version, vouched
from subgraphs.vc.errors import VcError
from subgraphs.vc.multikey import VerificationKey
from subgraphs.vc.proofs import Purpose
from subgraphs.vc.strict_json import JsonObject, check_object

log = logging.getLogger("credgraph.institutions")

COLLECTION: Final = "institutions"
KIND: Final = "INSTITUTION_REGISTERED"
DID_CHANGED: Final = "INSTITUTION_DID_CHANGED"
MOVED, LICENSED = "INSTITUTION_MOVED", "INSTITUTION_LICENSED"
ISSUING: Final = "ASSET_PROOF"
"""The business of an issuer. A verifier's are named by the rule sets that it decides by."""
FROZEN: Final = "BUSINESS_FROZEN"
INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    COLLECTION: [IndexModel([("uscc", 1), ("_id", 1)]), IndexModel([("did", 1)])]
}

_ALL: Final = {"uscc": {"$gte": ""}}  # said so that the index answers it
BY_CODE: Final = Order(fields=("uscc", "_id"), descending=False)


@worded(
    "What kind of institution it is (机构类型).",
    SECURITIES_COMPANY="Securities company (证券公司).",
    FUND_COMPANY="Fund company (基金公司).",
    FUTURES_COMPANY="Futures company (期货公司).",
    BANK="Bank (银行).",
    TRUST_COMPANY="Trust company (信托公司).",
    INSURER="Insurer (保险公司).",
    TECH_COMPANY="Tech company (科技公司).",
)
class InstitutionKind(Enum):
    SECURITIES_COMPANY = "SECURITIES_COMPANY"
    FUND_COMPANY = "FUND_COMPANY"
    FUTURES_COMPANY = "FUTURES_COMPANY"
    BANK = "BANK"
    TRUST_COMPANY = "TRUST_COMPANY"
    INSURER = "INSURER"
    TECH_COMPANY = "TECH_COMPANY"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptVersion:
    """A later version of an institution's DID, and where the log tells it."""

    version: JsonObject
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionRow:
    """An institution as the log last told; `index` is where it was told, `frozen` its businesses
    that end: nothing new is begun in them."""

    id: InstitutionId
    uscc: str
    name: str
    kind: str
    roles: tuple[str, ...]
    did: str
    public_key_multibase: str
    participation: str
    since: datetime
    index: int
    versions: tuple[KeptVersion, ...] = ()
    standings: tuple[Standing, ...] = ()
    frozen: tuple[str, ...] = ()

    def stood(self, role: str, at: datetime) -> bool:
        """Whether it stood in a role at a time: what it signed then stays signed by a member."""
        return self._has(role, [one for one in self.standings if one.at <= at], at)

    def stood_at(self, role: str, index: int, at: datetime | None) -> bool:
        """The same by place on the log, which nobody can date back, and that entry's time."""
        return self._has(role, [one for one in self.standings if one.index <= index], at)

    def lacks(self, role: str, at: datetime) -> str | None:
        """The code of what keeps it from acting in a role now; None when nothing does."""
        if role not in self.roles:
            return "ROLE_MISSING"
        if role == "ISSUER" and ISSUING in self.frozen:
            return FROZEN
        last = self.standings[-1] if self.standings else None
        if last is None:
            return None
        if not last.has(role):
            return "INSTITUTION_NOT_ACTIVE"
        return None if last.licensed(role, self.kind, at) else "LICENCE_MISSING"

    def begins(self, business: str) -> None:
        """Forbidden where this business of its ends; `business` as `NAME` or `NAME@version`."""
        name = business.partition("@")[0]
        if name in self.frozen:
            raise frozen(name)

    @property
    def licences(self) -> tuple[Licence, ...] | None:
        """Those it has told last; None where none were ever told."""
        return self.standings[-1].licences if self.standings else None

    def _has(self, role: str, until: Sequence[Standing], at: datetime | None) -> bool:
        if not self.standings:
            return role in self.roles  # a row from before standings were kept
        if not until or not until[-1].has(role):
            return False
        return at is None or until[-1].licensed(role, self.kind, at)

    @property
    def history(self) -> DidHistory:
        """Its DID from the registration on; the later versions were checked when they came."""
        first = vouched(build_did_document(Did(self.did), [self.public_key_multibase]), self.since)
        return DidHistory((first, *(read_version(one.version) for one in self.versions)))

    def key_for(self, method: str, purpose: Purpose, at: datetime) -> VerificationKey | None:
        """The key behind a method as of a time; None for a key that is not, or no more, its."""
        try:
            return self.history.key_for(method, purpose, at)
        except VcError:
            return None

    @property
    def method(self) -> MethodId | None:
        """The key it signs with now; None once its DID is deactivated."""
        return self.history.method


def frozen(business: str) -> Forbidden:
    """The refusal of what an institution has left; unlike its standing it never comes back."""
    return Forbidden(f"{business} of this institution is frozen for good", code=FROZEN)


class Institutions:
    """The projection of one subgraph."""

    heeds: Final = frozenset({KIND, DID_CHANGED, MOVED, LICENSED, "EXIT_MOVED"})

    def __init__(self, database: Database) -> None:
        self._rows = database[COLLECTION]

    async def apply(self, events: Sequence[LoggedEvent], session: Session) -> None:
        """Take registrations in; call it from the follower's apply.

        A later one replaces all but `since`: what was signed before it stays signed by a member.
        """
        for event in events:
            match event.envelope.kind:
                case "INSTITUTION_REGISTERED":
                    await self._register(event, session)
                case "INSTITUTION_DID_CHANGED":
                    await self._change(event, session)
                case "INSTITUTION_MOVED" | "INSTITUTION_LICENSED":
                    await self._decided(event, session)
                case "EXIT_MOVED":
                    await self._leaves(event, session)

    async def _register(self, event: LoggedEvent, session: Session) -> None:
        row = _document(event)
        id_, since = row.pop("_id"), row.pop("since")
        stood = {name: row[name] for name in ("roles", "participation", "index")}
        stood |= {"at": since, "licences": _licences(event)}
        change = {"$set": row, "$setOnInsert": {"since": since}, "$unset": {"deciding": ""}}
        await self._rows.update_one({"_id": id_}, change, upsert=True, session=session)
        await self._stand(id_, stood, session)

    async def _decided(self, event: LoggedEvent, session: Session) -> None:
        """From here on it stands otherwise; all that the event does not tell stays."""
        id_, index = event.envelope.subjects[0], event.position.index
        found = await self._rows.find_one({"_id": id_}, session=session)
        before = [one for one in (found or {}).get("standings", ()) if one["index"] < index]
        if not before:
            return  # nobody registered it
        stood = {**before[-1], "index": index, "at": event.envelope.at}
        if event.envelope.kind == MOVED:
            stood["participation"] = event.envelope.body["participation"]
        else:
            stood["licences"] = _licences(event)
        change = {
            "$set": {"participation": stood["participation"]},
            "$unset": {"deciding": ""},
        }
        await self._rows.update_one({"_id": id_}, change, session=session)
        await self._stand(id_, stood, session)

    async def _leaves(self, event: LoggedEvent, session: Session) -> None:
        """From FROZEN on, one business of its ends for good; what it signed in it stands."""
        body = event.envelope.body
        if body.get("business") and body["state"] == "FROZEN":
            place = {f"frozen.{body['business']}": event.position.index}
            id_ = event.envelope.institutions[0]
            await self._rows.update_one({"_id": id_}, {"$min": place}, session=session)

    async def _stand(self, id_: str, stood: Document, session: Session) -> None:
        """Told again, by a reader that begins anew, it stands there once and in its place."""
        again = {"$pull": {"standings": {"index": stood["index"]}}}
        await self._rows.update_one({"_id": id_}, again, session=session)
        change = {"$push": {"standings": {"$each": [stood], "$sort": {"index": 1}}}}
        await self._rows.update_one({"_id": id_}, change, session=session)

    async def decide(self, row: InstitutionRow, session: Session) -> bool:
        """Hold the row for one decision until the log tells it; False when another is on its way,
        or was told since the row was read."""
        free = {
            "_id": row.id,
            "deciding": {"$exists": False},
            "standings": {"$size": len(row.standings)},
        }
        held = {"$set": {"deciding": True}}
        done = await self._rows.update_one(free, held, session=session)
        return bool(done.modified_count)

    async def _change(self, event: LoggedEvent, session: Session) -> None:
        """A version that does not follow from what stands here changes nothing."""
        id_, value = event.envelope.subjects[0], event.envelope.body.get("didVersion")
        found = await self._rows.find_one({"_id": id_}, session=session)
        if found is None:
            return
        row = _row(found)
        try:
            version = check_object(value)
            later = [*(one.version for one in row.versions), version]
            DidHistory.following(row.history.versions[0], later)
        except VcError as fault:
            log.warning("%s at %d is no version of its DID: %s", id_, event.position.index, fault)
            return
        kept = {"version": version, "index": event.position.index}
        await self._rows.update_one({"_id": id_}, {"$push": {"versions": kept}}, session=session)

    async def find(self, ids: Sequence[InstitutionId]) -> dict[InstitutionId, InstitutionRow]:
        return await self._by("_id", ids)

    async def get(self, institution: InstitutionId) -> InstitutionRow | None:
        return (await self.find([institution])).get(institution)

    async def acting(self, institution: InstitutionId, role: str, at: datetime) -> InstitutionRow:
        """The row, for who may do now what a role does; Forbidden by the code of what it lacks."""
        return await self.acting_of(institution, role, at).alone()

    def acting_of(
        self, institution: InstitutionId, role: str, at: datetime
    ) -> Question[InstitutionRow]:
        """The same, to be asked with others."""

        def read(found: list[Document]) -> InstitutionRow:
            return _acting(_row(found[0]) if found else None, role, at)

        where = {"_id": institution}
        return Question(rows=self._rows, where=where, read=read)

    async def by_uscc(self, codes: Sequence[str]) -> dict[str, InstitutionRow]:
        rows = await self._by("uscc", codes)
        return {row.uscc: row for row in rows.values()}

    async def by_did(self, did: str) -> InstitutionRow | None:
        return (await self.by_dids([did])).get(did)

    async def by_dids(self, dids: Sequence[str]) -> dict[str, InstitutionRow]:
        """The registered ones among these, in one query; the first where two claim one."""
        return await self.of_dids(dids).alone()

    def of_dids(self, dids: Sequence[str]) -> Question[dict[str, InstitutionRow]]:
        """The same, to be asked with others."""

        def read(found: list[Document]) -> dict[str, InstitutionRow]:
            return {row.did: row for row in map(_row, reversed(found))}

        where = {"did": {"$in": sorted(set(dids))}}
        return Question(rows=self._rows, where=where, read=read)

    async def page(self, asked: Window) -> tuple[Rows, list[InstitutionRow]]:
        page = await fetch(self._rows, _ALL, BY_CODE, asked)
        return page, [_row(row) for row in page.rows]

    def count(self) -> Counter:
        return capped_count(self._rows, _ALL)

    async def _by(self, field: str, values: Sequence[str]) -> dict[InstitutionId, InstitutionRow]:
        found = await self._rows.find({field: {"$in": list(values)}}).to_list(None)
        return {row.id: row for row in map(_row, found)}


@federation.type
class InstitutionFacts(Node):
    """Fields every subgraph answers for an institution; inherit in your `@entity` class."""

    uscc: USCC | None = federation.field(
        default=None, shareable=True, description="Unified social credit code (统一社会信用代码)."
    )
    name: str | None = federation.field(
        default=None, shareable=True, description="Registered name (机构名称)."
    )
    kind: InstitutionKind | None = federation.field(
        default=None, shareable=True, description="What kind of institution it is (机构类型)."
    )


def facts(row: InstitutionRow | None) -> dict[str, Any]:
    """The shared facts as keyword arguments for an InstitutionFacts class; none for no row."""
    if row is None:
        return {}
    known = {kind.value for kind in InstitutionKind}
    kind = InstitutionKind(row.kind) if row.kind in known else None
    return {"uscc": USCC(row.uscc), "name": row.name, "kind": kind}


def _acting(row: InstitutionRow | None, role: str, at: datetime) -> InstitutionRow:
    lacks = "ROLE_MISSING" if row is None else row.lacks(role, at)
    if lacks == FROZEN:
        raise frozen(ISSUING)
    if row is None or lacks is not None:
        raise Forbidden(f"the institution does not act as {role} now", code=lacks)
    return row


def _document(event: LoggedEvent) -> Document:
    body = event.envelope.body
    return {
        "_id": event.envelope.subjects[0],
        **{name: body[name] for name in ("uscc", "name", "kind", "did", "participation")},
        "roles": body["roles"],
        "public_key": body["publicKeyMultibase"],
        "since": event.envelope.at,
        "index": event.position.index,
    }


def _licences(event: LoggedEvent) -> list[dict[str, Any]] | None:
    """As they are kept: what does not read is told, and counts as none."""
    try:
        found = read_licences(event.envelope.body.get("licences"))
    except (TypeError, ValueError) as fault:
        log.warning("licences at %d do not read: %s", event.position.index, fault)
        return []
    return None if found is None else [dict(one.as_json()) for one in found]


def _row(found: Document) -> InstitutionRow:
    return InstitutionRow(
        id=InstitutionId(found["_id"]),
        uscc=found["uscc"],
        name=found["name"],
        kind=found["kind"],
        roles=tuple(found["roles"]),
        did=found["did"],
        public_key_multibase=found["public_key"],
        participation=found["participation"],
        since=found["since"],
        index=found["index"],
        versions=tuple(
            KeptVersion(version=one["version"], index=one["index"])
            for one in found.get("versions", ())
        ),
        standings=tuple(
            Standing(
                roles=tuple(one["roles"]),
                participation=one["participation"],
                at=one["at"],
                index=one["index"],
                licences=read_licences(one.get("licences")),
            )
            for one in found.get("standings", ())
        ),
        frozen=tuple(sorted(found.get("frozen", ()))),
    )
