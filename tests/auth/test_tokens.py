"""Which client tokens are believed, and how the others are refused."""

import hashlib
import hmac
import json

import jwt
import pytest
from jwt.algorithms import Algorithm

from gateway.auth.keys import VerificationKey, asymmetric_algorithms, read_jwks
from gateway.auth.tokens import TokenVerifier, TrustedIssuer
from gateway.auth.viewer import ANONYMOUS
from gateway.errors import BadKey, Unauthenticated
from tests.auth.build import (
    KEY,
    NOW,
    OTHER,
    claims,
    glued,
    jwk,
    public_bytes,
    signed,
    unpadded,
    verifier,
)


def test_a_good_token_names_its_viewer() -> None:
    viewer = verifier().viewer(f"Bearer {signed(claims())}", NOW)
    assert viewer.claims["sub"] == "somebody"
    assert viewer.claims["role"] == "READER"
    assert viewer.expires_at == NOW + 600
    assert not viewer.anonymous


def test_no_token_is_nobody() -> None:
    assert verifier().viewer(None, NOW) is ANONYMOUS


def test_where_no_issuer_is_trusted_tokens_are_not_looked_at() -> None:
    assert TokenVerifier([]).viewer("Bearer whatever", NOW) is ANONYMOUS


def hmac_with_public_key() -> str:
    """The classic: the public key taken as a shared secret."""
    header, payload = {"alg": "HS256", "kid": "k1"}, claims()
    signing_input = ".".join(unpadded(json.dumps(part).encode()) for part in (header, payload))
    mac = hmac.new(public_bytes(KEY), signing_input.encode(), hashlib.sha256).digest()
    return glued(header, payload, mac)


def payload_swapped() -> str:
    header, _, signature = signed(claims()).split(".")
    payload = unpadded(json.dumps(claims(sub="somebody else")).encode())
    return f"{header}.{payload}.{signature}"


EMBEDDED = jwk(OTHER, "k1")


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        pytest.param(signed(claims(exp=int(NOW) - 60)), "TOKEN_EXPIRED", id="expired"),
        pytest.param(
            glued({"alg": "none", "kid": "k1"}, claims(), b""), "TOKEN_INVALID", id="alg none"
        ),
        pytest.param(
            glued({"alg": "NONE"}, claims(), b""), "TOKEN_INVALID", id="alg none, shouted"
        ),
        pytest.param(
            glued({"alg": "EdDSA", "kid": "k1"}, claims(), b""), "TOKEN_INVALID", id="unsigned"
        ),
        pytest.param(glued({"kid": "k1"}, claims(), b"x" * 64), "TOKEN_INVALID", id="no alg"),
        pytest.param(hmac_with_public_key(), "TOKEN_INVALID", id="HS256 with the public key"),
        pytest.param(signed(claims(), OTHER), "TOKEN_INVALID", id="another key"),
        pytest.param(
            signed(claims(), OTHER, jwk=EMBEDDED), "TOKEN_INVALID", id="a key in the header"
        ),
        pytest.param(signed(claims(), kid="k9"), "TOKEN_INVALID", id="an unknown key id"),
        pytest.param(
            signed(claims(), kid="../../etc/passwd"), "TOKEN_INVALID", id="a path for a key id"
        ),
        pytest.param(
            signed(claims(), crit=["x"], x=1), "TOKEN_INVALID", id="a critical header nobody knows"
        ),
        pytest.param(payload_swapped(), "TOKEN_INVALID", id="claims swapped under a signature"),
        pytest.param(signed(claims(aud="other")), "TOKEN_INVALID", id="another audience"),
        pytest.param(signed(claims(aud=["x", "y"])), "TOKEN_INVALID", id="other audiences"),
        pytest.param(signed(claims(iss="strangers")), "TOKEN_INVALID", id="another issuer"),
        pytest.param(signed(claims(nbf=int(NOW) + 60)), "TOKEN_INVALID", id="not valid yet"),
        pytest.param(signed(claims(iat=int(NOW) + 60)), "TOKEN_INVALID", id="issued in the future"),
        pytest.param(signed(claims(exp=2**60)), "TOKEN_INVALID", id="an expiry beyond all time"),
        pytest.param("x", "TOKEN_INVALID", id="not a token"),
        pytest.param("a.b.c", "TOKEN_INVALID", id="three letters"),
        pytest.param("…", "TOKEN_INVALID", id="not ASCII"),
        pytest.param("x" * 9_000, "TOKEN_INVALID", id="too long"),
        *(
            pytest.param(signed(claims(**{name: None})), "TOKEN_INVALID", id=f"without {name}")
            for name in ("exp", "iat", "iss", "aud", "sub")
        ),
        *(
            pytest.param(
                glued({"alg": "EdDSA", "kid": "k1"}, claims(exp=value), b"x" * 64),
                "TOKEN_INVALID",
                id=f"exp is {value!r}",
            )
            for value in ("soon", True, -1, [1])
        ),
    ],
)
def test_a_token_worth_nothing_is_refused_with_its_reason(token: str, reason: str) -> None:
    with pytest.raises(Unauthenticated) as caught:
        verifier().verify(token, NOW)
    assert caught.value.reason == reason
    assert token not in caught.value.message or len(token) < 4


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param("", id="empty"),
        pytest.param("Bearer", id="no token"),
        pytest.param("Bearer  ", id="blanks"),
        pytest.param("Basic dXNlcjpwYXNz", id="another scheme"),
    ],
)
def test_an_authorization_that_is_no_bearer_token_is_refused(authorization: str) -> None:
    with pytest.raises(Unauthenticated):
        verifier().viewer(authorization, NOW)


def test_one_of_several_audiences_is_enough() -> None:
    assert not verifier().verify(signed(claims(aud=["x", "graph"])), NOW).anonymous


def test_clocks_may_differ_a_little() -> None:
    token = signed(claims(exp=int(NOW) - 3, iat=int(NOW) + 3))
    assert not verifier(leeway=5).verify(token, NOW).anonymous


def test_a_token_is_checked_once_and_again_when_its_time_is_over() -> None:
    checks = verifier()
    token = signed(claims())
    assert checks.verify(token, NOW) is checks.verify(token, NOW)
    with pytest.raises(Unauthenticated) as caught:
        checks.verify(token, NOW + 700)
    assert caught.value.reason == "TOKEN_EXPIRED"


def test_the_memory_of_tokens_is_bounded() -> None:
    checks = verifier(cached=2)
    first = signed(claims(sub="0"))
    viewer = checks.verify(first, NOW)
    for number in range(1, 4):
        checks.verify(signed(claims(sub=str(number))), NOW)
    assert checks.verify(first, NOW) is not viewer


def test_a_token_without_a_key_id_is_checked_with_the_only_key_of_its_algorithm() -> None:
    token = jwt.encode(claims(), KEY, algorithm="EdDSA")
    assert not verifier().verify(token, NOW).anonymous


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        pytest.param({}, "no JSON Web Key Set", id="no keys"),
        pytest.param({"keys": []}, "no JSON Web Key Set", id="an empty set"),
        pytest.param([], "no JSON Web Key Set", id="a list"),
        pytest.param({"keys": [7]}, "no JSON object", id="a number for a key"),
        pytest.param({"keys": [{"kty": "oct", "k": "AAAA"}]}, "no algorithm", id="a shared secret"),
        pytest.param(
            {"keys": [{"kty": "oct", "k": "AAAA", "alg": "HS256"}]}, "no algorithm", id="HS256"
        ),
        pytest.param({"keys": [{**jwk(KEY, "a"), "alg": "none"}]}, "no algorithm", id="alg none"),
        pytest.param({"keys": [{**jwk(KEY, "a"), "d": "AAAA"}]}, "private key", id="a private key"),
        pytest.param({"keys": [{**jwk(KEY, "a"), "x": "AA"}]}, "unusable", id="a cut key"),
        pytest.param(
            {"keys": [{**jwk(KEY, "a"), "use": "enc"}]},
            "no key for signatures",
            id="encryption only",
        ),
    ],
)
def test_a_key_set_that_could_not_be_trusted_is_refused_at_start(
    document: object, problem: str
) -> None:
    with pytest.raises(BadKey, match=problem) as caught:
        read_jwks(document, asymmetric_algorithms({}), "keys.json")
    assert "keys.json" in caught.value.message


class Reversed(Algorithm):
    """A toy signature: the message backwards, then the key."""

    def prepare_key(self, key: bytes) -> bytes:
        return key

    def sign(self, msg: bytes, key: bytes) -> bytes:
        return msg[::-1] + key

    def verify(self, msg: bytes, key: bytes, sig: bytes) -> bool:
        return sig == self.sign(msg, key)

    @staticmethod
    def to_jwk(key_obj: bytes, as_dict: bool = False) -> str:  # type: ignore[override]
        return key_obj.decode()

    @staticmethod
    def from_jwk(entry: object) -> bytes:
        assert isinstance(entry, dict)
        return str(entry["k"]).encode()


def test_a_further_algorithm_can_be_plugged_in() -> None:
    further: dict[str, Algorithm] = {"REV": Reversed()}
    entry = {"kty": "REV", "alg": "REV", "kid": "r", "k": "key"}
    keys = read_jwks({"keys": [entry]}, asymmetric_algorithms(further), "test")
    assert keys == (VerificationKey(kid="r", algorithm="REV", key=b"key"),)
    trusted = TrustedIssuer(issuer="people", audience="graph", keys=keys)
    header, payload = {"alg": "REV", "kid": "r", "typ": "JWT"}, claims()
    message = ".".join(unpadded(json.dumps(part).encode()) for part in (header, payload)).encode()
    token = glued(header, payload, message[::-1] + b"key")
    assert not TokenVerifier([trusted], algorithms=further).verify(token, NOW).anonymous
