"""Proving "the total is at least k units" without the total: a hash chain per credential.

The issuer draws a seed s and signs c = SM3^T(s), T being the total in whole units of 10 000 CNY, at
most CAP steps. The holder shows SM3^(T-k)(s); hashing k times has to give c, which nobody can do
for k > T. Bounds of several credentials add up; each k is the holder's choice, not the balance.
Whoever was shown two bounds of one credential has learnt the greater one, no more.
"""

from dataclasses import dataclass
from typing import Final, NewType

from ledger_adapter.crypto import sm3
from subgraphs.vc.encoding import to_base64url
from subgraphs.vc.errors import BadLowerBound, MalformedDocument
from subgraphs.vc.money import Fen, format_amount
from subgraphs.vc.shape import Shape
from subgraphs.vc.strict_json import JsonObject, pointer

Steps = NewType("Steps", int)
"""Whole units of 10 000 CNY."""

UNIT: Final = Fen(1_000_000)
CAP: Final = Steps(1_000)
"""No chain is longer, whatever the total: 10 000 000 CNY is as much as a bound can prove."""

SEED_BYTES: Final = 32
CHAIN: Final = "sm3-chain"


@dataclass(frozen=True, slots=True, kw_only=True)
class LowerBound:
    """The commitment in the signed body; `cap` says how much a chain can prove at most."""

    commitment: bytes
    cap: Steps


def as_json(seed: bytes, amount: Fen) -> JsonObject:
    """The commitment to an amount, as the signed body carries it."""
    return {
        "alg": CHAIN,
        "unit": format_amount(UNIT),
        "cap": CAP,
        "commitment": to_base64url(commit(seed, steps_of(amount))),
    }


def read(shape: Shape) -> LowerBound:
    """The commitment in a body."""
    cap = shape.integer("cap")
    if shape.text("alg") != CHAIN or shape.text("unit") != format_amount(UNIT):
        raise MalformedDocument("a lower bound of another kind", shape.place)
    if not 0 < cap <= CAP:
        raise MalformedDocument("a cap out of range", pointer(shape.place, "cap"))
    return LowerBound(commitment=shape.data("commitment"), cap=Steps(cap))


def proves(bound: LowerBound, shown: Steps, link: bytes) -> bool:
    """Whether a link proves `shown` steps of this very commitment."""
    return shown <= bound.cap and check(bound.commitment, shown, link)


def steps_of(total: Fen) -> Steps:
    """How long the chain of a total is."""
    return Steps(min(total // UNIT, CAP))


def amount_of(steps: Steps) -> Fen:
    """What so many steps prove."""
    return Fen(steps * UNIT)


def steps_for(amount: Fen) -> Steps:
    """The fewest steps that prove an amount (more than CAP: nothing can)."""
    return Steps(-(-amount // UNIT))


def commit(seed: bytes, length: Steps) -> bytes:
    """The end of the chain, which goes into the signed body."""
    if len(seed) != SEED_BYTES:
        raise BadLowerBound(f"a seed has {SEED_BYTES} bytes")
    if not 0 <= length <= CAP:
        raise BadLowerBound(f"a chain has 0 to {CAP} steps")
    return _hash(seed, length)


def reveal(seed: bytes, length: Steps, shown: Steps) -> bytes:
    """The link that proves `shown` steps; only the holder of the seed can make it."""
    if not 0 < shown <= length:
        raise BadLowerBound("more than the total allows, or nothing at all")
    return _hash(seed, length - shown)


def check(commitment: bytes, shown: Steps, link: bytes) -> bool:
    """Whether a link proves `shown` steps. Work is bounded by CAP before it starts."""
    if not 0 < shown <= CAP or len(link) != SEED_BYTES:
        return False
    return _hash(link, shown) == commitment


def _hash(value: bytes, times: int) -> bytes:
    for _ in range(times):
        value = sm3.digest(value)
    return value
