"""`credgraph serve` and `credgraph token` as processes of their own."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import jwt
import pytest
import yaml

from gateway.cli import main
from tests.auth.build import KEY
from tests.server.build import demo_files
from tests.transport.raw_server import RawServer, http, raw_server, read_request

ROOT = Path(__file__).parents[2]
SUPERGRAPH = """
schema @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION) { query: Query }
directive @link(
  url: String, as: String, for: link__Purpose, import: [link__Import]
) repeatable on SCHEMA
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: String) repeatable on OBJECT
enum join__Graph { ONE @join__graph(name: "one", url: "http://127.0.0.1:PORT/graphql") }
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
type Query @join__type(graph: ONE) { FIELD(secret: String): String }
"""


async def answers_hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await read_request(reader)
        writer.write(http(b'{"data":{"__typename":"Query","hello":"you","bye":"now"}}'))


def process(*arguments: str) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    return started("-m", "gateway", *arguments)


@asynccontextmanager
async def started(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)},
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def outcome(*arguments: str) -> tuple[int, str, str]:
    async with process(*arguments) as child:
        out, err = await asyncio.wait_for(child.communicate(), 20)
        return child.returncode or 0, out.decode(), err.decode()


async def announced(child: asyncio.subprocess.Process) -> str:
    assert child.stderr is not None
    line = await asyncio.wait_for(child.stderr.readline(), 20)
    return line.decode().split()[-1]


def write_graph(folder: Path, server: RawServer, field: str = "hello") -> None:
    text = SUPERGRAPH.replace("PORT", str(server.port)).replace("FIELD", field)
    (folder / "graph.graphql").write_text(text)


def write_config(folder: Path, **changes: object) -> str:
    gateway = {**demo_files(folder), **changes}
    (folder / "c.yaml").write_text(yaml.safe_dump({"gateway": gateway}))
    return str(folder / "c.yaml")


async def ask(client: httpx.AsyncClient, url: str, query: str, **headers: str) -> object:
    name = query.split()[1] if query.startswith("query ") else None
    body = {"query": query, "operationName": name}
    return (await client.post(url, json=body, headers=headers)).json()


async def test_a_life_from_start_over_reload_to_sigterm(tmp_path: Path) -> None:
    async with raw_server(answers_hello) as server:
        write_graph(tmp_path, server)
        config = write_config(tmp_path)
        async with (
            process("serve", "--config", config, "--port", "0") as child,
            httpx.AsyncClient(trust_env=False) as client,
        ):
            url = await announced(child)
            query = 'query Hello { hello(secret: "personal") }'
            token = await a_token(config)
            headers = {"authorization": f"Bearer {token}", "x-request-id": "r-1"}
            assert await ask(client, url, query, **headers) == {"data": {"hello": "you"}}

            write_graph(tmp_path, server, field="bye")
            child.send_signal(signal.SIGHUP)
            await eventually(client, url, "{bye}", {"data": {"bye": "now"}})
            (tmp_path / "graph.graphql").write_text("type Query { nothing: Int }")
            child.send_signal(signal.SIGHUP)
            assert child.stderr is not None
            assert b"the supergraph was reloaded" in await child.stderr.readline()
            assert b"was not reloaded" in await child.stderr.readline()
            assert await ask(client, url, "{bye}") == {"data": {"bye": "now"}}

            started = time.monotonic()
            child.send_signal(signal.SIGTERM)
            out, _ = await asyncio.wait_for(child.communicate(), 5)
            assert child.returncode == 0
            assert time.monotonic() - started < 10
    lines = [json.loads(line) for line in out.splitlines()]
    (hello,) = [line for line in lines if line["request_id"] == "r-1"]
    assert (hello["status"], hello["operation"], hello["kind"]) == (200, "Hello", "query")
    assert hello["ms"] > 0
    assert token not in out.decode()
    assert "personal" not in out.decode()


async def test_polls_of_machines_are_not_in_the_log(tmp_path: Path) -> None:
    async with raw_server(answers_hello) as server:
        write_graph(tmp_path, server)
        config = write_config(tmp_path)
        async with (
            process("serve", "--config", config, "--port", "0") as child,
            httpx.AsyncClient(trust_env=False) as client,
        ):
            url = await announced(child)
            for page in ("health/live", "health/ready", "metrics", "nowhere"):
                await client.get(url.replace("graphql", page))
            child.send_signal(signal.SIGTERM)
            out, _ = await asyncio.wait_for(child.communicate(), 5)
    assert [json.loads(line)["path"] for line in out.splitlines()] == ["/nowhere"]


async def a_token(config: str) -> str:
    code, out, err = await outcome("token", "--config", config, "--persona", "reader")
    assert (code, err) == (0, "")
    return out.strip()


async def eventually(client: httpx.AsyncClient, url: str, query: str, want: object) -> None:
    async with asyncio.timeout(30):
        while await ask(client, url, query) != want:
            pass


async def test_a_supergraph_alone_is_enough_and_asks_for_no_token(tmp_path: Path) -> None:
    seen: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            seen.append(await read_request(reader))
            writer.write(http(b'{"data":{"hello":"you"}}'))

    async with raw_server(script) as server:
        write_graph(tmp_path, server)
        graph = str(tmp_path / "graph.graphql")
        async with (
            process("serve", "--supergraph", graph, "--port", "0") as child,
            httpx.AsyncClient(trust_env=False) as client,
        ):
            url = await announced(child)
            answer = await ask(client, url, "{hello}", authorization="Bearer whatever")
            assert answer == {"data": {"hello": "you"}}
    assert not any(b"authorization" in request for request in seen)


async def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with raw_server(answers_hello) as server:
            write_graph(tmp_path, server)
            port = taken.getsockname()[1]
            graph = str(tmp_path / "graph.graphql")
            code, _, err = await outcome("serve", "--supergraph", graph, "--port", str(port))
    assert code == 1
    assert err == f"credgraph: cannot listen on 127.0.0.1:{port}: the port is taken\n"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({}, "cannot read the supergraph", id="no supergraph"),
        pytest.param({"supergraf": "x"}, "did you mean 'supergraph'?", id="a misspelt key"),
        pytest.param({"token_key": "nope.pem"}, "cannot read the key file nope.pem", id="no key"),
        pytest.param(
            {"auth": {"issuers": [{"issuer": "i", "audience": "a", "jwks": "nope"}]}},
            "cannot read the key file nope",
            id="no key set",
        ),
        pytest.param(
            {"jwt": {"algorithms": {"X": "no.such:Thing"}}},
            "gateway.jwt.algorithms.X",
            id="no such algorithm",
        ),
        pytest.param({"subgraphs": {"two": {}}}, "no such subgraph", id="an unknown subgraph"),
    ],
)
async def test_what_keeps_it_from_starting_is_one_sentence(
    tmp_path: Path, changes: dict[str, object], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if changes and "supergraf" not in changes:
        async with raw_server(answers_hello) as server:
            write_graph(tmp_path, server)
    config = write_config(tmp_path, **changes)
    assert await asyncio.to_thread(main, ["serve", "--config", config]) == 1
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1


async def test_a_demo_token_says_what_it_was_told(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    arguments = ["token", "--config", config, "--persona", "reader", "--set", "team=a=b"]
    code, out, _ = await outcome(*arguments, "--ttl", "60")
    assert code == 0
    claims = jwt.decode(out.strip(), KEY.public_key(), algorithms=["EdDSA"], audience="graph")
    assert (claims["role"], claims["team"], claims["exp"] - claims["iat"]) == ("READER", "a=b", 60)


def test_a_token_needs_no_config_where_the_environment_names_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CREDGRAPH_CONFIG", write_config(tmp_path))
    assert main(["token", "--persona", "reader"]) == 0
    assert capsys.readouterr().out.count(".") == 2
    monkeypatch.delenv("CREDGRAPH_CONFIG")
    monkeypatch.chdir(tmp_path)
    assert main(["token", "--persona", "reader"]) == 1
    assert "subgraphs/demo/credgraph.yaml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["--persona", "nobody"], "there are: reader", id="an unknown persona"),
        pytest.param(["--persona", "reader", "--set", "x"], "CLAIM=VALUE", id="half a claim"),
    ],
)
def test_a_token_nobody_can_have(
    tmp_path: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", "--config", write_config(tmp_path), *arguments]) == 1
    assert words in capsys.readouterr().err


def test_outside_demo_mode_no_token_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_config(tmp_path, demo=False)
    assert main(["token", "--config", config, "--persona", "reader"]) == 1
    assert "demo mode only" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "code"),
    [pytest.param([], 2, id="nothing"), pytest.param(["--help"], 0, id="help")],
)
def test_the_command_line_tells_its_commands(
    argv: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == code
    told = capsys.readouterr()
    assert "serve" in told.out + told.err


async def test_what_serving_does_not_need_is_not_in_its_memory() -> None:
    """httpx brings rich, pygments and click with it; the composer is for `compose`."""
    code = "import sys, gateway.cli.serve; print(*sys.modules)"
    async with started("-c", code) as child:
        out, _ = await asyncio.wait_for(child.communicate(), 30)
    assert {"httpx", "rich", "opentelemetry", "strawberry"}.isdisjoint(out.decode().split())


async def test_a_token_is_made_without_a_gateway() -> None:
    """The demo says this command some twenty times: it needs neither engine nor GraphQL."""
    code = "import sys, gateway.cli.token; print(*sys.modules)"
    async with started("-c", code) as child:
        out, _ = await asyncio.wait_for(child.communicate(), 30)
    assert {"gateway.engine", "gateway.planner", "graphql"}.isdisjoint(out.decode().split())
