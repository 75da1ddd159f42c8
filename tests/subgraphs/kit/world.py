"""A deployment in small for one test: keys on disk, databases on the real mongod, a running log."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger_adapter.crypto.keys import load_private_key, save_private_key
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.crypto.wrapping import make_master
from ledger_adapter.port import Envelope, Shard
from ledger_adapter.sequencer import Sequencer, SequencerOptions, log_ref
from ledger_adapter.store.mongo import MongoLog, names
from subgraphs.demo.pilot import INSTITUTIONS, ZHENGTONG, PilotInstitution
from subgraphs.holder.holder import Holder
from subgraphs.kit.base import Base, open_base, wire
from subgraphs.kit.events import event
from subgraphs.kit.follow import Follower
from subgraphs.kit.identity import Application, HttpIdentityProvider
from subgraphs.kit.ids import HolderId, institution_id, new_id
from subgraphs.kit.mongo import IndexModel, Mongo, Session, create_indexes
from subgraphs.kit.settings import SERVICES, USUAL_WAIT, ServiceName, Settings
from subgraphs.kit.viewer import Role
from subgraphs.simulators.identity import INDEXES as IDENTITY_INDEXES
from subgraphs.simulators.identity import Register, identity_app
from subgraphs.vc.did import institution_did
from subgraphs.vc.multikey import encode_key
from subgraphs.vc.receipt import RootDidReceipt, document_digest
from tests.subgraphs.kit.gateway import ISSUER, Gateway, Who

SHARD = "test"
ORIGIN = "credgraph.example/log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A holder with her key, her app account and her receipt."""

    id: HolderId
    software: Holder
    name: str
    receipt: RootDidReceipt

    @property
    def who(self) -> Who:
        return Who(role=Role.HOLDER, holder=self.id)

    @property
    def did(self) -> str:
        return self.software.did


def settings_in(folder: Path, *, uri: str, prefix: str, context_key: Ed25519PrivateKey) -> Settings:
    """Settings over key files made in `folder`."""
    keys = folder / "keys"
    (keys / "institutions").mkdir(parents=True, exist_ok=True)
    (keys / "cursor.key").write_text(secrets.token_hex(16))
    public = context_key.public_key()
    (keys / "context.pem").write_bytes(
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    for one in INSTITUTIONS:
        save_private_key(key_file(keys / "institutions", one), PrivateKey.generate())
    for service in SERVICES:
        make_master(keys / "fields" / service, None)
    return Settings.from_mapping(settings_values(folder, uri=uri, prefix=prefix))


def settings_values(folder: Path, *, uri: str, prefix: str) -> dict[str, object]:
    """The section `subgraphs` of a settings file over that folder."""
    keys = folder / "keys"
    return {
        "mongodb": uri,
        "database_prefix": f"{prefix}_",
        "driver": "motor",
        "demo": True,
        "data": str(folder),
        "context": {"issuer": ISSUER, "public_key": str(keys / "context.pem")},
        "ledger": {"database": f"{prefix}_ledger", "origin": ORIGIN, "shard": SHARD},
        "identity_url": "http://identity",
        "listen": {
            "host": "127.0.0.1",
            **dict.fromkeys(("issuer", "wallet", "verifier", "audit", "identity"), "4999"),
        },
        "cursor_key": str(keys / "cursor.key"),
        "keys": str(keys / "institutions"),
        "field_keys": str(keys / "fields"),
    }


def key_file(folder: Path, one: PilotInstitution) -> Path:
    return folder / institution_id(one.uscc) / "key-1.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The shared ground of a subgraph's tests."""

    base: Base
    gateway: Gateway
    identity: HttpIdentityProvider

    @property
    def settings(self) -> Settings:
        return self.base.settings

    def beside(self, name: ServiceName) -> Base:
        """Another subgraph's parts on the same connection, to play what that one would do."""
        return wire(name, self.settings, self.base.mongo)

    async def tell(self, *envelopes: Envelope) -> None:
        """Put events as their own writers would."""

        async def work(session: Session) -> None:
            await self.base.outbox.put(session, *envelopes)

        await self.base.mongo.transaction(work)

    async def register_institutions(self) -> None:
        """What the audit subgraph's seed does."""
        await self.tell(*[self._registered(one) for one in INSTITUTIONS])

    def public_key(self, one: PilotInstitution) -> str:
        key = load_private_key(key_file(self.settings.keys, one))
        return encode_key(key.public_key)

    def _registered(self, one: PilotInstitution) -> Envelope:
        institution = institution_id(one.uscc)
        return event(
            "INSTITUTION_REGISTERED",
            entity=institution,
            version=1,
            subjects=[institution],
            institutions=[],
            at=datetime.now(UTC),
            body={
                "uscc": one.uscc,
                "name": one.name,
                "kind": one.kind,
                "roles": list(one.roles),
                "did": institution_did(institution),
                "publicKeyMultibase": self.public_key(one),
                "participation": "ACTIVE",
                "licences": [licence.as_json() for licence in one.licences],
            },
        )

    async def person(self, name: str, *, on_the_log: bool = True) -> Person:
        """Somebody registered with the identity provider, told to the log as the wallet does."""
        software = Holder(PrivateKey.generate())
        asked = software.registration(f"TEST-{name}")
        done = await self.identity.register(
            Application(
                identity_document=asked.identity_document,
                public_key_multibase=asked.public_key_multibase,
                proof_of_possession=asked.proof_of_possession,
                payload=asked.payload,
                face_assertion=asked.face_assertion.as_json(),
            )
        )
        holder = HolderId(new_id("hold"))
        if on_the_log:
            await self.tell(_root_did(holder, done.receipt))
        return Person(id=holder, software=software, name=name, receipt=done.receipt)


def _root_did(holder: HolderId, receipt: RootDidReceipt) -> Envelope:
    return event(
        "ROOT_DID_REGISTERED",
        entity=holder,
        version=1,
        subjects=[holder],
        institutions=[],
        at=datetime.now(UTC),
        body={"documentDigest": document_digest(receipt)},
    )


@contextlib.asynccontextmanager
async def world_of(
    name: ServiceName,
    indexes: dict[str, list[IndexModel]],
    *,
    folder: Path,
    uri: str,
    prefix: str,
) -> AsyncIterator[World]:
    """Open the ground for one subgraph; a log is sequenced beside it."""
    gateway = Gateway(audience=name)
    settings = settings_in(folder, uri=uri, prefix=prefix, context_key=gateway.key)
    async with open_base(name, settings, indexes) as base, sequencing(settings, base.mongo):
        identity = await identity_beside(base)
        try:
            yield World(base=base, gateway=gateway, identity=identity)
        finally:
            await identity.close()


async def identity_beside(
    base: Base,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    cooling: timedelta = USUAL_WAIT,
) -> HttpIdentityProvider:
    """The simulated identity provider, reached through its own HTTP face."""
    database = base.mongo.database(base.settings.database("identity"))
    await create_indexes(database, IDENTITY_INDEXES)
    key = load_private_key(key_file(base.settings.keys, ZHENGTONG))
    institution = institution_id(ZHENGTONG.uscc)
    register = Register(database, institution=institution, key=key, clock=clock, cooling=cooling)
    app = identity_app(register, health=lambda: database.command("ping"))
    return HttpIdentityProvider("http://identity", transport=httpx.ASGITransport(app=app))


@contextlib.asynccontextmanager
async def sequencing(settings: Settings, mongo: Mongo) -> AsyncIterator[None]:
    """The ledger process's work, in this process."""
    key = PrivateKey.generate()
    origin = f"{settings.ledger.origin}/{settings.ledger.shard}"
    log = log_ref(origin=origin, shard=settings.ledger.shard, first_key=key.public_key)
    store = MongoLog(mongo.database(settings.ledger.database), Shard(settings.ledger.shard))
    options = SequencerOptions(owner="test", checkpoint_seconds=0.2)
    async with running(Sequencer(store, log=log, key=key, options=options).run):
        yield


@contextlib.asynccontextmanager
async def running(*jobs: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Jobs beside a test; a job that dies fails the test."""
    tasks = [asyncio.create_task(_awaited(job)) for job in jobs]
    try:
        yield
    finally:
        dead = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in dead:
            task.result()  # why it died matters more than what waited for it


async def _awaited(job: Callable[[], Awaitable[None]]) -> None:
    await job()


async def settled(base: Base, follower: Follower[Any]) -> int:
    """Wait until everything queued is on the log and applied; the log's size."""
    ledger = base.mongo.database(base.settings.ledger.database)
    async with asyncio.timeout(30):
        while await ledger[names.QUEUE].count_documents({}):  # noqa: ASYNC110  # it is in the database
            await asyncio.sleep(0.003)
        # read the head as locally as the queue: the reader's majority view may be a moment behind
        head = await ledger[names.HEAD].find_one({"_id": base.settings.ledger.shard})
        size = int(head["size"]) if head else 0
        while follower.applied + 1 < size:  # noqa: ASYNC110  # the follower rings no bell
            await asyncio.sleep(0.003)
    return size
