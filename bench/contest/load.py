"""One round of load: `python -m bench.contest.load URL CONNECTIONS SECONDS < ASKED`.

Each connection sends its next request when the last one is answered, and every answer is judged.
Prints one JSON line, a `Round`.
"""

import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import httptools
import orjson
import uvloop


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is sent, and what must come back: the data, or, where that is None, any data without
    errors. `unique` gives each request an Authorization of its own, so that nothing may be shared
    between them."""

    query: str
    variables: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    unique: bool = False
    data: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Times are in milliseconds. `wrong` answers, other statuses than 200, broken connections."""

    requests: int
    seconds: float
    p50: float
    p99: float
    wrong: int
    statuses: int
    broken: int
    bytes: int

    @property
    def bad(self) -> int:
        """All that must not happen."""
        return self.wrong + self.statuses + self.broken


class _Tally:
    def __init__(self, head: bytes, body: bytes, asked: Asked, until: float) -> None:
        self._head, self._body, self._asked = head, body, asked
        self.until = until
        self.taken: list[float] = []
        self.wrong = self.statuses = self.broken = self.bytes = 0
        self._right: bytes | None = None
        self._sent = 0

    def request(self) -> bytes:
        self._sent += 1
        unique = self._asked.unique
        further = b"authorization: Bearer t%d\r\n" % self._sent if unique else b""
        return self._head + further + b"\r\n" + self._body

    def judge(self, status: int, body: bytes) -> None:
        if status != 200:
            self.statuses += 1
        elif body != self._right:
            answer = orjson.loads(body)
            if self._is_right(answer):
                self._right, self.bytes = body, len(body)
            else:
                self.wrong += 1

    def _is_right(self, answer: Mapping[str, object]) -> bool:
        if answer.get("errors") or not isinstance(answer.get("data"), dict):
            return False
        return self._asked.data is None or answer["data"] == self._asked.data


class _Connection(asyncio.Protocol):
    def __init__(self, tally: _Tally) -> None:
        self._tally = tally
        self._parser = httptools.HttpResponseParser(self)
        self._chunks: list[bytes] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        self._chunks = []
        self._sent = time.perf_counter()
        self._transport.write(self._tally.request())

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._chunks.append(body)

    def on_message_complete(self) -> None:
        now, tally = time.perf_counter(), self._tally
        tally.judge(self._parser.get_status_code(), b"".join(self._chunks))
        tally.taken.append(now - self._sent)
        if now < tally.until:
            self._send()
        elif not self.done.done():
            self.done.set_result(None)
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's words
        if not self.done.done():
            self._tally.broken += 1
            self.done.set_result(None)


async def one_round(url: str, connections: int, seconds: float, asked: Asked) -> Round:
    """Ends when each connection has its last answer."""
    parts = urlsplit(url)
    body = orjson.dumps({"query": asked.query, "variables": dict(asked.variables)})
    headers = "".join(f"{name}: {value}\r\n" for name, value in asked.headers.items())
    head = (
        f"POST {parts.path or '/'} HTTP/1.1\r\nhost: {parts.netloc}\r\naccept: application/json\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n{headers}"
    ).encode()
    start = time.perf_counter()
    tally = _Tally(head, body, asked, start + seconds)
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: _Connection(tally), "127.0.0.1", parts.port or 80)
        for _ in range(connections)
    ]
    _, late = await asyncio.wait([each.done for _, each in opened], timeout=seconds + 60)
    taken = sorted(tally.taken) or [0.0]
    return Round(
        requests=len(tally.taken),
        seconds=time.perf_counter() - start,
        p50=taken[len(taken) // 2] * 1000,
        p99=taken[len(taken) * 99 // 100] * 1000,
        wrong=tally.wrong,
        statuses=tally.statuses,
        broken=tally.broken + len(late),
        bytes=tally.bytes,
    )


def main(address: str, connections: str, seconds: str) -> None:
    """One round as the command line and standard input say."""
    given: dict[str, Any] = orjson.loads(sys.stdin.buffer.read())
    load = one_round(address, int(connections), float(seconds), Asked(**given))
    print(orjson.dumps(asdict(uvloop.run(load))).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
