"""The issuer's, the wallet's and the identity provider's parts over rows in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.port import EntryIndex, Envelope, LoggedEvent, Position, Shard
from subgraphs.demo.loading.memory import NO_SESSION, MemoryDatabase, MemoryMongo
from subgraphs.demo.population.books import CoreSystem
from subgraphs.issuer import app as issuer
from subgraphs.issuer.parts import Parts as Issuer
from subgraphs.issuer.records import Credential
from subgraphs.issuer.store import Store as IssuerStore
from subgraphs.kit.base import Base
from subgraphs.kit.idempotent import Idempotent
from subgraphs.kit.identity import Application, IdentityProvider, Registration
from subgraphs.kit.ids import InstitutionId, institution_id
from subgraphs.kit.institutions import COLLECTION as REGISTER
from subgraphs.kit.institutions import InstitutionRow, Institutions
from subgraphs.kit.keystore import InstitutionKeys
from subgraphs.kit.mongo import Database, Document, Session
from subgraphs.kit.outbox import Outbox
from subgraphs.kit.prepared import Prepared
from subgraphs.kit.roots import Roots
from subgraphs.kit.statuses import Place, Statuses
from subgraphs.rules.scenarios import Scenario
from subgraphs.simulators.identity import USCC as PROVIDER
from subgraphs.simulators.identity import Register
from subgraphs.vc.encoding import to_base64url
from subgraphs.vc.proofing import parse_proofing
from subgraphs.vc.receipt import RootDidReceipt, parse_receipt
from subgraphs.vc.strict_json import check_object
from subgraphs.vc.tags import TagKey
from subgraphs.wallet import app as wallet
from subgraphs.wallet.parts import Parts as Wallet
from subgraphs.wallet.ports import Custodian

_NOWHERE: Final = Position(Shard("none"), EntryIndex(-1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Which of the places on status lists are this process's to give: those of its own remainder,
    so that processes beside each other never give one twice."""

    number: int = 0
    of: int = 1


class Told:
    """The log's queue, as the steps see it: what they tell is kept in its order."""

    def __init__(self) -> None:
        self.events: list[Envelope] = []

    async def put(self, envelopes: Sequence[Envelope], /, *, session: object) -> None:
        del session
        self.events += envelopes


class Provider:
    """The identity provider's register without its HTTP face, as far as loading asks it."""

    def __init__(self, register: Register) -> None:
        self._register = register

    async def register(self, application: Application, /) -> Registration:
        done = await self._register.register(
            {
                "identityDocument": application.identity_document,
                "publicKeyMultibase": application.public_key_multibase,
                "proofOfPossession": application.proof_of_possession,
                "payload": to_base64url(application.payload),
                "faceAssertion": check_object(dict(application.face_assertion)),
            }
        )
        return Registration(
            receipt=parse_receipt(done.receipt),
            created=done.created,
            proofing=parse_proofing(done.proofing),
        )

    async def match(self, did: str, identity_document: str, /) -> RootDidReceipt | None:
        found = await self._register.match({"did": did, "identityDocument": identity_document})
        return None if found is None else parse_receipt(found)

    async def tag_key(self, did: str, identity_document: str, /) -> TagKey | None:
        return await self._register.tag_key({"did": did, "identityDocument": identity_document})


class Given:
    """The places on status lists that are given away, as this process knows them: read once, then
    its own beside them. One that somebody else gives meanwhile is refused by the database."""

    def __init__(self, database: Database, share: Share) -> None:
        self._store, self._rows = IssuerStore(database), database["credentials"]
        self._share = share
        self._newest: dict[InstitutionId, int] = {}
        self._given: dict[tuple[InstitutionId, int], set[int]] = {}

    async def newest(self, issuer: InstitutionId) -> int:
        if issuer not in self._newest:
            self._newest[issuer] = await self._store.newest_list(issuer)
        return self._newest[issuer]

    async def those(self, issuer: InstitutionId, number: int, drawn: Sequence[int]) -> set[int]:
        given = await self._of(issuer, number)
        others = {one for one in drawn if one % self._share.of != self._share.number}
        return others | given.intersection(drawn)

    async def give(self, issuer: InstitutionId, place: Place) -> None:
        (await self._of(issuer, place.number)).add(place.index)
        self._newest[issuer] = max(await self.newest(issuer), place.number)

    async def _of(self, issuer: InstitutionId, number: int) -> set[int]:
        found = self._given.get((issuer, number))
        if found is None:
            where = {"issuer": issuer, "status_list": number, "status_index": {"$exists": True}}
            rows = await self._rows.find(where, {"_id": 0, "status_index": 1}).to_list(None)
            found = self._given[issuer, number] = {row["status_index"] for row in rows}
        return found


class Places(IssuerStore):
    """The issuer's store, in memory or not; it gives no place twice."""

    def __init__(self, database: Database, given: Given) -> None:
        super().__init__(database)
        self._given = given

    async def newest_list(self, issuer: InstitutionId, /) -> int:
        return await self._given.newest(issuer)

    async def taken(self, issuer: InstitutionId, number: int, drawn: Sequence[int], /) -> set[int]:
        return await self._given.those(issuer, number, drawn)

    async def replace(self, row: Credential, session: Session) -> bool:
        if row.offer is not None and row.offer.place is not None:
            await self._given.give(row.issuer, row.offer.place)
        return await super().replace(row, session)


class Known(Institutions):
    """The register of these rows, read once: nothing that is loaded changes it."""

    def __init__(self, rows: MemoryDatabase) -> None:
        super().__init__(rows.database)
        self._read: dict[InstitutionId, InstitutionRow] | None = None

    async def _by(self, field: str, values: Sequence[str]) -> dict[InstitutionId, InstitutionRow]:
        if self._read is None:
            every = await self._rows.find({}).to_list(None)
            self._read = await super()._by("_id", [row["_id"] for row in every])
        name = "id" if field == "_id" else field
        return {id_: row for id_, row in self._read.items() if getattr(row, name) in values}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """The three for one batch of people. `log` stands in for the log until the batch is on it."""

    issuer: Issuer
    wallet: Wallet
    databases: dict[str, MemoryDatabase]
    told: Told

    async def heard(self, since: int) -> None:
        """The issuer hears of root DIDs and agreements told from `since` on, as from the log."""
        events = [_heard(one) for one in self.told.events[since:]]
        await self.issuer.roots.apply(events, NO_SESSION)
        await self.issuer.agreed.apply(events, NO_SESSION)


def _heard(envelope: Envelope) -> LoggedEvent:
    return LoggedEvent(position=_NOWHERE, envelope=envelope, entry=b"", leaf_hash=b"", salt=b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What every batch of a process stands on; `key` is the identity provider's, `keys` those of
    all institutions, each read once."""

    issuer: Base
    wallet: Base
    key: PrivateKey
    keys: InstitutionKeys
    institutions: Sequence[Document]
    scenario: Scenario
    given: Given
    custodian: Custodian


def rooms(ground: Ground, taken: int) -> Rooms:
    """Empty rooms that know the register; `taken` places of the scenario are given away."""
    known = {REGISTER: ground.institutions}
    counted = [{"_id": ground.scenario.key, "taken": taken}]
    databases = {
        "issuer": MemoryDatabase({**known, "scenarios": counted}),
        "wallet": MemoryDatabase(known),
        "identity": MemoryDatabase(),
    }
    told, provider = Told(), provider_over(ground, databases["identity"])
    return Rooms(
        issuer=issuer_over(ground, databases["issuer"], told, provider),
        wallet=wallet_over(ground, databases["wallet"], told, provider),
        databases=databases,
        told=told,
    )


def provider_over(ground: Ground, rows: MemoryDatabase) -> IdentityProvider:
    """The identity provider's answers from these rows; nobody loaded recovers a key."""
    institution = institution_id(PROVIDER)
    register = Register(rows.database, institution=institution, key=ground.key)
    return cast("IdentityProvider", Provider(register))


def issuer_over(
    ground: Ground, rows: MemoryDatabase, told: Told, provider: IdentityProvider
) -> Issuer:
    """The issuer's parts over these rows and this queue."""
    base = in_memory(ground.issuer, rows, told)
    wired = issuer.wire(base, identity=provider, core_system=CoreSystem())
    places = Places(rows.database, ground.given)
    return replace(wired, store=places, scenario=ground.scenario, keys=ground.keys)


def wallet_over(
    ground: Ground, rows: MemoryDatabase, told: Told, provider: IdentityProvider
) -> Wallet:
    """The wallet's, likewise."""
    base = in_memory(ground.wallet, rows, told)
    wired = wallet.wire(base, identity=provider, custodian=ground.custodian)
    return replace(wired, keys=ground.keys)


def in_memory(base: Base, rows: MemoryDatabase, told: Told) -> Base:
    """The same over these rows and this queue."""
    database = rows.database
    return replace(
        base,
        database=database,
        outbox=Outbox(told),
        institutions=Known(rows),
        roots=Roots(database),
        statuses=Statuses(database),
        prepared=Prepared(database),
        idempotent=Idempotent(MemoryMongo().mongo, database, base.holder_keys),
    )
