"""One round of load: `python -m bench.contest.load URL CONNECTIONS SECONDS unique|same < BODY`.

Each connection sends its next request when the last one is answered. Every answer is compared with
the first one. `unique` gives each request an Authorization of its own, so that nothing may be
shared between them. Prints one JSON line.
"""

import asyncio
import sys
import time
from dataclasses import asdict, dataclass
from typing import cast
from urllib.parse import urlsplit

import httptools
import orjson
import uvloop


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Times are in milliseconds. `bad`: wrong answers, bad statuses and broken connections."""

    requests: int
    seconds: float
    p50: float
    p99: float
    bad: int
    bytes: int


class _Tally:
    def __init__(self, head: bytes, body: bytes, *, unique: bool, until: float) -> None:
        self._head, self._body, self._unique = head, body, unique
        self.until = until
        self.taken: list[float] = []
        self.bad = 0
        self.first: bytes | None = None
        self._expected: object = None
        self._sent = 0

    def request(self) -> bytes:
        self._sent += 1
        further = b"authorization: Bearer t%d\r\n" % self._sent if self._unique else b""
        return self._head + further + b"\r\n" + self._body

    def judge(self, status: int, body: bytes) -> None:
        if self.first is None:
            self.first, self._expected = body, orjson.loads(body).get("data")
        equal = body == self.first or orjson.loads(body).get("data") == self._expected
        self.bad += status != 200 or not equal or self._expected is None


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
            self._tally.bad += 1
            self.done.set_result(None)


async def one_round(url: str, connections: int, seconds: float, body: bytes, unique: bool) -> Round:
    """Ends when each connection has its last answer."""
    parts = urlsplit(url)
    assert parts.port is not None, url
    head = (
        f"POST {parts.path or '/'} HTTP/1.1\r\nhost: {parts.netloc}\r\naccept: application/json\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
    ).encode()
    start = time.perf_counter()
    tally = _Tally(head, body, unique=unique, until=start + seconds)
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: _Connection(tally), "127.0.0.1", parts.port)
        for _ in range(connections)
    ]
    await asyncio.wait([connection.done for _, connection in opened], timeout=seconds + 60)
    taken = sorted(tally.taken) or [0.0]
    return Round(
        requests=len(tally.taken),
        seconds=time.perf_counter() - start,
        p50=taken[len(taken) // 2] * 1000,
        p99=taken[len(taken) * 99 // 100] * 1000,
        bad=tally.bad,
        bytes=len(tally.first or b""),
    )


if __name__ == "__main__":
    address, how_many, how_long, sharing = sys.argv[1:]
    load = one_round(
        address, int(how_many), float(how_long), sys.stdin.buffer.read(), sharing == "unique"
    )
    print(orjson.dumps(asdict(uvloop.run(load))).decode())
