"""Tokens signed with SM2: what a header may ask for (nothing), and what has to be said."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.exceptions import InvalidAlgorithmError, InvalidKeyError

from ledger_adapter.crypto import jwk, jwt
from ledger_adapter.crypto.jwt import SM2Algorithm, Terms
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.errors import BadKey, BadToken

KEY, OTHER = PrivateKey.from_scalar(0xA11CE), PrivateKey.from_scalar(0xB0B)
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
TERMS = Terms(typ="at+jwt", issuer="us", audience="you", now=NOW, require=("jti",))
CLAIMS: Mapping[str, object] = {"iss": "us", "aud": "you", "iat": AT, "exp": AT + 60, "jti": "1"}


def text(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header: object, claims: object = CLAIMS, key: PrivateKey = KEY) -> str:
    """A token whose signature is right, whatever its header says."""
    start = f"{text(header)}.{text(claims)}"
    return f"{start}.{text(key.sign(start.encode()))}"


HEADER: Mapping[str, object] = {"alg": "SGD_SM3_SM2", "typ": "at+jwt"}


def test_what_was_encoded_is_decoded() -> None:
    token = jwt.encode(CLAIMS, KEY, typ="at+jwt", kid="key-1")
    assert jwt.decode(token, KEY.public_key, TERMS) == CLAIMS
    assert jwt.decode(signed(HEADER), KEY.public_key, TERMS) == CLAIMS


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({**HEADER, "alg": "none"}, id="none"),
        pytest.param({**HEADER, "alg": "HS256"}, id="a shared secret"),
        pytest.param({**HEADER, "alg": "ES256"}, id="another curve"),
        pytest.param({**HEADER, "alg": "sgd_sm3_sm2"}, id="other letters"),
        pytest.param({"typ": "at+jwt"}, id="no algorithm"),
        pytest.param({"alg": "SGD_SM3_SM2"}, id="no type"),
        pytest.param({**HEADER, "typ": "vp+jwt"}, id="another type"),
    ],
)
def test_the_key_says_which_algorithm(header: Mapping[str, object]) -> None:
    with pytest.raises(BadToken):
        jwt.decode(signed(header), KEY.public_key, TERMS)


@pytest.mark.parametrize(
    "member",
    [
        pytest.param({"jku": "https://attacker.example/keys"}, id="jku"),
        pytest.param({"jwk": jwk.to_jwk(OTHER.public_key)}, id="jwk"),
        pytest.param({"x5u": "https://attacker.example/cert"}, id="x5u"),
        pytest.param({"x5c": ["MII"]}, id="x5c"),
        pytest.param({"crit": ["exp"]}, id="crit"),
        pytest.param({"b64": False, "crit": ["b64"]}, id="b64"),
        pytest.param({"kid": ["key-1"]}, id="a kid that is no text"),
        pytest.param({"zip": "DEF"}, id="zip"),
    ],
)
def test_a_header_cannot_bring_its_own_key(member: Mapping[str, object]) -> None:
    for key in (KEY, OTHER):
        with pytest.raises(BadToken):
            jwt.decode(signed({**HEADER, **member}, key=key), KEY.public_key, TERMS)


@pytest.mark.parametrize("kid", ["../../etc/passwd", "' OR 1=1 --", "key-2"])
def test_a_kid_chooses_nothing(kid: str) -> None:
    assert jwt.decode(signed({**HEADER, "kid": kid}), KEY.public_key, TERMS)
    with pytest.raises(BadToken):
        jwt.decode(signed({**HEADER, "kid": kid}, key=OTHER), KEY.public_key, TERMS)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"aud": "them"}, id="another audience"),
        pytest.param({"aud": ["you", "them"]}, id="several audiences"),
        pytest.param({"iss": "them"}, id="another issuer"),
        pytest.param({"jti": ""}, id="no id"),
        pytest.param({"exp": AT - 61}, id="expired"),
        pytest.param({"exp": None}, id="no end"),
        pytest.param({"exp": 1e30}, id="an end that is no whole number"),
        pytest.param({"exp": float("nan")}, id="an end that is no number"),
        pytest.param({"iat": AT + 61}, id="from tomorrow"),
        pytest.param({"nbf": AT + 61}, id="not yet"),
        pytest.param({"iat": True}, id="a time that is a truth value"),
    ],
)
def test_claims_that_are_not_ours(change: Mapping[str, object]) -> None:
    with pytest.raises(BadToken):
        jwt.decode(signed(HEADER, {**CLAIMS, **change}), KEY.public_key, TERMS)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="nothing"),
        pytest.param("a.b", id="two parts"),
        pytest.param(signed(HEADER) + "=", id="padding"),
        pytest.param(signed(HEADER) + "\n", id="newline"),
        pytest.param(signed(HEADER) + ".e30", id="four parts"),
        pytest.param(signed(HEADER)[:-1], id="one letter less"),
        pytest.param(signed(HEADER, [1]), id="claims that are a list"),
        pytest.param(signed(b'{"alg":"SGD_SM3_SM2","typ":"at+jwt","typ":"x"}'), id="twice"),
        pytest.param(signed(HEADER, b'{"iss":"us","iss":"them"}'), id="a claim twice"),
        pytest.param(signed(HEADER, b"[" * 100_000), id="a hundred thousand brackets"),
        pytest.param("e30." + "A" * 300_000 + ".AA", id="three hundred thousand letters"),
    ],
)
def test_malformed_tokens(token: str) -> None:
    with pytest.raises(BadToken):
        jwt.decode(token, KEY.public_key, TERMS)


def test_pyjwts_own_registry_stays_as_it_is() -> None:
    with pytest.raises(InvalidAlgorithmError):
        pyjwt.decode(signed(HEADER), "secret", algorithms=["SGD_SM3_SM2"])


def test_only_sm2_key_objects_sign_and_verify() -> None:
    algorithm = SM2Algorithm()
    for key in ("text", b"bytes", ec.generate_private_key(ec.SECP256R1()), None):
        with pytest.raises(InvalidKeyError):
            algorithm.prepare_key(key)
        with pytest.raises(InvalidKeyError):
            algorithm.sign(b"m", key)
        with pytest.raises(InvalidKeyError):
            algorithm.to_jwk(key)
        assert not algorithm.verify(b"m", key, bytes(64))
    assert algorithm.compute_hash_digest(b"abc").hex().startswith("66c7f0f4")


def test_keys_travel_as_jwk() -> None:
    public = KEY.public_key
    assert SM2Algorithm.from_jwk(SM2Algorithm.to_jwk(KEY)) == public
    assert SM2Algorithm.from_jwk(SM2Algorithm.to_jwk(public, as_dict=True)) == public
    assert "d" not in SM2Algorithm.to_jwk(KEY, as_dict=True)


PUBLIC: Mapping[str, object] = jwk.to_jwk(KEY.public_key)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({**PUBLIC, "crv": "P-256"}, id="another curve"),
        pytest.param({**PUBLIC, "kty": "OKP"}, id="another kind"),
        pytest.param({**PUBLIC, "y": PUBLIC["x"]}, id="off the curve"),
        pytest.param({**PUBLIC, "x": f"{PUBLIC['x']}="}, id="padding"),
        pytest.param({**PUBLIC, "x": 5}, id="a number"),
        pytest.param({**PUBLIC, "d": "A" * 43}, id="a private key"),
        pytest.param({**PUBLIC, "x": "/" * 43}, id="base64"),
        pytest.param({}, id="nothing"),
    ],
)
def test_other_jwks_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(BadKey):
        jwk.from_jwk(bad)
    with pytest.raises(InvalidKeyError):
        SM2Algorithm.from_jwk(bad)
    with pytest.raises(InvalidKeyError):
        SM2Algorithm.from_jwk(json.dumps([bad]))
