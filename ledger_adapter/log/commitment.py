"""What stands on the log for an event: a version byte, the kind, and a salted commitment.

    commit = HMAC-SM3(salt, lp(logId) | lp(kind) | SM3(JCS(envelope)))
    entry  = 01 | lp(kind) | commit

`lp` is a 4-byte length and the bytes. The commitment says nothing without the salt, even about
values that could be guessed; destroying the salt makes the entry mute and leaves the tree whole.
"""

import json
import secrets
from collections.abc import Mapping
from typing import Final, NamedTuple

from ledger_adapter.crypto import sm3
from ledger_adapter.errors import BadEnvelope, BadProof
from ledger_adapter.log import jcs

VERSION: Final = 1
SALT_SIZE: Final = 32
MAX_KIND: Final = 64
_MEMBERS: Final = {"eventId", "kind", "subjects", "institutions", "at", "body"}


class Entry(NamedTuple):
    """A parsed log entry."""

    kind: str
    commit: bytes


def new_salt() -> bytes:
    """32 fresh random bytes; one event, one salt."""
    return secrets.token_bytes(SALT_SIZE)


def canonical(value: object) -> bytes:
    """RFC 8785 bytes of a JSON value; BadEnvelope for what JSON cannot carry exactly."""
    try:
        return jcs.dumps(value)
    except jcs.FAULTS as fault:
        raise BadEnvelope(f"not canonical JSON: {fault}") from None


def envelope_json(
    *,
    event_id: str,
    kind: str,
    subjects: tuple[str, ...],
    institutions: tuple[str, ...],
    at: str,
    body: Mapping[str, object],
) -> dict[str, object]:
    """The one JSON shape of an envelope."""
    return {
        "eventId": event_id,
        "kind": kind,
        "subjects": list(subjects),
        "institutions": list(institutions),
        "at": at,
        "body": dict(body),
    }


def parse_envelope(raw: bytes) -> dict[str, object]:
    """An envelope's JSON object, with its members and their types checked."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadEnvelope("envelope is not JSON") from None
    if not isinstance(value, dict) or set(value) != _MEMBERS:
        raise BadEnvelope("envelope has not exactly its six members")
    texts = [value["eventId"], value["kind"], value["at"]]
    for name in ("subjects", "institutions"):
        if not isinstance(value[name], list):
            raise BadEnvelope(f"envelope member {name} is not a list")
        texts += value[name]
    if not all(isinstance(text, str) for text in texts) or not isinstance(value["body"], dict):
        raise BadEnvelope("envelope members are not of their types")
    return value


def commit(*, log_id: bytes, kind: str, envelope: bytes, salt: bytes) -> bytes:
    """The commitment to an envelope given as canonical JSON bytes."""
    return sm3.hmac(salt, _lp(log_id) + _lp(kind.encode()) + sm3.digest(envelope))


def encode_entry(kind: str, commitment: bytes) -> bytes:
    """The bytes whose leaf hash stands in the tree."""
    return bytes([VERSION]) + _lp(kind.encode()) + commitment


def decode_entry(raw: bytes) -> Entry:
    """Parse an entry strictly: one version, one length, no rest."""
    if len(raw) < 5 or raw[0] != VERSION:
        raise BadProof("entry", "unknown entry version")
    length = int.from_bytes(raw[1:5])
    if not 0 < length <= MAX_KIND or len(raw) != 5 + length + sm3.DIGEST_SIZE:
        raise BadProof("entry", "lengths do not fit")
    try:
        kind = raw[5 : 5 + length].decode("ascii")
    except UnicodeDecodeError:
        raise BadProof("entry", "kind is not ASCII") from None
    return Entry(kind, raw[5 + length :])


def _lp(part: bytes) -> bytes:
    return len(part).to_bytes(4) + part
