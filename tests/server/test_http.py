"""GraphQL over HTTP, by real requests to a served gateway."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import orjson
import pytest
import pytest_asyncio

from tests.auth.build import OTHER
from tests.server.build import Served, served, token

R = "application/graphql-response+json"
J = "application/json"
POST = {"content-type": "application/json"}


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one_gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    changes = {"limits": {"body_bytes": 2_000}, "forward_headers": ["X-Tenant"]}
    async with served(tmp_path_factory.mktemp("gateway"), **changes) as it:
        yield it


@pytest.fixture
def gateway(one_gateway: Served) -> Served:
    one_gateway.engine.requests.clear()
    return one_gateway


@pytest_asyncio.fixture(loop_scope="module")
async def client(gateway: Served) -> AsyncIterator[httpx.AsyncClient]:
    root = gateway.url.removesuffix("/graphql")
    async with httpx.AsyncClient(base_url=root, trust_env=False) as it:
        yield it


def code_of(answer: httpx.Response) -> object:
    return answer.json()["errors"][0]["extensions"]["code"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        pytest.param(None, J, id="no Accept"),
        pytest.param("*/*", J, id="anything"),
        pytest.param(J, J, id="JSON"),
        pytest.param(R, R, id="the GraphQL type"),
        pytest.param(f"{R}, {J};q=0.9", R, id="both, the GraphQL type first"),
        pytest.param(f"{J}, {R}", J, id="both alike: the first counts"),
        pytest.param(f"{J};q=0.1, {R};q=0.2", R, id="by quality"),
        pytest.param(f"{J};q=0, */*;q=0.1", R, id="JSON refused by name"),
        pytest.param("application/*", J, id="any application type"),
        pytest.param(f"{R}; charset=utf-8", R, id="with a charset"),
    ],
)
async def test_the_media_type_is_the_clients_choice(
    client: httpx.AsyncClient, accept: str | None, media_type: str
) -> None:
    if accept is None:
        client.headers.pop("accept")
    headers = {**POST, **({"accept": accept} if accept else {})}
    answer = await client.post("/graphql", headers=headers, content=b'{"query":"{ok}"}')
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert answer.json() == {"data": {"ok": True}}


@pytest.mark.parametrize(
    ("accept", "status"),
    [pytest.param(R, 400, id="GraphQL type"), pytest.param(J, 200, id="JSON")],
)
async def test_a_request_error_has_no_data_and_the_status_of_its_media_type(
    client: httpx.AsyncClient, accept: str, status: int
) -> None:
    answer = await client.post("/graphql", headers={"accept": accept}, json={"query": "{bad"})
    assert answer.status_code == status
    assert "data" not in answer.json()
    assert code_of(answer) == "GRAPHQL_PARSE_FAILED"


async def test_an_operation_is_thought_through_before_anything_is_asked_about_it(
    gateway: Served, client: httpx.AsyncClient
) -> None:
    await client.post("/graphql", json={"query": "{ok prepared: ok}"})
    assert "{ok prepared: ok}" in gateway.engine.prepared


@pytest.mark.parametrize("accept", [R, J])
async def test_a_partial_result_is_200(client: httpx.AsyncClient, accept: str) -> None:
    answer = await client.post("/graphql", headers={"accept": accept}, json={"query": "{partial}"})
    assert answer.status_code == 200
    assert answer.json()["data"] == {"a": None}
    (error,) = answer.json()["errors"]
    request_id = answer.headers["x-request-id"]
    assert error["message"] == "one is ill"
    assert error["extensions"] == {"retryable": False, "requestId": request_id}


@pytest.mark.parametrize("accept", [R, J])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half of it"),
        pytest.param(b"[]", id="a batch"),
        pytest.param(b'"{ok}"', id="a string"),
        pytest.param(b"{}", id="no query"),
        pytest.param(b'{"query":""}', id="an empty query"),
        pytest.param(b'{"query":7}', id="a number for a query"),
        pytest.param(b'{"query":"{ok}","operationName":7}', id="a number for a name"),
        pytest.param(b'{"query":"{ok}","variables":[]}', id="a list of variables"),
        pytest.param(b'{"query":"{ok}","variables":"{}"}', id="variables as a string"),
        pytest.param(b'{"query":"{ok}","extensions":1}', id="a number for extensions"),
        pytest.param(b'{"query":"\xff"}', id="not UTF-8"),
        pytest.param(b'{"query":"\\ud800"}', id="half a surrogate"),
        pytest.param(b'{"a":' + b"[" * 900 + b"]" * 900 + b"}", id="deep JSON without a query"),
        pytest.param(b"[" * 1_900, id="brackets only"),
    ],
)
async def test_what_is_no_graphql_request_is_400(
    client: httpx.AsyncClient, accept: str, body: bytes
) -> None:
    answer = await client.post("/graphql", headers={**POST, "accept": accept}, content=body)
    assert answer.status_code == 400
    assert code_of(answer) == "BAD_REQUEST"


async def test_null_parameters_and_unknown_members_are_fine(client: httpx.AsyncClient) -> None:
    body = {"query": "{ok}", "operationName": None, "variables": None, "extensions": None, "x": 1}
    assert (await client.post("/graphql", json=body)).json() == {"data": {"ok": True}}


async def test_the_parameters_reach_the_engine(client: httpx.AsyncClient, gateway: Served) -> None:
    body = {"query": "{ok}", "operationName": "Q", "variables": {"a": [1]}, "extensions": {"b": 2}}
    await client.post("/graphql", json=body, headers={"x-tenant": "t", "x-secret": "s"})
    (request,) = gateway.engine.requests
    assert (request.operation_name, request.variables) == ("Q", {"a": [1]})
    assert request.extensions == {"b": 2}
    headers = dict(request.context.headers)  # type: ignore[attr-defined]
    assert headers.pop("x-request-id")
    assert headers == {"x-tenant": "t"}


async def test_get_carries_the_parameters_in_its_query_string(client: httpx.AsyncClient) -> None:
    answer = await client.get("/graphql", params={"query": "{ok}", "variables": '{"a":"凭证"}'})
    assert answer.json() == {"data": {"ok": True, "a": "凭证"}}


@pytest.mark.parametrize(
    "query_string",
    [
        pytest.param("", id="nothing"),
        pytest.param("?query=", id="an empty query"),
        pytest.param("?query={ok}&variables={", id="variables that are no JSON"),
        pytest.param("?query={ok}&variables=[]", id="a list of variables"),
        pytest.param("?query=%ff", id="not UTF-8"),
    ],
)
async def test_a_get_that_is_no_graphql_request_is_400(
    client: httpx.AsyncClient, gateway: Served, query_string: str
) -> None:
    answer = await client.get(gateway.url + query_string)
    assert answer.status_code == 400


async def test_a_mutation_needs_post(client: httpx.AsyncClient, gateway: Served) -> None:
    answer = await client.get("/graphql", params={"query": "mutation{ok}"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert not gateway.engine.requests
    assert (await client.post("/graphql", json={"query": "mutation{ok}"})).status_code == 200


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
async def test_other_methods_are_405(client: httpx.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/graphql")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST, PUT, DELETE, OPTIONS")


@pytest.mark.parametrize("accept", ["image/png", "application/xml", f"{J};q=0", "nonsense"])
async def test_an_accept_we_cannot_serve_is_406(client: httpx.AsyncClient, accept: str) -> None:
    answer = await client.post("/graphql", headers={"accept": accept}, json={"query": "{ok}"})
    assert answer.status_code == 406


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"],
)
async def test_a_body_of_another_kind_is_415(client: httpx.AsyncClient, content_type: str) -> None:
    headers = {"content-type": content_type}
    answer = await client.post("/graphql", headers=headers, content=b'{"query":"{ok}"}')
    assert answer.status_code == 415
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {
        "code": "BAD_REQUEST",
        "retryable": False,
        "requestId": answer.headers["x-request-id"],
    }


@pytest.mark.parametrize("content_type", ["application/json", 'Application/JSON; charset="UTF-8"'])
async def test_utf8_is_assumed_and_may_be_said(
    client: httpx.AsyncClient, content_type: str
) -> None:
    headers = {"content-type": content_type}
    answer = await client.post("/graphql", headers=headers, content=b'{"query":"{ok}"}')
    assert answer.status_code == 200


async def test_a_body_that_is_too_large_is_413_before_it_is_read(client: httpx.AsyncClient) -> None:
    answer = await client.post("/graphql", json={"query": "x" * 3_000})
    assert answer.status_code == 413
    assert code_of(answer) == "BODY_TOO_LARGE"


async def test_a_body_without_length_is_bounded_too(client: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    answer = await client.post("/graphql", headers=POST, content=endless())
    assert answer.status_code == 413


async def test_a_subscription_over_plain_http_is_a_request_error(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/graphql", headers={"accept": R}, json={"query": "subscription{three}"}
    )
    assert answer.status_code == 400
    assert code_of(answer) == "SUBSCRIPTION_NEEDS_STREAM"


async def test_a_bug_shows_neither_its_words_nor_its_trace(client: httpx.AsyncClient) -> None:
    answer = await client.post("/graphql", json={"query": "{boom}"})
    assert answer.status_code == 500
    assert code_of(answer) == "INTERNAL_SERVER_ERROR"
    assert "secret" not in answer.text


async def test_not_ready_is_503_with_a_hint_when_to_come_back(client: httpx.AsyncClient) -> None:
    answer = await client.post("/graphql", json={"query": "{unloaded}"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_the_token_names_the_viewer(client: httpx.AsyncClient) -> None:
    headers = {"authorization": f"Bearer {token()}"}
    answer = await client.post("/graphql", headers=headers, json={"query": "{viewer}"})
    assert answer.json()["data"]["sub"] == "somebody"
    assert (await client.post("/graphql", json={"query": "{viewer}"})).json() == {"data": {}}


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        pytest.param(f"Bearer {token(-60)}", "TOKEN_EXPIRED", id="expired"),
        pytest.param(f"Bearer {token(key=OTHER)}", "TOKEN_INVALID", id="another key"),
        pytest.param("Basic x", "TOKEN_INVALID", id="another scheme"),
    ],
)
async def test_a_bad_token_is_401_with_its_reason(
    client: httpx.AsyncClient, gateway: Served, authorization: str, reason: str
) -> None:
    headers = {"authorization": authorization}
    answer = await client.post("/graphql", headers=headers, json={"query": "{ok}"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert code_of(answer) == "UNAUTHENTICATED"
    assert answer.json()["errors"][0]["extensions"]["reason"] == reason
    assert not gateway.engine.requests


@pytest.mark.parametrize(
    ("offered", "kept"),
    [
        pytest.param("abc-123", True, id="plain"),
        pytest.param("x" * 65, False, id="too long"),
        pytest.param('a"b', False, id="odd characters"),
    ],
)
async def test_the_request_id_is_the_clients_when_it_is_plain(
    client: httpx.AsyncClient, offered: str, kept: bool
) -> None:
    answer = await client.post(
        "/graphql", headers={"x-request-id": offered}, json={"query": "{ok}"}
    )
    assert (answer.headers["x-request-id"] == offered) is kept
    assert len(answer.headers["x-request-id"]) <= 64


async def test_head_and_body_leave_in_one_piece(gateway: Served) -> None:
    """Two small writes would meet Nagle and a delayed acknowledgement: 40 ms."""
    body = orjson.dumps({"query": "{ok}"})
    head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    loop = asyncio.get_running_loop()
    spent = []
    for _ in range(5):
        started = loop.time()
        writer.write(head + b"content-length: %d\r\n\r\n" % len(body) + body)
        answer = await reader.readuntil(b'{"data":{"ok":true}}')
        spent.append(loop.time() - started)
        assert answer.startswith(b"HTTP/1.1 200 ")
    assert min(spent) < 0.03
    writer.close()


async def test_a_client_that_leaves_in_its_body_disturbs_nobody(
    client: httpx.AsyncClient, gateway: Served
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    writer.write(head + b"content-length: 500\r\n\r\n{")
    await asyncio.sleep(0.05)
    writer.transport.abort()
    assert (await client.post("/graphql", json={"query": "{ok}"})).status_code == 200
