"""Signed tree heads in the C2SP text form: body, empty line, one signature line a key.

    credgraph.example/log/2026          origin
    412                                 tree size
    hq3...=                             root, base64
    alg SM3                             extension lines: hash, time, digest of the body before
    time 2026-11-22T10:00:00Z
    prev 9cN...=

    — credgraph.example/log/2026 Tq1...=    base64 of 4-byte key id and signature

Key ids follow the signed-note rule with type 0xff and our own identifier, since SM2 has no
registered type. A log may sign with Ed25519 beside it: such a line is of the registered type 0x01,
and any C2SP tool checks it. Which of the two a line is, its key says.

Parsing accepts exactly the text that `body` and `note` write.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ledger_adapter.crypto import sm3
from ledger_adapter.crypto.ed25519 import Ed25519Key
from ledger_adapter.crypto.sm2 import PublicKey
from ledger_adapter.errors import BadProof
from ledger_adapter.log.hashing import HASH_SIZE

SM2_KIND: Final = "SM2-SM3"
ED25519_KIND: Final = "ED25519"
COSIGNATURE_KIND: Final = "SM2-SM3-COSIGNATURE"
_COSIGNATURE_SIZE: Final = 72
ED25519_TYPE: Final = b"\x01"
SIGNATURE_TYPE: Final = b"\xffcredgraph.dev/sm2-sm3/v1"
MAX_NOTE: Final = 16_384
MAX_SIGNATURES: Final = 32
MAX_SIZE: Final = 2**63 - 1
_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_HASH: Final = re.compile(r"[A-Z0-9]{1,16}")
_ORIGIN: Final = re.compile(r"[A-Za-z0-9._:/-]{1,200}")
_SIGNED_NAME: Final = re.compile(r"[^\s+]{1,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeHead:
    """What a checkpoint says."""

    origin: str
    tree_size: int
    root: bytes
    hash: str
    time: datetime
    previous: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSignature:
    """One signature line; `kind` names the algorithm we use, the key decides."""

    name: str
    key_id: str
    kind: str
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A tree head, the exact bytes that were signed, and the signatures."""

    head: TreeHead
    body: bytes
    signatures: tuple[NoteSignature, ...]

    @property
    def tree_size(self) -> int:
        return self.head.tree_size

    @property
    def root(self) -> bytes:
        return self.head.root

    @property
    def time(self) -> datetime:
        return self.head.time

    @property
    def cosigners(self) -> tuple[str, ...]:
        """Key ids of the witnesses whose lines stand below, in their order."""
        return tuple(s.key_id for s in self.signatures if s.kind == COSIGNATURE_KIND)

    def note(self) -> bytes:
        """Body, empty line, signature lines: the text that C2SP tools pass around."""
        lines = "".join(signature_line(signature) for signature in self.signatures)
        return self.body + b"\n" + lines.encode()


def key_id(name: str, key: PublicKey | Ed25519Key) -> str:
    """The four bytes that say which key made a line, in hex."""
    kind = ED25519_TYPE if isinstance(key, Ed25519Key) else SIGNATURE_TYPE
    material = name.encode() + b"\n" + kind + key.compressed()
    return hashlib.sha256(material).hexdigest()[:8]


def log_id(origin: str, first_key: PublicKey) -> bytes:
    """The log's identity: its origin and its first key. Later keys do not change it."""
    parts = (origin.encode(), first_key.compressed())
    return sm3.digest(b"".join(len(part).to_bytes(4) + part for part in parts))


def body(head: TreeHead) -> bytes:
    """The bytes to be signed."""
    lines = [
        head.origin,
        str(head.tree_size),
        _base64(head.root),
        f"alg {head.hash}",
        f"time {format_time(head.time)}",
    ]
    if head.previous is not None:
        lines.append(f"prev {_base64(head.previous)}")
    return "".join(line + "\n" for line in lines).encode()


def body_digest(signed: bytes) -> bytes:
    """What the next checkpoint names as `prev`."""
    return sm3.digest(signed)


_TIME: Final = re.compile(r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3])(:[0-9]{2}){2}Z")


def format_time(at: datetime) -> str:
    """UTC, whole seconds, `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> datetime:
    """The inverse of `format_time`, for exactly its texts."""
    if not _TIME.fullmatch(text):
        raise BadProof("time", "not a UTC time to the second")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise BadProof("time", "not a UTC time to the second") from None


def parse_body(signed: bytes) -> TreeHead:
    """Read a body; anything that `body` would write otherwise is refused."""
    try:
        lines = signed.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise BadProof("checkpoint", "body is not ASCII text") from None
    if len(lines) not in (6, 7):
        raise BadProof("checkpoint", "body has not five or six lines")
    head = TreeHead(
        origin=lines[0],
        tree_size=parse_decimal(lines[1], "checkpoint"),
        root=_hash(lines[2]),
        hash=_extension(lines[3], "alg"),
        time=parse_time(_extension(lines[4], "time")),
        previous=_hash(_extension(lines[5], "prev")) if len(lines) == 7 else None,
    )
    words = _ORIGIN.fullmatch(head.origin) and _HASH.fullmatch(head.hash)
    if not words or body(head) != signed:
        raise BadProof("checkpoint", "body is not in its one canonical form")
    return head


def parse_note(text: bytes) -> Checkpoint:
    """Read a whole signed note. Signatures are read, not checked."""
    if len(text) > MAX_NOTE:
        raise BadProof("checkpoint", "note is too long")
    signed, separator, tail = text.partition(b"\n\n")
    if not separator or not tail.endswith(b"\n"):
        raise BadProof("checkpoint", "note has no signature lines")
    signed += b"\n"
    try:
        lines = tail[:-1].decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise BadProof("checkpoint", "signature lines are not UTF-8") from None
    if len(lines) > MAX_SIGNATURES:
        raise BadProof("checkpoint", "note has too many signature lines")
    return Checkpoint(
        head=parse_body(signed),
        body=signed,
        signatures=tuple(parse_signature(line) for line in lines),
    )


def parse_decimal(text: str, step: str) -> int:
    """A decimal without sign or leading zeros, below 2^63."""
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_SIZE:
        raise BadProof(step, "not a canonical decimal number")
    return int(text)


def decode_base64(text: str, step: str) -> bytes:
    """Standard base64 in its one canonical spelling."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadProof(step, "not base64") from None
    if _base64(raw) != text:
        raise BadProof(step, "base64 is not canonical")
    return raw


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _hash(text: str) -> bytes:
    raw = decode_base64(text, "checkpoint")
    if len(raw) != HASH_SIZE:
        raise BadProof("checkpoint", "a hash has 32 bytes")
    return raw


def _extension(line: str, name: str) -> str:
    if not line.startswith(name + " "):
        raise BadProof("checkpoint", f"extension line {name!r} is missing")
    return line[len(name) + 1 :]


def signature_line(signature: NoteSignature) -> str:
    """One line of a note, with its end."""
    value = bytes.fromhex(signature.key_id) + signature.value
    return f"— {signature.name} {_base64(value)}\n"


def parse_signature(line: str) -> NoteSignature:
    """Read one line, without its end."""
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—" or not _SIGNED_NAME.fullmatch(parts[1]):
        raise BadProof("checkpoint", "malformed signature line")
    raw = decode_base64(parts[2], "checkpoint")
    if not 4 < len(raw) <= 4 + 8192:
        raise BadProof("checkpoint", "signature line has no key id and signature")
    kind = COSIGNATURE_KIND if len(raw) == 4 + _COSIGNATURE_SIZE else SM2_KIND
    return NoteSignature(name=parts[1], key_id=raw[:4].hex(), kind=kind, value=raw[4:])
