"""Throws damaged bytes at a served gateway: `python -m tests.fuzz_doors --minutes 10`.

The gateway is a process of its own with a real engine; its subgraph is down, which is answer
enough. What must never happen: a status of 500, an INTERNAL_SERVER_ERROR, a close with 4500, an
answer that takes longer than 5 s, a dead process, memory that grows. The seed is printed.
"""

import argparse
import asyncio
import contextlib
import json
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from tests.server.live import SUPERGRAPH
from tests.wire.raw import BINARY, CLOSE, MORE, PING, PONG, TEXT, frame, raw_socket

HANG_SECONDS: Final = 5.0
GROWTH_BYTES: Final = 50_000_000
_WARM: Final = 500
_QUERIES: Final = (
    '{ greeting(name: "x") }',
    "query Q($n: Int = 3) { many(first: $n) { ...F } } fragment F on Letter { text }",
    'mutation { greet(name: "x") }',
    "subscription { countdown(from: 3) }",
    "{ __schema { types { name fields { name type { name } } } } }",
    "{ a: many { text @skip(if: true) } b: many @include(if: false) { text } }",
    'query D($n: Int) { greeting(name: "x") ... @defer(label: "l") { many(first: $n) { text } } }',
)
_HEADERS: Final = (
    "accept: text/event-stream",
    "accept: multipart/mixed;subscriptionSpec=1.0",
    "accept: multipart/mixed;deferSpec=20220824",
    "accept: multipart/mixed, application/json;q=0.9",
    "accept: application/graphql-response+json",
    "content-encoding: gzip",
    "transfer-encoding: chunked",
    "authorization: Bearer a.b.c",
    "last-event-id: x",
    "x-graphql-event-stream-token: x",
    "origin: https://evil.example",
    "expect: 100-continue",
)
_PARTS: Final = (
    b"{",
    b"}",
    b"(",
    b"[",
    b'"',
    b'"""',
    b"$",
    b"...",
    b"@",
    b"\\u0000",
    b"\xff",
    b"#",
)


@dataclass(slots=True)
class Findings:
    tried: int = 0
    bad: list[str] = field(default_factory=list)

    def note(self, what: str, sent: bytes) -> None:
        self.bad.append(f"{what}: {sent[:300]!r}")


class Chance:
    """Bytes that are nearly right."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def damaged(self, data: bytes) -> bytes:
        """A few places changed, cut, doubled or filled."""
        for _ in range(self.random.choice((0, 0, 1, 1, 2, 5))):
            data = self._damaged_once(data)[:200_000]
        return data

    def _damaged_once(self, data: bytes) -> bytes:
        dice = self.random
        low, high = sorted((dice.randrange(len(data) + 1), dice.randrange(len(data) + 1)))
        match dice.randrange(5):
            case 0:
                return data[:low] + dice.choice(_PARTS) + data[low:]
            case 1:
                return data[:low] + bytes([dice.randrange(256)]) + data[low + 1 :]
            case 2:
                return data[:low] + data[high:]
            case 3:
                return data[:high] + data[low:]
            case _:
                return data[:low] + dice.choice(_PARTS) * dice.choice((9, 300)) + data[low:]

    def parameters(self) -> bytes:
        """A JSON body."""
        dice = self.random
        query = self.damaged(dice.choice(_QUERIES).encode()).decode("utf-8", "replace")
        body: dict[str, object] = {"query": query}
        if dice.random() < 0.3:
            body["variables"] = dice.choice(({"n": 5}, {"n": "x"}, {"n": 10**30}, [], "x", None))
        if dice.random() < 0.2:
            body["extensions"] = dice.choice(({"persistedQuery": {}}, {"after": 3}, 7))
        return (
            self.damaged(json.dumps(body).encode())
            if dice.random() < 0.5
            else json.dumps(body).encode()
        )

    def request(self) -> bytes:
        """A whole HTTP request."""
        dice, body = self.random, self.parameters()
        lines = [f"{dice.choice(('POST', 'POST', 'GET', 'PUT', 'X'))} /graphql HTTP/1.1", "host: x"]
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
        lines += dice.sample(_HEADERS, dice.randrange(3))
        whole = "\r\n".join([*lines, "", ""]).encode() + body
        return self.damaged(whole) if dice.random() < 0.3 else whole

    def frames(self) -> bytes:
        """What a client says on a socket."""
        dice = self.random
        said = [b'{"type":"connection_init"}'] if dice.random() < 0.9 else []
        for number in range(dice.randrange(4)):
            payload = self.parameters().decode("utf-8", "replace")
            said.append(f'{{"type":"subscribe","id":"{number}","payload":{payload}}}'.encode())
            said.append(dice.choice((b'{"type":"ping"}', b'{"type":"complete","id":"0"}', b"{}")))
        opcodes = (TEXT,) * 12 + (BINARY, CLOSE, MORE, PING, PONG, 3)
        data = b"".join(frame(self.damaged(each), dice.choice(opcodes)) for each in said)
        return self.damaged(data) if dice.random() < 0.3 else data


async def try_http(port: int, sent: bytes, findings: Findings) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        writer.write_eof()
        async with asyncio.timeout(HANG_SECONDS):
            answer = await reader.read(1_000_000)
        if b" 500 " in answer[:20] or b"INTERNAL_SERVER_ERROR" in answer:
            findings.note("a fault of ours", sent)
    except TimeoutError:
        findings.note("no answer in time", sent)
    except OSError:
        pass  # a reset is a fair answer to such bytes
    finally:
        writer.transport.abort()


def close_codes(heard: bytes) -> list[int]:
    """The codes of the close frames among a server's frames; a pong may echo any bytes."""
    codes, at = [], 0
    while at + 2 <= len(heard):
        opcode, size = heard[at] & 0x0F, heard[at + 1]
        further = {126: 2, 127: 8}.get(size, 0)
        start = at + 2 + further
        size = int.from_bytes(heard[at + 2 : start]) if further else size
        if opcode == CLOSE:
            codes.append(int.from_bytes(heard[start : start + 2]))
        at = start + size
    return codes


async def try_socket(port: int, sent: bytes, findings: Findings) -> None:
    try:
        async with raw_socket(port) as socket:
            socket.write(sent)
            socket.write(frame(b"\x03\xe8", CLOSE))
            socket.writer.write_eof()
            async with asyncio.timeout(HANG_SECONDS):
                heard = await socket.reader.read()
            if b"INTERNAL_SERVER_ERROR" in heard or 4500 in close_codes(heard):
                findings.note("a fault of ours", sent)
    except TimeoutError:
        findings.note("the socket hangs", sent)
    except OSError:
        pass


async def fuzz(port: int, seconds: float, seed: int, process: psutil.Process) -> Findings:
    """Until the time is over, or the process is."""
    chance, findings = Chance(seed), Findings()
    started = time.monotonic()
    baseline, grown = 0, 0
    while time.monotonic() - started < seconds and process.is_running():
        batch = [try_http(port, chance.request(), findings) for _ in range(12)]
        batch += [try_socket(port, chance.frames(), findings) for _ in range(4)]
        await asyncio.gather(*batch)
        findings.tried += len(batch)
        if findings.tried >= _WARM and not baseline:
            baseline = process.memory_info().rss
        grown = process.memory_info().rss - baseline if baseline else 0
    if grown > GROWTH_BYTES:
        findings.bad.append(f"memory has grown by {grown / 1e6:.0f} MB")
    print(f"{findings.tried} tries, memory {grown / 1e6:+.1f} MB after the first {_WARM}")
    return findings


async def run(minutes: float, seed: int) -> int:
    """0 when nothing was found."""
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "graph.graphql"
        graph.write_text(SUPERGRAPH.replace("PORT", "9"))
        config = Path(folder) / "c.yaml"
        config.write_text(f"gateway: {{supergraph: {graph}, access_log: false}}\n")
        command = [sys.executable, "-m", "gateway", "serve", "--config", str(config), "--port", "0"]
        with (Path(folder) / "log").open("wb+") as log:
            child = await asyncio.create_subprocess_exec(*command, stderr=log, stdout=log)
            try:
                port = await _port(Path(folder) / "log")
                findings = await fuzz(port, minutes * 60, seed, psutil.Process(child.pid))
                if child.returncode is not None:
                    findings.bad.append(f"the process died with {child.returncode}")
            finally:
                with contextlib.suppress(ProcessLookupError):
                    child.terminate()
                await child.wait()
            told = (Path(folder) / "log").read_text(errors="replace")
            if "Traceback" in told:
                findings.bad.append(told[told.index("Traceback") :][:2_000])
    print("\n".join(findings.bad[:20]) or "nothing was found")
    return 1 if findings.bad else 0


async def _port(log: Path) -> int:
    async with asyncio.timeout(30):
        while "/graphql" not in (  # noqa: ASYNC110 - it is another process that writes
            text := await asyncio.to_thread(log.read_text)
        ):
            await asyncio.sleep(0.05)
    return int(text.partition("//")[2].partition("/")[0].rpartition(":")[2])


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz the doors of a gateway.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    return asyncio.run(run(options.minutes, options.seed))


if __name__ == "__main__":
    sys.exit(main())
