"""A request is the gateway's, or it is refused."""

import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.auth.context import request_seal
from subgraphs.kit.errors import Forbidden
from subgraphs.kit.ids import new_id
from subgraphs.kit.viewer import Role, Unauthenticated
from tests.subgraphs.kit.gateway import NOBODY, Gateway, Who

NOW = int(time.time())


@pytest.fixture
def gateway() -> Gateway:
    return Gateway(audience="issuer")


def test_a_viewer_is_who_the_gateway_says(gateway: Gateway) -> None:
    holder = new_id("hold")
    token = gateway.token(Who(role=Role.HOLDER, holder=holder))

    viewer = gateway.tokens.viewer(f"Bearer {token}")

    assert (viewer.role, viewer.holder, viewer.institution) == (Role.HOLDER, holder, None)
    assert viewer.scope_key == f"HOLDER|{holder}"


def test_nobody_is_a_viewer_too(gateway: Gateway) -> None:
    assert gateway.tokens.viewer(f"Bearer {gateway.token(NOBODY)}").role is None


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"iss": "somebody"}, id="another issuer"),
        pytest.param({"aud": "wallet"}, id="for another subgraph"),
        pytest.param({"aud": ["issuer", "wallet"], "iss": "x"}, id="two audiences, wrong issuer"),
        pytest.param({"exp": NOW - 10, "iat": NOW - 40}, id="too old"),
        pytest.param({"exp": NOW + 3600}, id="valid for an hour"),
        pytest.param({"iat": NOW + 36_000, "exp": NOW + 36_030}, id="from the future"),
        pytest.param({"iat": "now"}, id="times in words"),
        pytest.param({"viewer": "holder"}, id="a viewer that is no object"),
        pytest.param({"viewer": {"role": "ROOT"}}, id="an unknown role"),
    ],
)
def test_a_token_that_does_not_hold(gateway: Gateway, changed: dict[str, object]) -> None:
    with pytest.raises(Unauthenticated):
        gateway.tokens.viewer(f"Bearer {gateway.token(NOBODY, **changed)}")


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(None, id="no header"),
        pytest.param("", id="empty"),
        pytest.param("Bearer", id="no token"),
        pytest.param("Basic YTpi", id="a password"),
        pytest.param("Bearer e30.e30.", id="unsigned"),
    ],
)
def test_anything_else_is_refused(gateway: Gateway, header: str | None) -> None:
    with pytest.raises(Unauthenticated):
        gateway.tokens.viewer(header)


def test_another_key_and_another_algorithm_are_refused(gateway: Gateway) -> None:
    stranger = Gateway(audience="issuer", key=Ed25519PrivateKey.generate())

    with pytest.raises(Unauthenticated):
        gateway.tokens.viewer(f"Bearer {stranger.token(NOBODY)}")


def test_ids_of_the_wrong_kind_name_nobody(gateway: Gateway) -> None:
    token = gateway.token(Who(role=Role.ISSUER, institution=new_id("hold")))

    viewer = gateway.tokens.viewer(f"Bearer {token}")

    assert viewer.institution is None
    with pytest.raises(Forbidden):
        viewer.require_institution(Role.ISSUER)


def test_an_operation_has_the_id_that_the_tokens_holder_vouches_for(gateway: Gateway) -> None:
    token = gateway.token(NOBODY)
    seal = request_seal(token, "r-1")
    asked = gateway.tokens.operation
    assert asked(f"Bearer {token}", "r-1", seal) == "r-1"
    assert asked(f"Bearer {token}", "r-1", None) is None
    for id_, given in (("r-2", seal), ("r-1", "0" * 32), ("r-1", ""), (None, seal), ("r-1", "é")):
        with pytest.raises(Unauthenticated):
            asked(f"Bearer {token}", id_, given)
    with pytest.raises(Unauthenticated):
        asked(f"Bearer {gateway.token(NOBODY)}x", "r-1", seal)
