"""An investor's journey, step by step, as her software and the two desks would walk it.

Each method is one step through the gateway and keeps what later steps need. A step may be called
again after a crash: it sends the same idempotency key and gets the same answer.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

from ledger_adapter.crypto import multikey, sm2
from subgraphs.demo.answers import (
    PATIENCE_SECONDS,
    RefusedAsData,
    at,
    items,
    mutate,
    raise_refusal,
    settled,
    text,
)
from subgraphs.demo.client import Client, Json
from subgraphs.demo.deployment import DemoError
from subgraphs.demo.pilot import CAITONG_FUND, GUOTAI_JUNAN
from subgraphs.holder.choose import HeldCredential, show_at_least
from subgraphs.holder.holder import Grant, Holder, HolderSignature
from subgraphs.kit.ids import InstitutionId, institution_id, new_id
from subgraphs.vc.did import Did, institution_did
from subgraphs.vc.encoding import to_base64url, to_time
from subgraphs.vc.money import parse_amount
from subgraphs.vc.presentation import Shown
from subgraphs.vc.strict_json import JsonObject

ISSUER = institution_id(GUOTAI_JUNAN.uscc)
VERIFIER = institution_id(CAITONG_FUND.uscc)
RULE_SET = "PRIVATE_FUND"
PURPOSE = "QUALIFIED_INVESTOR"
THRESHOLD = "3000000.00"
PRODUCT = "PRIVATE_FUND_SUBSCRIPTION"
YEAR = timedelta(days=365)
_TEXTS = "query Texts($stage: AgreementStage) { agreements(stage: $stage) { text } }"
_PLACE = "query Place($id: ID!) { node(id: $id) { ... on Consent { chainProof { leafIndex } } } }"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actors:
    """The separate clients of one journey, each with its own token."""

    holder: Client
    issuer: Client
    verifier: Client


@dataclass(slots=True, kw_only=True)
class Person:
    """A synthetic person: her key, and the numbers under which institutions know her."""

    name: str = field(default_factory=lambda: secrets.token_hex(6))
    holder_id: str = field(default_factory=lambda: new_id("hold"))
    profile: str = "RICH"
    software: Holder = field(default_factory=lambda: Holder(sm2.PrivateKey.generate()))

    @property
    def identity_document(self) -> str:
        """An identity document that can't be anybody's."""
        return f"TEST-{self.name}"

    @property
    def account_no(self) -> str:
        """Her account in the issuer's simulated core system."""
        return f"SIM-{self.profile}-{self.name}"

    @property
    def customer_no(self) -> str:
        """Her number in the verifier's simulated customer register."""
        return f"CUST-{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """An issuing institution, and what its simulated books know of the person."""

    institution: InstitutionId = ISSUER
    profile: str
    categories: tuple[str, ...] = ("BANK_DEPOSIT", "STOCK", "FUND_UNIT")


class Journey:
    """One person's way from an identity to a permission, and what may happen afterwards."""

    def __init__(self, actors: Actors, person: Person, house: House | None = None) -> None:
        self.actors = actors
        self.person = person
        self.house = house or House(profile=person.profile)
        self.verifier = VERIFIER
        self.scope: tuple[str, ...] = ()
        self.receipt: JsonObject = {}
        self.credential_id = ""
        self.vc_hash = ""
        self.held: HeldCredential | None = None
        self.request: Json = {}
        self.grant: Grant | None = None
        self.presentation: JsonObject = {}
        self.presentation_id = ""
        self.qualification_id = ""
        self.permission_id = ""
        self._keys: dict[str, str] = {}
        self._prepared: dict[str, Json] = {}
        self._signed: dict[str, JsonObject] = {}
        self._consent: HolderSignature | None = None
        self.consent_id = ""

    def _key(self, step: str) -> str:
        return self._keys.setdefault(step, secrets.token_hex(16))

    async def _prepare(self, name: str, **fields: object) -> Json:
        """What a prepare step answered, once: after a crash the same payload is handed in again."""
        if name not in self._prepared:
            self._prepared[name] = await mutate(self.actors.holder, name, **fields)
        return self._prepared[name]

    def _sign_once(self, step: str, sign: Callable[[], HolderSignature]) -> JsonObject:
        """One signature for one step: a step sent again under its key has to be the same."""
        if step not in self._signed:
            self._signed[step] = sign().as_input()
        return self._signed[step]

    async def register_root_did(self) -> Json:
        """The root DID; a second call answers the refusal that names the existing one."""
        asked = self.person.software.registration(
            self.person.identity_document, read=await self._texts("ROOT_DID")
        )
        result = await settled(
            self.actors.holder,
            "register-root-did",
            identityDocument=asked.identity_document,
            publicKeyMultibase=asked.public_key_multibase,
            payload=to_base64url(asked.payload),
            proofOfPossession=asked.proof_of_possession,
            faceAssertion=asked.face_assertion.as_json(),
        )
        if result.get("receipt"):
            self.receipt = cast("JsonObject", result["receipt"])
        raise_refusal(result)
        return result

    async def _texts(self, stage: str) -> list[str]:
        """What there is to read before a stage."""
        data = await self.actors.holder.ask(_TEXTS, {"stage": stage})
        return [text(one, "text") for one in items(data, "agreements")]

    async def agree(self, stage: str) -> None:
        """The holder reads what a stage still asks for, and signs it; nothing if there is none."""
        prepared = await settled(self.actors.holder, "prepare-agreements", stage=stage)
        if prepared.get("code") == "AGREEMENTS_ALREADY_SIGNED":
            return
        raise_refusal(prepared)
        signature = self.person.software.sign_agreements(
            prepared["payload"],
            text(prepared, "payloadToSign"),
            read=[*await self._texts("ROOT_DID"), *await self._texts(stage)],
        )
        await mutate(
            self.actors.holder,
            "sign-agreements",
            preparedId=prepared["preparedId"],
            holderSignature=signature.as_input(),
        )

    async def _prepare_agreed(self, stage: str, name: str, **fields: object) -> Json:
        """A prepare step of a subgraph that hears from the log what she agrees to in her wallet."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while True:
            try:
                return await self._prepare(name, **fields)
            except RefusedAsData as refused:
                late = asyncio.get_running_loop().time() > deadline
                if late or refused.refusal != "AGREEMENT_REQUIRED":
                    raise
            await self.agree(stage)
            await asyncio.sleep(0.1)

    async def bind_account(self) -> Json:
        """The issuer's desk matches its customer account to the root DID."""
        return await mutate(
            self.actors.issuer,
            "bind-customer-account",
            accountNo=f"SIM-{self.house.profile}-{self.person.name}",
            did=self.person.software.did,
            clientMutationId=self._key("bind-account"),
        )

    async def prepare_request(self) -> Json:
        """What the holder signs to ask for a credential."""
        return await self._prepare_agreed(
            "ISSUANCE",
            "prepare-credential-request",
            issuerId=self.house.institution,
            categories=list(self.house.categories),
            purpose=PURPOSE,
        )

    async def sign_request(self) -> JsonObject:
        """Her signature on the wish, made once."""
        prepared = await self.prepare_request()
        return self._sign_once("request", lambda: self._sign_request(prepared))

    async def request_credential(self) -> Json:
        """The holder signs her wish; without it no issuer starts."""
        prepared = await self.prepare_request()
        done = await mutate(
            self.actors.holder,
            "request-credential",
            preparedId=prepared["preparedId"],
            holderSignature=await self.sign_request(),
            clientMutationId=self._key("request"),
        )
        self.credential_id = text(done, "credential", "id")
        return done

    def _sign_request(self, prepared: Json) -> HolderSignature:
        return self.person.software.sign_prepared(
            prepared["payload"], text(prepared, "payloadToSign"), asked={"purpose": PURPOSE}
        )

    async def compile_draft(self) -> Json:
        """The issuer's desk compiles from its own records."""
        return await self._desk("compile-credential-draft")

    async def issue(self) -> Json:
        """The issuer signs and offers."""
        return await self._desk("issue-credential")

    async def _desk(self, name: str, **fields: object) -> Json:
        key = self._key(name)
        return await mutate(
            self.actors.issuer,
            name,
            credentialId=self.credential_id,
            clientMutationId=key,
            **fields,
        )

    async def prepare_countersignature(self) -> Json:
        """The offer in full, and the bytes to sign."""
        return await self._prepare("prepare-countersignature", credentialId=self.credential_id)

    async def sign_offer(self) -> JsonObject:
        """Her signature on the offer, made once, after she has checked all of it."""
        if "countersign" in self._signed:
            return self._signed["countersign"]
        prepared = await self.prepare_countersignature()
        issuer_key = await self.institution_key(self.house.institution)
        return self._sign_once(
            "countersign",
            lambda: self.person.software.countersign(
                prepared["payload"], text(prepared, "payloadToSign"), issuer_key=issuer_key
            ),
        )

    async def hand_in_countersignature(self) -> Json:
        """The signed offer goes back; the credential is in force."""
        prepared = await self.prepare_countersignature()
        return await mutate(
            self.actors.holder,
            "countersign-credential",
            preparedId=prepared["preparedId"],
            holderSignature=await self.sign_offer(),
            clientMutationId=self._key("countersign"),
        )

    async def countersign(self) -> Json:
        """The holder checks the offer and adds her signature; the key stays with her."""
        return await self.keep(await self.hand_in_countersignature())

    async def keep(self, done: Json) -> Json:
        """She takes the credential into her own keeping, checked once more."""
        prepared = await self.prepare_countersignature()
        issuer_key = await self.institution_key(self.house.institution)
        disclosures = cast("list[str]", at(prepared, "payload", "disclosures"))
        self.vc_hash = text(done, "credential", "vcHash")
        self.held = self.person.software.hold(
            at(done, "credential", "document"), disclosures, issuer_key=issuer_key
        )
        return done

    async def institution_key(self, institution: str) -> sm2.PublicKey:
        """An institution's key from the public trust register."""
        data = await self.actors.holder.ask(
            "query TrustRegister { trustRegister(first: 100) { edges { node {"
            " institution { id } did publicKeyMultibase } } } }"
        )
        for edge in items(data, "trustRegister", "edges"):
            if text(edge, "node", "institution", "id") == institution:
                return multikey.decode(text(edge, "node", "publicKeyMultibase"))
        raise DemoError(f"{institution} is not on the trust register")

    async def bind_verifier_customer(self) -> Json:
        """The verifier's desk matches the root DID to its own real-name customer."""
        return await mutate(
            self.actors.verifier,
            "bind-customer",
            customerNo=self.person.customer_no,
            did=self.person.software.did,
            clientMutationId=self._key("bind-customer"),
        )

    async def ask_presentation(self) -> Json:
        """The verifier's desk asks for a presentation; the nonce is good for one."""
        done = await mutate(
            self.actors.verifier,
            "create-presentation-request",
            customerNo=self.person.customer_no,
            ruleSet=RULE_SET,
            purpose=PURPOSE,
        )
        self.request = cast("Json", done["presentationRequest"])
        return done

    async def consent(self) -> Json:
        """The holder consents: purpose, scope, this verifier, monitoring."""
        until = to_time(datetime.now(UTC) + YEAR)
        await self.agree("USE")
        prepared = await self._prepare(
            "prepare-consent",
            grantedTo=self.verifier,
            purpose=PURPOSE,
            scope={"totalAtLeast": THRESHOLD, "claims": list(self.scope)},
            monitoringUntil=until,
            validUntil=until,
        )
        if self._consent is None:
            self._consent = self.person.software.sign_prepared(
                prepared["payload"],
                text(prepared, "payloadToSign"),
                asked={"purpose": PURPOSE, "grantedTo": institution_did(self.verifier)},
            )
        done = await mutate(
            self.actors.holder,
            "grant-consent",
            preparedId=prepared["preparedId"],
            holderSignature=self._consent.as_input(),
            clientMutationId=self._key("consent"),
        )
        self.grant = self.person.software.grant(
            at(done, "consent", "document"), self._consent.face_assertion
        )
        self.consent_id = text(done, "consent", "id")
        return done

    async def on_log(self) -> None:
        """Wait until the consent has its place on the log, and with it what was written before.

        A verifier's decision stands on the log: what is shown before is there is refused for good.
        """
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while True:
            data = await self.actors.holder.ask(_PLACE, {"id": self.consent_id})
            if at(data, "node", "chainProof") is not None:
                return
            if asyncio.get_running_loop().time() > deadline:
                raise DemoError("the log has not taken the consent in yet: does the ledger run?")
            await asyncio.sleep(0.1)

    def build_presentation(
        self,
        *,
        audience: Did | None = None,
        held: HeldCredential | None = None,
        request: Json | None = None,
        shown: Sequence[Shown] | None = None,
    ) -> JsonObject:
        """A presentation for the verifier's request, proving at least the threshold unless it is
        said what is shown."""
        credential = held or self.held
        if credential is None and shown is None:
            raise DemoError("there is no credential to present yet")
        asked = request or self.request
        at_least = [credential] if credential else []
        return self.person.software.present(
            shown or show_at_least(at_least, parse_amount(THRESHOLD)),
            grant=self.grant,
            receipt=self.receipt,
            nonce=text(asked, "nonce"),
            audience=audience or Did(text(asked, "audience")),
        )

    async def submit(self) -> Json:
        """The presentation for the verifier's request, once what it shows is on the log."""
        if self.consent_id:
            await self.on_log()
        if not self.presentation:
            self.presentation = self.build_presentation()
        return await self.hand_in(self.presentation, clientMutationId=self._key("submit"))

    async def hand_in(self, presentation: JsonObject, **fields: object) -> Json:
        """Any presentation reaches the verifier, answering its latest request."""
        done = await mutate(
            self.actors.holder,
            "submit-presentation",
            requestId=text(self.request, "id"),
            presentation=presentation,
            **fields,
        )
        self.presentation_id = text(done, "presentation", "id")
        return done

    async def verify(self, name: str = "verify-presentation") -> Json:
        """The verifier's five checks, and its decision, by an example operation."""
        done = await mutate(
            self.actors.verifier,
            name,
            presentationId=self.presentation_id,
            clientMutationId=self._key(f"verify {self.presentation_id}"),
        )
        qualification = at(done, "verification", "qualification")
        if qualification is not None:
            self.qualification_id = text(qualification, "id")
        return cast("Json", done["verification"])

    async def grant_permission(self) -> Json:
        """The business permission that the qualification allows."""
        done = await mutate(
            self.actors.verifier,
            "grant-permission",
            qualificationId=self.qualification_id,
            product=PRODUCT,
            clientMutationId=self._key("permission"),
        )
        self.permission_id = text(done, "permission", "id")
        return done

    async def endorse_reduction(self) -> Json:
        """The issuer endorses a fall of the assets; the credential stays alive."""
        return await self._desk("endorse-credential", effect="REDUCED", reasonCode="ASSETS_FELL")

    async def revoke(self) -> Json:
        """The issuer revokes."""
        return await self._desk("revoke-credential", reasonCode="MATERIAL_DECREASE")

    async def to_credential(self) -> None:
        """All steps up to an active credential."""
        await self.register_root_did()
        await self.certify()

    async def certify(self) -> None:
        """From an account at the house to an active credential."""
        for step in (self.bind_account, self.request_credential, self.compile_draft):
            await step()
        for step in (self.issue, self.countersign):
            await step()

    async def to_permission(self) -> None:
        """All steps up to a granted permission."""
        await self.to_credential()
        for step in (self.bind_verifier_customer, self.ask_presentation, self.consent):
            await step()
        for step in (self.submit, self.verify, self.grant_permission):
            await step()
