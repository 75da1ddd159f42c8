"""The clients people use, each with a query, a mutation, a subscription and an error."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

from tests.js.clients import run
from tests.server.live import Live, live

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXPECTED = {
    "query": {"greeting": "hello Ada"},
    "mutation": {"greet": "greeted Ada"},
    "subscription": [{"countdown": 3}, {"countdown": 2}, {"countdown": 1}],
    "error": ["GRAPHQL_VALIDATION_FAILED"],
}
AUDITS = 61


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    async with live(tmp_path_factory.mktemp("live")) as running:
        yield running


async def test_every_audit_of_graphql_over_http_is_ok(gateway: Live) -> None:
    outcomes = await run("audit.mjs", gateway.url)
    for outcome in outcomes:
        print(outcome["id"], outcome["status"], outcome["name"])
    assert [outcome for outcome in outcomes if outcome["status"] != "ok"] == []
    assert len(outcomes) >= AUDITS


@pytest.mark.parametrize(
    ("script", "mode"),
    [
        pytest.param("graphql_ws.mjs", "", id="graphql-ws"),
        pytest.param("graphql_sse.mjs", "distinct", id="graphql-sse, distinct connections"),
        pytest.param("graphql_sse.mjs", "single", id="graphql-sse, single connection"),
        pytest.param("apollo.mjs", "multipart", id="@apollo/client, multipart subscriptions"),
        pytest.param("apollo.mjs", "socket", id="@apollo/client over graphql-ws"),
        pytest.param("urql.mjs", "http", id="urql, subscriptions by fetch"),
        pytest.param("urql.mjs", "socket", id="urql, subscriptions over graphql-ws"),
    ],
)
async def test_a_javascript_client_does_all_it_is_there_for(
    gateway: Live, script: str, mode: str
) -> None:
    assert await run(script, gateway.url, gateway.socket_url, mode) == EXPECTED


async def test_apollo_client_shows_a_deferred_answer_as_it_comes(gateway: Live) -> None:
    seen = await run("defer.mjs", gateway.url)
    assert seen["types"] == ['multipart/mixed;boundary="graphql";deferSpec=20220824']
    state, data = seen["first"]
    assert (state, data["greeting"], "many" in data) == ("streaming", "hello Ada", False)
    state, data = seen["last"]
    assert (state, data["greeting"]) == ("complete", "hello Ada")
    assert [letter["text"] for letter in data["many"]] == ["x" * 40] * 2


@pytest.mark.parametrize("transport", ["http", "socket"])
async def test_gql_does_all_it_is_there_for(gateway: Live, transport: str) -> None:
    sockets = WebsocketsTransport(url=gateway.socket_url)
    by_http = HTTPXAsyncTransport(url=gateway.url, trust_env=False)
    async with Client(transport=by_http if transport == "http" else sockets) as session:
        query = await session.execute(gql('query { greeting(name: "Ada") }'))
        mutation = await session.execute(gql('mutation { greet(name: "Ada") }'))
        with pytest.raises(TransportQueryError) as error:
            await session.execute(gql("query { nothing }"))
    async with Client(transport=WebsocketsTransport(url=gateway.socket_url)) as session:
        counted = [
            each async for each in session.subscribe(gql("subscription { countdown(from: 3) }"))
        ]
    assert error.value.errors is not None
    codes = [each["extensions"]["code"] for each in error.value.errors]
    outcome = {"query": query, "mutation": mutation, "subscription": counted, "error": codes}
    assert outcome == EXPECTED
