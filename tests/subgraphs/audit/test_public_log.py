"""Audit serves the log to everybody, and nothing else to somebody without a token."""

import httpx
import pytest

from ledger_adapter.log.checkpoint import parse_note
from subgraphs.audit.app import service
from tests.subgraphs.audit.desk import Desk


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/log/checkpoint", 200, id="checkpoint"),
        pytest.param("GET", "/log/tile/entries/000.p/1", 200, id="an entry"),
        pytest.param("GET", "/log/tile/0/000.p/1", 200, id="a hash"),
        pytest.param("GET", "/log/tile/0/999", 404, id="beyond the log"),
        pytest.param("POST", "/log/checkpoint", 405, id="writing"),
        pytest.param("POST", "/graphql", 401, id="GraphQL"),
    ],
)
async def test_without_login(desk: Desk, method: str, path: str, status: int) -> None:
    await desk.signed()
    app = service(desk.world.base, desk.trust).app
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://audit") as http:
        answer = await http.request(method, path)
    assert answer.status_code == status
    if path == "/log/checkpoint" and status == 200:
        assert parse_note(answer.content).head.origin == desk.trust.logs[0].origin
