"""The bench counts what must not happen, and the page it fills says what the code does."""

import asyncio
import re

import pytest

from bench.block import FIGURES, PAGE, ROOT, filled
from bench.contest.contestants import OURS
from bench.contest.load import Asked, one_round
from bench.contest.page import APOLLO, GRAFBASE, Aim, aims
from bench.contest.rounds import Cost
from tests.transport.raw_server import http, raw_server, read_request

RIGHT = http(b'{"data":{"a":1}}')


async def test_the_load_counts_each_kind_of_fault() -> None:
    answers = [
        RIGHT,
        http(b'{"data":{"a":2}}'),
        http(b'{"data":{"a":1},"errors":[{"message":"no"}]}'),
        http(b"busy", status=b"503 Service Unavailable"),
        RIGHT,
    ]

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await read_request(reader)
            writer.write(answer)

    async with raw_server(script) as server:
        url = f"http://127.0.0.1:{server.port}/graphql"
        took = await one_round(url, 1, 30.0, Asked(query="{a}", data={"a": 1}))
    assert (took.requests, took.wrong, took.statuses, took.broken) == (5, 2, 1, 1)
    assert (took.bad, took.bytes) == (4, len(b'{"data":{"a":1}}'))


def cost(name: str, cpu: float, p99: float = 20.0, wrong: int = 0) -> Cost:
    figures = {"rps": 1.0, "p50": 10.0, "rss": 50.0, "fetches": 8.0, "requests": 10, "bad": 0}
    return Cost(name=name, cpu=cpu, p99=p99, wrong=wrong, **figures)  # type: ignore[arg-type]


def test_what_must_be_reached_is_judged_by_the_run() -> None:
    results = {
        "heavy": {
            APOLLO: cost(APOLLO, 10.0, p99=80.0),
            GRAFBASE: cost(GRAFBASE, 1.0),
            OURS: cost(OURS, 1.1, wrong=3),
        }
    }
    rows = {aim.what: aim.row().split("|")[-3:-1] for aim in aims(results)}
    assert [each.strip() for each in rows[f"heavy, beside {APOLLO}"]] == ["9.09 x less", "must"]
    verdicts = [row[1].strip() for row in rows.values()]
    assert verdicts == ["must", "must", "-", "-", "goal", "**missed**"]


def test_bounds_are_on_the_right_side() -> None:
    def verdict(found: float, *, down: bool) -> str:
        aim = Aim(what="", must=2.0, goal=1.0 if down else 3.0, found=found, down=down)
        return aim.row().split("|")[-2].strip()

    assert [verdict(x, down=True) for x in (0.5, 1.5, 2.5)] == ["goal", "must", "**missed**"]
    assert [verdict(x, down=False) for x in (3.5, 2.5, 1.5)] == ["goal", "must", "**missed**"]


def test_a_block_is_replaced_and_nothing_else() -> None:
    page = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n"
    assert filled(page, "x", "new") == "a\n<!-- x -->\nnew\n<!-- /x -->\nb\n"
    assert filled(filled(page, "x", "new"), "x", "old") == page
    with pytest.raises(ValueError, match="no block 'y'"):
        filled(page, "y", "new")


def test_the_page_names_files_that_are_there_and_blocks_that_the_bench_fills() -> None:
    page = PAGE.read_text(encoding="utf-8")
    named = re.findall(r"`(gateway/[a-z_/]+\.py)`", page)
    assert len(named) > 15
    assert [name for name in named if not (ROOT / name).is_file()] == []
    pictures = re.findall(r"\]\((images/[^)]+)\)", page)
    assert [name for name in pictures if not (PAGE.parent / name).is_file()] == []
    for name in ("contest", "memory", "scaling"):
        assert filled(page, name, "x")
    for name in ("contest", "memory", "scaling", "growth", "own-graph"):
        assert filled(FIGURES.read_text(encoding="utf-8"), name, "x")
