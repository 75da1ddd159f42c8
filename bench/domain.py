"""`python -m bench.domain`: the business in figures, each beside what it must reach.

A system of its own is started and its people are made by the mutations themselves, as many as
`--people` says; nothing is loaded beforehand. Every figure holds the time of the caller too: the
holder's signatures and the checks of her software run in this process. Ends with 1 when a must is
missed.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.ledger import percentile
from subgraphs.demo.answers import at
from subgraphs.demo.cast import Desks, actors_of, another, issuer_desks
from subgraphs.demo.client import Client
from subgraphs.demo.deployment import DemoError, Deployment
from subgraphs.demo.houses import BROKER, ISSUERS, TAGS, asked_of, bounds, certified, held_of, house
from subgraphs.demo.journey import Journey, Person
from subgraphs.demo.listening import Listener
from subgraphs.demo.operations import operation
from subgraphs.demo.seed import register_institutions
from tests.kit.stack import Stack

AT_ONCE: Final = 8
BULK: Final = """mutation Bulk($input: EndorseCredentialsInput!) {
  endorseCredentials(input: $input) { ... on DomainError { code message }
    ... on EndorseCredentialsSuccess { endorsed } } }"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table; `least` tells whether more is better."""

    name: str
    value: float
    must: float
    unit: str
    least: bool = False

    @property
    def reached(self) -> bool:
        return self.value >= self.must if self.least else self.value <= self.must

    def line(self) -> str:
        sign, word = (">=" if self.least else "<="), "" if self.reached else "  MISSED"
        return f"{self.name:<46} {self.value:>9.1f} {self.unit:<6} must {sign} {self.must:g}{word}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """A person and her three credentials."""

    journey: Journey
    made: list[Journey]


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    await work()
    return (time.perf_counter() - start) * 1e3


async def issued(people: Sequence[Journey], desks: Desks) -> tuple[list[Somebody], Figure]:
    """Three credentials each; what is counted is the whole way from the account to ACTIVE."""
    houses = [house(one, "THREE") for one in ISSUERS]
    for one in people:
        await one.register_root_did()
    door = asyncio.Semaphore(AT_ONCE)

    async def through(one: Journey) -> Somebody:
        async with door:
            return Somebody(journey=one, made=await certified(one, desks, houses))

    start = time.perf_counter()
    made = await asyncio.gather(*map(through, people))
    rate = len(made) * len(houses) / (time.perf_counter() - start)
    name = "issued, from bound account to countersigned"
    return list(made), Figure(name=name, value=rate, must=40, unit="/s", least=True)


async def verified(people: Sequence[Somebody]) -> list[Figure]:
    """verifyPresentation alone, one after the other, each of three credentials."""
    taken = []
    for one in people:
        journey = one.journey
        await asked_of(journey, TAGS)
        journey.presentation = journey.build_presentation(shown=bounds(held_of(one.made)))
        await journey.submit()
        taken.append(await timed(journey.verify))
        await journey.grant_permission()
    name = "verifyPresentation of three credentials"
    return [
        Figure(name=f"{name}, p50", value=percentile(taken, 0.5), must=40, unit="ms"),
        Figure(name=f"{name}, p99", value=percentile(taken, 0.99), must=150, unit="ms"),
    ]


async def screened(one: Somebody, reads: int) -> Figure:
    """Q1 by its holder, warm."""
    given = {"id": one.made[0].credential_id}

    async def read() -> None:
        await one.journey.actors.holder.ask(operation("credential-screen"), given)

    taken = [await timed(read) for _ in range(reads + 20)][20:]
    return Figure(name="Q1, p50", value=percentile(taken, 0.5), must=25, unit="ms")


async def endorsed(desk: Client, people: Sequence[Somebody], rounds: int) -> Figure:
    """One change on many credentials in one call."""
    ids = [one.made[0].credential_id for one in people][:500]
    start, count = time.perf_counter(), 0
    for _ in range(rounds):
        given = {"credentialIds": ids, "effect": "NOTE", "reasonCode": "BENCH"}
        told = await desk.ask(BULK, {"input": given})
        count += int(str(at(told, "endorseCredentials", "endorsed")))
    rate = count / (time.perf_counter() - start)
    name = f"bulk endorsement, {len(ids)} in a call"
    return Figure(name=name, value=rate, must=500, unit="/s", least=True)


async def suspended(people: Sequence[Somebody]) -> Figure:
    """From the desk's call to the frame that says SUSPENDED, as the verifier hears it."""
    taken = []
    async with Listener.listening(people[0].journey.actors.verifier) as listener:
        for one in people:
            start = time.perf_counter()
            await one.made[0].revoke()
            await listener.next_change(one.made[0].credential_id, "PERMISSION_SUSPENDED")
            taken.append((time.perf_counter() - start) * 1e3)
    name = "endorsement to permission suspended, p99"
    return Figure(name=name, value=percentile(taken, 0.99), must=1000, unit="ms")


async def measure(deployment: Deployment, *, people: int, reads: int) -> list[Figure]:
    """All figures of one system, in the order of the story."""
    await register_institutions(deployment)
    async with AsyncExitStack() as stack:
        actors = await stack.enter_async_context(actors_of(deployment, Person()))
        desks = await stack.enter_async_context(issuer_desks(deployment, ISSUERS))
        journeys = [
            await stack.enter_async_context(another(deployment, actors, Person()))
            for _ in range(people)
        ]
        somebody, rate = await issued(journeys, desks)
        figures = [rate, *await verified(somebody), await screened(somebody[0], reads)]
        figures.append(await endorsed(desks[BROKER], somebody, max(2, 1000 // people)))
        figures.append(await suspended(somebody))
        return figures


def main(arguments: Sequence[str]) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.domain", description=__doc__)
    parser.add_argument("--people", type=int, default=100, help="with three credentials each")
    parser.add_argument("--reads", type=int, default=300, help="of Q1")
    given = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="cg-domain-") as folder,
        Stack.running(Path(folder)) as running,
    ):
        try:
            figures = asyncio.run(
                measure(running.deployment, people=given.people, reads=given.reads)
            )
        except DemoError as fault:
            print(f"bench.domain: {fault}", file=sys.stderr)
            return 1
    print(f"{given.people} people, {3 * given.people} credentials, load {os.getloadavg()[0]:.2f}")
    for figure in figures:
        print(figure.line())
    return 0 if all(figure.reached for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
