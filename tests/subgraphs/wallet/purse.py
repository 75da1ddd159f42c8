"""The wallet's subgraph over real parts, and the holder's steps as short calls."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.port import EntryIndex, Envelope, LoggedEvent
from subgraphs.demo.pilot import CAITONG_FUND, GUOTAI_JUNAN, HUAAN_FUND
from subgraphs.holder.holder import Holder, HolderSignature, RegistrationRequest
from subgraphs.kit.agreements import CATALOGUE, AgreementStage
from subgraphs.kit.events import event
from subgraphs.kit.follow import Follower
from subgraphs.kit.ids import HolderId, InstitutionId, institution_id, new_id
from subgraphs.kit.mongo import Session
from subgraphs.kit.serve import asgi
from subgraphs.kit.viewer import Role
from subgraphs.vc.encoding import to_base64url
from subgraphs.vc.sealed_copy import seal_parts
from subgraphs.wallet.app import CUSTODIAN, custodian, follow, wire
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.ports import Custodian
from subgraphs.wallet.schema import schema
from subgraphs.wallet.store import INDEXES
from subgraphs.wallet.worker import Projections
from tests.subgraphs.kit.gateway import Answer, Who, an_institution
from tests.subgraphs.kit.world import World, running, settled, world_of

ISSUER = an_institution(Role.ISSUER, GUOTAI_JUNAN.uscc)
VERIFIER = an_institution(Role.VERIFIER, CAITONG_FUND.uscc)
OTHER_VERIFIER = an_institution(Role.VERIFIER, GUOTAI_JUNAN.uscc)
NO_VERIFIER = institution_id(HUAAN_FUND.uscc)
REGULATOR = Who(role=Role.REGULATOR)
ANALYST = Who(role=Role.ANALYST)
TOTAL = "/credentialSubject/total"
PREPARED = "preparedId payload payloadToSign expiresAt"
CONSENT = """consent { id purpose state validUntil document withdrawnAt grantedTo { id name }
    scope { claims totalAtLeast credentials } monitoring { granted until } }"""
_FIELD = "... on ValidationFailed { field } ... on NotFound { field }"
_STEP = "... on InvalidTransitionError { from to allowed }"
_MISSING = "... on AgreementRequired { missing { stage kind version } }"
_EXTRA = {
    "prepareAgreements": "... on ValidationFailed { field }",
    "registerRootDid": f"{_MISSING} "
    "... on ValidationFailed { field } "
    "... on RootDidAlreadyExists { did receipt }",
    "depositToCustody": f"{_FIELD} {_STEP} {_MISSING}",
    "prepareConsent": f"{_FIELD} {_MISSING}",
    "grantConsent": _FIELD,
    "prepareWalletClosure": "... on ValidationFailed { field }",
    "prepareHolderKeyRotation": f"... on ValidationFailed {{ field }} {_STEP}",
    "prepareRootDidDeactivation": f"... on ValidationFailed {{ field }} {_STEP}",
    "prepareKeyCompromiseReport": f"... on ValidationFailed {{ field }} {_STEP}",
    "startRecovery": f"... on ValidationFailed {{ field }} {_STEP}",
    "completeRecovery": f"... on ValidationFailed {{ field }} {_STEP}",
    "prepareRecoveryCancellation": f"... on ValidationFailed {{ field }} {_STEP}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A holder: her key, her app account, her identity document."""

    id: HolderId
    software: Holder
    name: str

    @property
    def who(self) -> Who:
        return Who(role=Role.HOLDER, holder=self.id)


def a_person(name: str = "ann", *, like: Person | None = None) -> Person:
    """Somebody with an app account; `like` another account of somebody with the same key."""
    software = like.software if like else Holder(PrivateKey.generate())
    return Person(id=HolderId(new_id("hold")), software=software, name=name)


@dataclass(slots=True, kw_only=True)
class Purse:
    """One wallet subgraph and everybody around it."""

    world: World
    parts: Parts
    follower: Follower[None]

    async def ask(
        self, document: str, variables: dict[str, object] | None = None, *, who: Who
    ) -> Answer:
        return await self.world.gateway.ask(document, variables, who=who)

    async def do(
        self, name: str, who: Who, success: str = "__typename", **arguments: object
    ) -> dict[str, Any]:
        """Run a mutation; the member of its result union."""
        kind = name[0].upper() + name[1:]
        extra = _EXTRA.get(name, f"{_FIELD} {_STEP}")
        document = (
            f"mutation($in: {kind}Input!) {{ {name}(input: $in) {{ __typename "
            f"... on DomainError {{ code message }} {extra} "
            f"... on {kind}Success {{ {success} }} }} }}"
        )
        result: dict[str, Any] = (await self.ask(document, {"in": arguments}, who=who)).only(name)
        return result

    async def settle(self) -> int:
        """Wait until everything queued is on the log and applied; the log's size."""
        return await settled(self.world.base, self.follower)

    async def events(self, kind: str) -> list[LoggedEvent]:
        """The events of a kind that are on the log."""
        size = await self.settle()
        found = await self.world.base.ledger.read(EntryIndex(0), size)
        return [one for one in found if one.envelope.kind == kind]

    async def replay(self, batch: Sequence[LoggedEvent], session: Session) -> None:
        """Take events in once more, as after a position that was lost."""
        parts = self.parts
        take = Projections(parts.store, parts.institutions, parts.outbox)
        await take(batch, session)

    def replace_parts(self, **changed: Any) -> None:
        """From now on with other terms, or behind other doors."""
        self.parts = replace(self.parts, **changed)
        self.world.gateway.app = _app(self.world, self.parts)

    @contextlib.asynccontextmanager
    async def with_custodian(self, other: Custodian) -> AsyncIterator[None]:
        """Another custodian for a while."""
        before = self.world.gateway.app
        self.world.gateway.app = _app(self.world, replace(self.parts, custodian=other))
        yield
        self.world.gateway.app = before

    # the holder's steps

    async def register(
        self, person: Person, *, client_id: str | None = None, **changed: Any
    ) -> dict[str, Any]:
        asked = registration_of(person)
        arguments: dict[str, object] = {
            "identityDocument": asked.identity_document,
            "publicKeyMultibase": asked.public_key_multibase,
            "payload": to_base64url(asked.payload),
            "proofOfPossession": asked.proof_of_possession,
            "faceAssertion": asked.face_assertion.as_json(),
            "clientMutationId": client_id,
            **changed,
        }
        return await self.do(
            "registerRootDid", person.who, "holder { id did didState } receipt", **arguments
        )

    async def registered(self, name: str = "ann") -> Person:
        """A person with a root DID."""
        person = a_person(name)
        done = await self.register(person)
        assert done["__typename"] == "RegisterRootDidSuccess", done
        return person

    async def agree(self, person: Person, stage: AgreementStage) -> dict[str, Any]:
        """She agrees to what a stage still asks for; the answer, or that there is nothing."""
        ready = await self.do("prepareAgreements", person.who, PREPARED, stage=stage.value)
        if ready["__typename"] != "PrepareAgreementsSuccess":
            return ready
        return await self.do(
            "signAgreements",
            person.who,
            "agreements { stage kind version digest document }",
            preparedId=ready["preparedId"],
            holderSignature=sign(person, ready).as_input(),
        )

    async def keeper(self, name: str = "ann") -> Person:
        """A person who may put copies into custody."""
        person = await self.registered(name)
        await self.agree(person, AgreementStage.CUSTODY)
        return person

    async def prepare(self, person: Person, **changed: object) -> dict[str, Any]:
        arguments: dict[str, object] = {
            "grantedTo": VERIFIER.institution,
            "purpose": "PRIVATE_FUND",
            "scope": {"claims": [TOTAL], "totalAtLeast": "3000000.00"},
            "validUntil": later(days=30),
            "monitoringUntil": later(days=90),
            **changed,
        }
        await self.agree(person, AgreementStage.USE)
        return await self.do("prepareConsent", person.who, PREPARED, **arguments)

    async def grant(
        self, person: Person, ready: dict[str, Any], *, client_id: str | None = None
    ) -> dict[str, Any]:
        return await self.submit("grantConsent", person, ready, client_id=client_id)

    async def granted(self, person: Person, **changed: object) -> dict[str, Any]:
        """A consent in force."""
        done = await self.grant(person, await self.prepare(person, **changed))
        assert done["__typename"] == "GrantConsentSuccess", done
        consent: dict[str, Any] = done["consent"]
        return consent

    async def withdraw(self, person: Person, consent_id: str) -> dict[str, Any]:
        ready = await self.do(
            "prepareConsentWithdrawal", person.who, PREPARED, consentId=consent_id
        )
        if ready["__typename"] != "PrepareConsentWithdrawalSuccess":
            return ready
        return await self.submit("withdrawConsent", person, ready)

    async def submit(
        self,
        name: str,
        person: Person,
        ready: dict[str, Any],
        *,
        signature: HolderSignature | None = None,
        client_id: str | None = None,
    ) -> dict[str, Any]:
        signed = signature or sign(person, ready)
        return await self.do(
            name,
            person.who,
            CONSENT,
            preparedId=ready["preparedId"],
            holderSignature=signed.as_input(),
            clientMutationId=client_id,
        )

    # what others write to the log

    async def activate(self, holder: HolderId, *, issuer: str | None = None) -> str:
        """A credential in force, as the issuer tells the log; its id."""
        credential = new_id("cred")
        await self.world.tell(credential_event("CREDENTIAL_ACTIVATED", credential, holder, issuer))
        await self.settle()
        return credential

    async def endorse(self, credential: str, holder: HolderId, **body: str) -> None:
        issuer = body.pop("issuer", None)
        told = credential_event("CREDENTIAL_ENDORSED", credential, holder, issuer, **body)
        await self.world.tell(told)
        await self.settle()

    async def bind(self, holder: HolderId, institution: Who, role: str) -> None:
        told = event(
            "CUSTOMER_BOUND",
            entity=new_id("bind"),
            version=1,
            subjects=[holder],
            institutions=[InstitutionId(str(institution.institution))],
            at=datetime.now(UTC),
            body={"role": role},
        )
        await self.world.tell(told)
        await self.settle()

    async def present(self, holder: HolderId, verifier: Who, *named: str) -> None:
        told = event(
            "PRESENTATION_SUBMITTED",
            entity=new_id("pres"),
            version=1,
            subjects=[holder, *named],
            institutions=[InstitutionId(str(verifier.institution))],
            at=datetime.now(UTC),
            body={"presentationDigest": "sm3:" + "0" * 64},
        )
        await self.world.tell(told)
        await self.settle()

    async def item_of(self, credential: str, person: Person) -> dict[str, Any]:
        found = await self.ask(
            "query($id: ID!) { node(id: $id) { ... on Credential { walletItem { id state label "
            "credential { id } custody { id state replicas ciphertextHash keyId } } } } }",
            {"id": credential},
            who=person.who,
        )
        item: dict[str, Any] = found.only("node")["walletItem"]
        return item


def registration_of(person: Person) -> RegistrationRequest:
    """Her wish for a root DID, with the texts of its stage read."""
    texts = [one.text for one in CATALOGUE if one.stage is AgreementStage.ROOT_DID]
    return person.software.registration(f"TEST-{person.name}", read=texts)


def sign(person: Person, ready: dict[str, Any]) -> HolderSignature:
    """The holder's software looks at what was prepared and signs it."""
    return person.software.sign_prepared(ready["payload"], ready["payloadToSign"], asked={})


def a_copy(*parts: bytes) -> str:
    """Something sealed in parts, as `ciphertext`."""
    return to_base64url(seal_parts(bytes(16), parts, secrets.token_bytes))


def later(**time: int) -> str:
    return (datetime.now(UTC) + timedelta(**time)).isoformat()


def credential_event(
    kind: str, credential: str, holder: HolderId, issuer: str | None = None, **body: str
) -> Envelope:
    """An issuer's word about a credential."""
    by = InstitutionId(issuer or str(ISSUER.institution))
    common: dict[str, str] = {"issuer": by, "vcHash": "sm3:" + "ab" * 32}
    own: dict[str, str] = {"validUntil": later(days=90), "asOf": "2026-11-20"}
    if kind == "CREDENTIAL_ENDORSED":
        own = {"effect": "SUSPEND", "reasonCode": "MATERIAL_DECREASE", "state": "SUSPENDED"}
    return event(
        kind,
        entity=new_id("endo"),
        version=1,
        subjects=[credential, holder],
        institutions=[by],
        at=datetime.now(UTC),
        body={**common, **own, **body},
    )


@contextlib.asynccontextmanager
async def purse_of(folder: Path, uri: str, prefix: str) -> AsyncIterator[Purse]:
    """The wallet with its follower running, institutions registered."""
    indexes = {name: list(models) for name, models in INDEXES.items()}
    async with world_of("wallet", indexes, folder=folder, uri=uri, prefix=prefix) as world:
        places = world.base.mongo.database(f"{prefix}_custody")
        at = custodian(CUSTODIAN, world.settings, places)
        parts = wire(world.base, identity=world.identity, custodian=at)
        follower = follow(world.base, parts)

        world.gateway.app = _app(world, parts)
        purse = Purse(world=world, parts=parts, follower=follower)
        async with running(follower.run):
            await world.register_institutions()
            await purse.settle()
            yield purse


def _app(world: World, parts: Parts) -> Starlette:
    async def health() -> dict[str, object]:
        return {}

    return asgi(schema, name="wallet", parts=parts, tokens=world.base.tokens, health=health)
