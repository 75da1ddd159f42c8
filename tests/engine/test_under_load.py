"""What many requests at once must not notice: a new supergraph, long texts, slow subgraphs."""

import asyncio
import time
from typing import Any

import pytest

from gateway.access import NOBODY
from gateway.errors import BadSupergraph
from gateway.executor.ports import Fault, SubgraphReply, SubgraphRequest
from tests.engine.graphs import SHOP, SHOP_SDLS
from tests.engine.pair import Pair, asking, composed

QUERY = "{ products { title inStock reviews { stars author { name } } } }"


@pytest.fixture
def shop() -> Pair:
    return Pair(SHOP_SDLS, SHOP)


async def test_reloads_under_load_lose_and_change_no_answer(shop: Pair) -> None:
    """Half of the graphs have one more field; every answer is that of the graph it began with."""
    more = dict(SHOP_SDLS)
    more["stock"] = more["stock"].replace("inStock: Boolean!", "inStock: Boolean!  extra: Int")
    graphs = (shop.supergraph, composed(more))
    want = (await shop.ask(QUERY))["data"]
    done = False

    async def reloading() -> int:
        reloads = 0
        while not done:
            shop.engine.swap(graphs[reloads % 2])
            with pytest.raises(BadSupergraph):
                shop.engine.swap("type Query { a: Int }")
            reloads += 1
            await asyncio.sleep(0.002)
        return reloads

    async def asking_on() -> list[Any]:
        return [await shop.ask(QUERY) for _ in range(12)]

    reloads = asyncio.create_task(reloading())
    answers = await asyncio.gather(*(asking_on() for _ in range(10)))
    done = True
    assert await reloads > 2
    assert all(body == {"data": want} for bodies in answers for body in bodies)


async def test_a_long_text_holds_up_nobody(shop: Pair) -> None:
    long = "{ " + " ".join(f"a{i}: product(id: {i}) {{ title }}" for i in range(400)) + " }"
    turns = 0
    task = asyncio.create_task(shop.engine.prepare(long, None))
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    # thought about on the event loop, it would be done after a turn or two
    assert turns > 3
    assert (long, None, NOBODY) in shop.engine.recent_operations()


async def test_introspection_is_executed_once(shop: Pair) -> None:
    query = "query ($n: String!) { __type(name: $n) { fields { name } } }"
    first = [await shop.ask(query, variables={"n": name}) for name in ("User", "Brand", "User")]
    assert first[0] == first[2] != first[1]
    graph = shop.engine._graph  # nothing outside can see what is remembered
    assert len(graph.introspections) == 2


async def test_every_fetch_of_an_operation_has_one_deadline(shop: Pair) -> None:
    start = asyncio.get_running_loop().time()
    await shop.ask(QUERY, timeout=3)
    deadlines = {request.deadline for request in shop.client.requests}
    assert len(shop.client.requests) > 2
    assert len(deadlines) == 1
    assert start + 3 <= deadlines.pop() <= start + 4


async def test_what_comes_after_the_deadline_is_not_asked_for(shop: Pair) -> None:
    def slow(request: SubgraphRequest, reply: SubgraphReply) -> SubgraphReply | Fault:
        time.sleep(0.05)  # the subgraph in the process takes its time
        return reply

    shop.client.tamper = slow
    body = await shop.ask(
        "{ product(id: 1) { title } me { name reviews { stars } } }", timeout=0.04
    )
    assert {request.subgraph for request in shop.client.requests} == {"catalog", "accounts"}
    codes = {error["extensions"]["code"] for error in body["errors"]}
    assert codes == {"SUBREQUEST_TIMEOUT"}


async def test_a_client_that_leaves_cancels_what_is_asked_for_it(shop: Pair) -> None:
    shop.client.gate = asyncio.Event()
    leaving = asyncio.create_task(shop.engine.execute(asking("{ me { reviews { stars } } }")))
    await shop.client.asked.wait()
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    shop.client.gate.set()
    await asyncio.sleep(0.01)
    assert [request.subgraph for request in shop.client.requests] == ["accounts"]
