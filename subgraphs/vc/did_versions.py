"""The life of a DID as a chain of signed versions: founded, rotated, recovered, deactivated.

Laws: version n+1 names the hash of version n and is signed by a key that version n lets
authenticate, or by the authority that may recover a lost key; version 1 of a person is signed by
the key its DID is drawn from; a key id never comes to mean another key; nothing follows a
deactivation; whoever has seen a version accepts no history without it.
Pure: where versions are kept and proved to be on the log is the caller's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Final, Self

import orjson

from ledger_adapter.crypto import sm2, sm3
from subgraphs.vc import proofs
from subgraphs.vc.did import (
    Did,
    DidDocument,
    MethodId,
    build_did_document,
    parse_did_document,
    person_did,
)
from subgraphs.vc.encoding import Hash, sm3_hash, to_time
from subgraphs.vc.errors import BadDidHistory, DidRollback
from subgraphs.vc.multikey import VerificationKey, encode_key
from subgraphs.vc.proofs import Expectation, PreparedProof, ProofOptions, Purpose
from subgraphs.vc.receipt import RootDidReceipt, parse_receipt
from subgraphs.vc.shape import Shape, shaped
from subgraphs.vc.strict_json import JsonObject, as_object, canonical, parse_object, pointer

MOST_VERSIONS: Final = 1_000
_TYPE: Final = "DidVersion"
_MEMBERS: Final = ("type", "did", "version", "at", "previous", "didDocument", "proof")


KeyAt = Callable[[MethodId, datetime], VerificationKey | None]
"""The key that stood behind a method at a time; None where none did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Who may sign a version in place of a lost key: the identity provider, with its key of the
    version's own time."""

    did: Did
    key_at: KeyAt


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a reader remembers of a DID: enough to notice that it is shown an older past."""

    version: int
    digest: Hash


@dataclass(frozen=True, slots=True, kw_only=True)
class DidVersion:
    """One version. `document` is None from the deactivation on."""

    did: Did
    number: int
    at: datetime
    previous: Hash | None
    document: DidDocument | None
    digest: Hash
    raw: JsonObject


def prepare_version(
    did: Did,
    did_document: JsonObject | None,
    *,
    after: DidVersion | None,
    at: datetime,
    method: MethodId,
    signed_at: datetime | None = None,
) -> tuple[JsonObject, PreparedProof]:
    """The body of the next version and what to sign for it; None as document deactivates.

    `signed_at` where that is later than `at`: a version may say from when on a key is not hers.
    """
    body: JsonObject = {
        "type": _TYPE,
        "did": did,
        "version": 1 if after is None else after.number + 1,
        "at": to_time(at),
        "previous": None if after is None else after.digest,
        "didDocument": did_document,
    }
    options = ProofOptions(
        verification_method=method, purpose=Purpose.AUTHENTICATION, created=signed_at or at
    )
    return body, proofs.prepare(body, options)


def read_version(value: JsonObject, place: str = "") -> DidVersion:
    """Read one version; whether it holds is the history's question."""
    shape = shaped(value, place).only(_MEMBERS)
    if shape.text("type") != _TYPE:
        raise BadDidHistory("not a version of a DID", pointer(place, "type"))
    document = None
    if shape.value("didDocument") is not None:
        inner = shape.inner("didDocument")
        document = parse_did_document(inner.members, inner.place)
    did = Did(shape.text("did"))
    if document is not None and document.did != did:
        raise BadDidHistory("a document of another DID", pointer(place, "didDocument"))
    return DidVersion(
        did=did,
        number=shape.integer("version"),
        at=shape.time("at"),
        previous=_previous(shape),
        document=document,
        digest=sm3_hash(canonical(value)),
        raw=value,
    )


def vouched(did_document: JsonObject, at: datetime) -> DidVersion:
    """Version 1 as something else vouches for it: a receipt's document, or the register's entry."""
    return _vouched(canonical(did_document), at)


@lru_cache(maxsize=1_024)
def _vouched(document: bytes, at: datetime) -> DidVersion:
    """One step of a business reads the same document many times."""
    did_document = parse_object(document)
    body: JsonObject = {
        "type": _TYPE,
        "did": parse_did_document(did_document).did,
        "version": 1,
        "at": to_time(at),
        "previous": None,
        "didDocument": did_document,
    }
    return read_version(body)


def possession_bytes(did: Did, public_key_multibase: str) -> bytes:
    """What a new key signs to show that its owner has it, for this DID and no other."""
    return canonical({"type": "DidKeyPossession", "did": did, "key": public_key_multibase})


def salted_digest(salt: bytes, version: JsonObject) -> Hash:
    """What the log carries of a person's version; the holder hands out the salt with it."""
    return Hash(f"sm3:{sm3.hmac(salt, canonical(version)).hex()}")


@dataclass(frozen=True, slots=True)
class DidHistory:
    """A chain of versions that was verified from its first one on."""

    versions: tuple[DidVersion, ...]

    @classmethod
    def verified(
        cls,
        values: Sequence[JsonObject],
        *,
        founder: VerificationKey | None = None,
        authority: Authority | None = None,
        seen: Seen | None = None,
    ) -> Self:
        """The history, or BadDidHistory, or DidRollback where `seen` is not part of it.

        `founder` is the registered first key of an institution; a person's DID names its own.
        """
        if not 0 < len(values) <= MOST_VERSIONS:
            raise BadDidHistory(f"a history has 1 to {MOST_VERSIONS} versions")
        versions = tuple(read_version(v, f"/{index}") for index, v in enumerate(values))
        _founded(versions[0], founder)
        history = cls(_chained(versions, authority))
        if seen is not None:
            history.expect(seen)
        return history

    @classmethod
    def following(
        cls,
        first: DidVersion,
        values: Sequence[JsonObject],
        *,
        authority: Authority | None = None,
    ) -> Self:
        """The history after a first version that was vouched for; BadDidHistory if it is none."""
        if len(values) >= MOST_VERSIONS:
            raise BadDidHistory(f"a history has 1 to {MOST_VERSIONS} versions")
        later = (read_version(v, f"/{index}") for index, v in enumerate(values, 1))
        return cls(_chained((first, *later), authority))

    def extended(self, value: JsonObject, *, authority: Authority | None = None) -> Self:
        """This history with one more version, which alone is verified; BadDidHistory if none."""
        version = read_version(value)
        _follows(self.latest, version, authority)
        versions = (*self.versions, version)
        _keys_keep_their_names(versions)
        return type(self)(versions)

    @property
    def latest(self) -> DidVersion:
        """The version in force at the end of this history."""
        return self.versions[-1]

    @property
    def method(self) -> MethodId | None:
        """The newest key of the latest version; None once the DID is deactivated."""
        document = self.latest.document
        return None if document is None else max(document.keys, key=_number, default=None)

    @property
    def seen(self) -> Seen:
        """What to remember of it."""
        return Seen(version=self.latest.number, digest=self.latest.digest)

    def at(self, time: datetime) -> DidVersion | None:
        """The version in force at a time; None before the first."""
        past = [version for version in self.versions if version.at <= time]
        return past[-1] if past else None

    def expect(self, seen: Seen) -> None:
        """Refuse a history that ends before, or differs at, what was seen."""
        known = self.versions[seen.version - 1 : seen.version]
        if not known or known[0].digest != seen.digest:
            raise DidRollback("an older or another past than was seen before")

    def key_for(self, method: str, purpose: Purpose, at: datetime) -> VerificationKey | None:
        """The key behind a method as of a time; none after deactivation or rotation."""
        version = self.at(at)
        if version is None or version.document is None:
            return None
        return version.document.key_for(method, purpose)


def history_of(
    receipt: RootDidReceipt, later: Sequence[JsonObject], authority: Authority | None = None
) -> DidHistory:
    """A person's DID from her receipt on; whether the receipt holds was asked before."""
    first = vouched(as_object(receipt.raw["didDocument"]), receipt.registered_at)
    return DidHistory.following(first, later, authority=authority)


def kept_history(receipt: JsonObject, later: Sequence[JsonObject]) -> DidHistory:
    """The same of what was verified before it was kept: read, not asked again."""
    return _kept(canonical([receipt, *later]))


# each step of hers asks for her key of today, and she takes several steps in a minute
@lru_cache(maxsize=1_024)
def _kept(text: bytes) -> DidHistory:
    raw, *later = (as_object(one) for one in orjson.loads(text))
    receipt = parse_receipt(raw)
    first = vouched(as_object(receipt.raw["didDocument"]), receipt.registered_at)
    return DidHistory((first, *(read_version(one) for one in later)))


def _number(method: MethodId) -> int:
    """`#key-10` comes after `#key-9`."""
    digits = method.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else 0


def _chained(
    versions: tuple[DidVersion, ...], authority: Authority | None
) -> tuple[DidVersion, ...]:
    for before, after in pairwise(versions):
        _follows(before, after, authority)
    _keys_keep_their_names(versions)
    return versions


def _previous(shape: Shape) -> Hash | None:
    return None if shape.value("previous") is None else Hash(shape.text("previous"))


def _founded(first: DidVersion, founder: VerificationKey | None) -> None:
    if first.number != 1 or first.previous is not None or first.document is None:
        raise BadDidHistory("a history begins with version 1 and a document")
    signers = {
        method: key
        for method, key in first.document.keys.items()
        if first.document.key_for(method, Purpose.AUTHENTICATION) is not None
        and _founds(first.did, key, founder)
    }
    if not any(_signed(first, method, key) for method, key in signers.items()):
        raise BadDidHistory("version 1 is not signed by the key the DID is founded on", "/0/proof")


def _founds(did: Did, key: VerificationKey, founder: VerificationKey | None) -> bool:
    if founder is not None:
        return encode_key(key) == encode_key(founder)
    return isinstance(key, sm2.PublicKey) and did == person_did(key)


def _follows(before: DidVersion, after: DidVersion, authority: Authority | None) -> None:
    place = f"/{after.number - 1}"
    if before.document is None:
        raise BadDidHistory("a version after the deactivation", place)
    chained = (after.did, after.number, after.previous)
    if chained != (before.did, before.number + 1, before.digest) or after.at <= before.at:
        raise BadDidHistory("a version that does not follow the one before", place)
    document = before.document
    signers = {
        method: key
        for method, key in document.keys.items()
        if document.key_for(method, Purpose.AUTHENTICATION) is not None
    }
    if authority is not None:
        signers |= _by_authority(authority, after)
    if not any(_signed(after, method, key) for method, key in signers.items()):
        raise BadDidHistory("a version signed by nobody entitled to it", f"{place}/proof")


def _by_authority(authority: Authority, version: DidVersion) -> dict[MethodId, VerificationKey]:
    method = MethodId(proofs.method_by(version.raw, authority.did) or "")
    key = authority.key_at(method, version.at) if method else None
    return {} if key is None else {method: key}


def _signed(version: DidVersion, method: MethodId, key: VerificationKey) -> bool:
    expected = Expectation(purpose=Purpose.AUTHENTICATION)
    return proofs.verify_by(version.raw, method, key, expected).ok


def _keys_keep_their_names(versions: Sequence[DidVersion]) -> None:
    names: dict[str, str] = {}
    for version in versions:
        keys = {} if version.document is None else version.document.keys
        for method, key in keys.items():
            if names.setdefault(method, encode_key(key)) != encode_key(key):
                raise BadDidHistory("a key id that meant another key before")


def next_document(before: DidVersion, key: VerificationKey) -> JsonObject:
    """The document of a rotation: this key alone, under a name that no key had before."""
    names = () if before.document is None else before.document.keys
    number = max(map(_number, names), default=0) + 1
    return build_did_document(before.did, [encode_key(key)], first=number)


def recovered_document(history: DidHistory, public_key_multibase: str) -> JsonObject:
    """The same after a version that may have no key at all: the whole history is looked at."""
    documents = [one.document for one in history.versions if one.document is not None]
    number = max((_number(name) for one in documents for name in one.keys), default=0) + 1
    return build_did_document(history.latest.did, [public_key_multibase], first=number)


def keyless_document(did: Did) -> JsonObject:
    """The document of a DID whose key is reported: nobody signs for it."""
    return build_did_document(did, [])
