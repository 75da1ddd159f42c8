"""`python -m bench.domain`: the business in figures, each beside what it must reach.

A system of its own is started and its people are made by the mutations themselves, as many as
`--people` says, beside a population of `--size` that is loaded first. The time of the caller is in
every figure; the holder's own signatures and checks are made between the steps and are only in the
whole way. Ends with 1 when a must is missed.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from bench.domain_lists import in_force, lists, readers
from bench.ledger import percentile
from subgraphs.demo.answers import at
from subgraphs.demo.cast import Desks, actors_of, another, issuer_desks
from subgraphs.demo.client import Client, Json
from subgraphs.demo.deployment import DemoError, Deployment
from subgraphs.demo.houses import BROKER, ISSUERS, TAGS, asked_of, bounds, held_of, house
from subgraphs.demo.journey import Journey, Person
from subgraphs.demo.listening import Listener
from subgraphs.demo.loading.command import seed_population, town_of
from subgraphs.demo.operations import operation
from subgraphs.demo.population import SIZES
from subgraphs.demo.seed import register_institutions
from tests.kit.stack import Stack

AT_ONCE: Final = 8
IN_A_CALL: Final = (30, 500)
ENDORSED: Final = 2_000
BULK: Final = """mutation Bulk($input: EndorseCredentialsInput!) {
  endorseCredentials(input: $input) { ... on DomainError { code message }
    ... on EndorseCredentialsSuccess { endorsed } } }"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table; `least` tells whether more is better, `must` 0 that nothing is
    asked."""

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
        told = f"{self.name:<46} {self.value:>9.1f} {self.unit:<6}"
        return f"{told} must {sign} {self.must:g}{word}" if self.must else told.rstrip()


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


async def spread(work: Iterable[Callable[[], Awaitable[object]]]) -> float:
    """Seconds until all of it is done, AT_ONCE at a time."""
    door = asyncio.Semaphore(AT_ONCE)

    async def through(one: Callable[[], Awaitable[object]]) -> None:
        async with door:
            await one()

    start = time.perf_counter()
    await asyncio.gather(*map(through, work))
    return time.perf_counter() - start


def agreed(journey: Journey) -> Callable[[], Awaitable[object]]:
    """She agrees to the texts, once, and the issuers hear of it: a request that is not sent."""
    return Journey(journey.actors, journey.person, journey.house).prepare_request


async def issued(people: Sequence[Journey], desks: Desks) -> tuple[list[Somebody], list[Figure]]:
    """Three credentials each, step by step for all; the holder's own work is done between."""
    there = [
        [
            Journey(replace(one.actors, issuer=desks[home]), one.person, house(home, "THREE"))
            for home in ISSUERS
        ]
        for one in people
    ]
    await spread(one.register_root_did for one in people)
    every = [journey for journeys in there for journey in journeys]
    await spread(one.bind_account for one in every)
    await spread(partial(one.agree, "ISSUANCE") for one in people)
    start = time.perf_counter()
    asked = await spread(one.prepare_request for one in every)
    await spread(one.sign_request for one in every)
    asked += await spread(one.request_credential for one in every)
    desk = await spread(one.compile_draft for one in every)
    desk += await spread(one.issue for one in every)
    signed = await spread(one.prepare_countersignature for one in every)
    await spread(one.sign_offer for one in every)
    done: list[tuple[Journey, Json]] = []

    async def hand_in(one: Journey) -> None:
        done.append((one, await one.hand_in_countersignature()))

    signed += await spread(partial(hand_in, one) for one in every)
    await spread(partial(one.keep, answer) for one, answer in done)
    whole = time.perf_counter() - start
    count = len(every)
    figures = [
        _rate("request: prepare + submit", count / asked, must=40),
        _rate("issue: prepare + submit, queued for the log", count / signed, must=40),
        _rate("the desk's part: draft + issue", count / desk),
        _rate("the whole way, her own checks too", count / whole),
    ]
    made = [
        Somebody(journey=one, made=journeys) for one, journeys in zip(people, there, strict=True)
    ]
    return made, figures


def _rate(name: str, value: float, *, must: float = 0.0) -> Figure:
    return Figure(name=name, value=value, must=must, unit="/s", least=True)


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


async def endorsed(desk: Client, ids: Sequence[str], rounds: int) -> Figure:
    """One change on many credentials in one call."""
    start, count = time.perf_counter(), 0
    for _ in range(rounds):
        given = {"credentialIds": list(ids), "effect": "NOTE", "reasonCode": "BENCH"}
        told = await desk.ask(BULK, {"input": given})
        count += int(str(at(told, "endorseCredentials", "endorsed")))
    rate = count / (time.perf_counter() - start)
    return _rate(f"bulk endorsement, {len(ids)} in a call", rate, must=500)


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
        somebody, figures = await issued(journeys, desks)
        figures += [*await verified(somebody), await screened(somebody[0], reads)]
        ids = await in_force(desks[BROKER], most=max(IN_A_CALL))
        for most in sorted({min(most, len(ids)) for most in IN_A_CALL}):
            figures.append(await endorsed(desks[BROKER], ids[:most], ENDORSED // most))
        async with readers(deployment, somebody[0].journey, desks[BROKER]) as them:
            figures += [
                Figure(name=f"{name}, p95", value=took, must=50, unit="ms")
                for name, took in await lists(them, reads)
            ]
        figures.append(await suspended(somebody))
        return figures


def loaded(deployment: Deployment, size: str) -> str:
    """Loads a population; says how it went."""
    told = seed_population(deployment, town_of(size, seed=1))
    made = told.loaded
    line = (
        f"size {size}: {made.people} people, {made.credentials} credentials, {made.events} events "
        f"in {told.followed:.0f} s, followed by all"
    )
    if size == "S":  # too few: most of the time is the start of the loading processes
        return line
    minutes = SIZES["L"].holders * told.followed / made.people / 60
    return f"{line}; size L at this rate: {minutes:.0f} minutes, must <= 30"


def main(arguments: Sequence[str]) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.domain", description=__doc__)
    parser.add_argument("--people", type=int, default=100, help="with three credentials each")
    parser.add_argument("--reads", type=int, default=300, help="of Q1")
    parser.add_argument("--size", choices=["none", *sorted(SIZES)], default="M", help="to load")
    given = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="cg-domain-") as folder,
        Stack.running(Path(folder)) as running,
    ):
        try:
            if given.size != "none":
                print(loaded(running.deployment, given.size))
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
