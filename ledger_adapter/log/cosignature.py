"""What a witness adds to a checkpoint: its own timestamped signature (C2SP cosignature/v1, by SM2).

    cosignature/v1
    time 1795341600
    <the checkpoint's body>

The line's value is the time in eight bytes and the signature. A witness says: at this time this
was the largest tree of this log that I have seen, and it extends all those I have seen before.
"""

import hashlib
from typing import Final, NamedTuple

from ledger_adapter.crypto.sm2 import PrivateKey, PublicKey
from ledger_adapter.errors import BadProof
from ledger_adapter.log.checkpoint import COSIGNATURE_KIND, NoteSignature

COSIGNATURE_TYPE: Final = b"\xffcredgraph.dev/sm2-sm3-cosignature/v1"
VALUE_SIZE: Final = 8 + 64
_MAX_TIME: Final = 253_402_300_799  # the last second of the year 9999


class Cosignature(NamedTuple):
    """A parsed value: when, and the signature."""

    time: int
    signature: bytes


def witness_key_id(name: str, key: PublicKey) -> str:
    """The four bytes that say which witness made a line, in hex."""
    material = name.encode() + b"\n" + COSIGNATURE_TYPE + key.compressed()
    return hashlib.sha256(material).hexdigest()[:8]


def cosign(body: bytes, *, name: str, key: PrivateKey, time: int) -> NoteSignature:
    """The line of a witness below a checkpoint's body."""
    return NoteSignature(
        name=name,
        key_id=witness_key_id(name, key.public_key),
        kind=COSIGNATURE_KIND,
        value=time.to_bytes(8) + key.sign(_message(body, time)),
    )


def read_value(value: bytes) -> Cosignature:
    """Time and signature; BadProof for any other shape."""
    time = int.from_bytes(value[:8])
    if len(value) != VALUE_SIZE or not 0 < time <= _MAX_TIME:
        raise BadProof("witness", "not a cosignature")
    return Cosignature(time, value[8:])


def holds(body: bytes, value: bytes, key: PublicKey) -> bool:
    """Whether a line's value is this witness's statement about this body."""
    found = read_value(value)
    return key.verify(_message(body, found.time), found.signature)


def _message(body: bytes, time: int) -> bytes:
    return b"cosignature/v1\ntime %d\n" % time + body
