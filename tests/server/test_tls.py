"""TLS on both sides of the gateway by settings, with real certificates and wrong ones."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.server.authority import Authority
from tests.server.live import Live, live

HELLO = '{"query":"{ greeting(name: \\"x\\") }"}'
START = '{"type":"subscribe","id":"a","payload":{"query":"subscription { countdown(from: 1) }"}}'


@asynccontextmanager
async def secured(
    folder: Path, own: Authority, their: Authority, **ours: Any
) -> AsyncIterator[Live]:
    """The gateway shows `own` certificates on its port; the subgraph shows `their`s, and lets in
    only whom `their` authority vouches for."""
    tls = {**own.vouch("localhost"), "client_ca": str(own.ca)}
    subgraph = their.vouch("subgraph")
    upstream = {"ca": str(their.ca), **their.vouch("gateway"), **ours}
    async with live(
        folder,
        listen={"port": 0, "tls": tls},
        subgraphs={"greeter": upstream},
        subgraph_tls={
            "ssl_certfile": subgraph["certificate"],
            "ssl_keyfile": subgraph["key"],
            "ssl_ca_certs": str(their.ca),
            "ssl_cert_reqs": ssl.CERT_REQUIRED,
        },
    ) as gateway:
        yield gateway


def client_context(trusting: Authority, shown: Authority | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=trusting.ca)
    if shown is not None:
        files = shown.vouch("client")
        context.load_cert_chain(files["certificate"], files["key"])
    return context


async def ask(gateway: Live, context: ssl.SSLContext) -> Any:
    async with httpx.AsyncClient(verify=context, trust_env=False) as client:
        url = f"https://localhost:{gateway.port}/graphql"
        kind = {"content-type": "application/json"}
        return (await client.post(url, content=HELLO, headers=kind)).json()


async def test_requests_and_subscriptions_go_over_tls_on_both_sides(tmp_path: Path) -> None:
    own, their = Authority(tmp_path, "own"), Authority(tmp_path, "their")
    async with secured(tmp_path, own, their) as gateway:
        context = client_context(own, own)
        assert await ask(gateway, context) == {"data": {"greeting": "hello x"}}
        url = f"wss://localhost:{gateway.port}/graphql"
        named = [Subprotocol("graphql-transport-ws")]
        async with connect(url, subprotocols=named, ssl=context, proxy=None) as socket:
            await socket.send('{"type":"connection_init"}')
            await socket.recv()
            await socket.send(START)
            assert '"countdown":1' in str(await asyncio.wait_for(socket.recv(), 5))


@pytest.mark.parametrize("shown", [None, "stranger"])
async def test_a_client_without_our_certificate_is_not_let_in(
    tmp_path: Path, shown: str | None
) -> None:
    own, their = Authority(tmp_path, "own"), Authority(tmp_path, "their")
    other = Authority(tmp_path, shown) if shown else None
    async with secured(tmp_path, own, their) as gateway:
        with pytest.raises((httpx.TransportError, ssl.SSLError)):
            await ask(gateway, client_context(own, other))


@pytest.mark.parametrize("wrong", ["an authority of others", "no certificate of ours"])
async def test_a_subgraph_that_is_not_trusted_or_does_not_trust_us_is_a_fault(
    tmp_path: Path, wrong: str
) -> None:
    own, their = Authority(tmp_path, "own"), Authority(tmp_path, "their")
    stranger = Authority(tmp_path, "stranger")
    change: dict[str, Any] = {"certificate": None, "key": None}
    if wrong == "an authority of others":
        change = {"ca": str(stranger.ca)}
    async with secured(tmp_path, own, their, **change) as gateway:
        answer = await ask(gateway, client_context(own, own))
    assert answer["data"] == {"greeting": None}
    assert answer["errors"][0]["extensions"]["code"] == "SUBREQUEST_CONNECTION_ERROR"
