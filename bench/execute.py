"""`python -m bench.execute`: the executor beside the JSON it cannot do without, and memory.

Subgraphs answer inside the process, so nothing here waits. The executor's share is the CPU of a
whole request, decoding of the bodies and encoding of the answer included, divided by the CPU of
that decoding and encoding alone, in the same run.
"""

import asyncio
import gc
import os
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import orjson
import psutil

from bench.yardstick import HEAVY, LIGHT, RememberingClient, supergraph
from gateway.engine import Engine, EngineOptions, GatewayRequest
from gateway.executor.ports import Fault, SubgraphReply, SubgraphRequest

_ROUNDS: Final = 7
_YOUNG_OBJECTS: Final = 20_000
_EACH: Final = 200
_DISTINCT: Final = 10_000
_CACHE: Final = 32 * 1024 * 1024


def asking(query: str) -> GatewayRequest:
    """A request with nothing special about it."""
    return GatewayRequest(
        query=query, operation_name=None, variables={}, extensions={}, context=None, timeout=60
    )


async def cpu_us(work: Callable[[], Awaitable[object]]) -> float:
    """Microseconds of CPU for one call, in the best of several rounds."""
    best = float("inf")
    for _ in range(_ROUNDS):
        start = time.process_time()
        for _ in range(_EACH):
            await work()
        best = min(best, (time.process_time() - start) / _EACH)
    return best * 1e6


async def executor_line(name: str, query: str) -> str:
    """One query: its fetches and bytes, the executor's CPU and what orjson alone would need."""
    client = RememberingClient()
    engine = Engine.from_supergraph(supergraph(), client=client, options=EngineOptions())
    request = asking(query)
    response = await engine.execute(request)
    if "errors" in response.body:
        raise ValueError(response.body["errors"])
    count, bodies, answer = client.fetches, list(client.bodies.values()), response.body

    async def json_alone() -> None:
        for body in bodies:
            orjson.loads(body)
        orjson.dumps(answer)

    async def whole() -> bytes:
        return orjson.dumps((await engine.execute(request)).body)

    floor, ours = await cpu_us(json_alone), await cpu_us(whole)
    return (
        f"{name} query: {count} fetches, {sum(map(len, bodies)) / 1000:.0f} kB in,"
        f" {len(orjson.dumps(answer)) / 1000:.0f} kB out, {ours:.0f} us CPU,"
        f" orjson alone {floor:.0f} us, ratio {ours / floor:.1f}"
    )


class _NothingSold:
    """Answers at once that there is nothing, so that operations are prepared and little else."""

    async def fetch(self, _: SubgraphRequest, /) -> SubgraphReply | Fault:
        return SubgraphReply(data={"bestSellers": []}, errors=(), extensions={})

    def subscribe(self, request: SubgraphRequest, /) -> AsyncIterator[SubgraphReply | Fault]:
        raise NotImplementedError(request.subgraph)


async def memory_line() -> str:
    """Resident memory after a tenth of ten thousand distinct operations, and after all of them."""
    options = EngineOptions(cache_bytes=_CACHE)
    engine = Engine.from_supergraph(supergraph(), client=_NothingSold(), options=options)
    process, marks = psutil.Process(), []
    for number in range(1, _DISTINCT + 1):
        response = await engine.execute(asking(_distinct(number)))
        if "errors" in response.body:
            raise ValueError(response.body["errors"])
        if number % (_DISTINCT // 10) == 0:
            gc.collect()
            marks.append(process.memory_info().rss / 1e6)
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    each = ", ".join(f"{mark:.0f}" for mark in marks)
    return (
        f"{_DISTINCT} distinct operations, {len(engine.recent_operations())} of them kept in"
        f" {_CACHE // 1024 // 1024} MB: resident after each tenth {each} MB, highest {highest:.0f}"
    )


def _distinct(number: int) -> str:
    return (
        f"query Q{number} {{ bestSellers(first: {number % 9 + 1}) {{ a{number}: title  available"
        f" opinions {{ b{number}: text  writer {{ id  fullName }} }} }} }}"
    )


async def measure() -> None:
    """Prints every figure as it is taken; garbage is collected as seldom as in the server."""
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 10, 10)
    print(await executor_line("heavy", HEAVY), flush=True)
    print(await executor_line("light", LIGHT), flush=True)
    print(f"  target: heavy ratio <= 4; load average {os.getloadavg()[0]:.2f}", flush=True)
    print(await memory_line(), flush=True)
    print("  target: flat once the cache is full")


if __name__ == "__main__":
    asyncio.run(measure())
