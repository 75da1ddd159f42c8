"""A root DID whose key is lost or known to others gets another one (R9).

Laws: who asks is looked at anew by the identity provider, and the new key signs the wish, for this
DID and this person and no other; the provider's notice says from when on the new key may come into
force, signed, so that neither provider nor wallet shortens the wait afterwards; a recovery after a
compromise says so, and nobody takes it back with the key that was reported.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ledger_adapter.crypto import sm2
from subgraphs.vc import proofs
from subgraphs.vc.did import Did, MethodId, parse_did
from subgraphs.vc.encoding import Hash, sm3_hash, to_base64url, to_time
from subgraphs.vc.errors import BadKey, MalformedDocument
from subgraphs.vc.multikey import VerificationKey, decode_key, encode_key
from subgraphs.vc.proofing import own_will_digest
from subgraphs.vc.proofs import Expectation, ProofOptions, ProofOutcome, Purpose
from subgraphs.vc.receipt import Sign
from subgraphs.vc.registration import identity_digest, signed_by
from subgraphs.vc.shape import Shape, shaped
from subgraphs.vc.strict_json import JsonObject, Limits, canonical, parse

LONGEST_PAST: Final = timedelta(days=30)
"""How far back a report may date the loss: a signature older than this is never undone by it."""
_WISH: Final = "RootDidRecoveryRequest"
_NOTICE: Final = "RootDidRecovery"
_LIMITS: Final = Limits(size=2048, depth=3)
_NONCE_BYTES: Final = 16
_FRESH: Final = timedelta(minutes=10)
_SKEW: Final = timedelta(minutes=5)
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryWish:
    """A new key in somebody's hands, for a DID; `compromised_since` where others have the old."""

    did: Did
    key: sm2.PublicKey
    public_key_multibase: str
    compromised_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryNotice:
    """The provider's word that a recovery began; whether it holds is verify_notice's question."""

    did: Did
    public_key_multibase: str
    started_at: datetime
    not_before: datetime
    compromised: bool
    issuer: Did
    raw: JsonObject

    @property
    def digest(self) -> Hash:
        """What the log carries of it."""
        return sm3_hash(canonical(self.raw))


def recovery_payload(
    did: Did,
    key: sm2.PublicKey,
    *,
    identity_document: str,
    nonce: bytes,
    at: datetime,
    compromised_since: datetime | None,
) -> bytes:
    """The bytes the new key signs. `nonce` is 16 fresh random bytes."""
    if len(nonce) != _NONCE_BYTES:
        raise MalformedDocument("a nonce has 16 bytes", "/nonce")
    return canonical(
        {
            "type": _WISH,
            "did": did,
            "publicKeyMultibase": encode_key(key),
            "identityDigest": identity_digest(nonce, identity_document),
            "nonce": to_base64url(nonce),
            "createdAt": to_time(at),
            "compromisedSince": None if compromised_since is None else to_time(compromised_since),
            "ownWill": own_will_digest(),
        }
    )


def check_recovery(
    payload: bytes,
    *,
    public_key_multibase: str,
    proof_of_possession: str,
    identity_document: str,
    now: datetime,
) -> RecoveryWish:
    """The wish, or the first thing wrong with it as a VcError."""
    key = decode_key(public_key_multibase, "/publicKeyMultibase")
    if not isinstance(key, sm2.PublicKey):
        raise BadKey("a root DID goes on with an SM2 key", "/publicKeyMultibase")
    shape = shaped(parse(payload, _LIMITS), "/payload")
    if (shape.text("type"), shape.text("publicKeyMultibase")) != (_WISH, public_key_multibase):
        raise MalformedDocument("the payload is for another key", "/payload")
    if shape.text("identityDigest") != identity_digest(shape.data("nonce"), identity_document):
        raise MalformedDocument("the payload is for another identity", "/payload/identityDigest")
    if shape.text("ownWill") != own_will_digest():
        raise MalformedDocument("she has not confirmed her own will", "/payload/ownWill")
    if not -_SKEW <= now - shape.time("createdAt") <= _FRESH:
        raise MalformedDocument("the payload is not of now", "/payload/createdAt")
    if not signed_by(key, payload, proof_of_possession):
        raise BadKey("the key did not sign the payload", "/proofOfPossession")
    return RecoveryWish(
        did=parse_did(shape.text("did"), "/payload/did"),
        key=key,
        public_key_multibase=public_key_multibase,
        compromised_since=_since(shape, now),
    )


def from_when(since: datetime, *, after: datetime, now: datetime) -> datetime | None:
    """From when on a reported key is not hers: to the second, after the version that named it;
    None while that version is of this very second."""
    at = max(since.replace(microsecond=0), after + _SECOND)
    return at if at <= now else None


def within_past(since: datetime, now: datetime) -> bool:
    """Whether a loss may be dated so: not to come, and not longer ago than LONGEST_PAST."""
    return now - LONGEST_PAST <= since <= now


def build_notice(
    wish: RecoveryWish,
    *,
    compromised: bool,
    cooling: timedelta,
    issuer: Did,
    method: MethodId,
    sign: Sign,
    at: datetime,
) -> JsonObject:
    """The signed notice; the new key may come into force `cooling` after `at`."""
    body: JsonObject = {
        "type": _NOTICE,
        "did": wish.did,
        "publicKeyMultibase": wish.public_key_multibase,
        "startedAt": to_time(at),
        "notBefore": to_time(at + cooling),
        "compromised": compromised,
        "issuer": issuer,
    }
    options = ProofOptions(verification_method=method, purpose=Purpose.ASSERTION, created=at)
    prepared = proofs.prepare(body, options)
    return proofs.attach(body, prepared, sign(prepared.payload))


def parse_notice(value: JsonObject) -> RecoveryNotice:
    """Read a notice."""
    shape = shaped(value)
    if shape.text("type") != _NOTICE:
        raise MalformedDocument("not a notice of recovery", "/type")
    return RecoveryNotice(
        did=parse_did(shape.text("did"), "/did"),
        public_key_multibase=shape.text("publicKeyMultibase"),
        started_at=shape.time("startedAt"),
        not_before=shape.time("notBefore"),
        compromised=shape.flag("compromised"),
        issuer=parse_did(shape.text("issuer"), "/issuer"),
        raw=value,
    )


def verify_notice(
    notice: RecoveryNotice, *, method: MethodId, key: VerificationKey
) -> ProofOutcome:
    """Whether the provider's key signed it. Whose key that is, the trust register says."""
    expected = Expectation(purpose=Purpose.ASSERTION, verification_method=method)
    return proofs.verify_by(notice.raw, method, key, expected)


def build_recovery_cancellation(holder: Did, recovery: Hash, at: datetime) -> JsonObject:
    """What the key in force signs to take a recovery back that nobody reported a loss with."""
    return {
        "type": "RootDidRecoveryCancellation",
        "holder": holder,
        "recovery": recovery,
        "cancelledAt": to_time(at),
    }


def cancels(document: Mapping[str, object], notice: RecoveryNotice) -> bool:
    """Whether a document takes this very recovery back; its signature is another question."""
    named = (document.get("type"), document.get("holder"), document.get("recovery"))
    return named == ("RootDidRecoveryCancellation", notice.did, notice.digest)


def _since(shape: Shape, now: datetime) -> datetime | None:
    if shape.value("compromisedSince") is None:
        return None
    since = shape.time("compromisedSince")
    if not within_past(since, now):
        raise MalformedDocument("not within what may be reported", "/payload/compromisedSince")
    return since
