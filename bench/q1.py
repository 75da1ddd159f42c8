"""How long the two great reads take through the gateway: Q1 over four subgraphs, and the timeline.

Sequential requests of one caller over a kept connection, warm, by `node(id:)`; the client's own
time is in the figures, so the calibration's empty application is the floor under them.
"""

import asyncio
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from subgraphs.demo.cast import actors_of
from subgraphs.demo.deployment import Deployment
from subgraphs.demo.journey import Journey, Person
from subgraphs.demo.operations import operation
from subgraphs.demo.seed import register_institutions
from subgraphs.demo.tokens import demo_token
from tests.kit.stack import Stack

WARMING: Final = 50
REQUESTS: Final = 400
READS: Final = {"Q1": "credential-screen", "timeline": "audit-timeline"}
PLAN_HEADER: Final = "credgraph-expose-query-plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFigures:
    """One operation: milliseconds at the median and in the tail, and how it is fetched."""

    name: str
    p50: float
    p95: float
    p99: float
    bytes: int
    fetches: int
    levels: int
    load: float

    def line(self) -> str:
        """One line for the report."""
        return (
            f"{self.name}: p50 {self.p50:.1f} ms, p95 {self.p95:.1f} ms, p99 {self.p99:.1f} ms "
            f"over {REQUESTS} requests of one caller; {self.fetches} fetches in {self.levels} "
            f"level(s), {self.bytes} bytes, load average {self.load:.2f}"
        )


def measure_reads() -> list[ReadFigures]:
    """Starts a system, plays one journey, asks."""
    with (
        tempfile.TemporaryDirectory(prefix="cg-bench-") as folder,
        Stack.running(Path(folder)) as s,
    ):
        return asyncio.run(_measure(s.deployment))


async def _measure(deployment: Deployment) -> list[ReadFigures]:
    await register_institutions(deployment)
    person = Person()
    async with actors_of(deployment, person) as actors:
        journey = Journey(actors, person)
        await journey.to_permission()
        await journey.endorse_reduction()
    await asyncio.sleep(2)  # the last checkpoint is signed: answers are the same from here on
    token = demo_token(deployment, "holder", sub=f"holder-{person.name}", holder=person.holder_id)
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        base_url=deployment.gateway_url, headers=headers, timeout=30
    ) as client:
        return [
            await _read(client, name, {"query": operation(example), "variables": ids})
            for name, example in READS.items()
            for ids in [{"id": journey.credential_id}]
        ]


async def _read(client: httpx.AsyncClient, name: str, body: dict[str, Any]) -> ReadFigures:
    planned = await client.post("/graphql", json=body, headers={PLAN_HEADER: "true"})
    answer = planned.json()
    assert "errors" not in answer, answer["errors"]
    root = answer["extensions"]["queryPlan"]["plan"]["node"]
    taken = []
    for _ in range(WARMING + REQUESTS):
        start = time.perf_counter_ns()
        await client.post("/graphql", json=body)
        taken.append((time.perf_counter_ns() - start) / 1e6)
    cuts = statistics.quantiles(taken[WARMING:], n=100)
    return ReadFigures(
        name=name,
        p50=cuts[49],
        p95=cuts[94],
        p99=cuts[98],
        bytes=len((await client.post("/graphql", json=body)).content),
        fetches=fetches_of(root),
        levels=levels_of(root),
        load=os.getloadavg()[0],
    )


def fetches_of(node: dict[str, Any]) -> int:
    """How many requests a plan makes when nothing is missing."""
    return int(node["type"] == "Fetch") + sum(map(fetches_of, _inner(node)))


def levels_of(node: dict[str, Any]) -> int:
    """How many of them wait for one another."""
    below = [levels_of(one) for one in _inner(node)]
    if node["type"] == "Sequence":
        return sum(below)
    return max(below, default=0) + int(node["type"] == "Fetch")


def _inner(node: dict[str, Any]) -> list[dict[str, Any]]:
    one = [node["node"]] if "node" in node else []
    return [*node.get("nodes", ()), *one]
