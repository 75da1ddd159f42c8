"""The verifier's counter over real parts; issuer and wallet are played by their log entries."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from secrets import randbelow, token_bytes
from typing import Any

from ledger_adapter.crypto.keys import load_private_key
from ledger_adapter.port import EntryIndex, LoggedEvent
from subgraphs.demo.pilot import CAITONG_FUND, GUOTAI_JUNAN, GUOTAI_JUNAN_FUTURES, PilotInstitution
from subgraphs.holder.choose import HeldCredential, show
from subgraphs.holder.holder import Grant
from subgraphs.kit.events import event
from subgraphs.kit.ids import institution_id, new_id
from subgraphs.kit.serve import asgi
from subgraphs.kit.settings import DEFAULT_STATUS_BASE as STATUS_BASE
from subgraphs.kit.statuses import Place
from subgraphs.kit.viewer import Role
from subgraphs.simulators.customers import SimulatedCustomers
from subgraphs.vc import consent as consents
from subgraphs.vc import model, proofs
from subgraphs.vc.asset_proof import (
    ASSET_PROOF_1,
    ASSET_PROOF_2,
    AssetCategory,
    AssetLine,
    AssetProof,
)
from subgraphs.vc.consent import AtLeast, Consent, Monitoring
from subgraphs.vc.did import institution_did, method_id
from subgraphs.vc.disclosure import ClaimPath
from subgraphs.vc.encoding import to_base64url, to_time
from subgraphs.vc.guard import GuardFacts
from subgraphs.vc.money import Fen, parse_amount
from subgraphs.vc.presentation import Shown
from subgraphs.vc.proofs import ProofOptions, Purpose
from subgraphs.vc.status_list import LEAST_ENTRIES, StatusEntry
from subgraphs.vc.strict_json import JsonObject
from subgraphs.verifier.app import COPIES, CUSTODY_DATABASE, Doors, lent_copies, wire
from subgraphs.verifier.parts import Parts, Terms
from subgraphs.verifier.records import CredentialOnLog
from subgraphs.verifier.schema import schema
from subgraphs.verifier.store import INDEXES
from subgraphs.verifier.worker import Overdue
from tests.subgraphs.kit.gateway import Answer, Who, an_institution
from tests.subgraphs.kit.world import Person, World, key_file, running, settled, world_of

OWN = an_institution(Role.VERIFIER, CAITONG_FUND.uscc)
OTHER = an_institution(Role.VERIFIER, GUOTAI_JUNAN_FUTURES.uscc)
ISSUER = an_institution(Role.ISSUER, GUOTAI_JUNAN.uscc)
REGULATOR = Who(role=Role.REGULATOR)
CLOSE = date(2026, 11, 20)
PURPOSE = "PRIVATE_FUND_QUALIFICATION"
TOTAL = "/credentialSubject/total"
CLAIMS = (ClaimPath(TOTAL),)
RICH = {AssetCategory.BANK_DEPOSIT: "1200000.00", AssetCategory.STOCK: "2000000.00"}
EDGE = {AssetCategory.BANK_DEPOSIT: "2999999.99"}
TERMS = Terms(
    heartbeat=timedelta(seconds=0.2),
    freshness_wait=timedelta(seconds=3),
    custodian_waits=timedelta(seconds=30),
)
NOT_FOUND = "... on NotFound { field }"
ERRORS = f"... on DomainError {{ code message }} ... on ValidationFailed {{ field }} {NOT_FOUND}"
WITHOUT_NOT_FOUND = {"createPresentationRequest"}
TRANSITION = "... on InvalidTransitionError { from to allowed }"
CHECKS = """verification { id result checkedAtIndex checks { kind outcome reasonCode evidence }
  qualification { id outcome reasons { code metric shortBy } }
  acceptances { id state observedState credential { id } } presentation { id state } }"""
WITH_TRANSITION = {"verifyPresentation", "grantPermission", "decideReview"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A credential in its holder's keeping, and the ids the log knows it by."""

    id: str
    vc_hash: str
    held: HeldCredential
    issuer: PilotInstitution
    place: Place


@dataclass(slots=True, kw_only=True)
class Counter:
    """Short calls for the steps of the journey."""

    world: World
    parts: Parts
    overdue: Overdue
    shift: list[timedelta]

    async def ask(
        self, document: str, variables: Mapping[str, object] | None = None, *, who: Who
    ) -> Answer:
        return await self.world.gateway.ask(document, variables, who=who)

    async def do(
        self, name: str, who: Who, success: str = "__typename", **arguments: object
    ) -> dict[str, Any]:
        """Run a mutation; the member of its result union."""
        kind = name[0].upper() + name[1:]
        errors = ERRORS.replace(NOT_FOUND, "") if name in WITHOUT_NOT_FOUND else ERRORS
        transition = TRANSITION if name in WITH_TRANSITION else ""
        document = (
            f"mutation($in: {kind}Input!) {{ {name}(input: $in) {{ __typename {errors} "
            f"{transition} ... on {kind}Success {{ {success} }} }} }}"
        )
        answer = await self.ask(document, {"in": arguments}, who=who)
        result: dict[str, Any] = answer.only(name)
        return result

    async def settle(self) -> None:
        """Wait until everything queued is on the log and applied, reactions to it too."""
        before, after = -1, 0
        while before != after:
            before, after = after, await settled(self.world.base, self.parts.follower)

    async def events(self, kind: str = "", *, about: str = "") -> list[LoggedEvent]:
        """What is on the log, of one kind or about one subject."""
        size = await self.world.base.ledger.size()
        found = await self.world.base.ledger.read(EntryIndex(0), size)
        return [
            one
            for one in found
            if kind in ("", one.envelope.kind) and (not about or about in one.envelope.subjects)
        ]

    async def customer(self, name: str = "ann", *, who: Who = OWN) -> Person:
        """A person with a root DID, bound to a customer of the verifier."""
        person = await self.world.person(name)
        await self.settle()
        done = await self.bind(person, who=who)
        assert done["__typename"] == "BindCustomerSuccess", done
        return person

    async def bind(
        self, person: Person, *, who: Who = OWN, customer: str = "", **more: object
    ) -> dict[str, Any]:
        number = customer or f"CUST-{person.name}"
        return await self.do(
            "bindCustomer", who, "holder { id } did", customerNo=number, did=person.did, **more
        )

    async def paper(
        self,
        person: Person,
        lines: Mapping[AssetCategory, str] = RICH,
        *,
        issuer: PilotInstitution = GUOTAI_JUNAN,
        told: bool = True,
        valid_until: datetime | None = None,
        status: Sequence[StatusEntry] | None = None,
        as_of: date = CLOSE,
        guard: GuardFacts | None = None,
        created: timedelta = timedelta(),
    ) -> Paper:
        """A credential with both signatures, and what its issuer tells the log about it."""
        now = datetime.now(UTC).replace(microsecond=0) + created
        id_ = new_id("cred")
        place = Place(number=1, index=randbelow(LEAST_ENTRIES))
        named = place.entries(STATUS_BASE, institution_id(issuer.uscc))
        proof = AssetProof(
            credential_id=id_,
            credential_no="AP-1",
            issuer=institution_did(institution_id(issuer.uscc)),
            subject=person.software.did,
            as_of=as_of,
            valid_from=now,
            valid_until=valid_until or now + timedelta(days=90),
            lines=tuple(
                AssetLine(category=category, amount=parse_amount(amount))
                for category, amount in lines.items()
            ),
            status=named if status is None else tuple(status),
            guard=guard,
            schema=ASSET_PROOF_1 if guard is None else ASSET_PROOF_2,
        )
        key = load_private_key(key_file(self.world.settings.keys, issuer))
        concealed = model.build(proof, seed=token_bytes(32), salts=lambda: token_bytes(16))
        options = ProofOptions(
            verification_method=method_id(proof.issuer), purpose=Purpose.ASSERTION, created=now
        )
        ready = proofs.prepare(concealed.document, options)
        offered = proofs.attach(concealed.document, ready, key.sign(ready.payload))
        disclosures = tuple(item.encoded for item in concealed.disclosures)
        held = person.software.hold(signed(person, offered), disclosures, issuer_key=key.public_key)
        paper = Paper(id=id_, vc_hash=model.vc_hash(offered), held=held, issuer=issuer, place=place)
        if told:
            await self.activated(person, paper, now + timedelta(days=90), as_of)
        return paper

    async def activated(
        self, person: Person, paper: Paper, until: datetime, as_of: date = CLOSE
    ) -> None:
        issuer = institution_id(paper.issuer.uscc)
        await self.world.tell(
            event(
                "CREDENTIAL_ACTIVATED",
                entity=paper.id,
                version=4,
                subjects=[paper.id, person.id],
                institutions=[issuer],
                at=datetime.now(UTC),
                body={
                    "issuer": issuer,
                    "vcHash": paper.vc_hash,
                    "validUntil": to_time(until),
                    "asOf": as_of.isoformat(),
                    "statusList": paper.place.number,
                    "statusIndex": paper.place.index,
                },
            )
        )

    async def endorse(
        self,
        person: Person,
        paper: Paper,
        effect: str,
        state: str = "ACTIVE",
        *,
        version: int = 5,
        band: str | None = None,
    ) -> str:
        """What an issuer's endorsement tells the log."""
        issuer, id_ = institution_id(paper.issuer.uscc), new_id("endo")
        await self.world.tell(
            event(
                "CREDENTIAL_ENDORSED",
                entity=paper.id,
                version=version,
                subjects=[paper.id, id_, person.id],
                institutions=[issuer],
                at=datetime.now(UTC),
                body={
                    "issuer": issuer,
                    "vcHash": paper.vc_hash,
                    "effect": effect,
                    "reasonCode": "MATERIAL_DECREASE",
                    "state": state,
                    **({} if band is None else {"newTotalBand": band}),
                },
            )
        )
        return id_

    async def revoke(self, person: Person, row: CredentialOnLog) -> None:
        """The issuer's last word, about a credential the log knows."""
        await self.world.tell(
            event(
                "CREDENTIAL_ENDORSED",
                entity=row.id,
                version=9,
                subjects=[row.id, new_id("endo"), person.id],
                institutions=[row.issuer],
                at=datetime.now(UTC),
                body={
                    "issuer": row.issuer,
                    "vcHash": row.vc_hash,
                    "effect": "REVOKE",
                    "reasonCode": "MATERIAL_DECREASE",
                    "state": "REVOKED",
                },
            )
        )

    async def grant(
        self,
        person: Person,
        *,
        told: bool = True,
        monitoring: bool = True,
        to: PilotInstitution = CAITONG_FUND,
        claims: Sequence[ClaimPath] = CLAIMS,
        purpose: str = PURPOSE,
        uses: int | None = None,
    ) -> Grant:
        """A signed consent, and what the wallet tells the log about it."""
        now = datetime.now(UTC).replace(microsecond=0)
        until = now + timedelta(days=30)
        consent = Consent(
            consent_id=new_id("cons"),
            holder=person.software.did,
            granted_to=institution_did(institution_id(to.uscc)),
            purpose=purpose,
            claims=tuple(claims),
            predicates=(AtLeast(amount=Fen(300_000_000)),),
            monitoring=Monitoring(granted=monitoring, until=until if monitoring else None),
            valid_from=now,
            valid_until=until,
            uses=uses,
        )
        document = consents.build_consent(consent)
        ready = prepared(person, document)
        signature = person.software.sign_prepared(*ready, asked={})
        secured = attached(document, ready[0], signature.value)
        granted = person.software.grant(secured, signature.face_assertion)
        if told:
            await self.consent_event(
                person, granted, "CONSENT_GRANTED", monitoring=monitoring, to=to
            )
        return granted

    async def consent_event(
        self,
        person: Person,
        grant: Grant,
        kind: str,
        *,
        monitoring: bool = True,
        to: PilotInstitution = CAITONG_FUND,
    ) -> None:
        consent = consents.read_consent(grant.document)
        await self.world.tell(
            event(
                kind,
                entity=consent.consent_id,
                version=1,
                subjects=[consent.consent_id, person.id],
                institutions=[institution_id(to.uscc)],
                at=datetime.now(UTC),
                body={
                    "monitoring": monitoring,
                    "consentDigest": consents.consent_digest(grant.document),
                },
            )
        )

    async def request(self, person: Person, *, who: Who = OWN) -> dict[str, Any]:
        done = await self.do(
            "createPresentationRequest",
            who,
            "presentationRequest { id nonce audience expiresAt state }",
            customerNo=f"CUST-{person.name}",
            ruleSet="PRIVATE_FUND",
            purpose=PURPOSE,
        )
        assert done["__typename"] == "CreatePresentationRequestSuccess", done
        asked: dict[str, Any] = done["presentationRequest"]
        return asked

    async def submit(
        self, person: Person, request: Mapping[str, Any], presentation: object, **more: object
    ) -> dict[str, Any]:
        return await self.do(
            "submitPresentation",
            person.who,
            "presentation { id state }",
            requestId=request["id"],
            presentation=presentation,
            **more,
        )

    async def verify(self, submitted: Mapping[str, Any], *, who: Who = OWN) -> dict[str, Any]:
        assert submitted["__typename"] == "SubmitPresentationSuccess", submitted
        return await self.do(
            "verifyPresentation", who, CHECKS, presentationId=submitted["presentation"]["id"]
        )

    async def accepted(
        self, person: Person, lines: Mapping[AssetCategory, str] = RICH
    ) -> tuple[Paper, dict[str, Any]]:
        """The whole way to an accepted proof."""
        paper, grant = await self.paper(person, lines), await self.grant(person)
        await self.settle()
        return paper, await self.shown(person, paper, grant)

    async def shown(self, person: Person, paper: Paper, grant: Grant) -> dict[str, Any]:
        request = await self.request(person)
        submitted = await self.submit(person, request, present(person, request, [paper], grant))
        done = await self.verify(submitted)
        assert done["__typename"] == "VerifyPresentationSuccess", done
        verification: dict[str, Any] = done["verification"]
        await self.settle()
        return verification

    async def permitted(self, verification: Mapping[str, Any], **more: object) -> dict[str, Any]:
        return await self.do(
            "grantPermission",
            OWN,
            "permission { id state product }",
            qualificationId=verification["qualification"]["id"],
            product="PRIVATE_FUND",
            **more,
        )


async def state_of(counter: Counter, paper: Paper) -> tuple[str, str, str | None]:
    """Where the newest acceptance of a credential, its permission and its supplement stand."""
    answer = await counter.ask(
        """query($id: ID!) { node(id: $id) { ... on Credential { acceptances(first: 1) {
             edges { node { state permission { state } supplementRequest { state } } } } } } }""",
        {"id": paper.id},
        who=OWN,
    )
    (edge,) = answer.only("node")["acceptances"]["edges"]
    node = edge["node"]
    supplement = node["supplementRequest"]
    return node["state"], node["permission"]["state"], supplement and supplement["state"]


def prepared(person: Person, document: JsonObject) -> tuple[JsonObject, str]:
    """What a prepare step answers for the holder's assertion over a document."""
    options = ProofOptions(
        verification_method=person.software.method,
        purpose=Purpose.ASSERTION,
        created=datetime.now(UTC),
    )
    ready = proofs.prepare(document, options)
    return {"document": document, "proofConfig": ready.config}, to_base64url(ready.payload)


def attached(document: JsonObject, payload: JsonObject, value: str) -> JsonObject:
    """A document with the prepared proof and a signature in text form."""
    config = payload["proofConfig"]
    assert isinstance(config, dict)
    proof: JsonObject = {**config, "proofValue": value}
    return {**proofs.unsecured(document), "proof": [*proofs.proofs_of(document), proof]}


def signed(person: Person, document: JsonObject) -> JsonObject:
    """The document with the holder's assertion added."""
    ready = prepared(person, document)
    signature = person.software.sign_prepared(*ready, asked={})
    return attached(document, ready[0], signature.value)


def present(
    person: Person,
    request: Mapping[str, Any],
    papers: Sequence[Paper],
    grant: Grant | None,
    *,
    claims: Sequence[str] = (TOTAL,),
    shown: Sequence[Shown] | None = None,
    **changed: Any,
) -> JsonObject:
    """A presentation made by the holder's own software."""
    told: dict[str, Any] = {"nonce": request["nonce"], "audience": request["audience"], **changed}
    chosen = shown or [show(paper.held, claims=claims) for paper in papers]
    return person.software.present(chosen, grant=grant, receipt=person.receipt.raw, **told)


@contextlib.asynccontextmanager
async def counter_of(
    folder: Path, uri: str, prefix: str, *, follow: bool = True
) -> AsyncIterator[Counter]:
    """A verifier on its own databases, following its own log."""
    indexes = {name: list(models) for name, models in INDEXES.items()}
    async with world_of("verifier", indexes, folder=folder, uri=uri, prefix=prefix) as world:
        counter = wired(world)
        await world.register_institutions()
        async with contextlib.AsyncExitStack() as stack:
            if follow:
                await stack.enter_async_context(running(counter.parts.follower.run))
                await counter.settle()
            yield counter
            counter.parts.feed.close()


def served(world: World, parts: Parts) -> Any:
    """The verifier's app over these parts."""

    async def health() -> dict[str, object]:
        return {}

    return asgi(schema, name="verifier", parts=parts, tokens=world.gateway.tokens, health=health)


def wired(world: World) -> Counter:
    """A verifier process's parts; wired again, it is the same verifier restarted."""
    shift = [timedelta()]

    def clock() -> datetime:
        return datetime.now(UTC) + shift[0]

    places = world.base.mongo.database(f"{world.settings.database_prefix}{CUSTODY_DATABASE}")
    doors = Doors(
        identity=world.identity,
        customers=SimulatedCustomers(),
        copies=lent_copies(COPIES, world.settings, places),
        clock=clock,
    )
    parts = wire(world.base, doors, TERMS)
    world.gateway.app = served(world, parts)
    overdue = Overdue(mongo=world.base.mongo, store=parts.store, outbox=parts.outbox, terms=TERMS)
    return Counter(world=world, parts=parts, overdue=overdue, shift=shift)
