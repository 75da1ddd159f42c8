"""What browsers get: the GraphiQL page, its assets, its demo tokens, and the health answers."""

import gzip
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Message

from gateway.config import Graphiql, Settings
from gateway.server.exchange import Exchange
from gateway.server.graphiql import GraphiqlDoor
from gateway.server.personas import demo_personas
from tests.server.build import demo_files, served

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
INDEX = (
    '<!doctype html><script type="application/json" id="config">{}</script>'
    '<script type="module" src="/graphiql/assets/main.js"></script>'
)


@pytest.fixture
def examples(tmp_path: Path) -> dict[str, object]:
    folder = tmp_path / "examples"
    folder.mkdir()
    (folder / "02-second.graphql").write_text("{ b }\n")
    (folder / "01-first-look.graphql").write_text(
        "# persona: reader\n# title: A first look\nquery Q($id: ID) { a(id: $id) } # </script>\n"
    )
    (folder / "01-first-look.json").write_text('{"id": "1", "n": 2}')
    (tmp_path / "variables.json").write_text('{"01-first-look": {"id": "seeded"}}')
    (tmp_path / "personas.json").write_text('{"reader": {"claims": {"sub": "seeded"}}}')
    return {
        "examples": str(folder),
        "variables": str(tmp_path / "variables.json"),
        "personas": str(tmp_path / "personas.json"),
    }


@pytest.fixture
async def client(tmp_path: Path, examples: dict[str, object]) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        served(tmp_path, graphiql=examples) as gateway,
        httpx.AsyncClient(base_url=gateway.url.removesuffix("/graphql"), trust_env=False) as it,
    ):
        yield it


def config_in(page: str) -> dict[str, Any]:
    found = re.search(r'id="config">(.*?)</script>', page)
    assert found
    value = json.loads(found.group(1))
    assert isinstance(value, dict)
    return value


async def test_a_browser_gets_the_page_and_everybody_else_the_graph(
    client: httpx.AsyncClient,
) -> None:
    page = await client.get("/graphql", headers={"accept": BROWSER})
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-store"
    assert (await client.get("/graphql")).headers["content-type"].startswith("application/json")
    moved = await client.get("/")
    assert (moved.status_code, moved.headers["location"]) == (307, "/graphql")


async def test_the_page_may_load_nothing_from_another_host(client: httpx.AsyncClient) -> None:
    page = await client.get("/graphql", headers={"accept": BROWSER})
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]
    assert "https://" not in page.text


async def test_the_tabs_are_the_examples_with_the_seeds_variables(
    client: httpx.AsyncClient,
) -> None:
    page = await client.get("/graphql", headers={"accept": BROWSER})
    first, second = config_in(page.text)["tabs"]
    assert (first["title"], first["persona"]) == ("A first look", "reader")
    assert json.loads(first["variables"]) == {"id": "seeded", "n": 2}
    assert first["query"].endswith("</script>\n")
    assert (second["title"], second["variables"], second["persona"]) == ("second", "", None)


async def test_the_page_gets_the_trust_file_where_one_is_named(
    tmp_path: Path, examples: dict[str, object]
) -> None:
    trust = tmp_path / "trust.json"
    async with (
        served(tmp_path, graphiql=examples | {"trust": str(trust)}) as gateway,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        page = await client.get(gateway.url, headers={"accept": BROWSER})
        config = config_in(page.text)
        assert (config["proofs"], config["trust"]) == (True, None)
        trust.write_text('{"logs": "</script>"}', encoding="utf-8")
        page = await client.get(gateway.url, headers={"accept": BROWSER})
        assert config_in(page.text)["trust"] == '{"logs": "</script>"}'


async def test_without_a_trust_file_named_the_page_checks_no_proofs(
    client: httpx.AsyncClient,
) -> None:
    page = await client.get("/graphql", headers={"accept": BROWSER})
    config = config_in(page.text)
    assert (config["proofs"], config["trust"]) == (False, None)


async def test_the_page_brings_a_token_for_each_persona_that_works(
    client: httpx.AsyncClient,
) -> None:
    page = await client.get("/graphql", headers={"accept": BROWSER})
    (persona,) = config_in(page.text)["personas"]
    assert (persona["name"], persona["title"]) == ("reader", "Reader")
    headers = {"authorization": f"Bearer {persona['token']}"}
    answer = await client.post("/graphql", headers=headers, json={"query": "{viewer}"})
    viewer = answer.json()["data"]
    assert (viewer["sub"], viewer["role"]) == ("seeded", "READER")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:4000", "127.0.0.1.evil.example"])
async def test_no_token_leaves_under_a_foreign_name(client: httpx.AsyncClient, host: str) -> None:
    page = await client.get("/graphql", headers={"accept": BROWSER, "host": host})
    assert config_in(page.text)["personas"] == []


async def test_outside_demo_mode_there_are_no_tokens(
    tmp_path: Path, examples: dict[str, object]
) -> None:
    async with (
        served(tmp_path, graphiql=examples, demo=False) as gateway,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        page = await client.get(gateway.url, headers={"accept": BROWSER})
        config = config_in(page.text)
        assert config["personas"] == []
        assert config["demo"] is False


def test_personas_exist_only_where_there_is_a_key(tmp_path: Path) -> None:
    files = demo_files(tmp_path)
    assert demo_personas(Settings.from_mapping(files)) is not None
    files.pop("personas")
    files.pop("token_key")
    assert demo_personas(Settings.from_mapping(files)) is None


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A built page as Vite leaves it."""
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text(INDEX)
    (dist / "assets" / "main.js").write_text("console.log(1)")
    (dist / "assets" / "big.js").write_text("plain")
    (dist / "assets" / "big.js.gz").write_bytes(gzip.compress(b"zipped beforehand"))
    return dist


async def asset(built: Path, path: str, **headers: str) -> tuple[int, dict[bytes, bytes], bytes]:
    door = GraphiqlDoor(Graphiql(), None, dist=built)
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": path, "headers": raw}
    await door.asset(Exchange(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


async def test_assets_are_immutable(built: Path) -> None:
    status, headers, body = await asset(built, "/graphiql/assets/main.js", accept_encoding="gzip")
    assert status == 200
    assert b"immutable" in headers[b"cache-control"]
    assert headers[b"content-type"].startswith(b"text/javascript")
    assert (body, headers.get(b"content-encoding")) == (b"console.log(1)", None)


async def test_an_asset_zipped_beforehand_is_used_as_it_is(built: Path) -> None:
    _, headers, body = await asset(built, "/graphiql/assets/big.js", accept_encoding="br, gzip")
    assert headers[b"content-encoding"] == b"gzip"
    assert gzip.decompress(body) == b"zipped beforehand"
    _, headers, body = await asset(built, "/graphiql/assets/big.js")
    assert (body, headers.get(b"content-encoding")) == (b"plain", None)


@pytest.mark.parametrize(
    "path", ["nope.js", "index.html", "../../wiring.py", "assets/../../x", "assets/big.js.gz", ""]
)
async def test_only_files_of_the_page_are_served(built: Path, path: str) -> None:
    assert (await asset(built, f"/graphiql/{path}"))[0] == 404


async def test_health_says_live_and_ready(client: httpx.AsyncClient) -> None:
    live = await client.get("/health/live")
    assert (live.status_code, live.json()) == (200, {"status": "live"})
    ready = await client.get("/health/ready")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "subgraphs": {}})


async def test_other_paths_say_where_the_graph_is(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nope")
    assert answer.status_code == 404
    (error,) = answer.json()["errors"]
    assert "/graphql" in error["message"]
    assert error["extensions"] == {
        "code": "NOT_FOUND",
        "retryable": False,
        "requestId": answer.headers["x-request-id"],
    }
    assert (await client.post("/health/live")).status_code == 404
