"""A guarded graph behind the real doors: shut without authentication, opened by claims."""

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.config import Settings
from gateway.errors import BadSettings
from gateway.server.wiring import build_gateway
from tests.access.test_directives import graphs
from tests.auth.build import KEY, jwk, signed

ISSUER = {"issuer": "people", "audience": "graph"}


def settings_in(folder: Path, **auth: object) -> Settings:
    (folder / "graph.graphql").write_text(graphs()["composed"])
    (folder / "jwks.json").write_text(json.dumps({"keys": [jwk(KEY, "k1")]}))
    values = {"supergraph": str(folder / "graph.graphql"), "access_log": False, "auth": auth}
    return Settings.from_mapping(values)


def a_token(**claims: object) -> str:
    now = int(time.time())
    base: dict[str, object] = {"iss": "people", "aud": "graph", "sub": "ann"}
    return signed({**base, "iat": now, "exp": now + 60, **claims})


async def asked(settings: Settings, query: str, token: str | None = None) -> Any:
    gateway = build_gateway(settings)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    try:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=gateway.app), base_url="http://gateway"
        ) as client:
            return (await client.post("/graphql", json={"query": query}, headers=headers)).json()
    finally:
        gateway.client.close()


def codes(body: Any) -> list[str]:
    return [error["extensions"]["code"] for error in body.get("errors", [])]


async def test_without_authentication_what_is_guarded_stays_shut(tmp_path: Path) -> None:
    body = await asked(settings_in(tmp_path), "{ me { name } card }", a_token())
    assert body["data"] == {"me": None, "card": None}
    assert codes(body) == ["UNAUTHORIZED_FIELD_OR_TYPE"] * 2


async def test_claims_open_what_they_cover(tmp_path: Path) -> None:
    keys = {**ISSUER, "jwks": str(tmp_path / "jwks.json")}
    rules = {"issuers": [keys], "policies": {"read_card": "tests.access.policies:is_chief"}}
    settings = settings_in(tmp_path, **rules)
    # no subgraph runs here: what is let through fails on the way, and is not refused
    assert "UNAUTHORIZED_FIELD_OR_TYPE" in codes(await asked(settings, "{ card }", a_token()))
    chief = await asked(settings, "{ card }", a_token(role="chief"))
    assert codes(chief) == ["SUBREQUEST_CONNECTION_ERROR"]


async def test_a_revoked_token_is_refused_at_the_door(tmp_path: Path) -> None:
    (tmp_path / "revoked.json").write_text('{"tokens": ["t1"]}')
    keys = {**ISSUER, "jwks": str(tmp_path / "jwks.json")}
    settings = settings_in(tmp_path, issuers=[keys], revoked=str(tmp_path / "revoked.json"))
    body = await asked(settings, "{ __typename }", a_token(jti="t1"))
    assert body["errors"][0]["extensions"]["reason"] == "TOKEN_REVOKED"


async def test_an_account_is_tied_to_its_networks(tmp_path: Path) -> None:
    keys = {**ISSUER, "jwks": str(tmp_path / "jwks.json")}
    rule = {"claim": "institution", "networks": {"one": ["10.0.0.0/8"]}, "listed": True}
    settings = settings_in(tmp_path, issuers=[keys], addresses=[rule])
    assert codes(await asked(settings, "{ __typename }", a_token(institution="one"))) == [
        "ADDRESS_NOT_ALLOWED"
    ]
    assert codes(await asked(settings, "{ __typename }", a_token())) == []


@pytest.mark.parametrize("target", ["nowhere:policy", "tests.access.policies:nothing", "json"])
def test_a_policy_that_cannot_be_loaded_is_named_at_start(tmp_path: Path, target: str) -> None:
    with pytest.raises(BadSettings, match="read_card"):
        build_gateway(settings_in(tmp_path, policies={"read_card": target}))


def test_keys_over_plain_http_are_for_loopback_only(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="plain http"):
        build_gateway(settings_in(tmp_path, issuers=[{**ISSUER, "jwks": "http://keys.example/k"}]))
