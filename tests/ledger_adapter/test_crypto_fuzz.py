"""Providers against each other and damaged input: no crash, no hang, no verdict of one alone.

`make crypto-fuzz` tries thousands; here are a few of each.
"""

import base64
import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ledger_adapter.crypto import der, jwk, jwt, sealing, sm2, sm3, sm4
from ledger_adapter.crypto.sealing import Passphrase
from ledger_adapter.crypto.sm2 import PROVIDERS, PrivateKey, PublicKey
from ledger_adapter.crypto.sm2_curve import N, on_curve
from ledger_adapter.errors import BadKey, BadSignatureEncoding, BadToken, CryptoError, NoProvider
from tests.kit.fuzz import examples


def available() -> list[str]:
    names = []
    for name in PROVIDERS:
        try:
            sm2.provider(name)
        except NoProvider:
            continue
        names.append(name)
    return names


AVAILABLE = available()
FASTEST = AVAILABLE[0]
KEY = PrivateKey.from_scalar(0xC0FFEE, using=FASTEST)
PUBLIC = KEY.public_key
SIGNATURE = KEY.sign(b"message")

scalars = st.one_of(
    st.integers(1, 64), st.integers(N - 64, N - 2), st.integers(1, N - 2)
)  # the edges of the range, and all of it
numbers = st.one_of(
    st.sampled_from([0, 1, N - 1, N, N + 1, 2**256 - 1]), st.integers(0, 2**256 - 1)
)


@given(scalars, st.binary(max_size=80))
@examples(12)
def test_every_provider_derives_and_verifies_what_every_other_signs(
    scalar: int, message: bytes
) -> None:
    keys = {name: PrivateKey.from_scalar(scalar, using=name) for name in AVAILABLE}
    assert len({key.public_key for key in keys.values()}) == 1
    for signer, key in keys.items():
        signature = key.sign(message)
        for verifier in AVAILABLE:
            public = key.public_key
            assert public.verify(message, signature, using=verifier), (signer, verifier)
            assert not public.verify(message + b"\0", signature, using=verifier)


@st.composite
def damaged_signatures(draw: st.DrawFn) -> bytes:
    """Halves at the edges of their range, relations of a right one, flipped bits."""
    right = der.from_raw(SIGNATURE)
    related = [right.r, right.s, N - right.r, N - right.s, (right.r + right.s) % N]
    half = st.one_of(numbers, st.sampled_from(related))
    raw = draw(half).to_bytes(32) + draw(half).to_bytes(32)
    flipped = bytearray(draw(st.sampled_from([raw, SIGNATURE])))
    flipped[draw(st.integers(0, 63))] ^= draw(st.sampled_from([0, 1, 0x80]))
    return bytes(flipped)


def verdicts(key: PublicKey, message: bytes, signature: bytes) -> set[bool]:
    return {key.verify(message, signature, using=name) for name in AVAILABLE}


@given(damaged_signatures())
@examples(60)
def test_all_providers_give_one_verdict_on_a_damaged_signature(signature: bytes) -> None:
    assert verdicts(PUBLIC, b"message", signature) == {signature == SIGNATURE}


@given(st.binary(min_size=33, max_size=33), st.sampled_from(b"\x02\x03\x04\x06"))
@examples(60)
def test_a_key_is_refused_or_is_a_key_for_all(raw: bytes, form: int) -> None:
    for encoded in (bytes([form]) + raw[1:], bytes([form]) + raw[1:] + raw[1:]):
        try:
            key = PublicKey.from_bytes(encoded)
        except BadKey:
            continue
        assert on_curve(key.point)
        assert key.compressed() == encoded
        assert verdicts(key, b"message", SIGNATURE) == {False}


@given(st.data())
@examples(100)
def test_der_is_read_in_its_one_form_or_not_at_all(data: st.DataObject) -> None:
    good = bytearray(der.to_der(der.from_raw(SIGNATURE)))
    for _ in range(data.draw(st.integers(1, 4))):
        spot = data.draw(st.integers(0, len(good) - 1))
        match data.draw(st.sampled_from(["flip", "cut", "grow"])):
            case "flip":
                good[spot] ^= data.draw(st.integers(1, 255))
            case "cut" if len(good) > 1:
                del good[spot]
            case _:
                good.insert(spot, data.draw(st.integers(0, 255)))
    try:
        signature = der.from_der(bytes(good))
    except BadSignatureEncoding:
        return
    assert der.to_der(signature) == bytes(good)
    assert len(verdicts(PUBLIC, b"message", der.to_raw(signature))) == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=44),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)
jwks = st.fixed_dictionaries(
    {},
    optional={
        "kty": st.sampled_from(["EC", "OKP", "oct"]) | json_values,
        "crv": st.sampled_from(["sm2p256v1", "P-256"]) | json_values,
        "x": st.sampled_from([jwk.to_jwk(PUBLIC)["x"], "A" * 43, "_" * 43]) | json_values,
        "y": st.sampled_from([jwk.to_jwk(PUBLIC)["y"], "A" * 43, "_" * 43]) | json_values,
        "d": json_values,
    },
)


@given(jwks)
@examples(100)
def test_a_jwk_is_a_key_of_the_curve_or_bad_key(value: dict[str, object]) -> None:
    try:
        key = jwk.from_jwk(value)
    except BadKey:
        return
    assert key == PUBLIC
    assert {**value, **jwk.to_jwk(key)} == value


NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TERMS = jwt.Terms(typ="t", issuer="i", audience="a", now=NOW)
CLAIMS = {"iss": "i", "aud": "a", "iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 60}
TOKEN = jwt.encode(CLAIMS, KEY, typ="t")


@given(st.data())
@examples(100)
def test_a_damaged_token_is_a_bad_token(data: st.DataObject) -> None:
    letters = list(TOKEN)
    for _ in range(data.draw(st.integers(1, 3))):
        spot = data.draw(st.integers(0, len(letters) - 1))
        letters[spot] = data.draw(st.sampled_from("Aa0_-.=+/ \n\0é\ud800~"))
    text = "".join(letters)
    try:
        assert jwt.decode(text, PUBLIC, TERMS) == CLAIMS
        assert text == TOKEN, "a second text of one token"
    except BadToken:
        assert text != TOKEN


@given(json_values, json_values)
@examples(60)
def test_rightly_signed_nonsense_is_a_bad_token(header: object, claims: object) -> None:
    parts = [base64.urlsafe_b64encode(json.dumps(v).encode()) for v in (header, claims)]
    start = b".".join(part.rstrip(b"=") for part in parts)
    tail = base64.urlsafe_b64encode(KEY.sign(start)).rstrip(b"=")
    try:
        jwt.decode((start + b"." + tail).decode(), PUBLIC, TERMS)
    except BadToken:
        return
    raise AssertionError("nonsense was accepted")


PASSPHRASE = Passphrase("correct horse battery")
BOX = sealing.seal(b"secret", PASSPHRASE, beside=b"x")


@given(st.dictionaries(st.sampled_from(sorted(BOX)), json_values))
@examples(60)
def test_a_damaged_box_stays_shut(change: dict[str, object]) -> None:
    box = {**BOX, **change}
    try:
        assert sealing.open_(box, PASSPHRASE, beside=b"x") == b"secret"
        assert box == BOX
    except CryptoError:
        assert box != BOX


@given(st.binary(min_size=16, max_size=16), st.binary(max_size=64), st.binary(max_size=64))
@examples(40)
def test_sealed_text_opens_to_itself_and_sm3_agrees_with_its_second_source(
    key: bytes, plain: bytes, beside: bytes
) -> None:
    assert sm4.open_(key, b"n" * 12, sm4.seal(key, b"n" * 12, plain, beside), beside) == plain
    other = sm3.cryptography_state()
    other.update(plain)
    assert other.digest() == sm3.digest(plain)
