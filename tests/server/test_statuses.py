"""The statuses of the 2026-08 draft of GraphQL over HTTP, behind one setting."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.auth.build import OTHER
from tests.server.build import token
from tests.server.live import Live, live

pytestmark = pytest.mark.asyncio(loop_scope="module")
R, J = "application/graphql-response+json", "application/json"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    folder = tmp_path_factory.mktemp("draft")
    async with live(folder, http={"statuses": "2026-08"}, limits={"body_bytes": 2_000}) as it:
        yield it


ASK = "query Q($n: Int!) { many(first: $n) { text } }"


@pytest.mark.parametrize("accept", [R, J])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param('{"query":"{ greeting(name: \\"x\\") }"}', 200, id="data alone"),
        pytest.param('{"query":"{ fails }"}', 294, id="data and errors"),
        pytest.param("NONSENSE", 400, id="no JSON"),
        pytest.param('{"query":', 400, id="half of JSON"),
        pytest.param('{"qeury":"{__typename}"}', 422, id="no query"),
        pytest.param('{"query":"{__typename}","variables":[7]}', 422, id="a list of variables"),
        pytest.param('{"query":"{"}', 400, id="does not parse"),
        pytest.param('{"query":"{ nothing }"}', 422, id="is not valid"),
        pytest.param('{"query":"{a:__typename}","operationName":"X"}', 422, id="no such operation"),
        pytest.param(f'{{"query":"{ASK}","variables":{{"n":"x"}}}}', 422, id="no such value"),
        pytest.param('{"query":"' + "x" * 2_000 + '"}', 413, id="too long"),
    ],
)
async def test_each_outcome_has_the_drafts_status(
    gateway: Live, accept: str, body: str, status: int
) -> None:
    headers = {"accept": accept, "content-type": J}
    answer = await post(gateway, content=body, headers=headers)
    assert answer.status_code == status
    told = accept if status < 300 else R  # only a success may be labelled as plain JSON
    assert answer.headers["content-type"] == f"{told}; charset=utf-8"
    assert ("data" in answer.json()) == (status < 300)


async def test_who_is_not_permitted_is_told_so(gateway: Live) -> None:
    bad = {"authorization": f"Bearer {token(key=OTHER)}"}
    answer = await post(gateway, json={"query": "{__typename}"}, headers=bad)
    assert answer.status_code == 401


async def test_what_was_refused_before_graphql_is_as_ever(gateway: Live) -> None:
    wrong = {"content-type": "text/plain"}
    assert (await post(gateway, content="x", headers=wrong)).status_code == 415
    other = {"accept": "image/png"}
    answer = await post(gateway, json={"query": "{__typename}"}, headers=other)
    assert (answer.status_code, answer.headers["content-type"][:16]) == (406, J)


async def post(gateway: Live, **request: Any) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(gateway.url, **request)
