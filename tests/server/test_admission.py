"""What every door asks before an operation runs, and what callers are told afterwards."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gateway.server.documents import hash_of
from tests.server.build import token
from tests.server.live import Live, live
from tests.wire.raw import raw_socket

pytestmark = pytest.mark.asyncio(loop_scope="module")
HELLO = '{ greeting(name: "Ada") }'
TRUSTED = 'query Trusted { greeting(name: "you") }'
MANY = "query Many($n: Int) { many(first: $n) { text } }"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    folder = tmp_path_factory.mktemp("live")
    (folder / "manifest.json").write_text(json.dumps({"trusted-1": TRUSTED}))
    async with live(
        folder,
        documents={"manifest": str(folder / "manifest.json"), "apq": True},
        cors=[{"origins": ["https://app.example"]}],
        http={"batch": 3, "compress_over": 200},
        limits={"header_bytes": 1_000, "uri_bytes": 500, "body_bytes": 3_000, "directives": 2},
        timeouts={"body": 0.3},
        introspection="nobody",
        introspection_claims={"role": ["ANALYST"]},
    ) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def client(gateway: Live) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=gateway.root, trust_env=False) as it:
        yield it


async def ask(client: httpx.AsyncClient, headers: dict[str, str] | None = None, **body: Any) -> Any:
    return (await client.post("/graphql", json=body, headers=headers)).json()


def code(answer: Any) -> str:
    return str(answer["errors"][0]["extensions"]["code"])


async def test_a_subgraphs_own_words_are_not_for_callers(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/graphql", json={"query": "{ fails }"}, headers={"x-request-id": "r-7"}
    )
    (error,) = answer.json()["errors"]
    assert error["message"] == "the subgraph 'greeter' could not answer this"
    assert error["path"] == ["fails"]
    assert error["extensions"] == {
        "code": "DOWNSTREAM_SERVICE_ERROR",
        "service": "greeter",
        "retryable": False,
        "requestId": "r-7",
    }


async def test_what_the_caller_may_not_know_is_not_suggested(client: httpx.AsyncClient) -> None:
    for headers in ({}, {"authorization": f"Bearer {token(role='ANALYST')}"}):
        answer = await ask(client, headers, query="{ greting }")
        assert "Did you mean" not in answer["errors"][0]["message"] or headers


@pytest.mark.parametrize(
    ("role", "allowed"),
    [pytest.param("ANALYST", True, id="a role"), pytest.param("HOLDER", False, id="another")],
)
async def test_the_schema_is_for_some(
    client: httpx.AsyncClient, role: str, *, allowed: bool
) -> None:
    headers = {"authorization": f"Bearer {token(role=role)}"}
    answer = await ask(client, headers, query="{ __schema { queryType { name } } }")
    assert ("data" in answer) == allowed
    assert allowed or code(answer) == "INTROSPECTION_DISABLED"


async def test_a_trusted_document_is_asked_for_by_id(client: httpx.AsyncClient) -> None:
    assert await ask(client, documentId="trusted-1") == {"data": {"greeting": "hello you"}}
    persisted = {"persistedQuery": {"version": 1, "sha256Hash": hash_of(TRUSTED)}}
    assert (await ask(client, extensions=persisted))["data"]["greeting"] == "hello you"
    assert code(await ask(client, documentId="nobody-knows")) == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_document_is_registered_by_its_hash_and_no_other(client: httpx.AsyncClient) -> None:
    persisted = {"persistedQuery": {"version": 1, "sha256Hash": hash_of(HELLO)}}
    unknown = await ask(client, extensions=persisted)
    assert (code(unknown), unknown["errors"][0]["message"]) == (
        "PERSISTED_QUERY_NOT_FOUND",
        "PersistedQueryNotFound",
    )
    wrong = await ask(client, query="{ fails }", extensions=persisted)
    assert code(wrong) == "PERSISTED_QUERY_HASH_MISMATCH"
    assert (await ask(client, query=HELLO, extensions=persisted))["data"]
    assert (await ask(client, extensions=persisted))["data"] == {"greeting": "hello Ada"}


async def test_where_documents_are_required_nothing_else_runs(tmp_path: Path) -> None:
    operation = {"id": "a", "body": TRUSTED, "name": "Trusted", "type": "query"}
    manifest = {"format": "apollo-persisted-query-manifest", "operations": [operation]}
    (tmp_path / "m.json").write_text(json.dumps(manifest))
    rules = {"manifest": str(tmp_path / "m.json"), "mode": "required"}
    async with (
        live(tmp_path, documents=rules) as gateway,
        httpx.AsyncClient(base_url=gateway.root, trust_env=False) as client,
    ):
        assert code(await ask(client, query=HELLO)) == "PERSISTED_QUERY_REQUIRED"
        assert (await ask(client, documentId="a"))["data"]
        assert (await ask(client, query=TRUSTED))["data"]


async def test_documents_are_named_on_sockets_too(gateway: Live) -> None:
    async with raw_socket(gateway.port) as socket:
        await socket.init()
        for id_, code_ in (("trusted-1", None), ("nobody-knows", "PERSISTED_QUERY_NOT_FOUND")):
            socket.say(type="subscribe", id="a", payload={"documentId": id_})
            message = await socket.message()
            if code_ is None:
                assert message["payload"] == {"data": {"greeting": "hello you"}}
                assert (await socket.message())["type"] == "complete"
            else:
                assert code({"errors": message["payload"]}) == code_


async def test_the_cost_is_told_on_demand(client: httpx.AsyncClient) -> None:
    headers = {"credgraph-expose-cost": "true"}
    answer = await ask(client, headers, query=MANY, variables={"n": 3})
    assert answer["extensions"]["cost"] == {"estimated": 1, "actual": 3}
    assert "extensions" not in await ask(client, query=MANY, variables={"n": 3})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"limits": {"cost": 1}}, "MAX_COST_LIMIT", id="a cost limit"),
        pytest.param({"rate": {"refill": 0.001, "burst": 1}}, "RATE_LIMITED", id="a small bucket"),
        pytest.param({"limits": {"cost": 1, "warn_only": True}}, None, id="only a warning"),
    ],
)
async def test_what_costs_too_much_is_refused(
    tmp_path: Path, changes: dict[str, Any], expected: str | None
) -> None:
    query = "{ a: many(first: 1) { text } b: many(first: 1) { text } }"
    async with (
        live(tmp_path, **changes) as gateway,
        httpx.AsyncClient(base_url=gateway.root, trust_env=False) as client,
    ):
        await client.post("/graphql", json={"query": query})
        answer = await client.post("/graphql", json={"query": query})
    assert (code(answer.json()) if expected else None) == expected
    if expected == "RATE_LIMITED":
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 1
        assert answer.json()["errors"][0]["extensions"]["retryable"] is True


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 200, id="no browser"),
        pytest.param({"sec-fetch-site": "same-origin"}, 200, id="our own page"),
        pytest.param({"sec-fetch-site": "none"}, 200, id="the address bar"),
        pytest.param({"sec-fetch-site": "cross-site"}, 403, id="another site"),
        pytest.param({"origin": "https://evil.example"}, 403, id="another origin"),
        pytest.param({"origin": "https://app.example"}, 200, id="an origin with a policy"),
        pytest.param(
            {"sec-fetch-site": "cross-site", "x-graphql-csrf": "1"}, 200, id="a header no page has"
        ),
    ],
)
async def test_no_page_of_another_site_makes_a_browser_ask(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    answer = await client.get("/graphql", params={"query": HELLO}, headers=headers)
    assert answer.status_code == status


async def test_a_preflight_is_answered_for_origins_with_a_policy(
    client: httpx.AsyncClient,
) -> None:
    known = await client.options("/graphql", headers={"origin": "https://app.example"})
    assert known.status_code == 204
    assert known.headers["access-control-allow-origin"] == "https://app.example"
    assert "authorization" in known.headers["access-control-allow-headers"]
    other = await client.options("/graphql", headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize(
    ("request_", "status", "expected"),
    [
        pytest.param({"headers": {"x": "y" * 1_000}}, 431, "HEADERS_TOO_LARGE", id="headers"),
        pytest.param({"params": {"query": " " * 500}}, 414, "URI_TOO_LONG", id="address"),
        pytest.param({"content": b"x" * 3_001}, 413, "BODY_TOO_LARGE", id="body"),
        pytest.param(
            {"content": gzip.compress(b" " * 4_000), "headers": {"content-encoding": "gzip"}},
            413,
            "BODY_TOO_LARGE",
            id="a small body that unzips to a large one",
        ),
        pytest.param(
            {"content": b"no zip", "headers": {"content-encoding": "gzip"}},
            400,
            "BAD_REQUEST",
            id="no gzip at all",
        ),
        pytest.param(
            {"content": b"{}", "headers": {"content-encoding": "br"}},
            415,
            "BAD_REQUEST",
            id="another compression",
        ),
        pytest.param(
            {"json": {"query": "{ __typename @skip(if: true) @include(if: true) @x }"}},
            200,
            "MAX_DIRECTIVES_LIMIT",
            id="directives",
        ),
        pytest.param({"json": [{"query": HELLO}] * 4}, 400, "MAX_BATCH_LIMIT", id="a long batch"),
    ],
)
async def test_whatever_is_too_large_has_its_status(
    client: httpx.AsyncClient, request_: dict[str, Any], status: int, expected: str
) -> None:
    headers = {"content-type": "application/json", **request_.pop("headers", {})}
    answer = await client.post("/graphql", headers=headers, **request_)
    assert (answer.status_code, code(answer.json())) == (status, expected)


async def test_bytes_travel_zipped_both_ways(client: httpx.AsyncClient) -> None:
    body = gzip.compress(json.dumps({"query": MANY, "variables": {"n": 20}}).encode())
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    answer = await client.post("/graphql", content=body, headers=headers)
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.json()["data"]["many"]) == 20
    plain = await client.post(
        "/graphql", content=body, headers={**headers, "accept-encoding": "gzip;q=0"}
    )
    assert "content-encoding" not in plain.headers


async def test_a_batch_is_answered_in_order_each_for_itself(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/graphql", json=[{"query": HELLO}, {"query": "{ nothing }"}, {"query": HELLO}]
    )
    first, second, third = answer.json()
    assert first == third == {"data": {"greeting": "hello Ada"}}
    assert code(second) == "GRAPHQL_VALIDATION_FAILED"


async def test_a_body_that_does_not_come_is_408(gateway: Live) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    writer.write(head + b"content-length: 10\r\n\r\n{")
    assert b" 408 " in await asyncio.wait_for(reader.readline(), 3)
    writer.close()


@pytest.mark.parametrize("after", ["by header", "in extensions", "both, unequal"])
async def test_a_place_in_the_stream_reaches_the_engine(
    client: httpx.AsyncClient, after: str
) -> None:
    headers = {"accept": "text/event-stream"}
    body: dict[str, Any] = {"query": "subscription { countdown(from: 1) }"}
    if after != "in extensions":
        headers["last-event-id"] = "c-1"
    if after != "by header":
        body["extensions"] = {"after": "c-2"}
    answer = await client.post("/graphql", json=body, headers=headers)
    assert ("CURSOR_CONFLICT" in answer.text) == (after == "both, unequal")
    assert ("countdown" in answer.text) == (after != "both, unequal")


async def test_parts_open_at_once_and_end_with_the_boundary(client: httpx.AsyncClient) -> None:
    headers = {"accept": 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"'}
    answer = await client.post(
        "/graphql", json={"query": "subscription { countdown(from: 2) }"}, headers=headers
    )
    assert answer.headers["content-type"].startswith("multipart/mixed")
    parts = [part.strip() for part in answer.text.split("--graphql")]
    bodies = [json.loads(part.partition("\r\n\r\n")[2]) for part in parts[1:-1]]
    assert bodies == [{}, *({"payload": {"data": {"countdown": n}}} for n in (2, 1))]
    assert parts[-1] == "--"
    query = await client.post(
        "/graphql", json={"query": HELLO}, headers={"accept": headers["accept"] + ", */*"}
    )
    assert query.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize(
    ("demo", "named", "shown"),
    [
        pytest.param(True, False, True, id="demo: anybody"),
        pytest.param(False, True, True, id="production: whoever has a token"),
        pytest.param(False, False, False, id="production: nobody without"),
    ],
)
async def test_a_plan_is_shown_on_demand_and_never_to_strangers(
    tmp_path: Path, *, demo: bool, named: bool, shown: bool
) -> None:
    headers = {"authorization": f"Bearer {token()}"} if named else {}
    wants = {**headers, "credgraph-expose-query-plan": "true"}
    async with (
        live(tmp_path, demo=demo, expose_plan=True, expose_cost=True) as gateway,
        httpx.AsyncClient(base_url=gateway.root, trust_env=False) as client,
    ):
        assert "extensions" not in await ask(client, headers, query=HELLO)
        answer = await ask(client, wants, query=HELLO)
        several = await ask(client, wants, query=MANY, variables={"n": 3})
    if not shown:
        assert "extensions" not in answer
        return
    (fetch,) = answer["extensions"]["queryPlan"]["fetches"]
    assert fetch["subgraph"] == "greeter"
    assert fetch["bytes"] == len('{"data":{"greeting":"hello Ada"}}')
    assert fetch["tookMs"] > 0
    assert fetch["cost"] == {"estimated": 0, "actual": 0}
    (fetch,) = several["extensions"]["queryPlan"]["fetches"]
    assert fetch["cost"] == {"estimated": 1, "actual": 3}
