"""A token has one text and one reading; what is revoked or used up is worth nothing."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.auth.revoked import Revoked, Used
from gateway.auth.strict import BadToken, take_apart
from gateway.errors import BadKey, Unauthenticated
from tests.auth.build import KEY, NOW, claims, glued, signed, unpadded, verifier


def remade(header: bytes, payload: bytes) -> str:
    """Signed as it stands, so that nothing but its form is wrong."""
    text = f"{unpadded(header)}.{unpadded(payload)}"
    return f"{text}.{unpadded(KEY.sign(text.encode()))}"


HEADER = b'{"alg":"EdDSA","kid":"k1"}'
GOOD = json.dumps(claims()).encode()


def test_what_is_made_here_is_otherwise_good() -> None:
    assert verifier().verify(remade(HEADER, GOOD), NOW).claims["sub"] == "somebody"


def padded(token: str) -> str:
    head, _, rest = token.partition(".")
    return f"{head}{'=' * (-len(head) % 4 or 4)}.{rest}"


def loose(token: str) -> str:
    """The same bytes written with other unused bits at the end."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet[alphabet.index(token[-1]) ^ 1]
    return token[:-1] + last


def nested(depth: int) -> bytes:
    return GOOD[:-1] + b',"deep":' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(padded(signed(claims())), id="padding"),
        pytest.param(loose(signed(claims())), id="loose bits in the signature"),
        pytest.param(signed(claims()) + ".", id="a fourth part"),
        pytest.param(signed(claims()).replace(".", ".\n", 1), id="a line break"),
        pytest.param(" " + signed(claims()).replace(".", " .", 1), id="blanks"),
        pytest.param(remade(b'{"alg":"EdDSA","alg":"EdDSA","kid":"k1"}', GOOD), id="alg twice"),
        pytest.param(remade(HEADER, GOOD[:-1] + b',"sub":"root"}'), id="sub twice"),
        pytest.param(remade(HEADER, GOOD[:-1] + b',"a":{"b":1,"b":2}}'), id="a name twice inside"),
        pytest.param(remade(HEADER, GOOD[:-1] + b',"n":NaN}'), id="NaN"),
        pytest.param(remade(HEADER, GOOD[:-1] + b',"n":Infinity}'), id="Infinity"),
        pytest.param(remade(HEADER, nested(8)), id="nested too deeply"),
        *(
            pytest.param(remade(HEADER, nested(depth)), id=f"nested {depth} times")
            for depth in (200, 330, 490, 900, 1_500)
        ),
        pytest.param(remade(HEADER, b"[]"), id="a list of claims"),
        pytest.param(remade(HEADER, GOOD + b" x"), id="something after the claims"),
        pytest.param(remade(HEADER, b"\xff" + GOOD), id="no UTF-8"),
        pytest.param(remade(b'{"alg":"EdDSA","kid":"k1","crit":["exp"]}', GOOD), id="crit"),
        pytest.param(remade(b'{"alg":"EdDSA","kid":"k1","b64":false}', GOOD), id="b64"),
        pytest.param(remade(b'{"alg":"EdDSA","kid":"k1","zip":"DEF"}', GOOD), id="zip"),
        pytest.param(remade(b'{"alg":"EdDSA","kid":7}', GOOD), id="a key id that is no text"),
        pytest.param(
            remade(json.dumps({"alg": "EdDSA", "kid": "k1", "x": "y" * 1_000}).encode(), GOOD),
            id="a header too long",
        ),
        *(
            pytest.param(signed(claims(), typ=kind), id=f"typ {kind}")
            for kind in ("vc+jwt", "vp+jwt", "kb+jwt", "dpop+jwt", "logout+jwt")
        ),
    ],
)
def test_another_text_of_a_good_token_is_none(token: str) -> None:
    with pytest.raises(Unauthenticated) as caught:
        verifier().verify(token, NOW)
    assert caught.value.reason == "TOKEN_INVALID"


@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+jwt", "application/at+jwt"])
def test_types_of_logins_are_taken(kind: str) -> None:
    assert verifier().verify(signed(claims(), typ=kind), NOW).expires_at


@given(text=st.text(max_size=200) | st.binary(max_size=150).map(lambda b: b.decode("latin-1")))
def test_any_text_is_a_token_or_refused(text: str) -> None:
    with pytest.raises(BadToken):
        take_apart(text)


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_bit_of_a_token_can_be_changed(place: int, bit: int) -> None:
    raw = bytearray(signed(claims()).encode())
    raw[place % len(raw)] ^= 1 << bit
    with pytest.raises(Unauthenticated):
        verifier().verify(raw.decode("latin-1"), NOW)


def test_a_revoked_token_is_worth_nothing_even_when_remembered() -> None:
    checks = verifier()
    token = signed(claims(jti="t1"))
    viewer = checks.verify(token, NOW)
    assert checks.holds(viewer, NOW)
    checks.revoke(Revoked(tokens=frozenset({"t1"})))
    assert not checks.holds(viewer, NOW)
    with pytest.raises(Unauthenticated) as caught:
        checks.verify(token, NOW)
    assert caught.value.reason == "TOKEN_REVOKED"


def test_a_subject_is_revoked_up_to_an_instant() -> None:
    checks = verifier()
    checks.revoke(Revoked(subjects={"somebody": NOW - 5}))
    with pytest.raises(Unauthenticated):
        checks.verify(signed(claims(iat=int(NOW) - 10)), NOW)
    assert checks.verify(signed(claims(iat=int(NOW) - 1)), NOW).claims["sub"] == "somebody"


@pytest.mark.parametrize(
    "document", [[], {"token": []}, {"tokens": "t1"}, {"tokens": [1]}, {"subjects": {"a": "b"}}]
)
def test_a_list_that_cannot_be_read_is_no_empty_one(document: object) -> None:
    with pytest.raises(BadKey):
        Revoked.read(document, "test")


@pytest.mark.parametrize(("age", "good"), [(0, True), (305, True), (306, False), (9_000, False)])
def test_a_step_up_token_has_to_be_young(age: int, good: bool) -> None:
    """However long it claims to hold; five minutes and the leeway."""
    checks = verifier()
    token = signed(claims(step_up=True, jti=f"old-{age}", iat=NOW - age, exp=NOW + 9_000))
    if good:
        assert checks.verify(token, NOW).claims["step_up"] is True
        return
    with pytest.raises(Unauthenticated) as caught:
        checks.verify(token, NOW)
    assert caught.value.reason == "TOKEN_EXPIRED"


def test_a_step_up_token_is_good_once() -> None:
    checks = verifier()
    token = signed(claims(step_up=True, jti="s1"))
    checks.verify(token, NOW)
    again = signed(claims(step_up=True, jti="s1", extra=1))
    for replay in (token, again):
        with pytest.raises(Unauthenticated) as caught:
            checks.verify(replay, NOW)
        assert caught.value.reason == "TOKEN_REPLAYED"
    with pytest.raises(Unauthenticated):
        checks.verify(signed(claims(step_up=True)), NOW)


def test_used_ids_are_kept_until_they_expire_and_never_pushed_out() -> None:
    used = Used(2)
    assert used.take("a", 10, 0)
    assert used.take("b", 5, 0)
    assert not used.take("c", 10, 0), "full: nothing more is taken"
    assert not used.take("a", 10, 4)
    assert used.take("c", 10, 6)


def test_a_removed_key_takes_its_tokens_with_it() -> None:
    checks = verifier()
    token = signed(claims())
    checks.verify(token, NOW)
    checks.trust([])
    checks.trust([])
    assert checks.viewer(f"Bearer {token}", NOW).anonymous


def test_an_algorithm_is_the_keys_and_never_the_tokens() -> None:
    header, payload, signature = signed(claims()).split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    for name in ("ES256", "RS256", "HS256", "Ed25519", "eddsa", "none"):
        with pytest.raises(Unauthenticated):
            verifier().verify(glued({"alg": name, "kid": "k1"}, claims(), raw), NOW)
    assert header
    assert payload
