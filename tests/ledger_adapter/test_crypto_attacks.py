"""What an attacker does with signatures: nonces that repeat, a second signature, a made-up key."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger_adapter.crypto import der, sm2
from ledger_adapter.crypto.sm2 import PROVIDERS, PrivateKey, PublicKey
from ledger_adapter.crypto.sm2_curve import N, Point, multiply
from ledger_adapter.errors import NoProvider
from tests.kit.fuzz import examples

SCALAR = 0xBADC0DE


def key_of(name: str) -> PrivateKey:
    try:
        return PrivateKey.from_scalar(SCALAR, using=name)
    except NoProvider as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("name", PROVIDERS)
def test_no_nonce_comes_twice_even_from_a_generator_set_back(name: str) -> None:
    key, nonces = key_of(name), set()
    for _ in range(40):
        random.seed(1)  # the generator that gmssl would take its nonces from
        signature = der.from_raw(key.sign(b"one message"))
        # r = e + x1 of the nonce's point, and e is the same each time
        nonces.add(signature.r)
    assert len(nonces) == 40


def test_a_nonce_used_twice_would_give_the_key_away() -> None:
    """Why the test above matters: two equations, two unknowns."""
    key, nonce = key_of("gmssl"), 0x5EED
    (r1, s1), (r2, s2) = (equation(key, m, nonce) for m in (b"one", b"two"))
    # s = (k - r d) / (1 + d), so k = s + (s + r) d in both
    guessed = (s2 - s1) * pow(s1 + r1 - s2 - r2, -1, N) % N
    assert guessed == SCALAR


def equation(key: PrivateKey, message: bytes, nonce: int) -> tuple[int, int]:
    e = int.from_bytes(sm2.signed_digest(key.public_key, message))
    r = (e + multiply(nonce).x) % N
    return r, pow(1 + SCALAR, -1, N) * (nonce - r * SCALAR) % N


@pytest.mark.parametrize("name", PROVIDERS)
def test_no_second_signature_follows_from_a_first(name: str) -> None:
    key = key_of(name)
    r, s = der.from_raw(key.sign(b"m"))
    related = [(r, N - s), (N - r, s), (N - r, N - s), (s, r), ((r + s) % N, s), (r, (r + s) % N)]
    for pair in related:
        raw = der.to_raw(der.Signature(*pair))
        assert not key.public_key.verify(b"m", raw, using=name), pair


@given(st.integers(2, N - 1))
@examples(10)
def test_no_key_can_be_made_for_a_given_signature(s: int) -> None:
    """With ECDSA a key can be computed under which a given (r, s) signs m; Z binds the key here."""
    victim = PrivateKey.from_scalar(SCALAR).public_key
    e = int.from_bytes(sm2.signed_digest(victim, b"m"))
    # choose the nonce's point as G: P = (G - s G) / (r + s) verifies for this e, if e stayed
    r = (e + multiply(1).x) % N
    share = (1 - s) * pow(r + s, -1, N) % N
    made = PublicKey(Point(*multiply(share)))
    raw = der.to_raw(der.Signature(r, s))
    verifier = sm2.provider().verifier(made.point)
    assert verifier.verify(e.to_bytes(32), der.Signature(r, s)), "the forged equation holds"
    assert not made.verify(b"m", raw), "but the message's digest is another under another key"
