"""`python -m bench.stages`: where the CPU of a warm request goes, stage by stage.

The gateway of `make up` with its default settings, but for the access log, which has a line of its
own here. Subgraphs are inside the process where they are no part of the stage; the stage "HTTP to
subgraphs" asks real ones over real sockets. Figures are microseconds of CPU, the best of several
rounds: here the processor's caches are warm and nobody else is served, so that a busy gateway takes
half as much again. What is indented is a part of the line above it.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import orjson
import uvicorn
import uvloop
from graphql import parse
from starlette.types import Message, Receive, Scope, Send
from uvicorn.server import ServerState

from bench.contest.rounds import subgraphs
from bench.execute import asking
from bench.yardstick import HEAVY, LIGHT, SDLS, RememberingClient, supergraph_at
from gateway.auth.context import CallContext
from gateway.config import Settings
from gateway.engine import Engine, EngineOptions, GatewayRequest, GatewayResponse
from gateway.executor.ports import Fault, NullTracer, SubgraphReply, SubgraphRequest
from gateway.executor.program import Program, TargetCode, compile_plan
from gateway.executor.run import Call, execute
from gateway.planner import World, plan_operation
from gateway.server.parameters import from_body
from gateway.server.pricing import PriceBook
from gateway.server.protocols import bounded
from gateway.server.wire import EXTENSION, Straight
from gateway.server.wiring import build_app, build_gateway
from gateway.supergraph.reader import read_supergraph
from gateway.telemetry.access import AccessLog
from gateway.telemetry.metrics import Metrics

_ROUNDS: Final = 9
_EACH: Final = 100
_DECODING: Final = "orjson, answers of subgraphs"
_FACTS: Final[Mapping[str, object]] = {
    "request_id": "0123456789abcdef",
    "method": "POST",
    "path": "/graphql",
    "status": 200,
    "ms": 1.25,
    "operation": None,
    "hash": "0123456789abcdef",
    "kind": "query",
    "errors": None,
    "bytes": 87_000,
}

Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Stage:
    """Microseconds of one request; `depth` is how often it is indented."""

    name: str
    us: float
    depth: int = 0

    def line(self) -> str:
        return f"{self.us:8.1f}  {'  ' * self.depth}{self.name}"


class _Client(RememberingClient):
    """Keeps the requests of the first run, so that they can be asked again elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[SubgraphRequest] = []
        self.complete = False

    async def fetch(self, request: SubgraphRequest, /) -> SubgraphReply | Fault:
        if not self.complete:
            self.asked.append(request)
        return await super().fetch(request)


class _Ready(Engine):
    """Looks operations up, and then has its answer at once."""

    answer: GatewayResponse

    async def execute(self, request: GatewayRequest) -> GatewayResponse:  # noqa: ARG002
        return self.answer


class _Watch:
    """Adds up how long functions take that are called in the middle of a run."""

    def __init__(self) -> None:
        self.spent = 0

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*given: Any, **named: Any) -> Any:
            start = time.perf_counter_ns()
            try:
                return work(*given, **named)
            finally:
                self.spent += time.perf_counter_ns() - start

        return timed


class _Direct(Straight):
    """A request that has come whole, and its answer."""

    def __init__(self, body: bytes) -> None:
        self._body, self.sent = body, b""

    def body_of(self, _scope: Scope, /) -> bytes:
        return self._body

    def answer(
        self, _scope: Scope, _status: int, _headers: Sequence[tuple[bytes, bytes]], body: bytes, /
    ) -> bool:
        self.sent = body
        return True


async def _unused(*_: Message) -> Any:
    raise TypeError("nothing goes by way of ASGI")


class _Pipe(asyncio.Transport):
    """The client's end of a connection, without a kernel."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})

    def write(self, data: object) -> None: ...

    def is_closing(self) -> bool:
        return False


async def cpu_us(work: Work) -> float:
    """Microseconds of CPU for one call, in the best of several rounds."""
    best = float("inf")
    for _ in range(_ROUNDS):
        start = time.process_time()
        for _ in range(_EACH):
            await work()
        best = min(best, (time.process_time() - start) / _EACH)
    return best * 1e6


async def server_us(body: bytes, answer: bytes) -> float:
    """uvicorn: a request's bytes in, an application that does nothing else, an answer's out."""
    done = asyncio.Event()

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        straight: Straight = scope["extensions"][EXTENSION]
        headers = [(b"content-length", b"%d" % len(answer))]
        if straight.body_of(scope) is None or not straight.answer(scope, 200, headers, answer):
            raise ValueError(scope)
        done.set()

    config = uvicorn.Config(app, loop="none", lifespan="off", log_config=None, access_log=False)
    config.load()
    protocol = bounded(32_768, 10.0)(config=config, server_state=ServerState(), app_state={})
    protocol.connection_made(_Pipe())
    head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    request = head + b"content-length: %d\r\n\r\n%b" % (len(body), body)

    async def one() -> None:
        done.clear()
        protocol.data_received(request)
        await done.wait()

    return await cpu_us(one)


async def executor_stages(sdl: str, query: str, client: RememberingClient) -> list[Stage]:
    """A plan as it runs; what is left beside its parts is merging, and waiting for each other."""
    document = parse(query)
    program = compile_plan(plan_operation(World.of(read_supergraph(sdl)), document))
    parts = {"find and name objects": _Watch(), _DECODING: _Watch()}
    parts["project"] = _Watch()
    find, loads, project = parts.values()
    watched = _watched(program, find, project)
    call = Call(
        client=client, tracer=NullTracer(), variables={}, context=None, timeout=60, max_errors=1
    )
    whole = await cpu_us(lambda: execute(program, call))
    bodies = list(client.bodies.values())
    best = dict.fromkeys(parts, float("inf"))
    decode = loads.around(orjson.loads)
    for _ in range(_ROUNDS):
        for watch in parts.values():
            watch.spent = 0
        for _ in range(_EACH):
            await execute(watched, call)
            for body in bodies:
                decode(body)
        best = {name: min(best[name], watch.spent / _EACH / 1e3) for name, watch in parts.items()}
    return [Stage("run the plan", whole), *(Stage(name, us, 1) for name, us in best.items())]


def _watched(program: Program, find: _Watch, project: _Watch) -> Program:
    def code(each: TargetCode) -> TargetCode:
        return replace(each, collect=cast("Any", each.collect and find.around(each.collect)))

    targets = {key: tuple(map(code, codes)) for key, codes in program.targets.items()}
    projection = replace(program.projection, generated=project.around(program.projection.generated))
    return replace(program, targets=targets, projection=projection)


async def fetch_us(settings: Settings, asked: Sequence[SubgraphRequest]) -> float:
    """Every fetch of one request again, one after the other, over the network."""
    client = build_gateway(settings).client
    context = CallContext(headers={"x-request-id": "0123456789abcdef"})
    deadline = asyncio.get_running_loop().time() + 600
    requests = [replace(each, context=context, deadline=deadline) for each in asked]

    async def one() -> None:
        for request in requests:
            reply = await client.fetch(request)
            if not isinstance(reply, SubgraphReply):
                raise TypeError(reply)

    taken = await cpu_us(one)
    client.close()
    return taken


async def stages(settings: Settings, query: str) -> list[Stage]:
    """All of one request's."""
    sdl, client = settings.supergraph.read_text(encoding="utf-8"), _Client()
    engine = Engine.from_supergraph(sdl, client=client, options=EngineOptions())
    response = await engine.execute(asking(query))
    client.complete = True
    body, answer = orjson.dumps({"query": query}), orjson.dumps(response.body)
    run = await executor_stages(sdl, query, client)
    decoding = next(stage.us for stage in run if stage.name == _DECODING)
    nothing = asking("{ __typename }")
    return [
        Stage("uvicorn, without the kernel", await server_us(body, answer)),
        Stage(
            "the door: guards, admission, price, metrics, headers, answer as JSON",
            await door_us(settings, response, body),
        ),
        Stage("orjson, the request", await sync_us(lambda: from_body(body)), 1),
        Stage("orjson, the answer", await sync_us(lambda: orjson.dumps(response.body)), 1),
        Stage("the engine: look-up, variables", await cpu_us(lambda: engine.execute(nothing))),
        *run,
        Stage(
            f"HTTP to subgraphs, {len(client.asked)} fetches",
            await fetch_us(settings, client.asked) - decoding,
        ),
        Stage("one line of the access log", await log_us()),
    ]


async def sync_us(work: Callable[[], object]) -> float:
    """As `cpu_us`, for what never waits."""

    async def one() -> None:
        work()

    return await cpu_us(one)


async def log_us() -> float:
    """A line that is written to nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    log = AccessLog(partial(os.write, nowhere), time.time)
    taken = await sync_us(lambda: log.line("request", **_FACTS))
    os.close(nowhere)
    return taken


async def door_us(settings: Settings, response: GatewayResponse, body: bytes) -> float:
    """From a request to its answer, but for what the engine does in between."""
    sdl, metrics = settings.supergraph.read_text(encoding="utf-8"), Metrics(time.monotonic)
    client = RememberingClient()
    engine = _Ready.from_supergraph(sdl, client=client, options=EngineOptions())
    engine.answer = response
    health, prices = build_gateway(settings).health, PriceBook(sdl)
    app = build_app(settings, engine, health, prices=prices, metrics=metrics)
    scope, direct = _scope(body), _Direct(body)
    scope["extensions"] = {EXTENSION: direct}

    async def one() -> None:
        await app(dict(scope), _unused, _unused)

    await one()
    if orjson.loads(direct.sent) != response.body:
        raise ValueError(direct.sent)
    return await cpu_us(one)


def _scope(body: bytes) -> Scope:
    headers = {
        "host": "localhost",
        "content-type": "application/json",
        "accept": "application/json",
        "content-length": str(len(body)),
        "authorization": "Bearer somebody",
    }
    return {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "client": ("127.0.0.1", 1),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }


async def measure(address: str) -> None:
    """Prints both queries' stages."""
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "supergraph.graphql"
        graph.write_text(
            supergraph_at({name: f"{address}/{name}" for name in SDLS}), encoding="utf-8"
        )
        settings = Settings(supergraph=graph, forward_headers=("authorization",), access_log=False)
        for name, query in (("heavy", HEAVY), ("light", LIGHT)):
            found = await stages(settings, query)
            whole = sum(stage.us for stage in found if stage.depth == 0)
            print(f"{name} query: {whole:.0f} us of CPU, load average {os.getloadavg()[0]:.1f}")
            print("\n".join(stage.line() for stage in found), flush=True)


if __name__ == "__main__":
    with subgraphs(0.0, "yardstick") as behind:
        uvloop.run(measure(behind))
