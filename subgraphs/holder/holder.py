"""A holder's software: the one place where her private key is.

Laws: the key never leaves this object and shows in no repr; nothing is signed that was not looked
at (bytes to sign are computed again from the readable payload); no network here: what is returned
is for a client to send.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ledger_adapter.crypto import sm2, sm3, sm4
from ledger_adapter.crypto.multikey import multibase58
from subgraphs.holder.choose import HeldCredential
from subgraphs.holder.errors import NotAsAsked, OfferRefused
from subgraphs.vc import consent as consents
from subgraphs.vc import model, proofs, sealed_copy
from subgraphs.vc.asset_proof import AssetProof
from subgraphs.vc.cancellation import build_cancellation, prepare_cancellation
from subgraphs.vc.custody_link import Lent
from subgraphs.vc.did import Did, MethodId, method_id, person_did
from subgraphs.vc.did_versions import possession_bytes, read_version
from subgraphs.vc.encoding import from_base64url, sm3_hash
from subgraphs.vc.errors import VcError
from subgraphs.vc.face import FaceAssertion, simulate_face_assertion
from subgraphs.vc.multikey import VerificationKey, encode_key
from subgraphs.vc.presentation import (
    SaltedVersion,
    Shown,
    build_presentation,
    prepare_presentation,
    read_salted_versions,
)
from subgraphs.vc.proofing import OWN_WILL
from subgraphs.vc.proofs import Expectation, PreparedProof, Purpose
from subgraphs.vc.receipt import parse_receipt
from subgraphs.vc.recovery import recovery_payload
from subgraphs.vc.registration import registration_payload
from subgraphs.vc.shape import shaped
from subgraphs.vc.strict_json import JsonObject, canonical, check_object, parse_object

Clock = Callable[[], datetime]
Chance = Callable[[int], bytes]

PRESENTATION_LIFETIME = timedelta(minutes=5)
_MOST_TEXTS = 32


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderSignature:
    """What a submit step asks for: the signature and the face check bound to the same bytes."""

    verification_method: MethodId
    value: str
    face_assertion: FaceAssertion

    def as_input(self) -> JsonObject:
        """The `holderSignature` input of the schema."""
        return {
            "verificationMethod": self.verification_method,
            "value": self.value,
            "faceAssertion": self.face_assertion.as_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRequest:
    """What registers the root DID: the payload the key signed, and the key."""

    identity_document: str
    public_key_multibase: str
    payload: bytes
    proof_of_possession: str
    face_assertion: FaceAssertion


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A consent the holder granted, with the face check that was made for it."""

    document: JsonObject
    face_assertion: FaceAssertion


@dataclass(frozen=True, slots=True, kw_only=True)
class DidLife:
    """A root DID so far: the number of its key of today, and its versions after the first."""

    did: Did
    number: int = 1
    later: tuple[SaltedVersion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key for the next version, and its own signature that its owner has it."""

    public_key_multibase: str
    proof_of_possession: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedCopy:
    """What goes into custody: opened by nobody but the holder."""

    key_id: str
    ciphertext: bytes
    wrapped_key: bytes


class Holder:
    """One person with her SM2 key of today and the root DID that follows from her first one."""

    def __init__(
        self,
        key: sm2.PrivateKey,
        *,
        clock: Clock = _now,
        chance: Chance = secrets.token_bytes,
        life: DidLife | None = None,
    ) -> None:
        self._key = key
        self._clock = clock
        self._chance = chance
        self._life = life or DidLife(did=person_did(key.public_key))
        self.did: Did = self._life.did
        self.method: MethodId = method_id(self.did, self._life.number)

    def new_key(self, key: sm2.PrivateKey) -> NewKey:
        """What a rotation's prepare step asks for: the public half, and that it is hers."""
        text = encode_key(key.public_key)
        proof = key.sign(possession_bytes(self.did, text))
        return NewKey(public_key_multibase=text, proof_of_possession=multibase58(proof))

    def sign_rotation(
        self, payload: object, payload_to_sign: str, *, key: sm2.PrivateKey
    ) -> HolderSignature:
        """Sign the next version with today's key, if it gives the DID to `key` and no other."""
        document, config = self._read_prepared(payload, payload_to_sign, Purpose.AUTHENTICATION)
        version = read_version(document)
        keys = {} if version.document is None else version.document.keys
        wanted = {method_id(self.did, self._life.number + 1): encode_key(key.public_key)}
        if {method: encode_key(found) for method, found in keys.items()} != wanted:
            raise NotAsAsked("the version gives the DID to other keys")
        return self.sign(proofs.payload(document, config))

    def sign_deactivation(self, payload: object, payload_to_sign: str) -> HolderSignature:
        """Sign the version that gives the DID up for good, if it is one of this DID."""
        document, config = self._read_prepared(payload, payload_to_sign, Purpose.AUTHENTICATION)
        version = read_version(document)
        if version.did != self.did or version.document is not None:
            raise NotAsAsked("not the end of this DID")
        return self.sign(proofs.payload(document, config))

    def sign_report(self, payload: object, payload_to_sign: str) -> HolderSignature:
        """Sign the version that stops this key, if it is that and nothing else."""
        document, config = self._read_prepared(payload, payload_to_sign, Purpose.AUTHENTICATION)
        version = read_version(document)
        if version.did != self.did or version.document is None or version.document.keys:
            raise NotAsAsked("not a version that leaves this DID without a key")
        return self.sign(proofs.payload(document, config))

    def recovery(
        self, identity_document: str, *, compromised_since: datetime | None = None
    ) -> RegistrationRequest:
        """Ask for this key to be the DID's next one, by software that knows the DID alone;
        `compromised_since` where others may have the key of before."""
        payload = recovery_payload(
            self.did,
            self._key.public_key,
            identity_document=identity_document,
            nonce=self._chance(16),
            at=self._clock(),
            compromised_since=compromised_since,
        )
        return self._requested(identity_document, payload)

    def recovered(self, later: Sequence[object]) -> "Holder":
        """The same person once this key is in force; `later` are all versions, as the wallet
        answers them."""
        read = read_salted_versions(shaped({"didVersions": [check_object(one) for one in later]}))
        document = read_version(read[-1].version).document
        keys = {} if document is None else document.keys
        mine = [method for method, key in keys.items() if key == self._key.public_key]
        if not mine:
            raise NotAsAsked("the DID is not given to this key")
        life = DidLife(did=self.did, number=int(mine[0].rpartition("-")[2]), later=read)
        return Holder(self._key, clock=self._clock, chance=self._chance, life=life)

    def rotated(self, key: sm2.PrivateKey, later: object) -> "Holder":
        """The same person with her next key; `later` is {salt, version} as the wallet answered."""
        (one,) = read_salted_versions(shaped({"didVersions": [check_object(later)]}))
        life = DidLife(did=self.did, number=self._life.number + 1, later=(*self._life.later, one))
        return Holder(key, clock=self._clock, chance=self._chance, life=life)

    def __repr__(self) -> str:
        return f"Holder({self.did})"

    @property
    def public_key_multibase(self) -> str:
        """The public key as Multikey text."""
        return encode_key(self._key.public_key)

    def registration(
        self, identity_document: str, *, read: Sequence[str] = (OWN_WILL,)
    ) -> RegistrationRequest:
        """Ask for the root DID: the new key signs the wish, and the texts she `read`."""
        payload = registration_payload(
            self._key.public_key,
            identity_document=identity_document,
            nonce=self._chance(16),
            at=self._clock(),
            agreed=[sm3_hash(text.encode()) for text in read],
        )
        return self._requested(identity_document, payload)

    def _requested(self, identity_document: str, payload: bytes) -> RegistrationRequest:
        signature = self.sign(payload)
        return RegistrationRequest(
            identity_document=identity_document,
            public_key_multibase=self.public_key_multibase,
            payload=payload,
            proof_of_possession=signature.value,
            face_assertion=signature.face_assertion,
        )

    def sign(self, payload: bytes) -> HolderSignature:
        """Sign bytes, after the face check (simulated, and its provider's name says so)."""
        assertion_id = f"face-{self._chance(8).hex()}"
        return HolderSignature(
            verification_method=self.method,
            value=multibase58(self._key.sign(payload)),
            face_assertion=simulate_face_assertion(assertion_id, payload, self._clock()),
        )

    def sign_prepared(
        self, payload: object, payload_to_sign: str, *, asked: JsonObject
    ) -> HolderSignature:
        """Sign what a prepare step answered, if it is in its readable form what was asked.

        `asked` are members the prepared document has to have, word for word.
        """
        document, config = self._read_prepared(payload, payload_to_sign)
        for name, wanted in asked.items():
            if document.get(name) != wanted:
                raise NotAsAsked(f"the prepared document has another {name}")
        return self.sign(proofs.payload(document, config))

    def sign_agreements(
        self, payload: object, payload_to_sign: str, *, read: Sequence[str]
    ) -> HolderSignature:
        """Sign that she agrees, if no text is among them that she has not read."""
        document, config = self._read_prepared(payload, payload_to_sign)
        known = {sm3_hash(text.encode()) for text in read}
        named = shaped(document).inners("agreements", most=_MOST_TEXTS)
        if not named or not {one.text("textDigest") for one in named} <= known:
            raise NotAsAsked("a text that was not read is among them")
        return self.sign(proofs.payload(document, config))

    def check_offer(
        self, document: JsonObject, disclosures: Sequence[str], *, issuer_key: VerificationKey
    ) -> AssetProof:
        """The statement of an offered credential: about this holder, signed, and consistent."""
        try:
            statement = model.read_whole(document, tuple(disclosures))
        except VcError as error:
            raise OfferRefused(f"the offered credential does not hold: {error.code}") from error
        if statement.subject != self.did:
            raise OfferRefused("the offered credential is about somebody else")
        method = proofs.method_by(document, statement.issuer) or method_id(statement.issuer)
        expected = Expectation(purpose=Purpose.ASSERTION, now=self._clock())
        outcome = proofs.verify_by(document, method, issuer_key, expected)
        if not outcome.ok:
            raise OfferRefused(f"the issuer's signature does not hold: {outcome.reason}")
        return statement

    def countersign(
        self, payload: object, payload_to_sign: str, *, issuer_key: VerificationKey
    ) -> HolderSignature:
        """Countersign an offered credential after checking all of it."""
        document, config = self._read_prepared(payload, payload_to_sign)
        disclosures = shaped(check_object(payload)).texts("disclosures", most=128)
        self.check_offer(document, disclosures, issuer_key=issuer_key)
        return self.sign(proofs.payload(document, config))

    def hold(
        self, document: object, disclosures: Sequence[str], *, issuer_key: VerificationKey
    ) -> HeldCredential:
        """Take a credential into the holder's own keeping, checked once more, both proofs."""
        checked = check_object(document)
        self.check_offer(checked, disclosures, issuer_key=issuer_key)
        expected = Expectation(purpose=Purpose.ASSERTION)
        outcome = proofs.verify_by(checked, self.method, self._key.public_key, expected)
        if not outcome.ok:
            raise OfferRefused(f"the countersignature does not hold: {outcome.reason}")
        return HeldCredential(document=checked, disclosures=tuple(disclosures))

    def grant(self, document: object, face_assertion: FaceAssertion) -> Grant:
        """Keep a consent as the wallet returned it, if it carries this holder's signature."""
        checked = check_object(document)
        if consents.read_consent(checked).holder != self.did:
            raise NotAsAsked("the consent is somebody else's")
        expected = Expectation(purpose=Purpose.ASSERTION)
        outcome = proofs.verify_by(checked, self.method, self._key.public_key, expected)
        if not outcome.ok:
            raise NotAsAsked(f"the consent is not signed by this holder: {outcome.reason}")
        return Grant(document=checked, face_assertion=face_assertion)

    def cancel(self, credential: str) -> HolderSignature:
        """End a credential: what is signed follows from its id and this key, nobody is asked."""
        document = build_cancellation(credential, self.did)
        return self.sign(prepare_cancellation(document, self.method).payload)

    def seal_credential(self, held: HeldCredential) -> SealedCopy:
        """A credential's copy for custody, under a data key of its own that only this key can
        unwrap; parts of it can be shown by a link (`lend`)."""
        data_key = self._chance(sm4.KEY_SIZE)
        parts = [canonical(held.document), *(one.encode() for one in held.disclosures)]
        return self._wrapped(data_key, sealed_copy.seal_parts(data_key, parts, self._chance))

    def open_credential(self, ciphertext: bytes, wrapped_key: bytes) -> HeldCredential:
        """What seal_credential was given, on any device with this key; DecryptionFailed else."""
        data_key = _opened(self._wrapping(), wrapped_key, sm3.digest(ciphertext))
        document, *disclosures = sealed_copy.open_parts(data_key, ciphertext)
        texts = tuple(one.decode() for one in disclosures)
        return HeldCredential(document=parse_object(document), disclosures=texts)

    def lend(
        self,
        held: HeldCredential,
        shown: Shown,
        *,
        kept: SealedCopy,
        link: str,
        word: bytes,
    ) -> Lent:
        """What opens of a kept copy just what is shown; `link` as the wallet answered it for
        `word`."""
        data_key = _opened(self._wrapping(), kept.wrapped_key, sm3.digest(kept.ciphertext))
        places = [0, *(1 + held.disclosures.index(one) for one in shown.disclosures)]
        return Lent(
            link=link,
            word=word,
            ciphertext_hash=sm3_hash(kept.ciphertext),
            keys={place: sealed_copy.part_key(data_key, place) for place in places},
        )

    def _wrapped(self, data_key: bytes, sealed: bytes) -> SealedCopy:
        beside = sm3.digest(sealed)
        wrapped = _sealed(self._wrapping(), self._chance(sm4.NONCE_SIZE), data_key, beside)
        return SealedCopy(
            key_id=self.method.rpartition("#")[2], ciphertext=sealed, wrapped_key=wrapped
        )

    def rewrapped(self, ciphertext_hash: str, wrapped_key: bytes, *, by: "Holder") -> bytes:
        """The data key of a copy (its `sm3:` hash), wrapped anew for the key that `by` has."""
        beside = bytes.fromhex(ciphertext_hash.removeprefix("sm3:"))
        data_key = _opened(self._wrapping(), wrapped_key, beside)
        return _sealed(by._wrapping(), self._chance(sm4.NONCE_SIZE), data_key, beside)

    def _wrapping(self) -> bytes:
        scalar = self._key.scalar().to_bytes(32)
        return sm3.hmac(scalar, b"credgraph custody of the holder's own")[: sm4.KEY_SIZE]

    def present(
        self,
        shown: Sequence[Shown],
        *,
        grant: Grant | None,
        receipt: JsonObject,
        nonce: str,
        audience: Did,
        lifetime: timedelta = PRESENTATION_LIFETIME,
    ) -> JsonObject:
        """A signed presentation for one nonce and one audience."""
        if parse_receipt(receipt).did != self.did:
            raise NotAsAsked("the receipt is somebody else's")
        document = build_presentation(
            holder=self.did,
            shown=shown,
            consent=None if grant is None else grant.document,
            face_assertion=None if grant is None else grant.face_assertion,
            receipt=receipt,
            did_versions=self._life.later,
        )
        now = self._clock()
        prepared = prepare_presentation(
            document,
            method=self.method,
            nonce=nonce,
            audience=audience,
            created=now,
            expires=now + lifetime,
        )
        return proofs.attach(document, prepared, self._key.sign(prepared.payload))

    def _read_prepared(
        self, payload: object, to_sign: str, purpose: Purpose = Purpose.ASSERTION
    ) -> tuple[JsonObject, JsonObject]:
        shape = shaped(check_object(payload))
        document, config = shape.inner("document").members, shape.inner("proofConfig").members
        prepared = PreparedProof(config=config, payload=proofs.payload(document, config))
        if prepared.payload != from_base64url(to_sign):
            raise NotAsAsked("the bytes to sign are not those of the readable payload")
        wanted = (self.method, purpose.value)
        if (config.get("verificationMethod"), config.get("proofPurpose")) != wanted:
            raise NotAsAsked("prepared for another key or another purpose")
        return document, config


def _sealed(key: bytes, nonce: bytes, plain: bytes, beside: bytes) -> bytes:
    return nonce + sm4.seal(key, nonce, plain, beside)


def _opened(key: bytes, sealed: bytes, beside: bytes) -> bytes:
    return sm4.open_(key, sealed[: sm4.NONCE_SIZE], sealed[sm4.NONCE_SIZE :], beside)
