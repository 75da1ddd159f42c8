"""The JavaScript helper as its users run it, over a link that breaks."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gateway.graphiql.node import Node
from tests.js.clients import clients
from tests.kit.faults import Link
from tests.server.build import token
from tests.subscriptions.rig import Rig, rig

FOLDER = Path(__file__).parent / "clients"


@pytest_asyncio.fixture
async def running(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(tmp_path) as found:
        yield found


@asynccontextmanager
async def reading(
    port: int, count: int, *, tokens: list[str] | None = None, position: object = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The script, once its first frame is there."""
    node = clients()
    assert isinstance(node, Node), node
    arguments = (json.dumps(tokens or [token()]), str(count), json.dumps(position))
    child = await asyncio.create_subprocess_exec(
        *(str(node.executable), "resume.mjs", f"ws://127.0.0.1:{port}/graphql", *arguments),
        cwd=FOLDER,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert child.stderr is not None
    try:
        async with asyncio.timeout(30):
            assert await child.stderr.readline() == b"ready\n"
            yield child
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


async def told(child: asyncio.subprocess.Process) -> Any:
    out, err = await child.communicate()
    assert child.returncode == 0, err.decode()
    return json.loads(out)


@pytest.mark.parametrize("fault", ["cut", "leave_half_open", "stall", "refuse"])
async def test_each_event_comes_once_over_a_link_that_breaks(running: Rig, fault: str) -> None:
    async with Link.to(running.port) as link, reading(link.port, 20) as child:
        await running.subgraph.append(5)
        getattr(link, fault)()
        await running.subgraph.append(10)
        await asyncio.sleep(0.05)
        link.heal()
        await running.subgraph.append(5)
        outcome = await told(child)
    assert outcome["heard"] == list(range(20))


async def test_it_goes_on_from_a_stored_position_and_a_new_token(running: Rig) -> None:
    await running.subgraph.append(10)
    tokens, position = ["worthless", token()], {"cursor": "c3", "sequence": 3}
    async with reading(running.port, 6, tokens=tokens, position=position) as child:
        outcome = await told(child)
    assert outcome["heard"] == [4, 5, 6, 7, 8, 9]
    assert outcome["tally"]["connections"] == 2
