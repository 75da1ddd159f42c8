"""Audit over real parts, and a small story told to the log as its writers would tell it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ledger_adapter.crypto.sm2 import PublicKey
from ledger_adapter.port import Envelope, JsonValue
from ledger_adapter.store.mongo import names
from ledger_adapter.verify import Trust, load_trust, write_trust
from subgraphs.audit.app import doors, follow, wire
from subgraphs.audit.parts import Parts
from subgraphs.audit.records import EventRow
from subgraphs.audit.store import INDEXES
from subgraphs.demo.pilot import CAITONG_FUND, GUOTAI_JUNAN, HUAAN_FUND
from subgraphs.kit.events import event
from subgraphs.kit.follow import Follower
from subgraphs.kit.ids import InstitutionId, derived_id, institution_id
from subgraphs.kit.viewer import Role
from tests.subgraphs.kit.gateway import Answer, Who, an_institution
from tests.subgraphs.kit.world import World, running, settled, world_of

ISSUER = institution_id(GUOTAI_JUNAN.uscc)
VERIFIER = institution_id(CAITONG_FUND.uscc)
STRANGER = institution_id(HUAAN_FUND.uscc)
HASH = "sm3:" + "ab" * 32
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)

ISSUER_DESK = an_institution(Role.ISSUER, GUOTAI_JUNAN.uscc)
VERIFIER_DESK = an_institution(Role.VERIFIER, CAITONG_FUND.uscc)
OTHER_DESK = an_institution(Role.VERIFIER, HUAAN_FUND.uscc)
REGULATOR = Who(role=Role.REGULATOR)
ANALYST = Who(role=Role.ANALYST)


@dataclass(frozen=True, slots=True)
class Case:
    """One holder with one credential and what follows from it; the name makes all ids."""

    name: str

    def id(self, prefix: str) -> str:
        return derived_id(prefix, self.name)

    @property
    def who(self) -> Who:
        return Who(role=Role.HOLDER, holder=self.id("hold"))

    def event(
        self,
        kind: str,
        subjects: str,
        institution: InstitutionId | None,
        version: int = 1,
        **body: JsonValue,
    ) -> Envelope:
        """`subjects` are id prefixes; the first is the entity."""
        ids = [self.id(prefix) for prefix in subjects.split()]
        return event(
            kind,
            entity=ids[0],
            version=version,
            subjects=ids,
            institutions=[institution] if institution else [],
            at=AT,
            body=body,
        )

    def activated(self) -> list[Envelope]:
        return [
            self.event("CREDENTIAL_REQUESTED", "cred hold", ISSUER, 1, issuer=ISSUER),
            self.event(
                "CREDENTIAL_ACTIVATED",
                "cred hold",
                ISSUER,
                4,
                issuer=ISSUER,
                vcHash=HASH,
                validUntil="2027-11-22",
                asOf="2026-11-22",
            ),
        ]

    def agreed(self, stage: str, version: int) -> Envelope:
        """One text of a stage, signed in one of its versions."""
        return event(
            "AGREEMENT_SIGNED",
            entity=f"{self.id('hold')}:{stage}.UNDERTAKING",
            version=version,
            subjects=[self.id("hold")],
            institutions=[],
            at=AT,
            body={
                "agreementStage": stage,
                "agreement": "UNDERTAKING",
                "version": version,
                "textDigest": HASH,
                "documentDigest": HASH,
            },
        )

    def consented(self) -> Envelope:
        return self.event("CONSENT_GRANTED", "cons hold", VERIFIER, monitoring=True)

    def presented(self) -> Envelope:
        return self.event(
            "PRESENTATION_SUBMITTED", "pres hold cred", VERIFIER, presentationDigest=HASH
        )

    def accepted(self, by: InstitutionId = VERIFIER, acceptance: str = "accp") -> Envelope:
        ids = [derived_id(acceptance, self.name, by), self.id("cred"), self.id("hold")]
        return event(
            "CREDENTIAL_ACCEPTED",
            entity=ids[0],
            version=1,
            subjects=ids,
            institutions=[by],
            at=AT,
            body={"vcHash": HASH, "verifier": by},
        )

    def ended(self, by: InstitutionId = VERIFIER) -> Envelope:
        ids = [derived_id("accp", self.name, by), self.id("cred"), self.id("hold")]
        return event(
            "ACCEPTANCE_ENDED",
            entity=ids[0],
            version=2,
            subjects=ids,
            institutions=[by],
            at=AT,
            body={"reasonCode": "CONSENT_WITHDRAWN"},
        )

    def endorsed(self, number: int = 1) -> Envelope:
        endorsement = derived_id("endo", self.name, str(number))
        return event(
            "CREDENTIAL_ENDORSED",
            entity=endorsement,
            version=1,
            subjects=[self.id("cred"), endorsement, self.id("hold")],
            institutions=[ISSUER],
            at=AT,
            body={
                "issuer": ISSUER,
                "vcHash": HASH,
                "effect": "REDUCED",
                "reasonCode": "ASSETS_MOVED",
                "state": "ACTIVE",
            },
        )

    def decided(self) -> Envelope:
        return self.event(
            "QUALIFICATION_DECIDED", "qual hold", VERIFIER, outcome="QUALIFIED", ruleSet="PF"
        )

    def whole(self) -> list[Envelope]:
        """Request to endorsement."""
        return [
            *self.activated(),
            self.consented(),
            self.presented(),
            self.accepted(),
            self.decided(),
            self.endorsed(),
        ]


@dataclass(slots=True, kw_only=True)
class Desk:
    world: World
    parts: Parts
    follower: Follower[EventRow]
    trust: Trust

    async def ask(
        self, document: str, variables: dict[str, object] | None = None, *, who: Who
    ) -> Answer:
        return await self.world.gateway.ask(document, variables, who=who)

    async def tell(self, *envelopes: Envelope) -> None:
        """Events on the log and applied."""
        await self.world.tell(*envelopes)
        await settled(self.world.base, self.follower)

    async def signed(self) -> None:
        """Wait until a checkpoint covers everything."""
        size = await self.parts.ledger.size()
        while True:
            head = await self.parts.ledger.latest_checkpoint()
            if head is not None and head.tree_size >= size:
                return

    async def entities(
        self, representations: Sequence[dict[str, object]], selection: str, who: Who
    ) -> list[Any]:
        answer = await self.ask(
            f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ {selection} }} }}",
            {"r": list(representations)},
            who=who,
        )
        found: list[Any] = answer.only("_entities")
        return found


async def trust_of(world: World) -> Trust:
    """Trust in the key that the log of this world was opened with."""
    heads = world.base.mongo.database(world.settings.ledger.database)[names.HEAD]
    while (head := await heads.find_one({})) is None:
        pass
    path = world.settings.data / "trust.json"
    write_trust(path, origin=head["origin"], keys=[PublicKey.from_bytes(head["publicKey"])])
    return load_trust(path)


@contextlib.asynccontextmanager
async def desk_of(folder: Path, uri: str, prefix: str) -> AsyncIterator[Desk]:
    """Audit, ready to serve, with the pilot's institutions registered."""
    indexes = {name: list(models) for name, models in INDEXES.items()}
    async with (
        world_of("audit", indexes, folder=folder, uri=uri, prefix=prefix) as world,
        desk_in(world) as desk,
    ):
        await world.register_institutions()
        await settled(world.base, desk.follower)
        yield desk


@contextlib.asynccontextmanager
async def desk_in(world: World) -> AsyncIterator[Desk]:
    """Audit over what the log of a world holds."""
    trust = await trust_of(world)
    parts = wire(world.base, trust)
    follower = follow(world.base, parts)

    async def health() -> dict[str, object]:
        return {"position": follower.applied}

    world.gateway.app = doors(world.base, parts, health)
    async with running(follower.run):
        yield Desk(world=world, parts=parts, follower=follower, trust=trust)
