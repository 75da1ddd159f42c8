"""The token by which subgraphs learn who calls."""

from collections.abc import Iterator
from itertools import count

import jwt
import pytest

from gateway.auth.context import ContextRules, ContextTokens
from gateway.auth.signing import read_signing_key
from gateway.auth.viewer import ANONYMOUS, Viewer
from gateway.errors import BadKey
from gateway.spec.names import SubgraphName
from tests.auth.build import KEY, NOW

ONE, TWO = SubgraphName("one"), SubgraphName("two")
READER = Viewer(claims={"sub": "s", "role": "READER", "email": "s@example.org"}, expires_at=NOW)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def minting(clock: Clock, cached: int = 100) -> ContextTokens:
    numbers: Iterator[int] = count()
    rules = ContextRules(issuer="gateway", claims=("role", "team"), cached=cached)
    return ContextTokens(KEY, rules, now=clock, unique=lambda: str(next(numbers)))


def read(token: str, audience: str) -> dict[str, object]:
    options = {"verify_exp": False, "verify_iat": False}
    claims: dict[str, object] = jwt.decode(
        token,
        KEY.public_key(),
        algorithms=["EdDSA"],
        audience=audience,
        options=options,  # type: ignore[arg-type]
    )
    return claims


def test_it_says_who_calls_by_the_allow_list_only() -> None:
    claims = read(minting(Clock()).token(ONE, READER), "one")
    assert claims == {
        "iss": "gateway",
        "aud": "one",
        "iat": int(NOW),
        "exp": int(NOW) + 60,
        "jti": "0",
        "viewer": {"sub": "s", "role": "READER"},
    }


def test_nobody_is_an_empty_viewer() -> None:
    assert read(minting(Clock()).token(ONE, ANONYMOUS), "one")["viewer"] == {}


def test_it_is_good_for_one_subgraph_only() -> None:
    token = minting(Clock()).token(ONE, READER)
    with pytest.raises(jwt.InvalidAudienceError):
        read(token, "two")


def test_it_is_used_again_while_it_is_fresh_and_never_for_another_viewer() -> None:
    clock = Clock()
    tokens = minting(clock)
    first = tokens.token(ONE, READER)
    clock.now += 29
    assert tokens.token(ONE, READER) == first
    assert tokens.token(TWO, READER) != first
    assert tokens.token(ONE, ANONYMOUS) != first
    clock.now += 2
    assert tokens.token(ONE, READER) != first


def test_the_memory_of_tokens_is_bounded() -> None:
    tokens = minting(Clock(), cached=1)
    first = tokens.token(ONE, READER)
    tokens.token(TWO, READER)
    assert tokens.token(ONE, READER) != first


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param(b"", id="empty"),
        pytest.param(
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", id="broken"
        ),
    ],
)
def test_a_key_file_without_a_usable_key_is_named(pem: bytes) -> None:
    with pytest.raises(BadKey, match=r"some\.pem"):
        read_signing_key(pem, "some.pem")
