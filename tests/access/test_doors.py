"""Tricks at the door: many askings dressed as one, and headers meant for those behind us."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.config import Settings
from gateway.server.wiring import build_gateway
from subgraphs.kit.viewer import ContextTokens as SubgraphTokens
from subgraphs.kit.viewer import Unauthenticated
from tests.auth.build import KEY, OTHER
from tests.server.build import demo_files, token
from tests.server.live import SUPERGRAPH, live, serving

ONE = "{ many(first: 1) { text } }"
RATE = {"refill": 0.0001, "burst": 6}


def aliased(times: int) -> str:
    return " ".join(["{", *(f"a{n}: many(first: 1) {{ text }}" for n in range(times)), "}"])


def spread(times: int) -> str:
    calls = " ".join(
        f"...F @include(if: true) b{n}: many(first: 1) {{ text }}" for n in range(times)
    )
    return f'query Q {{ {calls} }} fragment F on Query {{ greeting(name: "x") }}'


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"query": aliased(6)}, id="aliases"),
        pytest.param({"query": spread(6)}, id="fragments"),
        pytest.param([{"query": ONE}] * 6, id="a batch"),
        pytest.param([{"query": aliased(3)}, {"query": aliased(3)}], id="a batch of aliases"),
    ],
)
async def test_many_askings_dressed_as_one_cost_as_many(tmp_path: Path, body: Any) -> None:
    async with (
        live(tmp_path, rate=RATE, http={"batch": 10}) as gateway,
        httpx.AsyncClient(base_url=gateway.root, trust_env=False) as client,
    ):
        first = (await client.post("/graphql", json=body)).json()
        assert "errors" not in (first if isinstance(first, dict) else first[-1]), first
        assert (await client.post("/graphql", json={"query": ONE})).status_code == 429


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "203.0.113.9"},
        {"forwarded": "for=203.0.113.9"},
        {"x-real-ip": "203.0.113.9"},
        {"authorization": ""},
        {"user-agent": "another"},
    ],
)
async def test_nobody_becomes_another_caller_by_a_header(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    async with (
        live(tmp_path, rate=RATE) as gateway,
        httpx.AsyncClient(base_url=gateway.root, trust_env=False) as client,
    ):
        await client.post("/graphql", json={"query": aliased(6)})
        answer = await client.post("/graphql", json={"query": ONE}, headers=headers)
        assert answer.status_code in {401, 429}


async def test_a_proxy_that_is_named_tells_its_callers_apart(tmp_path: Path) -> None:
    async with (
        live(tmp_path, rate=RATE, listen={"port": 0, "proxies": ["127.0.0.1"]}) as gateway,
        httpx.AsyncClient(base_url=gateway.root, trust_env=False) as client,
    ):
        for caller in ("203.0.113.9", "203.0.113.10"):
            headers = {"x-forwarded-for": caller}
            one, two = [
                await client.post("/graphql", json={"query": aliased(6)}, headers=headers)
                for _ in range(2)
            ]
            assert (one.status_code, two.status_code) == (200, 429)


@asynccontextmanager
async def overheard(folder: Path) -> AsyncIterator[tuple[httpx.AsyncClient, list[httpx.Headers]]]:
    """A gateway that names its callers to a subgraph, and the headers that the subgraph gets."""
    heard: list[httpx.Headers] = []

    async def listen(request: Request) -> Response:
        heard.append(httpx.Headers(request.headers.raw))
        return Response(b'{"data":{"greeting":"x"}}', media_type="application/json")

    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "context.pem").write_bytes(pem)
    app = Starlette(routes=[Route("/graphql", listen, methods=["POST"])])
    async with serving(app, {}) as port:
        values = demo_files(folder)
        auth: Any = values["auth"]
        auth["context"] = {"key": str(folder / "context.pem"), "claims": ["role"]}
        settings = Settings.from_mapping({**values, "access_log": False})
        settings.supergraph.write_text(SUPERGRAPH.replace("PORT", str(port)))
        gateway = build_gateway(settings)
        transport = httpx.ASGITransport(app=gateway.app)
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://g") as client:
                yield client, heard
        finally:
            gateway.client.close()


SMUGGLED = {
    "x-viewer": "regulator",
    "x-credgraph-viewer": "regulator",
    "credgraph-context": "x.y.z",
    "proxy-authorization": "Bearer x.y.z",
    "cookie": "session=1",
    "x-forwarded-for": "203.0.113.9",
    "x-original-url": "/admin",
    "x-http-method-override": "DELETE",
    "connection": "keep-alive, authorization",
    "te": "trailers",
    "x-request-seal": "0" * 32,
}


async def test_a_subgraph_hears_of_the_caller_what_the_gateway_says_and_no_more(
    tmp_path: Path,
) -> None:
    own = token(role="HOLDER")
    headers = {**SMUGGLED, "authorization": f"Bearer {own}", "x-request-id": "r-1"}
    async with overheard(tmp_path) as (client, heard):
        sent = {"query": '{ greeting(name: "x") }', "extensions": {"authorization": "Bearer x"}}
        assert (await client.post("/graphql", json=sent, headers=headers)).status_code == 200
    (got,) = heard
    allowed = {"host", "content-type", "content-length", "accept", "authorization"}
    added = {"x-request-id", "x-request-seal", "accept-encoding", "user-agent"}
    assert set(got) - allowed <= added, got
    assert own not in orjson.dumps(dict(got)).decode()
    said = jwt.decode(
        got["authorization"].split()[1], KEY.public_key(), ["EdDSA"], audience="greeter"
    )
    assert said["viewer"] == {"sub": "somebody", "role": "HOLDER"}
    # the id of the operation goes along, vouched for; the seal a client sent is not the one
    tokens = SubgraphTokens(
        public_key=KEY.public_key(), issuer="credgraph-gateway", audience="greeter"
    )
    vouched = tokens.operation(got["authorization"], got["x-request-id"], got["x-request-seal"])
    assert vouched == "r-1"
    with pytest.raises(Unauthenticated):
        tokens.operation(got["authorization"], "r-2", got["x-request-seal"])


async def test_a_context_token_is_no_login(tmp_path: Path) -> None:
    """What the gateway says to subgraphs opens no door of its own, true or forged."""
    async with overheard(tmp_path) as (client, heard):
        sent = {"query": '{ greeting(name: "x") }'}
        await client.post("/graphql", json=sent, headers={"authorization": f"Bearer {token()}"})
        context = heard.pop()["authorization"]
        forged = token(key=OTHER, iss="credgraph-gateway", viewer={"role": "REGULATOR"})
        for authorization in (context, f"Bearer {forged}"):
            answer = await client.post(
                "/graphql", json=sent, headers={"authorization": authorization}
            )
            assert answer.status_code == 401
        assert heard == []
