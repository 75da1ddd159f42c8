"""QBFT seals (Besu): that enough of the configured validators committed to a block.

`extraData` is RLP of vanity, validators, vote, round and seals. What a validator signs is the hash
of the header without seals; the block's hash leaves out the round too, so that two nodes that keep
different sets of seals agree on it. Which validators count is the reader's configuration: the list
inside the header must be theirs, and proves nothing by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger_adapter.errors import BadProof
from ledger_adapter.evidence import rlp
from ledger_adapter.evidence.ethereum import Header, octets, spelled
from ledger_adapter.evidence.keccak import keccak256
from ledger_adapter.evidence.rlp import Item
from ledger_adapter.evidence.secp256k1 import signer as signer_of

MAX_VALIDATORS: Final = 100
DIGEST: Final = bytes.fromhex("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365")
_EXTRA: Final = 12
_MIX_HASH: Final = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """What a QBFT header carries in its `extraData`."""

    vanity: Item
    validators: tuple[bytes, ...]
    vote: Item
    round: Item
    seals: tuple[bytes, ...]

    def encode(self, *, round_: Item, seals: Sequence[bytes] = ()) -> bytes:
        return rlp.encode([self.vanity, list(self.validators), self.vote, round_, list(seals)])


def read_extra(raw: bytes) -> Extra:
    """Strict reading; BadProof for anything else."""
    items = rlp.decode(raw)
    if isinstance(items, bytes) or len(items) != 5:
        raise BadProof("seals", "extraData is not that of QBFT")
    vanity, validators, vote, round_, seals = items
    return Extra(
        vanity=vanity,
        validators=_listed(validators, 20),
        vote=vote,
        round=round_,
        seals=_listed(seals, 65),
    )


def _listed(item: Item, length: int) -> tuple[bytes, ...]:
    if isinstance(item, bytes) or len(item) > MAX_VALIDATORS:
        raise BadProof("seals", f"not a list of at most {MAX_VALIDATORS}")
    found = tuple(octets(part, "seals") for part in item)
    if any(len(part) != length for part in found) or len(set(found)) != len(found):
        raise BadProof("seals", "of a wrong length, or repeated")
    return found


def is_bft(header: Header) -> bool:
    """Whether the header says of itself that it is of this consensus, by the fixed `mixHash`."""
    return header.items[_MIX_HASH] == DIGEST


def block_hash(header: Header) -> bytes:
    """The hash by which nodes name the block: round 0, no seals."""
    return _hash(header, read_extra(header.extra).encode(round_=spelled(0)))


def seal_hash(header: Header) -> bytes:
    """What a validator signs: the round stays, the seals are left out."""
    extra = read_extra(header.extra)
    return _hash(header, extra.encode(round_=extra.round))


def _hash(header: Header, extra: bytes) -> bytes:
    items = list(header.items)
    items[_EXTRA] = extra
    return keccak256(rlp.encode(items))


def check_seals(header: Header, validators: Sequence[bytes]) -> int:
    """How many seals there are, each by another configured validator; BadProof below two thirds.

    A seal that does not hold, or of anybody else, refuses the whole header.
    """
    extra = read_extra(header.extra)
    if sorted(extra.validators) != sorted(validators):
        raise BadProof("seals", "the header's validators are not the configured ones")
    digest = seal_hash(header)
    signers: set[bytes] = set()
    for seal in extra.seals:
        signer = _signer(digest, seal)
        if signer in signers or signer not in validators:
            raise BadProof("seals", "one is repeated, does not hold, or is of somebody else")
        signers.add(signer)
    needed = -(-2 * len(validators) // 3)
    if len(signers) < needed:
        raise BadProof("seals", f"{needed} of {len(validators)} are needed, {len(signers)} sealed")
    return len(signers)


def _signer(digest: bytes, seal: bytes) -> bytes:
    if seal[64] > 1:
        raise BadProof("seals", "the parity of a seal is 0 or 1")
    r, s = int.from_bytes(seal[:32]), int.from_bytes(seal[32:64])
    return signer_of(digest, r=r, s=s, odd=seal[64] == 1)
