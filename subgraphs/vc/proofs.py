"""W3C Data Integrity proofs and proof sets over JCS.

Laws: a proof covers the document without any proof, so the proofs of a set do not depend on their
order; every member of a proof but `proofValue` is signed; `@context` of the document is copied into
the proof and has to open the document's context at verification; proof chains are refused.
Verification is a value (ProofOutcome), never an exception: a bad proof is an expected answer.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from ledger_adapter.crypto.multikey import from_multibase58, multibase58
from ledger_adapter.errors import CryptoError
from subgraphs.vc.encoding import from_time, to_time
from subgraphs.vc.errors import MalformedDocument, UnsupportedSuite, VcError
from subgraphs.vc.multikey import VerificationKey
from subgraphs.vc.strict_json import JsonObject, JsonValue, canonical
from subgraphs.vc.suites import SUITES, Suite, SuiteName

_TYPE: Final = "DataIntegrityProof"
_SIGNATURE_BYTES: Final = 64
_MOST_PROOFS: Final = 8
CLOCK_SKEW: Final = timedelta(minutes=5)


class Purpose(StrEnum):
    ASSERTION = "assertionMethod"
    AUTHENTICATION = "authentication"


class ProofReason(StrEnum):
    """Why a proof does not hold."""

    PROOF_MISSING = "PROOF_MISSING"
    PROOF_MALFORMED = "PROOF_MALFORMED"
    PROOF_INVALID = "PROOF_INVALID"
    SUITE_UNSUPPORTED = "SUITE_UNSUPPORTED"
    SUITE_KEY_MISMATCH = "SUITE_KEY_MISMATCH"
    CONTEXT_MISMATCH = "CONTEXT_MISMATCH"
    PURPOSE_MISMATCH = "PURPOSE_MISMATCH"
    METHOD_MISMATCH = "METHOD_MISMATCH"
    CHALLENGE_MISMATCH = "CHALLENGE_MISMATCH"
    DOMAIN_MISMATCH = "DOMAIN_MISMATCH"
    PROOF_EXPIRED = "PROOF_EXPIRED"
    PROOF_FROM_FUTURE = "PROOF_FROM_FUTURE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofOptions:
    """What the signer wants to say beside the signature."""

    verification_method: str
    purpose: Purpose
    created: datetime | None
    suite: SuiteName = SuiteName.SM2_SM3_JCS_2026
    expires: datetime | None = None
    challenge: str | None = None
    domain: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedProof:
    """A proof without its value, and the bytes a key has to sign for it."""

    config: JsonObject
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a verifier asks of one proof. None leaves a point unasked."""

    purpose: Purpose
    verification_method: str | None = None
    challenge: str | None = None
    domain: str | None = None
    now: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProofOutcome:
    """Holds when there is no reason against it."""

    reason: ProofReason | None = None

    @property
    def ok(self) -> bool:
        """Whether the proof holds."""
        return self.reason is None


def prepare(document: JsonObject, options: ProofOptions) -> PreparedProof:
    """The first half of signing; the second (the key) may be on another machine."""
    config: JsonObject = {
        "type": _TYPE,
        "cryptosuite": options.suite.value,
        **({} if options.created is None else {"created": to_time(options.created)}),
        "verificationMethod": options.verification_method,
        "proofPurpose": options.purpose.value,
    }
    if options.expires is not None:
        config["expires"] = to_time(options.expires)
    if options.challenge is not None:
        config["challenge"] = options.challenge
    if options.domain is not None:
        config["domain"] = options.domain
    if "@context" in document:
        config["@context"] = document["@context"]
    return PreparedProof(config=config, payload=payload(document, config))


def payload(document: JsonObject, config: JsonObject) -> bytes:
    """hash(JCS(config)) || hash(JCS(document without proofs)): what the signature covers."""
    suite = SUITES.get(str(config.get("cryptosuite")))
    if suite is None:
        raise UnsupportedSuite("a cryptosuite we do not speak", "/proof/cryptosuite")
    return _payload(suite, unsecured(document), config)


def attach(document: JsonObject, prepared: PreparedProof, signature: bytes) -> JsonObject:
    """The document with one proof more in its set."""
    if len(signature) != _SIGNATURE_BYTES:
        raise MalformedDocument("a signature has 64 bytes", "/proof/proofValue")
    proof: JsonObject = {**prepared.config, "proofValue": multibase58(signature)}
    present = list(proofs_of(document))
    proofs: JsonValue = [*present, proof] if present else proof
    return {**unsecured(document), "proof": proofs}


def unsecured(document: JsonObject) -> JsonObject:
    """The document as it is signed: without proofs."""
    return {name: value for name, value in document.items() if name != "proof"}


def proofs_of(document: JsonObject) -> tuple[JsonObject, ...]:
    """The proof set: none, one object, or a list of at most eight objects."""
    found = document.get("proof", [])
    listed = found if isinstance(found, list) else [found]
    if len(listed) > _MOST_PROOFS:
        raise MalformedDocument(f"more than {_MOST_PROOFS} proofs", "/proof")
    if not all(isinstance(proof, dict) for proof in listed):
        raise MalformedDocument("a proof is an object", "/proof")
    return tuple(proof for proof in listed if isinstance(proof, dict))


def proof_by(document: JsonObject, verification_method: str) -> JsonObject | None:
    """The one proof made with a method; None if there is none or more than one."""
    made = [
        proof
        for proof in proofs_of(document)
        if proof.get("verificationMethod") == verification_method
    ]
    return made[0] if len(made) == 1 else None


def method_by(document: JsonObject, did: str) -> str | None:
    """The key of a DID that the document says it is signed with; None when no proof is its."""
    methods = (str(proof.get("verificationMethod")) for proof in proofs_of(document))
    return next((method for method in methods if method.startswith(f"{did}#")), None)


def verify(
    document: JsonObject, proof: JsonObject, key: VerificationKey, expected: Expectation
) -> ProofOutcome:
    """Check one proof of a set against one key. Cheap questions come before the signature."""
    try:
        reason = _refusal(document, proof, key, expected)
    except VcError:
        return ProofOutcome(ProofReason.PROOF_MALFORMED)
    return ProofOutcome(reason)


def verify_by(
    document: JsonObject, method: str, key: VerificationKey, expected: Expectation
) -> ProofOutcome:
    """Like verify, for the one proof that a verification method made."""
    try:
        proof = proof_by(document, method)
    except VcError:
        return ProofOutcome(ProofReason.PROOF_MALFORMED)
    if proof is None:
        return ProofOutcome(ProofReason.PROOF_MISSING)
    return verify(document, proof, key, expected)


def _refusal(
    document: JsonObject, proof: JsonObject, key: VerificationKey, expected: Expectation
) -> ProofReason | None:
    if proof.get("type") != _TYPE or "previousProof" in proof:
        return ProofReason.PROOF_MALFORMED
    suite = SUITES.get(str(proof.get("cryptosuite")))
    if suite is None:
        return ProofReason.SUITE_UNSUPPORTED
    if not suite.accepts(key):
        return ProofReason.SUITE_KEY_MISMATCH
    signature = _signature(proof.get("proofValue"))
    if signature is None:
        return ProofReason.PROOF_MALFORMED
    return _unexpected(proof, expected) or _unsigned(suite, document, proof, key, signature)


def _unexpected(proof: JsonObject, expected: Expectation) -> ProofReason | None:
    if proof.get("proofPurpose") != expected.purpose.value:
        return ProofReason.PURPOSE_MISMATCH
    questions = (
        ("verificationMethod", expected.verification_method, ProofReason.METHOD_MISMATCH),
        ("challenge", expected.challenge, ProofReason.CHALLENGE_MISMATCH),
        ("domain", expected.domain, ProofReason.DOMAIN_MISMATCH),
    )
    for name, wanted, reason in questions:
        if wanted is not None and proof.get(name) != wanted:
            return reason
    return None if expected.now is None else _untimely(proof, expected.now)


def _untimely(proof: JsonObject, now: datetime) -> ProofReason | None:
    created, expires = proof.get("created"), proof.get("expires")
    if created is not None and from_time(str(created)) > now + CLOCK_SKEW:
        return ProofReason.PROOF_FROM_FUTURE
    if expires is not None and from_time(str(expires)) <= now:
        return ProofReason.PROOF_EXPIRED
    return None


def _unsigned(
    suite: Suite, document: JsonObject, proof: JsonObject, key: VerificationKey, signature: bytes
) -> ProofReason | None:
    body = unsecured(document)
    if "@context" in proof:
        if not _opens(proof["@context"], body.get("@context")):
            return ProofReason.CONTEXT_MISMATCH
        body["@context"] = proof["@context"]
    config = {name: value for name, value in proof.items() if name != "proofValue"}
    holds = suite.verify(key, _payload(suite, body, config), signature)
    return None if holds else ProofReason.PROOF_INVALID


def _opens(start: JsonValue, whole: JsonValue) -> bool:
    first = start if isinstance(start, list) else [start]
    entire = whole if isinstance(whole, list) else [whole]
    return entire[: len(first)] == first


def _payload(suite: Suite, body: JsonObject, config: JsonObject) -> bytes:
    return suite.digest(canonical(config)) + suite.digest(canonical(body))


def _signature(value: JsonValue) -> bytes | None:
    if not isinstance(value, str):
        return None
    try:
        raw = from_multibase58(value)
    except CryptoError:
        return None
    return raw if len(raw) == _SIGNATURE_BYTES else None
