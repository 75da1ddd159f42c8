"""One subgraph's line: what is shared, what is sent again, when it is left alone."""

import asyncio
from collections import Counter
from collections.abc import Mapping

import pytest

from gateway.auth.context import CallContext
from gateway.executor.ports import Fault, SubgraphReply, SubgraphRequest
from gateway.transport.breaker import BreakerRules
from gateway.transport.endpoint import parse_endpoint
from gateway.transport.http import HttpTransport
from gateway.transport.line import Traffic
from gateway.transport.pool import PoolLimits
from gateway.transport.retry import RetryRules
from tests.transport.raw_server import RawServer, http, raw_server, read_request
from tests.transport.test_http import GOOD, NAME, request

QUICK = RetryRules(pause=0.001)


def headers_of(asked: SubgraphRequest) -> Mapping[str, str]:
    return asked.context.headers if isinstance(asked.context, CallContext) else {}


def line_to(server: RawServer, traffic: Traffic | None = None) -> HttpTransport:
    endpoint = parse_endpoint(f"http://127.0.0.1:{server.port}/graphql")
    chosen = traffic or Traffic(retry=QUICK)
    return HttpTransport({NAME: endpoint}, headers_of, PoolLimits(), lambda _: chosen)


def with_headers(asked: SubgraphRequest, **headers: str) -> SubgraphRequest:
    return SubgraphRequest(
        subgraph=asked.subgraph,
        document=asked.document,
        operation_name=None,
        variables={},
        kind=asked.kind,
        context=CallContext(headers=headers),
        deadline=asked.deadline,
    )


class Gate:
    """A subgraph that counts requests and answers when told; each status comes once, then 200."""

    def __init__(self, *statuses: bytes) -> None:
        self.open = asyncio.Event()
        self.sent = 0
        self._arrival = asyncio.Event()
        self._statuses = list(statuses)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            self.sent += 1
            self._arrival.set()
            status = self._statuses.pop(0) if self._statuses else b"200 OK"
            await self.open.wait()
            writer.write(http(GOOD if status.startswith(b"200") else b"", status=status))

    async def until(self, count: int) -> None:
        async with asyncio.timeout(30):
            while self.sent < count:
                self._arrival.clear()
                await self._arrival.wait()


async def all_under_way(tasks: list[asyncio.Task[SubgraphReply | Fault]], gate: Gate) -> None:
    await gate.until(1)
    await asyncio.sleep(0.02)
    assert not any(task.done() for task in tasks)


async def test_equal_queries_under_way_are_sent_once_and_read_by_each() -> None:
    gate = Gate()
    async with raw_server(gate) as server:
        transport = line_to(server)
        tasks = [asyncio.create_task(transport.fetch(request())) for _ in range(20)]
        await all_under_way(tasks, gate)
        gate.open.set()
        replies = [await task for task in tasks]
        assert (gate.sent, transport.shared) == (1, 19)
        bodies = [reply.data for reply in replies if isinstance(reply, SubgraphReply)]
        assert bodies == [{"ok": True}] * 20
        assert len({id(body) for body in bodies}) == 20, "each may change what it got"
        await transport.fetch(request())
        assert gate.sent == 2, "an answer is never kept"
        transport.close()


@pytest.mark.parametrize(
    ("one", "other", "sent"),
    [
        pytest.param({"authorization": "a"}, {"authorization": "b"}, 2, id="another viewer"),
        pytest.param({"authorization": "a"}, {}, 2, id="nobody"),
        pytest.param({"traceparent": "a"}, {"traceparent": "b"}, 1, id="another trace"),
        pytest.param({"x-request-id": "a"}, {"x-request-id": "b"}, 1, id="another request"),
    ],
)
async def test_only_what_changes_no_answer_may_differ(
    one: dict[str, str], other: dict[str, str], sent: int
) -> None:
    gate = Gate()
    async with raw_server(gate) as server:
        transport = line_to(server)
        tasks = [
            asyncio.create_task(transport.fetch(with_headers(request(), **headers)))
            for headers in (one, other)
        ]
        await all_under_way(tasks, gate)
        gate.open.set()
        assert all(isinstance(each, SubgraphReply) for each in await asyncio.gather(*tasks))
        assert gate.sent == sent
        transport.close()


async def test_mutations_are_never_shared() -> None:
    gate = Gate()
    async with raw_server(gate) as server:
        transport = line_to(server)
        tasks = [asyncio.create_task(transport.fetch(request(kind="mutation"))) for _ in range(3)]
        await all_under_way(tasks, gate)
        gate.open.set()
        await asyncio.gather(*tasks)
        assert gate.sent == 3
        transport.close()


async def test_the_first_askers_leaving_harms_nobody() -> None:
    gate = Gate()
    async with raw_server(gate) as server:
        transport = line_to(server)
        tasks = [asyncio.create_task(transport.fetch(request())) for _ in range(5)]
        await all_under_way(tasks, gate)
        tasks[0].cancel()
        tasks[3].cancel()
        await asyncio.sleep(0.02)
        gate.open.set()
        others = [await tasks[index] for index in (1, 2, 4)]
        assert all(isinstance(each, SubgraphReply) for each in others)
        assert gate.sent == 2, "one sent anew, for all who stayed"
        transport.close()


async def test_each_waits_for_its_own_time_only() -> None:
    gate = Gate()
    async with raw_server(gate) as server:
        transport = line_to(server)
        patient = [
            asyncio.create_task(transport.fetch(request(seconds=seconds)))
            for seconds in (0.1, 5.0, 0.2)
        ]
        first, last = await patient[0], await patient[2]
        assert (getattr(first, "code", ""), getattr(last, "code", "")) == (
            "SUBREQUEST_TIMEOUT",
            "SUBREQUEST_TIMEOUT",
        )
        gate.open.set()
        assert isinstance(await patient[1], SubgraphReply)
        transport.close()


async def test_a_passing_failure_is_tried_again_within_the_budget() -> None:
    gate = Gate(b"503 Service Unavailable", b"502 Bad Gateway")
    gate.open.set()
    async with raw_server(gate) as server:
        transport = line_to(server)
        assert isinstance(await transport.fetch(request()), Fault), "once again, not twice"
        assert isinstance(await transport.fetch(request()), SubgraphReply)
        assert gate.sent == 3
        transport.close()


@pytest.mark.parametrize(
    "traffic",
    [
        pytest.param(Traffic(retry=RetryRules(least=0.0, share=0.0)), id="no budget"),
        pytest.param(Traffic(retry=RetryRules(pause=60.0)), id="no time"),
    ],
)
async def test_no_retry_without_budget_or_time(traffic: Traffic) -> None:
    gate = Gate(b"503 Service Unavailable")
    gate.open.set()
    async with raw_server(gate) as server:
        transport = line_to(server, traffic)
        assert isinstance(await transport.fetch(request()), Fault)
        assert gate.sent == 1
        transport.close()


async def test_a_mutation_is_not_tried_again_after_a_503() -> None:
    gate = Gate(b"503 Service Unavailable")
    gate.open.set()
    async with raw_server(gate) as server:
        transport = line_to(server)
        assert isinstance(await transport.fetch(request(kind="mutation")), Fault)
        assert gate.sent == 1
        transport.close()


async def test_a_failing_subgraph_is_left_alone_and_found_well_again() -> None:
    gate = Gate(*[b"500 Oh"] * 4)
    gate.open.set()
    async with raw_server(gate) as server:
        transport = line_to(server, Traffic(breaker=BreakerRules(least=4, rest=0.2)))
        codes = [getattr(await transport.fetch(request()), "code", "") for _ in range(6)]
        assert codes == [*["SUBREQUEST_HTTP_ERROR"] * 4, *["SUBREQUEST_CIRCUIT_OPEN"] * 2]
        assert transport.breakers() == {NAME: "open"}
        outcome = await transport.fetch(request(kind="mutation"))
        assert getattr(outcome, "code", "") == "SUBREQUEST_CIRCUIT_OPEN"
        assert gate.sent == 4
        await asyncio.sleep(0.25)
        assert isinstance(await transport.fetch(request()), SubgraphReply)
        assert transport.breakers() == {NAME: "closed"}
        transport.close()


async def test_a_leaving_probe_lets_the_next_one_try() -> None:
    gate = Gate(*[b"500 Oh"] * 4)
    gate.open.set()
    async with raw_server(gate) as server:
        traffic = Traffic(breaker=BreakerRules(least=4, rest=0.05))
        transport = line_to(server, traffic)
        for _ in range(4):
            await transport.fetch(request())
        await asyncio.sleep(0.06)
        gate.open.clear()
        probe = asyncio.create_task(transport.fetch(request()))
        await gate.until(5)
        probe.cancel()
        await asyncio.gather(probe, return_exceptions=True)
        gate.open.set()
        assert isinstance(await transport.fetch(request()), SubgraphReply)
        assert transport.breakers() == {NAME: "closed"}
        transport.close()


async def test_a_subgraph_may_have_fewer_places_than_its_origin() -> None:
    gate = Gate()
    async with raw_server(gate) as server:
        transport = line_to(server, Traffic(share=False, concurrency=2, waiting=1))
        tasks = [asyncio.create_task(transport.fetch(request())) for _ in range(4)]
        await asyncio.sleep(0.1)
        assert gate.sent == 2
        gate.open.set()
        outcomes = Counter(type(each).__name__ for each in await asyncio.gather(*tasks))
        assert outcomes == {"SubgraphReply": 3, "Fault": 1}
        transport.close()
