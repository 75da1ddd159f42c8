"""The verifier's database: its own rows, its projections of the log, its feeds. Nothing else."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Final

from subgraphs.kit import idempotent, institutions, roots, statuses
from subgraphs.kit.ids import HolderId, InstitutionId
from subgraphs.kit.mongo import (
    ASCENDING,
    DESCENDING,
    Database,
    IndexModel,
    ReturnDocument,
    Session,
)
from subgraphs.kit.together import Question
from subgraphs.verifier.grounds import Ground
from subgraphs.verifier.records import (
    Acceptance,
    Binding,
    Change,
    ConsentId,
    ConsentOnLog,
    CredentialOnLog,
    DecisionOnLog,
    Known,
    Permission,
    Presentation,
    Qualification,
    Request,
    Supplement,
    Verification,
    Wanted,
    Written,
)
from subgraphs.verifier.states import AcceptanceState, SupplementState
from subgraphs.verifier.table import Table

NO_LIMIT: Final = 0
_LAST_REACTIONS: Final = 100
_NEWEST: Final = ("_id", DESCENDING)


def _owned(*more: tuple[str, int]) -> list[IndexModel]:
    """Lists of a verifier's, a holder's, and everybody's rows (the regulator's view)."""
    return [
        IndexModel([("verifier", ASCENDING), ("holder", ASCENDING), *more]),
        IndexModel([("holder", ASCENDING), *more]),
    ]


INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    "bindings": [
        IndexModel([("verifier", ASCENDING), ("customer_digest_digest", ASCENDING)], unique=True),
        IndexModel([("verifier", ASCENDING), ("holder", ASCENDING)], unique=True),
    ],
    "requests": [IndexModel([("nonce", ASCENDING)], unique=True)],
    "presentations": [
        # the replay cache: one presentation for each request, and no bytes twice
        IndexModel([("request", ASCENDING)], unique=True),
        IndexModel([("digest", ASCENDING)], unique=True),
        IndexModel([("shown.credential", ASCENDING), ("submitted_at", DESCENDING), _NEWEST]),
    ],
    "verifications": [
        IndexModel([("presentation", ASCENDING)], unique=True),
        IndexModel(
            [("verifier", ASCENDING), ("holder", ASCENDING), ("checked_at", DESCENDING), _NEWEST]
        ),
    ],
    "acceptances": [
        IndexModel([("credential", ASCENDING), ("accepted_at", DESCENDING), _NEWEST]),
        IndexModel([("verifier", ASCENDING), ("accepted_at", DESCENDING), _NEWEST]),
        IndexModel([("holder", ASCENDING), ("accepted_at", DESCENDING), _NEWEST]),
        IndexModel([("accepted_at", DESCENDING), _NEWEST]),
        IndexModel([("consent", ASCENDING)]),
        IndexModel([("verification", ASCENDING)]),
    ],
    "qualifications": _owned(("decided_at", DESCENDING), _NEWEST),
    "permissions": [
        *_owned(("changed_at", DESCENDING), _NEWEST),
        IndexModel(
            [("verifier", ASCENDING), ("holder", ASCENDING), ("product", ASCENDING)], unique=True
        ),
        IndexModel([("acceptances", ASCENDING)]),
        IndexModel([("verifier", ASCENDING), ("reacted_at", DESCENDING)]),
    ],
    "supplements": [
        *_owned(("requested_at", DESCENDING), _NEWEST),
        IndexModel([("acceptance", ASCENDING), ("state", ASCENDING)]),
        IndexModel([("state", ASCENDING), ("due_at", ASCENDING)]),
    ],
    # not unique: no entry of the log, however odd, may stop the follower
    "log_credentials": [
        IndexModel([("vc_hash", ASCENDING)]),
        IndexModel([("holder", ASCENDING), ("status", ASCENDING)]),
    ],
    "consent_uses": [],
    # asked for by id; made at the start, as a transaction that makes one hinders others
    "grounds": (),
    "log_consents": (),
    "log_decisions": (),
    "feed": [
        IndexModel([("audience", ASCENDING), ("index", ASCENDING)], unique=True),
        IndexModel([("endorsement", ASCENDING), ("index", DESCENDING), _NEWEST]),
    ],
    **institutions.INDEXES,
    **idempotent.INDEXES,
    **roots.INDEXES,
    **statuses.INDEXES,
}


class Store:
    """Tables by name; transactions are the caller's."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.bindings = Table(database["bindings"], Binding)
        self.requests = Table(database["requests"], Request)
        self.presentations = Table(database["presentations"], Presentation)
        self.verifications = Table(database["verifications"], Verification)
        self.acceptances = Table(database["acceptances"], Acceptance)
        self.qualifications = Table(database["qualifications"], Qualification)
        self.permissions = Table(database["permissions"], Permission)
        self.supplements = Table(database["supplements"], Supplement)
        self.credentials = Table(database["log_credentials"], CredentialOnLog)
        self.consents = Table(database["log_consents"], ConsentOnLog)
        self.feed = Table(database["feed"], Change)
        self._uses = database["consent_uses"]
        self.grounds = Table(database["grounds"], Ground)
        self.decided = Table(database["log_decisions"], DecisionOnLog)

    async def use(
        self, consent: ConsentId, holder: HolderId, verifier: InstitutionId, *, session: Session
    ) -> int:
        """One more use of a consent by her, at this verifier; how many there were with it."""
        row = await self._uses.find_one_and_update(
            {"_id": f"{consent}|{holder}|{verifier}"},
            {"$inc": {"used": 1}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        return int(row["used"]) if row else 0

    async def save(self, rows: Written, *, session: Session) -> None:
        """All of one sheet; a feed's change is new, every other row replaces what was there."""
        await self.credentials.put(rows.credentials, session=session)
        await self.consents.put(rows.consents, session=session)
        await self.acceptances.put(rows.acceptances, session=session)
        await self.permissions.put(rows.permissions, session=session)
        await self.supplements.put(rows.supplements, session=session)
        await self.feed.add(rows.changes, session=session)

    async def touched(
        self,
        *,
        credentials: Sequence[str],
        consents: Sequence[str],
        endorsed: Sequence[str],
        withdrawn: Sequence[str],
        acceptances: Sequence[str],
        session: Session,
    ) -> Known:
        """What a batch of the log may touch: its own rows, and all that rely on them."""
        relying = [
            *await self._live({"credential": {"$in": list(endorsed)}}, endorsed, session),
            *await self._live({"consent": {"$in": list(withdrawn)}}, withdrawn, session),
        ]
        rows = {row.id: row for row in relying}
        named = sorted({*rows, *acceptances})
        banded = sorted({row.verification for row in relying if row.band_agreed})
        return Known(
            credentials=await self.credentials.find(credentials, session=session),
            consents=await self.consents.find(consents, session=session),
            acceptances=tuple(rows.values()),
            permissions=await self.relying(named, session=session),
            supplements=await self.open_on(sorted(rows), session=session),
            verifications=await self.verifications.find(banded, session=session),
            beside=await self._beside(banded, session),
        )

    async def awaited(self, supplements: Sequence[Supplement], *, session: Session) -> Known:
        """What a decision about these supplements may touch."""
        ids = sorted({row.acceptance for row in supplements})
        rows = await self.acceptances.find(ids, session=session)
        return Known(
            acceptances=tuple(rows.values()),
            permissions=await self.relying(ids, session=session),
            supplements=await self.open_on(ids, session=session),
        )

    async def relied_on(self, verification: str, *, session: Session) -> Known:
        """What hangs on the proofs of one verification."""
        where = {"verification": verification, "state": {"$ne": AcceptanceState.ENDED.value}}
        rows = await self.acceptances.where(where, session=session)
        ids = [row.id for row in rows]
        return Known(
            acceptances=rows,
            permissions=await self.relying(ids, session=session),
            supplements=await self.open_on(ids, session=session),
        )

    async def told(self, audience: str, wanted: Wanted, after: int, limit: int) -> list[Change]:
        """The feed of one audience, ascending."""
        where: dict[str, Any] = {"audience": audience, "index": {"$gt": after}}
        if wanted.credentials:
            where["credential"] = {"$in": list(wanted.credentials)}
        if wanted.kinds:
            where["kind"] = {"$in": list(wanted.kinds)}
        return await self.feed.where(where, sort=[("index", ASCENDING)], limit=limit)

    async def relying(
        self, acceptances: Sequence[str], *, session: Session | None = None
    ) -> list[Permission]:
        """The permissions that rest on any of these acceptances."""
        if not acceptances:
            return []
        where = {"acceptances": {"$in": list(acceptances)}}
        return await self.permissions.where(where, limit=NO_LIMIT, session=session)

    async def reaction_time(self, verifier: str) -> float | None:
        """The median of a verifier's last suspensions, in seconds."""
        where = {"verifier": verifier, "reacted_at": {"$ne": None}}
        newest = (("reacted_at", DESCENDING),)
        rows = await self.permissions.where(where, sort=newest, limit=_LAST_REACTIONS)
        times = [row.reaction for row in rows if row.reaction is not None]
        return median(times) if times else None

    async def open_on(
        self, acceptances: Sequence[str], *, session: Session | None = None
    ) -> list[Supplement]:
        """The open supplements of these acceptances."""
        if not acceptances:
            return []
        where = {"acceptance": {"$in": list(acceptances)}, "state": SupplementState.OPEN.value}
        return await self.supplements.where(where, limit=NO_LIMIT, session=session)

    async def open_for(
        self, verifier: str, holder: str, *, session: Session | None = None
    ) -> list[Supplement]:
        """What a verifier waits for from a customer."""
        mine = {"verifier": verifier, "holder": holder, "state": SupplementState.OPEN.value}
        return await self.supplements.where(mine, session=session)

    def awaits(self, verifier: str, holder: str) -> Question[list[Supplement]]:
        """One of them, if there is any; to be asked with others."""
        mine = {"verifier": verifier, "holder": holder, "state": SupplementState.OPEN.value}
        return self.supplements.matching(mine, limit=1)

    async def _beside(self, verifications: Sequence[str], session: Session) -> list[Acceptance]:
        """All acceptances of these decisions."""
        if not verifications:
            return []
        where = {"verification": {"$in": list(verifications)}}
        return await self.acceptances.where(where, limit=NO_LIMIT, session=session)

    async def _live(
        self, where: Mapping[str, Any], asked: Sequence[str], session: Session
    ) -> list[Acceptance]:
        if not asked:
            return []
        live = {**where, "state": {"$ne": AcceptanceState.ENDED.value}}
        return await self.acceptances.where(live, limit=NO_LIMIT, session=session)
