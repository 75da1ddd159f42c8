"""`python -m bench.own_graph`: our own graph under load, started as `make up` starts it.

Four subgraphs, MongoDB, the ledger, every caller with a token that the gateway checks. The reads
of domain operations in schema/examples are asked on the data of one played journey, by whom each
is for. The gateway's CPU is told apart from the subgraphs': they are most of the time.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import orjson
import psutil

from bench.block import FIGURES, circumstances, fill
from bench.contest.load import Asked, Round
from bench.contest.rounds import load
from bench.q1 import PLAN_HEADER, fetches_of, levels_of
from subgraphs.demo.journey import Journey
from subgraphs.demo.operations import EXAMPLES
from subgraphs.demo.seed import register_institutions, variables_of
from tests.e2e.callers import journey_of, token_of, token_of_holder
from tests.kit.stack import Stack

READS: Final = (
    *("01-credential-screen", "20-audit-timeline", "23-accepted-credentials", "24-my-tasks"),
    *("25-rule-sets", "27-status-at", "28-resolve-did"),
)
CONNECTIONS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One operation as its caller asks it, and what its plan fetches."""

    name: str
    asked: Asked
    fetches: int
    levels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCost:
    """CPU in milliseconds per request: of the gateway, and of all other processes of the system."""

    read: Read
    round: Round
    gateway: float
    others: float

    def row(self) -> str:
        """In Markdown."""
        took, read = self.round, self.read
        return (
            f"| {read.name} | {read.fetches} in {read.levels} | {self.gateway:.2f} "
            f"| {self.others:.1f} | {took.requests / took.seconds:.0f} | {took.p50:.0f} "
            f"| {took.p99:.0f} | {took.bytes} | {took.wrong} | {took.statuses + took.broken} |"
        )


def own_graph(seconds: float) -> Iterator[ReadCost]:
    """Starts a system, plays a journey, asks each read for so long."""
    with (
        tempfile.TemporaryDirectory(prefix="cg-bench-") as folder,
        Stack.running(Path(folder)) as stack,
    ):
        for read in asyncio.run(_reads(stack)):
            load(stack.url, CONNECTIONS, min(seconds, 2.0), read.asked)
            before = _cpu(stack)
            took = load(stack.url, CONNECTIONS, seconds, read.asked)
            spent = {name: each - before[name] for name, each in _cpu(stack).items()}
            each = 1000 / max(took.requests, 1)
            gateway = spent.pop("gateway")
            yield ReadCost(
                read=read, round=took, gateway=gateway * each, others=sum(spent.values()) * each
            )


def lines(costs: Sequence[ReadCost]) -> Iterator[str]:
    """In Markdown."""
    names = "CPU ms, gateway | all others | rps | p50 ms | p99 ms | bytes | wrong | bad"
    yield f"| operation | fetches, levels | {names} |"
    yield "|---" * 10 + "|"
    yield from (cost.row() for cost in costs)


async def _reads(stack: Stack) -> list[Read]:
    await register_institutions(stack.deployment)
    async with journey_of(stack.deployment) as journey:
        await journey.to_permission()
        await journey.endorse_reduction()
        await asyncio.sleep(2)  # the last checkpoint is signed: answers are the same from here on
        given = variables_of(journey)
        return [await _read(stack, journey, name, given.get(name, {})) for name in READS]


async def _read(stack: Stack, journey: Journey, name: str, variables: Mapping[str, object]) -> Read:
    query = (EXAMPLES / f"{name}.graphql").read_text(encoding="utf-8")
    persona = query.partition("# persona:")[2].split()[0]
    holder = token_of_holder(stack.deployment, journey.person)
    token = holder if persona == "holder" else token_of(stack.deployment, persona)
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        body = {"query": query, "variables": dict(variables)}
        asking = headers | {PLAN_HEADER: "true"}
        answer = (await client.post(stack.url, json=body, headers=asking)).json()
    if "errors" in answer or not answer.get("data"):
        raise ValueError(f"{name}: {orjson.dumps(answer)[:300].decode()}")
    root = answer["extensions"]["queryPlan"]["plan"]["node"]
    asked = Asked(query=query, variables=variables, headers=headers)
    return Read(name=name, asked=asked, fetches=fetches_of(root), levels=levels_of(root))


def _cpu(stack: Stack) -> dict[str, float]:
    return {name: _seconds(psutil.Process(stack.pid(name))) for name in stack.names}


def _seconds(root: psutil.Process) -> float:
    tree = [root, *root.children(recursive=True)]
    return sum(sum(each.cpu_times()[:2]) for each in tree)


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the table, and fills the page with `--write`."""
    parser = argparse.ArgumentParser(prog="python -m bench.own_graph", description=__doc__)
    parser.add_argument("--write", action="store_true", help="fill the page of figures")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(argv)
    seconds = 2.0 if options.quick else 10.0
    how = circumstances(f"{CONNECTIONS} connections, {seconds:g} s each")
    text = "\n".join([*lines(list(own_graph(seconds))), "", how])
    print(text, flush=True)
    if options.write:
        fill("own-graph", text, FIGURES)


if __name__ == "__main__":
    main()
