"""How a person was looked at before she got her root DID, step by step (R7).

Laws: a step stands on evidence, the digest of what was checked; the whole is bound to the very
payload that her new key signed, and to nobody else; the identity provider signs it. Password and
login are no step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from subgraphs.vc import proofs
from subgraphs.vc.did import Did, MethodId, parse_did
from subgraphs.vc.encoding import Hash, sm3_hash, to_time
from subgraphs.vc.errors import MalformedDocument
from subgraphs.vc.multikey import VerificationKey
from subgraphs.vc.proofs import Expectation, ProofOptions, ProofOutcome, Purpose
from subgraphs.vc.receipt import Sign
from subgraphs.vc.shape import Shape, shaped
from subgraphs.vc.strict_json import JsonObject, JsonValue, canonical

OWN_WILL: Final = (
    "本人自愿申请行业唯一根 DID，已知悉其用途，未受他人胁迫、诱导或代办，密钥由本人保管。"
    " I ask for my root DID of my own will: I know what it is for, nobody forces, lures or acts for"
    " me, and its key stays with me."
)
"""What she confirms; its digest stands in the payload that she signs before the camera."""
PASSED: Final = "PASSED"
_TYPE: Final = "IdentityProofing"
_MOST_STEPS: Final = 16
_MEMBERS: Final = ("type", "did", "steps", "payloadDigest", "issuer", "proof")


class StepKind(StrEnum):
    """What has to be seen of a person; all of them, or there is no root DID."""

    DOCUMENT_CHECK = "DOCUMENT_CHECK"
    FACE_MATCH = "FACE_MATCH"
    LIVENESS = "LIVENESS"
    OWN_WILL = "OWN_WILL"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofingStep:
    """`evidence` is a digest: of the face assertion, of the statement she confirmed."""

    kind: str
    result: str
    at: datetime
    evidence: Hash

    def as_json(self) -> JsonObject:
        return {
            "kind": self.kind,
            "result": self.result,
            "at": to_time(self.at),
            "evidence": self.evidence,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofing:
    """A proofing that was read; whether it holds is verify_proofing's question."""

    did: Did
    steps: tuple[ProofingStep, ...]
    payload_digest: Hash
    issuer: Did
    raw: JsonObject

    @property
    def missing(self) -> tuple[StepKind, ...]:
        """The steps that are not there, or not passed."""
        passed = {step.kind for step in self.steps if step.result == PASSED}
        return tuple(kind for kind in StepKind if kind not in passed)

    @property
    def digest(self) -> Hash:
        """What the log carries of it."""
        return sm3_hash(canonical(self.raw))


def own_will_digest() -> Hash:
    """The digest of the statement of her own will."""
    return sm3_hash(OWN_WILL.encode())


def build_proofing(
    did: Did,
    steps: Sequence[ProofingStep],
    *,
    payload: bytes,
    issuer: Did,
    method: MethodId,
    sign: Sign,
    at: datetime,
) -> JsonObject:
    """The signed proofing of one application."""
    listed: list[JsonValue] = [step.as_json() for step in steps]
    body: JsonObject = {
        "type": _TYPE,
        "did": did,
        "steps": listed,
        "payloadDigest": sm3_hash(payload),
        "issuer": issuer,
    }
    options = ProofOptions(verification_method=method, purpose=Purpose.ASSERTION, created=at)
    prepared = proofs.prepare(body, options)
    return proofs.attach(body, prepared, sign(prepared.payload))


def parse_proofing(value: JsonObject) -> Proofing:
    """Read a proofing; which steps it lacks is told by the result."""
    shape = shaped(value).only(_MEMBERS)
    if shape.text("type") != _TYPE:
        raise MalformedDocument("not a proofing", "/type")
    return Proofing(
        did=parse_did(shape.text("did"), "/did"),
        steps=tuple(_step(one) for one in shape.inners("steps", most=_MOST_STEPS)),
        payload_digest=Hash(shape.text("payloadDigest", longest=80)),
        issuer=parse_did(shape.text("issuer"), "/issuer"),
        raw=value,
    )


def verify_proofing(proofing: Proofing, *, method: MethodId, key: VerificationKey) -> ProofOutcome:
    """Whether the provider's key signed it. Whose key that is, the trust register says."""
    expected = Expectation(purpose=Purpose.ASSERTION, verification_method=method)
    return proofs.verify_by(proofing.raw, method, key, expected)


def _step(shape: Shape) -> ProofingStep:
    shape.only(("kind", "result", "at", "evidence"))
    return ProofingStep(
        kind=shape.text("kind", longest=40),
        result=shape.text("result", longest=40),
        at=shape.time("at"),
        evidence=Hash(shape.text("evidence", longest=80)),
    )
