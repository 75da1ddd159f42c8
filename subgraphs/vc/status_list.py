"""W3C Bitstring Status List 1.0: one signed, cacheable list for thousands of credentials.

Laws: a list counts only for credentials of the DID that signed it, only for its own purpose, and
only inside its validity, which is asked anew at each use of a cached list; an unpacked list is
bounded before it is unpacked; lists are derived, never edited: equal states give equal bytes.
Nothing is fetched here.
"""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from subgraphs.vc import proofs
from subgraphs.vc.did import Did, method_id, parse_did
from subgraphs.vc.encoding import from_base64url, to_base64url, to_time
from subgraphs.vc.errors import BadStatusList, MalformedDocument, VcError
from subgraphs.vc.multikey import VerificationKey
from subgraphs.vc.proofs import Expectation, Purpose
from subgraphs.vc.shape import Shape, shaped
from subgraphs.vc.strict_json import JsonObject, JsonValue, pointer

LEAST_ENTRIES: Final = 131_072
MOST_ENTRIES: Final = 8 * LEAST_ENTRIES
_CONTEXT: Final = ("https://www.w3.org/ns/credentials/v2",)
_TYPES: Final = ("VerifiableCredential", "BitstringStatusListCredential")
_LONGEST_TEXT: Final = MOST_ENTRIES // 4  # random bits do not shrink; base64 adds a third
_LONGEST_URI: Final = 256


class StatusPurpose(StrEnum):
    """What a bit that is set says; suspension can be taken back, revocation cannot."""

    REVOCATION = "revocation"
    SUSPENSION = "suspension"


class StatusReason(StrEnum):
    """Why a list says nothing about a credential. Never taken for a good status."""

    LIST_MISSING = "STATUS_LIST_MISSING"
    LIST_MALFORMED = "STATUS_LIST_MALFORMED"
    LIST_PROOF_INVALID = "STATUS_LIST_PROOF_INVALID"
    LIST_OF_ANOTHER = "STATUS_LIST_OF_ANOTHER_ISSUER"
    LIST_PURPOSE = "STATUS_LIST_OF_ANOTHER_PURPOSE"
    LIST_EXPIRED = "STATUS_LIST_EXPIRED"
    LIST_NOT_YET_VALID = "STATUS_LIST_NOT_YET_VALID"
    INDEX_OUT_OF_RANGE = "STATUS_INDEX_OUT_OF_RANGE"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEntry:
    """Where a credential's status stands: `credentialStatus` of its body."""

    uri: str
    purpose: StatusPurpose
    index: int

    def as_json(self) -> JsonObject:
        """The BitstringStatusListEntry."""
        return {
            "id": f"{self.uri}#{self.index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": self.purpose.value,
            "statusListIndex": str(self.index),
            "statusListCredential": self.uri,
        }


@dataclass(frozen=True, slots=True)
class StatusBits:
    """The bits themselves; index 0 is the leftmost. Never changed, only replaced."""

    data: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not LEAST_ENTRIES <= len(self) <= MOST_ENTRIES:
            raise BadStatusList(f"a list has {LEAST_ENTRIES} to {MOST_ENTRIES} entries")

    def __len__(self) -> int:
        return len(self.data) * 8

    def __getitem__(self, index: int) -> bool:
        return bool(self.data[index // 8] >> (7 - index % 8) & 1)

    @classmethod
    def of(cls, indices: Iterable[int], entries: int = LEAST_ENTRIES) -> Self:
        """A list with exactly these bits set. `entries` is a multiple of eight."""
        data = bytearray(entries // 8)
        for index in indices:
            if not 0 <= index < entries:
                raise BadStatusList("an index outside the list")
            data[index // 8] |= 0x80 >> index % 8
        return cls(bytes(data))

    def encode(self) -> str:
        """`u` and base64url of the gzip form, without a time stamp in it."""
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        return "u" + to_base64url(packer.compress(self.data) + packer.flush())

    @classmethod
    def decode(cls, text: str, place: str = "") -> Self:
        """The bits of an `encodedList`; unpacking stops at the largest list allowed."""
        if not text.startswith("u") or len(text) > _LONGEST_TEXT:
            raise BadStatusList("not a multibase base64url text of a list", place)
        packed = from_base64url(text[1:], place)
        unpacker = zlib.decompressobj(31)
        try:
            data = unpacker.decompress(packed, MOST_ENTRIES // 8 + 1)
        except zlib.error as error:
            raise BadStatusList("not gzip", place) from error
        if not unpacker.eof or unpacker.unused_data:
            raise BadStatusList("gzip that ends early, late or not at all", place)
        return cls(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusList:
    """A list that was read; `check_list` gives one that was verified."""

    uri: str
    issuer: Did
    purpose: StatusPurpose
    bits: StatusBits
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class CheckedList:
    """A list a verifier may ask: signed by its issuer, or made by the verifier from the log."""

    inner: StatusList


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusOutcome:
    """The bit, or the reason why there is no answer."""

    is_set: bool | None = None
    reason: StatusReason | None = None


def purposes_of(state: str) -> frozenset[StatusPurpose]:
    """Which bits a CredentialState of the log sets."""
    match state:
        case "SUSPENDED":
            return frozenset({StatusPurpose.SUSPENSION})
        case "REVOKED" | "CANCELLED" | "SUPERSEDED":
            return frozenset({StatusPurpose.REVOCATION})
        case _:
            return frozenset()


def derive(
    states: Mapping[int, str], entries: int = LEAST_ENTRIES
) -> dict[StatusPurpose, StatusBits]:
    """Both lists from the state of each index, as the log has it at one position."""
    return {
        purpose: StatusBits.of(
            (index for index, state in states.items() if purpose in purposes_of(state)), entries
        )
        for purpose in StatusPurpose
    }


def build_status_list(
    *,
    uri: str,
    issuer: Did,
    purpose: StatusPurpose,
    bits: StatusBits,
    valid_from: datetime,
    valid_until: datetime,
) -> JsonObject:
    """The BitstringStatusListCredential to sign (proofs.prepare and attach, ASSERTION)."""
    if not valid_from < valid_until:
        raise MalformedDocument("validity ends before it begins", "/validUntil")
    return {
        "@context": list[JsonValue](_CONTEXT),
        "id": uri,
        "type": list[JsonValue](_TYPES),
        "issuer": issuer,
        "validFrom": to_time(valid_from),
        "validUntil": to_time(valid_until),
        "credentialSubject": {
            "id": f"{uri}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose.value,
            "encodedList": bits.encode(),
        },
    }


def derived_list(
    *, uri: str, issuer: Did, purpose: StatusPurpose, states: Mapping[int, str], at: datetime
) -> CheckedList:
    """The list a follower of the log makes for itself: good for the moment it was made at."""
    return CheckedList(
        StatusList(
            uri=uri,
            issuer=issuer,
            purpose=purpose,
            bits=derive(states)[purpose],
            valid_from=at,
            valid_until=at + timedelta(seconds=1),
        )
    )


def read_status_list(document: JsonObject, place: str = "") -> StatusList:
    """Read a list; whether it counts is check_list's and status_of's question."""
    shape = shaped(document, place)
    if shape.texts("@context", most=8)[:1] != _CONTEXT or shape.texts("type", most=8) != _TYPES:
        raise BadStatusList("not a status list credential", pointer(place, "type"))
    subject = shape.inner("credentialSubject")
    if subject.text("type") != "BitstringStatusList":
        raise BadStatusList("not a bitstring status list", pointer(subject.place, "type"))
    encoded = subject.text("encodedList", longest=_LONGEST_TEXT)
    return StatusList(
        uri=shape.text("id", longest=_LONGEST_URI),
        issuer=parse_did(shape.text("issuer"), pointer(place, "issuer")),
        purpose=_purpose(subject),
        bits=StatusBits.decode(encoded, pointer(subject.place, "encodedList")),
        valid_from=shape.time("validFrom"),
        valid_until=shape.time("validUntil"),
    )


def read_status_entries(shape: Shape, name: str = "credentialStatus") -> tuple[StatusEntry, ...]:
    """The entries of a credential body: none, or one for each purpose."""
    if name not in shape.members:
        return ()
    entries = tuple(_entry(each) for each in shape.inners(name, most=len(StatusPurpose)))
    if len({entry.purpose for entry in entries}) != len(entries):
        raise MalformedDocument("one purpose twice", pointer(shape.place, name))
    return entries


def check_list(
    document: JsonObject, *, issuer: Did, key: VerificationKey, now: datetime
) -> CheckedList | StatusReason:
    """A list as this issuer signed it, or why it is not."""
    try:
        read = read_status_list(document)
    except VcError:
        return StatusReason.LIST_MALFORMED
    if read.issuer != issuer:
        return StatusReason.LIST_OF_ANOTHER
    expected = Expectation(purpose=Purpose.ASSERTION, now=now)
    if not proofs.verify_by(document, method_id(issuer), key, expected).ok:
        return StatusReason.LIST_PROOF_INVALID
    return _untimely(read, now) or CheckedList(read)


def status_of(
    entry: StatusEntry, issuer: Did, checked: CheckedList | None, now: datetime
) -> StatusOutcome:
    """The bit of a credential of `issuer`, asked of a list that was checked before."""
    if checked is None or checked.inner.uri != entry.uri:
        return StatusOutcome(reason=StatusReason.LIST_MISSING)
    found = checked.inner
    if found.issuer != issuer:
        return StatusOutcome(reason=StatusReason.LIST_OF_ANOTHER)
    if found.purpose != entry.purpose:
        return StatusOutcome(reason=StatusReason.LIST_PURPOSE)
    reason = _untimely(found, now)
    if reason is not None:
        return StatusOutcome(reason=reason)
    if not 0 <= entry.index < len(found.bits):
        return StatusOutcome(reason=StatusReason.INDEX_OUT_OF_RANGE)
    return StatusOutcome(is_set=found.bits[entry.index])


def _untimely(found: StatusList, now: datetime) -> StatusReason | None:
    if now < found.valid_from:
        return StatusReason.LIST_NOT_YET_VALID
    return None if now < found.valid_until else StatusReason.LIST_EXPIRED


def _purpose(shape: Shape) -> StatusPurpose:
    text = shape.text("statusPurpose")
    if text not in {purpose.value for purpose in StatusPurpose}:
        raise BadStatusList("a purpose we do not speak", pointer(shape.place, "statusPurpose"))
    return StatusPurpose(text)


def _entry(shape: Shape) -> StatusEntry:
    if shape.text("type") != "BitstringStatusListEntry":
        raise MalformedDocument("a status of another kind", pointer(shape.place, "type"))
    digits = shape.text("statusListIndex", longest=9)
    if not digits.isascii() or not digits.isdecimal() or str(int(digits)) != digits:
        raise MalformedDocument("an index is digits", pointer(shape.place, "statusListIndex"))
    uri = shape.text("statusListCredential", longest=_LONGEST_URI)
    return StatusEntry(uri=uri, purpose=_purpose(shape), index=int(digits))
