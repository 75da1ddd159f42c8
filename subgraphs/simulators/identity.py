"""A simulated identity provider (证通 with CTID): one root DID a person, signed receipts.

What is real: uniqueness (a unique index over keyed digests of identity documents), proof of
possession, the signature on each receipt, and that no identity document is stored. What is
simulated: the person's face and documents; only synthetic documents (`TEST-…`) are taken.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ledger_adapter.crypto import sm3
from ledger_adapter.crypto.sm2 import PrivateKey
from subgraphs.kit.holder_keys import COLLECTION
from subgraphs.kit.ids import InstitutionId, institution_id
from subgraphs.kit.main import main
from subgraphs.kit.mongo import Database, DuplicateKeyError, IndexModel, Mongo, create_indexes
from subgraphs.kit.offload import offload
from subgraphs.kit.personal import PERSONAL
from subgraphs.kit.sealing import DONE, holder_keys, seal_what_is_plain, sealed_database
from subgraphs.kit.serve import Service
from subgraphs.kit.settings import USUAL_WAIT, Settings
from subgraphs.simulators.recovery import Begun, Recoveries, Signer
from subgraphs.simulators.refused import Refused
from subgraphs.vc.did import Did, build_did_document, institution_did, method_id
from subgraphs.vc.encoding import from_base64url, sm3_hash, to_base64url
from subgraphs.vc.errors import MalformedDocument, VcError
from subgraphs.vc.face import FaceAssertion, face_refusal, read_face_assertion
from subgraphs.vc.presentation import MOST_DID_VERSIONS
from subgraphs.vc.proofing import (
    PASSED,
    ProofingStep,
    StepKind,
    build_proofing,
    own_will_digest,
)
from subgraphs.vc.receipt import build_receipt
from subgraphs.vc.recovery import check_recovery
from subgraphs.vc.registration import Registration, check_registration
from subgraphs.vc.shape import shaped
from subgraphs.vc.strict_json import JsonObject, as_object, canonical, parse
from subgraphs.vc.tags import TagKey, tag_key

USCC: Final = "91310000324360627T"  # 证通股份有限公司, the provider of the pilot
LONGEST_BODY: Final = 64_000
SALT_BYTES: Final = 32
_DOCUMENT: Final = re.compile(r"TEST-[a-z0-9-]{1,40}")
INDEXES: Final = {
    "registrations": [
        IndexModel([("did", 1)], unique=True),
        IndexModel([("did_digest", 1)], unique=True, sparse=True),
    ]
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    receipt: JsonObject
    created: bool
    proofing: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An application that holds, and the steps in which that was seen."""

    registration: Registration
    payload: bytes
    steps: tuple[ProofingStep, ...]


class Register:
    """The register of root DIDs. The digest key follows from the provider's signing key."""

    def __init__(
        self,
        database: Database,
        *,
        institution: InstitutionId,
        key: PrivateKey,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        cooling: timedelta = USUAL_WAIT,
    ) -> None:
        self._rows = database["registrations"]
        self._key, self._clock = key, clock
        self._issuer = institution_did(institution)
        self._recoveries = Recoveries(self._rows, Signer(did=self._issuer, key=key), cooling)
        self._digest_key = sm3.hmac(key.scalar().to_bytes(32), b"credgraph identity digest")
        self._tag_secret = sm3.hmac(key.scalar().to_bytes(32), b"credgraph identity tags")

    async def register(self, body: JsonObject) -> Registered:
        """Register the person behind the document, or find her: never a second root DID."""
        document = _identity_document(body)
        # checked before anything is looked up: who only knows a document learns nothing from it
        seen = self._checked(body, document)
        did, payload = seen.registration.did, seen.payload
        proofing = await self._proofing(did, seen.steps, payload)
        digest = self._digest(document)
        known = await self._rows.find_one({"_id": digest})
        if known is not None:
            return Registered(receipt=known["receipt"], created=False, proofing=proofing)
        receipt = await self._receipt(seen.registration)
        row = {"_id": digest, "did": receipt["did"], "receipt": receipt, "at": self._clock()}
        try:
            await self._rows.insert_one(row)
        except DuplicateKeyError:
            known = await self._already_there(digest)
            return Registered(receipt=known, created=False, proofing=proofing)
        return Registered(receipt=receipt, created=True, proofing=proofing)

    async def recover(self, body: JsonObject) -> tuple[Begun, JsonObject]:
        """Begin a recovery for who is looked at anew; with it, that she was."""
        document = _identity_document(body)
        payload, now = from_base64url(_text(body, "payload"), "/payload"), self._clock()
        wish = check_recovery(
            payload,
            public_key_multibase=_text(body, "publicKeyMultibase"),
            proof_of_possession=_text(body, "proofOfPossession"),
            identity_document=document,
            now=now,
        )
        steps = _steps(_face(body, payload, now), payload, now)
        begun = await self._recoveries.begin(self._digest(document), wish, _later(body), now)
        return begun, await self._proofing(wish.did, steps, payload)

    async def complete_recovery(self, body: JsonObject) -> JsonObject:
        """The version with the new key, once the wait is over."""
        notice, did = _text(body, "recovery"), _text(body, "did")
        return await self._recoveries.complete(notice, did, _later(body), self._clock())

    async def cancel_recovery(self, body: JsonObject) -> None:
        """Take a recovery back that the key in force signed away."""
        document = as_object(body.get("document"))
        now = self._clock()
        await self._recoveries.cancel(_text(body, "did"), document, _later(body), now)

    async def match(self, body: JsonObject) -> JsonObject | None:
        """The receipt of a DID that belongs to this document."""
        found = await self._rows.find_one({"_id": self._digest(_identity_document(body))})
        if found is None or found["did"] != body.get("did"):
            return None
        receipt: JsonObject = found["receipt"]
        return receipt

    async def tag_key(self, body: JsonObject) -> TagKey | None:
        """The key of a person's tags, for whoever knows both her document and her DID."""
        receipt = await self.match(body)
        return None if receipt is None else tag_key(self._tag_secret, str(receipt["did"]))

    async def _already_there(self, digest: str) -> JsonObject:
        # lost a race for the same person, or the key founded somebody else's root DID already
        known = await self._rows.find_one({"_id": digest})
        if known is None:
            raise Refused(
                "KEY_ALREADY_REGISTERED",
                "this key belongs to another root DID",
                field="publicKeyMultibase",
                status=409,
            )
        receipt: JsonObject = known["receipt"]
        return receipt

    def _checked(self, body: JsonObject, document: str) -> Seen:
        payload = from_base64url(_text(body, "payload"), "/payload")
        now = self._clock()
        registration = check_registration(
            payload,
            public_key_multibase=_text(body, "publicKeyMultibase"),
            proof_of_possession=_text(body, "proofOfPossession"),
            identity_document=document,
            now=now,
        )
        assertion = _face(body, payload, now)
        if own_will_digest() not in registration.agreed:
            raise Refused("OWN_WILL_MISSING", "she has not confirmed her own will", field="payload")
        steps = _steps(assertion, payload, now)
        return Seen(registration=registration, payload=payload, steps=steps)

    async def _proofing(
        self, did: Did, steps: tuple[ProofingStep, ...], payload: bytes
    ) -> JsonObject:
        return await offload(
            build_proofing,
            did,
            steps,
            payload=payload,
            issuer=self._issuer,
            method=method_id(self._issuer),
            sign=self._key.sign,
            at=self._clock(),
        )

    async def _receipt(self, registration: Registration) -> JsonObject:
        return await offload(
            build_receipt,
            did_document=build_did_document(registration.did, [registration.public_key_multibase]),
            salt=secrets.token_bytes(SALT_BYTES),
            registered_at=self._clock(),
            issuer=self._issuer,
            method=method_id(self._issuer),
            sign=self._key.sign,
        )

    def _digest(self, document: str) -> str:
        return sm3.hmac(self._digest_key, document.encode()).hex()


def identity_app(register: Register, *, health: Callable[[], Any]) -> Starlette:
    """The provider's HTTP face."""

    async def registrations(request: Request) -> Response:
        done = await register.register(await _body(request))
        answer = {
            "receipt": done.receipt,
            "created": done.created,
            "proofing": done.proofing,
        }
        return JSONResponse(answer, 201 if done.created else 200)

    async def recoveries(request: Request) -> Response:
        begun, proofing = await register.recover(await _body(request))
        answer = {"notice": begun.notice, "stopped": begun.stopped, "proofing": proofing}
        return JSONResponse(answer, 201)

    async def completions(request: Request) -> Response:
        version = await register.complete_recovery(await _body(request))
        return JSONResponse({"version": version})

    async def cancellations(request: Request) -> Response:
        await register.cancel_recovery(await _body(request))
        return JSONResponse({})

    async def matches(request: Request) -> Response:
        receipt = await register.match(await _body(request))
        return JSONResponse({"matched": receipt is not None, "receipt": receipt})

    async def tag_keys(request: Request) -> Response:
        key = await register.tag_key(await _body(request))
        answer = {"matched": key is not None, "tagKey": key and to_base64url(key)}
        return JSONResponse(answer)

    async def healthy(_: Request) -> Response:
        await health()
        return JSONResponse({"status": "up", "simulated": True})

    return Starlette(
        routes=[
            Route("/registrations", registrations, methods=["POST"]),
            Route("/recoveries", recoveries, methods=["POST"]),
            Route("/recoveries/completions", completions, methods=["POST"]),
            Route("/recoveries/cancellations", cancellations, methods=["POST"]),
            Route("/matches", matches, methods=["POST"]),
            Route("/tag-keys", tag_keys, methods=["POST"]),
            Route("/health", healthy),
        ],
        exception_handlers={Refused: _refused, VcError: _malformed},
    )


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Service]:
    """Everything the simulator needs, for the length of the process."""
    mongo = Mongo(settings.mongodb, driver=settings.driver)
    try:
        await mongo.wait_until_writable()
        keys = holder_keys("identity", settings, mongo)
        plain = mongo.database(settings.database("identity"))
        await create_indexes(plain, {COLLECTION: (), DONE: (), **INDEXES})
        await seal_what_is_plain(plain, PERSONAL["identity"], keys)
        database = sealed_database("identity", settings, mongo, keys)
        institution = institution_id(USCC)
        key = settings.key_files.load(settings.keys / institution / "key-1.json")
        wait = settings.recovery.wait
        register = Register(database, institution=institution, key=key, cooling=wait)
        yield Service(app=identity_app(register, health=lambda: database.command("ping")))
    finally:
        await mongo.close()


async def _body(request: Request) -> JsonObject:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LONGEST_BODY:
            raise Refused("BODY_TOO_LARGE", "the body is too large", field="", status=413)
    return as_object(parse(bytes(raw)))


def _steps(assertion: FaceAssertion, payload: bytes, now: datetime) -> tuple[ProofingStep, ...]:
    """One step each; the document is named by the payload, under a digest with its nonce."""
    face = sm3_hash(canonical(assertion.as_json()))
    evidence = {
        StepKind.DOCUMENT_CHECK: (now, sm3_hash(payload)),
        StepKind.FACE_MATCH: (assertion.at, face),
        StepKind.LIVENESS: (assertion.at, face),
        StepKind.OWN_WILL: (now, own_will_digest()),
    }
    return tuple(
        ProofingStep(kind=kind, result=PASSED, at=at, evidence=digest)
        for kind, (at, digest) in evidence.items()
    )


def _face(body: Mapping[str, Any], payload: bytes, now: datetime) -> FaceAssertion:
    assertion = read_face_assertion(as_object(body.get("faceAssertion")), "/faceAssertion")
    refusal = face_refusal(assertion, payload, now)
    if refusal is not None:
        raise Refused(refusal.value, "the face check does not hold", field="faceAssertion")
    return assertion


def _later(body: JsonObject) -> list[JsonObject]:
    return [one.members for one in shaped(body).inners("later", most=MOST_DID_VERSIONS)]


def _identity_document(body: Mapping[str, object]) -> str:
    document = body.get("identityDocument")
    if not isinstance(document, str) or not _DOCUMENT.fullmatch(document):
        raise Refused(
            "IDENTITY_DOCUMENT_INVALID",
            "the simulator takes synthetic documents only (TEST-…)",
            field="identityDocument",
        )
    return document


def _text(body: Mapping[str, object], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise MalformedDocument("text is expected", f"/{name}")
    return value


async def _refused(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refused)  # noqa: S101  # registered for this class alone
    facts = {"code": refusal.code, "message": str(refusal), "field": refusal.field}
    return JSONResponse(facts, refusal.status)


async def _malformed(_: Request, fault: Exception) -> Response:
    assert isinstance(fault, VcError)  # noqa: S101  # registered for this class alone
    field = fault.place.strip("/").replace("/", ".")
    body = orjson.dumps({"code": fault.code, "message": str(fault), "field": field})
    return Response(body, 422, media_type="application/json")


if __name__ == "__main__":
    raise SystemExit(main("identity", opened))
