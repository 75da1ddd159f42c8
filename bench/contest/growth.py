"""How the cost of a request grows: with its fetches (1 to 64), with its bytes (1 kB to 8 MB).

`python -m bench.contest.growth` prints both series. Each fetch goes to a subgraph of its own; the
bytes come in one fetch, as a list of small objects, and beside them stands what orjson alone takes
to decode and encode that answer: it does not grow evenly either.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import orjson

from bench.calibrate import calibrate
from bench.contest.contestants import Scene, started
from bench.contest.rounds import Work, measured, post, subgraphs
from bench.contest.worlds import MOST_FETCHES, growing_sdls
from bench.yardstick import supergraph_of

FETCHES: Final = (1, 2, 4, 8, 16, 32, MOST_FETCHES)
KILOBYTES: Final = (1, 8, 64, 512, 2048, 8192)
_ROW: Final = 118
"""Bytes of one row of the list in JSON, about."""


@dataclass(frozen=True, slots=True)
class Point:
    """Milliseconds of the gateway's CPU for one request of this size, and of orjson's alone for
    its answer, both ways, where bytes are counted."""

    size: int
    cpu: float
    alone: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """`unit` is what the sizes are counted in."""

    unit: str
    points: Sequence[Point]

    def lines(self) -> Iterator[str]:
        """In Markdown; `more` is the cost of one more unit since the line before."""
        beside = any(point.alone is not None for point in self.points)
        yield f"\n| {self.unit} | CPU ms | more, for each |" + " orjson alone | x |" * beside
        yield "|---" * (5 if beside else 3) + "|"
        before = Point(0, 0.0)
        for point in self.points:
            more = (point.cpu - before.cpu) / (point.size - before.size)
            alone = point.alone
            rest = "" if alone is None else f" {alone:.4f} | {point.cpu / alone:.1f} |"
            yield f"| {point.size} | {point.cpu:.2f} | {more:.4f} |{rest}"
            before = point


def growth(*, rounds: int = 3, seconds: float = 2.0) -> Iterator[Series]:
    """Both series, measured on one gateway."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address = stack.enter_context(subgraphs(0.0, "growing"))
        urls = {name: f"{address}/{name}" for name in growing_sdls()}
        graph = folder / "supergraph.graphql"
        graph.write_text(supergraph_of(growing_sdls(), urls), encoding="utf-8")
        scene = Scene(supergraph=graph, subgraphs=urls, folder=folder)
        gateway = stack.enter_context(started("CredGraph", scene))

        def point(size: int, query: str) -> Point:
            work = Work(key="growth", title="", query=query, connections=2)
            measured(gateway, work, 1.0, address)
            found = [measured(gateway, work, seconds, address) for _ in range(rounds)]
            if any(each.round.bad for each in found):
                raise ValueError(f"wrong answers to {query[:60]}")
            return Point(size, statistics.median(each.cpu for each in found))

        def beside_orjson(size: int, query: str) -> Point:
            taken = point(size, query)
            body = orjson.dumps(post(gateway.url, query))
            return replace(taken, alone=orjson_alone(body))

        yield Series("fetches", [point(size, many(size)) for size in FETCHES])
        yield Series("kB", [beside_orjson(size, large(size)) for size in KILOBYTES])


def orjson_alone(body: bytes) -> float:
    """Milliseconds of CPU to decode and encode, with what it takes to forget both again."""
    times, found = max(5, 2_000_000 // len(body)), []
    for _ in range(5):
        start = time.process_time()
        for _ in range(times):
            orjson.dumps(orjson.loads(body))
        found.append((time.process_time() - start) / times)
    return statistics.median(found) * 1000


def many(fetches: int) -> str:
    """A query of so many subgraphs: the first tells who is meant, the others at once."""
    return f"{{ thing {{ {' '.join(f'f{number}' for number in range(fetches))} }} }}"


def large(kilobytes: int) -> str:
    """A query for so many bytes."""
    return f"{{ rows(count: {max(1, kilobytes * 1024 // _ROW)}) {{ id text }} }}"


if __name__ == "__main__":
    print(calibrate().line(), flush=True)
    for each in growth():
        print("\n".join(each.lines()), flush=True)
