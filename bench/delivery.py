"""What one delivery costs the gateway: CPU by protocol and memory of a quiet subscription.

One gateway process before a subgraph whose log grows; many clients with one scope, which all get
every event. CPU seconds of the gateway alone are counted, so that the figures say something on a
machine that is busy with others. Run it as `python -m bench.delivery [--sockets N]`.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import psutil
import uvloop

from bench.doors import Child
from bench.doors import child as server
from bench.ears import Crowd
from tests.server.build import demo_files, token
from tests.subscriptions.log_subgraph import LOG_SDL, NAMES_SDL
from tests.subscriptions.rig import Process, eventually, free_ports, graph_of

WATCH: Final = """subscription W($after: String) {
  acceptedCredentialChanges: changes(after: $after) { cursor: at endorsement: item { id NAME } }
}"""
EVENTS: Final = 40
PAUSE: Final = 0.25


@asynccontextmanager
async def gateway(folder: Path, subgraph: int) -> AsyncIterator[Child]:
    """`credgraph serve` before the subgraph on that port."""
    graph = graph_of({"log": LOG_SDL, "names": NAMES_SDL}, subgraph)
    settings = {**demo_files(folder), "access_log": False}
    (folder / "graph.graphql").write_text(graph)
    (port,) = free_ports(1)
    settings["listen"] = {"port": port}
    (folder / "gateway.yaml").write_text(json.dumps({"gateway": settings}))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "serve", "--config", str(folder / "gateway.yaml"))
    )
    try:
        await eventually(lambda: _listens(port))
        yield Child(process=psutil.Process(process.pid), port=port)
    finally:
        process.terminate()
        await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def cost(served: Child, subgraph: Process, crowd: Crowd, events: int) -> float:
    """Microseconds of CPU for one frame to one client, heartbeats counted as frames."""
    frames, taken = sum(ear.frames for ear in crowd.ears), served.cpu()
    for _ in range(events):
        await subgraph.append(1)
        await asyncio.sleep(PAUSE)
    await eventually(lambda: _all_came(crowd, events))
    came = sum(ear.frames for ear in crowd.ears) - frames
    return (served.cpu() - taken) / came * 1e6


async def _all_came(crowd: Crowd, events: int) -> bool:
    times = crowd.came.values()
    return len(times) >= events and all(len(each) == len(crowd.ears) for each in times)


async def idle(served: Child, crowd: Crowd, count: int) -> float:
    """Thousands of bytes for each that joins; a few come before."""
    await crowd.join(50)
    before = served.memory()
    await crowd.join(count)
    await asyncio.sleep(1)
    return (served.memory() - before) / count / 1000


async def measure(count: int) -> None:
    """Prints a line for each figure."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        (port,) = free_ports(1)
        subgraph = Process(port, Path(name) / "log")
        await subgraph.start()
        try:
            async with gateway(Path(name), port) as served:
                await _figures(served, subgraph, count)
        finally:
            await subgraph.kill()
    async with server("echo") as bare:
        silent = Crowd(f"ws://127.0.0.1:{bare.port}/graphql", "", "")
        print(f"bare uvicorn socket: {await idle(bare, silent, count):.1f} kB", flush=True)


async def _figures(served: Child, subgraph: Process, count: int) -> None:
    url = f"ws://127.0.0.1:{served.port}/graphql"
    plain = Crowd(url, token(), WATCH.replace("NAME", ""))
    each = await idle(served, plain, count)
    print(f"quiet subscription: {each:.1f} kB", flush=True)
    taken = await cost(served, subgraph, plain, EVENTS)
    print(f"a frame to one of {len(plain.ears)}: {taken:.1f} us", flush=True)
    await plain.leave()
    named = Crowd(url, token(), WATCH.replace("NAME", "name"))
    await named.join(count)
    taken = await cost(served, subgraph, named, EVENTS)
    print(f"the same with an entity: {taken:.1f} us", flush=True)
    await named.leave()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.delivery", description=__doc__)
    parser.add_argument("--sockets", type=int, default=2_000)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(measure(parser.parse_args().sockets))
