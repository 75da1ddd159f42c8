"""A presentation whose credentials stay in custody: what travels instead of them (CUSTODY_LINK).

One envelope, sealed for the key of one request: the presentation without its credentials and their
disclosures, and for each credential the link to its copy, the word that opens the link, and the
keys of the parts that are shown. Filled in again it is the signed presentation, byte for byte, so
that it is checked as if it had come in any other way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger_adapter.crypto import sm2_envelope, sm3, sm4
from ledger_adapter.crypto.sm2 import PrivateKey, PublicKey
from ledger_adapter.crypto.sm2_curve import N
from subgraphs.vc.encoding import Hash, sm3_hash, to_base64url
from subgraphs.vc.errors import MalformedDocument
from subgraphs.vc.presentation import MOST_CREDENTIALS
from subgraphs.vc.sealed_copy import MOST_PARTS, open_part, read_parts
from subgraphs.vc.shape import Shape, shaped
from subgraphs.vc.strict_json import (
    DEFAULT_LIMITS,
    JsonObject,
    JsonValue,
    canonical,
    check_object,
    parse_object,
    pointer,
)

TYPE: Final = "CustodyLinkTransfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """One credential's copy, as the holder lets it be fetched and opened once. `keys` are those of
    the shown parts by place; part 0 is the document."""

    link: str
    word: bytes
    ciphertext_hash: Hash
    keys: Mapping[int, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """An opened envelope: a presentation to be filled in, and where its credentials lie."""

    presentation: JsonObject
    copies: tuple[Lent, ...]


def word_digest(word: bytes) -> Hash:
    """What the custodian is told of a link's word."""
    return sm3_hash(word)


def transfer_key(holder_key: bytes, request: str) -> PrivateKey:
    """The key pair of one request: made anew from a secret of the verifier about this holder each
    time it is needed, kept nowhere, and gone with that secret."""
    wide = b"".join(
        sm3.hmac(holder_key, f"credgraph custody link|{half}|{request}".encode())
        for half in ("a", "b")
    )
    return PrivateKey.from_scalar(1 + int.from_bytes(wide) % (N - 2))


def build_transfer(
    presentation: JsonObject, lent: Sequence[Lent], *, to: PublicKey, nonce: str, audience: str
) -> JsonObject:
    """What is submitted instead of the presentation; `lent` in the order of its credentials."""
    told: JsonObject = {
        "presentation": _emptied(presentation),
        "copies": [_lent_json(one) for one in lent],
    }
    sealed = sm2_envelope.seal_to(to, canonical(told), _beside(nonce, audience))
    return {"type": TYPE, "sealed": to_base64url(sealed)}


def is_transfer(value: object) -> bool:
    """Whether it says of itself that it is one."""
    return isinstance(value, dict) and value.get("type") == TYPE


def open_transfer(value: object, key: PrivateKey, *, nonce: str, audience: str) -> Transfer:
    """MalformedDocument for what is none, DecryptionFailed for one of another request."""
    shape = shaped(check_object(value)).only(("type", "sealed"))
    sealed = shape.data("sealed", longest=DEFAULT_LIMITS.size)
    told = parse_object(sm2_envelope.open_sealed(key, sealed, _beside(nonce, audience)))
    inner = shaped(told).only(("presentation", "copies"))
    copies = inner.inners("copies", most=MOST_CREDENTIALS)
    if not copies:
        raise MalformedDocument("no credential is named", "/copies")
    return Transfer(
        presentation=inner.inner("presentation").members, copies=tuple(map(_lent, copies))
    )


def filled_in(transfer: Transfer, copies: Sequence[bytes]) -> JsonObject:
    """The presentation as it was signed; `copies` are the fetched ones, in the same order.

    DecryptionFailed where a key does not open its part, MalformedDocument where what comes out is
    not a credential with its disclosures.
    """
    opened = [_opened(one, copy) for one, copy in zip(transfer.copies, copies, strict=True)]
    shown = shaped(transfer.presentation).inners("shown", most=MOST_CREDENTIALS)
    if len(shown) != len(opened):
        raise MalformedDocument("each credential needs its entry in `shown`", "/shown")
    return {
        **transfer.presentation,
        "verifiableCredential": [document for document, _ in opened],
        "shown": [
            {**entry.members, "disclosures": disclosures}
            for entry, (_, disclosures) in zip(shown, opened, strict=True)
        ],
    }


def _emptied(presentation: JsonObject) -> JsonObject:
    shown = shaped(presentation).inners("shown", most=MOST_CREDENTIALS)
    return {
        **presentation,
        "verifiableCredential": [],
        "shown": [{**one.members, "disclosures": []} for one in shown],
    }


def _opened(lent: Lent, copy: bytes) -> tuple[JsonObject, list[JsonValue]]:
    boxes = read_parts(copy)
    parts = [open_part(boxes, place, key) for place, key in lent.keys.items()]
    try:
        disclosures: list[JsonValue] = [part.decode("ascii") for part in parts[1:]]
    except UnicodeDecodeError:
        raise MalformedDocument("a disclosure is no text", "/copies") from None
    return parse_object(parts[0]), disclosures


def _lent_json(lent: Lent) -> JsonObject:
    return {
        "link": lent.link,
        "word": to_base64url(lent.word),
        "ciphertextHash": lent.ciphertext_hash,
        "keys": [{"part": place, "key": to_base64url(key)} for place, key in lent.keys.items()],
    }


def _lent(shape: Shape) -> Lent:
    shape.only(("link", "word", "ciphertextHash", "keys"))
    keys = shape.inners("keys", most=MOST_PARTS)
    places = [one.only(("part", "key")).integer("part") for one in keys]
    if not places or places[0] != 0 or len(set(places)) != len(places):
        raise MalformedDocument("the document first, no part twice", pointer(shape.place, "keys"))
    if any(len(one.data("key")) != sm4.KEY_SIZE for one in keys):
        raise MalformedDocument("not a key of a part", pointer(shape.place, "keys"))
    return Lent(
        link=shape.text("link", longest=64),
        word=shape.data("word", longest=64),
        ciphertext_hash=Hash(shape.text("ciphertextHash", longest=80)),
        keys={place: one.data("key") for place, one in zip(places, keys, strict=True)},
    )


def _beside(nonce: str, audience: str) -> bytes:
    return canonical(["credgraph custody link", nonce, audience])
