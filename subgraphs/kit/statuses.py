"""The places of credentials on their issuers' status lists, learnt from the log.

Laws: written in the very transaction that moves a follower's position and feed, from the same
events, so that list and feed cannot disagree; only the issuer that gave a credential its place
moves it, and its holder who cancels it; of two ends at once the first on the log counts. The issuer
signs and serves what stands here; a verifier makes the same list from its own copy and asks nobody
(decision 17).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from ledger_adapter.port import Envelope, LoggedEvent
from subgraphs.kit.ids import InstitutionId, is_id
from subgraphs.kit.mongo import Database, Document, IndexModel, Session, UpdateOne
from subgraphs.kit.together import Question
from subgraphs.kit.vocabulary import CredentialState
from subgraphs.vc.status_list import StatusEntry, StatusPurpose, purposes_of

COLLECTION: Final = "statuses"
INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    COLLECTION: [IndexModel([("issuer", 1), ("list", 1), ("state", 1), ("place", 1)])]
}
ACTIVATED, ENDORSED = "CREDENTIAL_ACTIVATED", "CREDENTIAL_ENDORSED"
CANCELLED: Final = "CREDENTIAL_CANCELLED"
STATE_OF: Final[Mapping[str, CredentialState]] = {
    "CREDENTIAL_REQUESTED": CredentialState.REQUESTED,
    "CREDENTIAL_DRAFTED": CredentialState.DRAFT,
    "CREDENTIAL_OFFERED": CredentialState.OFFERED,
    "CREDENTIAL_REJECTED": CredentialState.REJECTED,
    "CREDENTIAL_WITHDRAWN": CredentialState.WITHDRAWN,
    "CREDENTIAL_LAPSED": CredentialState.LAPSED,
    ACTIVATED: CredentialState.ACTIVE,
    "CREDENTIAL_EXPIRED": CredentialState.EXPIRED,
    "CREDENTIAL_SUPERSEDED": CredentialState.SUPERSEDED,
    CANCELLED: CredentialState.CANCELLED,
}
"""The state that each kind leads to; an endorsement carries its own."""
_URI: Final = re.compile(r"https?://.{1,200}/(inst_[0-9A-Z]{26})/([1-9][0-9]{0,5})/([a-z]{1,16})")
_LIVE: Final = [CredentialState.ACTIVE.value, CredentialState.SUSPENDED.value]
_SETS: Final = [state.value for state in CredentialState if purposes_of(state.value)]
Listed: TypeAlias = tuple[InstitutionId, int]
"""A list without its purpose: the issuer, and the list's number."""
Named: TypeAlias = "tuple[dict[str, Place], dict[Listed, dict[int, str]]]"
_ANY: Final = {"$in": [state.value for state in CredentialState]}  # the index has it before places


@dataclass(frozen=True, slots=True, kw_only=True)
class ListName:
    """One list of one issuer; its URI ends with these three."""

    issuer: InstitutionId
    number: int
    purpose: StatusPurpose

    def uri(self, base: str) -> str:
        return f"{base}/{self.issuer}/{self.number}/{self.purpose.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a credential stands: the list's number, and the index on it."""

    number: int
    index: int

    def entries(self, base: str, issuer: InstitutionId) -> tuple[StatusEntry, ...]:
        """`credentialStatus`: one entry for each purpose."""
        return tuple(
            StatusEntry(
                uri=ListName(issuer=issuer, number=self.number, purpose=purpose).uri(base),
                purpose=purpose,
                index=self.index,
            )
            for purpose in StatusPurpose
        )


def list_name(uri: str) -> ListName | None:
    """The list a URI names; None for other texts."""
    found = _URI.fullmatch(uri)
    if found is None or found[3] not in {purpose.value for purpose in StatusPurpose}:
        return None
    return ListName(
        issuer=InstitutionId(found[1]), number=int(found[2]), purpose=StatusPurpose(found[3])
    )


class Statuses:
    """The projection of one subgraph."""

    heeds: Final = frozenset(
        {ACTIVATED, ENDORSED, "CREDENTIAL_EXPIRED", "CREDENTIAL_SUPERSEDED", CANCELLED}
    )
    """What gives a place or moves one; all else is told of credentials that never had one."""

    def __init__(self, database: Database) -> None:
        self._rows = database[COLLECTION]

    async def apply(self, events: Sequence[LoggedEvent], session: Session) -> None:
        """Take places and states in; call it from the follower's apply."""
        writes = []
        for event in events:
            told = told_of(event.envelope) if event.envelope.kind in self.heeds else None
            if told is not None:
                where, change = _change(told, event.position.index)
                writes.append(UpdateOne(where, change, upsert=told.place is not None))
        if writes:  # in the order of the log: an activation before what follows it
            await self._rows.bulk_write(writes, session=session)

    async def set_on(self, issuer: InstitutionId, number: int) -> dict[int, str] | None:
        """The states that set a bit, by index; None for a list the log has not heard of."""
        where: dict[str, Any] = {"issuer": issuer, "list": number}
        if not await self._heard_of(issuer, number):
            return None
        shown = {"_id": 0, "place": 1, "state": 1}  # answered by the index alone
        found = self._rows.find({**where, "state": {"$in": _SETS}}, shown)
        return {row["place"]: row["state"] for row in await found.to_list(None)}

    def named(
        self, credentials: Collection[str], places: Mapping[Listed, Collection[int]]
    ) -> Question[Named]:
        """Where credentials stand, and the states that set a bit at some places of lists: a
        credential without a place is missing, and so is a list nobody of these stands on."""
        asked: list[dict[str, Any]] = [
            {"issuer": issuer, "list": number, "state": _ANY, "place": {"$in": sorted(wanted)}}
            for (issuer, number), wanted in sorted(places.items())
        ]
        by_id = {"_id": {"$in": sorted(credentials)}}

        def read(found: list[Document]) -> Named:
            stand: dict[str, Place] = {}
            known: dict[Listed, dict[int, str]] = {}
            for row in found:
                if row["_id"] in credentials:
                    stand[row["_id"]] = Place(number=row["list"], index=row["place"])
                sets = known.setdefault((row["issuer"], row["list"]), {})
                if row["state"] in _SETS:
                    sets[row["place"]] = row["state"]
            return stand, known

        where = {"$or": [by_id, *asked]}
        return Question(rows=self._rows, where=where, read=read)

    async def heard_of(self, lists: Collection[Listed]) -> dict[Listed, dict[int, str]]:
        """Of lists that nobody stands on where it was asked for: those the log has heard of, with
        no bit set there."""
        return {name: {} for name in sorted(lists) if await self._heard_of(*name)}

    async def _heard_of(self, issuer: InstitutionId, number: int) -> bool:
        where = {"issuer": issuer, "list": number}
        return await self._rows.find_one(where, {"_id": 0, "list": 1}) is not None

    async def states(self, credentials: Sequence[str], session: Session) -> dict[str, str]:
        """What the log says last of credentials that have a place."""
        where = {"_id": {"$in": list(credentials)}}
        rows = await self._rows.find(where, {"state": 1}, session=session).to_list(None)
        return {row["_id"]: row["state"] for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an event says of a credential; `place` only when it is the first to say so."""

    credential: str
    issuer: str
    state: str
    place: Place | None


def told_of(envelope: Envelope) -> Told | None:
    """None for events that are no word on a credential's state."""
    body, step = envelope.body, STATE_OF.get(envelope.kind)
    state = body.get("state") if envelope.kind == ENDORSED else step and step.value
    credential = next((one for one in envelope.subjects if is_id(one, "cred")), None)
    issuer = body.get("issuer")
    if not isinstance(state, str) or not isinstance(issuer, str) or credential is None:
        return None
    return Told(
        credential=credential,
        issuer=issuer,
        state=state,
        place=place_in(envelope),
    )


def place_in(envelope: Envelope) -> Place | None:
    """The place an activation gives."""
    number, index = envelope.body.get("statusList"), envelope.body.get("statusIndex")
    if envelope.kind != ACTIVATED or not isinstance(number, int) or not isinstance(index, int):
        return None
    return Place(number=number, index=index)


def _change(told: Told, index: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Filter and update: an activation makes the row, later words of its issuer move it."""
    moved = {"state": told.state, "index": index}
    if told.place is None:
        live = {"state": {"$in": _LIVE}}
        return {"_id": told.credential, "issuer": told.issuer, **live}, {"$set": moved}
    row = {"issuer": told.issuer, "list": told.place.number, "place": told.place.index, **moved}
    return {"_id": told.credential}, {"$setOnInsert": row}
