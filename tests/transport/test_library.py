"""Requests over HTTP/2 to a real server, and through a real proxy, by the library's client."""

import asyncio
from collections.abc import AsyncIterator, Mapping, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypercorn.asyncio import serve
from hypercorn.config import Config

from gateway.config import Listen, Settings
from gateway.errors import BadSettings
from gateway.executor.ports import Fault, SubgraphReply
from gateway.server.run import open_listener
from gateway.server.wiring import endpoints_of
from gateway.spec.names import SubgraphName
from gateway.transport.endpoint import Origin, Trust, parse_endpoint
from gateway.transport.http import HttpTransport
from gateway.transport.line import Traffic
from gateway.transport.pool import PoolLimits
from tests.server.authority import Authority
from tests.server.test_process import SUPERGRAPH
from tests.transport.raw_server import Script, http, raw_server, read_request
from tests.transport.test_http import NAME, request

GOOD = b'{"data":{"ok":true}}'
WELL = SubgraphReply(data={"ok": True}, errors=(), extensions={}, size=len(GOOD))


class Subgraph:
    """An ASGI application that notes how it was asked."""

    def __init__(self) -> None:
        self.versions: list[str] = []
        self.headers: list[dict[bytes, bytes]] = []
        self.connections: set[object] = set()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.versions.append(scope["http_version"])
        self.headers.append(dict(scope["headers"]))
        self.connections.add(tuple(scope["client"]))
        answer = GOOD if b"{ok}" in body else b'{"data":null,"errors":[{"message":"no"}]}'
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


@asynccontextmanager
async def hypercorn(app: Subgraph, tls: Mapping[str, str] | None = None) -> AsyncIterator[int]:
    """A real HTTP/2 server on a free port."""
    listener = open_listener(Listen(port=0))
    port = listener.getsockname()[1]
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.accesslog = config.errorlog = None
    config.graceful_timeout = 0.2
    if tls:
        config.certfile, config.keyfile = tls["certificate"], tls["key"]
    over = asyncio.Event()
    serving = asyncio.create_task(
        serve(app, config, shutdown_trigger=over.wait)  # type: ignore[arg-type]
    )
    try:
        yield port
    finally:
        over.set()
        await serving


@asynccontextmanager
async def reaching(url: str, **way: Any) -> AsyncIterator[HttpTransport]:
    limits = PoolLimits(answer_bytes=way.pop("answer_bytes", 4_000))
    endpoint = parse_endpoint(url, None, way.pop("trust", None), **way)
    transport = HttpTransport(
        {NAME: endpoint}, lambda _: {"x-one": "1"}, limits, lambda _: Traffic(share=False)
    )
    try:
        yield transport
    finally:
        transport.close()
        await asyncio.sleep(0.05)  # the library closes its sockets in a task of its own


async def test_requests_go_over_http2_on_one_connection() -> None:
    app = Subgraph()
    async with (
        hypercorn(app) as port,
        reaching(f"http://127.0.0.1:{port}/graphql", http2=True) as transport,
    ):
        assert await transport.fetch(request(seconds=30)) == WELL
        replies = await asyncio.gather(*(transport.fetch(request(seconds=30)) for _ in range(10)))
        assert replies == [WELL] * 10
    assert app.versions == ["2"] * 11
    assert len(app.connections) == 1
    assert app.headers[0][b"x-one"] == b"1"
    assert app.headers[0][b"content-type"] == b"application/json"


async def test_over_tls_http2_is_negotiated_and_certificates_are_checked(tmp_path: Path) -> None:
    app, authority, other = Subgraph(), Authority(tmp_path), Authority(tmp_path, "other")
    async with hypercorn(app, authority.vouch("localhost")) as port:
        url = f"https://localhost:{port}/graphql"
        async with reaching(url, http2=True, trust=Trust(ca=authority.ca)) as transport:
            assert await transport.fetch(request(seconds=30)) == WELL
        async with reaching(url, http2=True, trust=Trust(ca=other.ca)) as transport:
            assert _code(await transport.fetch(request(seconds=30))) == CONNECTION
    assert app.versions == ["2"]


CONNECTION = "SUBREQUEST_CONNECTION_ERROR"


def _code(outcome: SubgraphReply | Fault) -> str:
    assert isinstance(outcome, Fault), outcome
    return outcome.code


class Proxy:
    """A forward proxy: CONNECT for https, whole addresses for http. `refuses` says 403."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.lines: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        first, _, rest = head.partition(b"\r\n")
        method, address, _ = first.decode().split(" ")
        self.lines.append(f"{method} {address}")
        if self.refuses:
            writer.write(http(b"no", status=b"403 Forbidden"))
            return
        place = address.removeprefix("http://").partition("/")[0]
        host, _, port = place.rpartition(":")
        inner = await asyncio.open_connection(host, int(port))
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            path = "/" + address.removeprefix("http://").partition("/")[2]
            inner[1].write(f"{method} {path} HTTP/1.1\r\n".encode() + rest)
        await asyncio.gather(_copied(reader, inner[1]), _copied(inner[0], writer))


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def always(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await read_request(reader)
        writer.write(http(GOOD))


async def test_a_forward_proxy_is_told_the_whole_address() -> None:
    proxy = Proxy()
    async with raw_server(always) as subgraph, raw_server(proxy) as between:
        url = f"http://127.0.0.1:{subgraph.port}/graphql"
        async with reaching(url, proxy=f"http://127.0.0.1:{between.port}") as transport:
            assert await transport.fetch(request(seconds=30)) == WELL
    assert proxy.lines == [f"POST {url}"]


async def test_https_goes_through_a_tunnel_that_the_proxy_cannot_read(tmp_path: Path) -> None:
    proxy, app, authority = Proxy(), Subgraph(), Authority(tmp_path)
    async with hypercorn(app, authority.vouch("localhost")) as port, raw_server(proxy) as between:
        way: dict[str, Any] = {"proxy": f"http://127.0.0.1:{between.port}", "http2": True}
        trust = Trust(ca=authority.ca)
        async with reaching(f"https://localhost:{port}/graphql", trust=trust, **way) as transport:
            assert await transport.fetch(request(seconds=30)) == WELL
    assert proxy.lines == [f"CONNECT localhost:{port}"]
    assert app.versions == ["2"]


async def test_a_proxy_that_refuses_a_tunnel_is_a_fault(tmp_path: Path) -> None:
    async with raw_server(Proxy(refuses=True)) as between:
        way: dict[str, Any] = {"proxy": f"http://127.0.0.1:{between.port}"}
        trust = Trust(ca=Authority(tmp_path).ca)
        async with reaching("https://localhost:1/graphql", trust=trust, **way) as transport:
            assert _code(await transport.fetch(request(seconds=30))) == CONNECTION


def once(answer: bytes) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"POST http://")
        writer.write(answer)
        await writer.drain()

    return script


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(b"", CONNECTION, id="closes without a word"),
        pytest.param(http(GOOD, length=500), CONNECTION, id="promises more than it sends"),
        pytest.param(b"SSH-2.0\r\n\r\n", "SUBREQUEST_MALFORMED_RESPONSE", id="another protocol"),
        pytest.param(http(b"x" * 5000), "SUBREQUEST_TOO_LARGE", id="too large"),
        pytest.param(http(b"<html>"), "SUBREQUEST_MALFORMED_RESPONSE", id="html"),
    ],
)
async def test_each_misbehaviour_has_the_same_code_as_with_our_own_client(
    answer: bytes, code: str
) -> None:
    async with raw_server(once(answer)) as server:
        way = {"proxy": f"http://127.0.0.1:{server.port}"}
        async with reaching("http://127.0.0.1:1/graphql", **way) as transport:
            assert _code(await transport.fetch(request(seconds=30))) == code


async def test_a_stall_ends_at_the_deadline() -> None:
    async def stalls(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(3600)

    async with raw_server(stalls) as server:
        way = {"proxy": f"http://127.0.0.1:{server.port}"}
        async with reaching("http://127.0.0.1:1/graphql", **way) as transport:
            assert _code(await transport.fetch(request(seconds=0.5))) == "SUBREQUEST_TIMEOUT"


async def test_the_environments_proxies_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Subgraph()
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with (
        hypercorn(app) as port,
        reaching(f"http://127.0.0.1:{port}/graphql", http2=True) as transport,
    ):
        assert await transport.fetch(request(seconds=30)) == WELL


def test_the_settings_say_which_way_a_subgraph_is_reached(tmp_path: Path) -> None:
    graph = tmp_path / "graph.graphql"
    graph.write_text(SUPERGRAPH.replace("PORT", "1").replace("FIELD", "hello"))

    def origin(**own: object) -> Origin:
        values = {"supergraph": str(graph), "subgraphs": {"one": own}}
        settings = Settings.from_mapping(values)
        return endpoints_of(graph.read_text(), settings)[SubgraphName("one")].origin

    assert origin().plain
    assert origin(http2=True).http2
    assert origin(proxy="http://proxy:3128").proxy == "http://proxy:3128"
    assert not origin(proxy="http://proxy:3128").plain
    with pytest.raises(BadSettings, match="proxy"):
        origin(proxy="socks5://proxy:1080")
