"""A credential's copy, sealed part by part: one key opens all, each part has a key of its own.

So a holder can let somebody open the document and the disclosures she chooses, and nothing else of
the same copy. Parts are padded: their lengths do not tell amounts. Layout: the magic, the number of
parts (2 bytes), then for each its length (4 bytes) and its box, nonce first.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ledger_adapter.crypto import sm3, sm4
from ledger_adapter.errors import DecryptionFailed
from subgraphs.vc.disclosure import MOST_DISCLOSURES
from subgraphs.vc.errors import MalformedDocument

MOST_PARTS: Final = 1 + MOST_DISCLOSURES
MAGIC: Final = b"CGPARTS1"
_BLOCK: Final = 512
_END: Final = b"\x80"
_BESIDE: Final = b"credgraph copy part|"


def part_key(data_key: bytes, place: int) -> bytes:
    """The key of one part, from the key of all."""
    return sm3.hmac(data_key, _BESIDE + place.to_bytes(2))[: sm4.KEY_SIZE]


def seal_parts(data_key: bytes, parts: Sequence[bytes], chance: Callable[[int], bytes]) -> bytes:
    """The copy to hand in; a data key serves one copy."""
    if not 0 < len(parts) <= MOST_PARTS:
        raise MalformedDocument(f"a copy has 1 to {MOST_PARTS} parts")
    boxes = [
        _sealed(part_key(data_key, place), chance(sm4.NONCE_SIZE), part, _beside(place, len(parts)))
        for place, part in enumerate(parts)
    ]
    framed = b"".join(len(box).to_bytes(4) + box for box in boxes)
    return MAGIC + len(parts).to_bytes(2) + framed


def open_part(boxes: Sequence[bytes], place: int, key: bytes) -> bytes:
    """One part of a copy that was read; DecryptionFailed for another key or place."""
    if not 0 <= place < len(boxes):
        raise DecryptionFailed("the copy has no such part")
    nonce, box = boxes[place][: sm4.NONCE_SIZE], boxes[place][sm4.NONCE_SIZE :]
    padded = sm4.open_(key, nonce, box, _beside(place, len(boxes)))
    content, end, rest = padded.rpartition(_END)
    if not end or any(rest):
        raise DecryptionFailed("the part has no end")
    return content


def open_parts(data_key: bytes, copy: bytes) -> list[bytes]:
    """Everything, for who has the key of all."""
    boxes = read_parts(copy)
    places: Iterable[int] = range(len(boxes))
    return [open_part(boxes, place, part_key(data_key, place)) for place in places]


def read_parts(copy: bytes) -> list[bytes]:
    """The sealed parts; MalformedDocument where the bytes are not laid out as a copy."""
    head = len(MAGIC) + 2
    count = int.from_bytes(copy[len(MAGIC) : head])
    if not copy.startswith(MAGIC) or not 0 < count <= MOST_PARTS:
        raise MalformedDocument("not a copy in parts")
    boxes, at = [], head
    for _ in range(count):
        size = int.from_bytes(copy[at : at + 4])
        boxes.append(copy[at + 4 : at + 4 + size])
        at += 4 + size
    if at != len(copy) or any(len(box) < sm4.NONCE_SIZE + sm4.TAG_SIZE for box in boxes):
        raise MalformedDocument("the copy is longer or shorter than its parts")
    return boxes


def _sealed(key: bytes, nonce: bytes, part: bytes, beside: bytes) -> bytes:
    padded = part + _END
    padded += bytes(-len(padded) % _BLOCK)
    return nonce + sm4.seal(key, nonce, padded, beside)


def _beside(place: int, count: int) -> bytes:
    return _BESIDE + place.to_bytes(2) + count.to_bytes(2)
