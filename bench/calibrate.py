"""What this machine can do right now, beside which every other figure is read.

Three floors: orjson over a typical large answer, SM2 sign and verify with the active provider,
and one request to an empty ASGI application over a kept connection.
"""

import asyncio
import os
import socket
import statistics
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import uvicorn

from ledger_adapter.crypto import sm2

Message = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Medians in microseconds, and the load average when they were taken."""

    orjson_us: float
    sm2_sign_us: float
    sm2_verify_us: float
    empty_asgi_us: float
    load: float

    def line(self) -> str:
        """One line to stand under a table of figures."""
        return (
            f"calibration: orjson 87 kB both ways {self.orjson_us:.0f} us, "
            f"SM2 sign {self.sm2_sign_us:.0f} us, verify {self.sm2_verify_us:.0f} us "
            f"({sm2.active_provider()}), empty ASGI app {self.empty_asgi_us:.0f} us, "
            f"load average {self.load:.2f}"
        )


def median_us(work: Callable[[], object], times: int) -> float:
    """Median time of `work` in microseconds."""
    taken = []
    for _ in range(times):
        start = time.perf_counter_ns()
        work()
        taken.append(time.perf_counter_ns() - start)
    return statistics.median(taken) / 1000


async def empty_app(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Answers two bytes to everything."""
    if scope["type"] != "http":
        return
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


async def empty_asgi_us(times: int = 300) -> float:
    """Median time of one POST to the empty application, client included."""
    # the protocol is named because asyncio turns Nagle's algorithm off on such sockets only
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(empty_app, log_level="error", lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        taken = []
        async with httpx.AsyncClient() as client:
            while not server.started:  # noqa: ASYNC110 - uvicorn offers a flag, no event
                await asyncio.sleep(0.01)
            for _ in range(times):
                start = time.perf_counter_ns()
                await client.post(url, content=b"{}")
                taken.append(time.perf_counter_ns() - start)
        server.should_exit = True
        await serving
    return statistics.median(taken) / 1000


def calibrate() -> Calibration:
    """Takes all three floors; about two seconds."""
    review = {"id": "rev", "body": "x" * 160, "product": {"upc": "1", "price": 12, "ok": True}}
    answer = orjson.dumps({"data": {"reviews": [review] * 400}})
    key = sm2.PrivateKey.generate()
    message = b"m" * 512
    signature = key.sign(message)
    return Calibration(
        orjson_us=median_us(lambda: orjson.dumps(orjson.loads(answer)), 200),
        sm2_sign_us=median_us(lambda: key.sign(message), 200),
        sm2_verify_us=median_us(lambda: key.public_key.verify(message, signature), 200),
        empty_asgi_us=asyncio.run(empty_asgi_us()),
        load=os.getloadavg()[0],
    )


if __name__ == "__main__":
    print(calibrate().line())
