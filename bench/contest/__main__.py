"""`python -m bench.contest`: the table of docs/performance.md, from one run."""

import argparse
import os
from collections.abc import Iterator, Sequence
from typing import Final

from graphql import execute_sync, parse

from bench.calibrate import calibrate
from bench.contest.contestants import CONTESTANTS
from bench.contest.rounds import Cost, Work, contest
from bench.yardstick import HEAVY, LIGHT, supergraph, universe
from gateway.cli.compose import api_sdl
from tests.kit.federated import monolith

WORKS: Final[Sequence[Work]] = (
    Work(title="heavy query, nothing shared", query=HEAVY, connections=8),
    Work(title="heavy query, sharing allowed", query=HEAVY, connections=50, unique=False),
    Work(title="heavy query, subgraphs 4 ms away", query=HEAVY, connections=16, latency=4.0),
    Work(title="light query, nothing shared", query=LIGHT, connections=8),
)


def expected(query: str) -> object:
    """What one server over all the data answers."""
    return execute_sync(monolith(api_sdl(supergraph()), universe()), parse(query)).data


def table(costs: Sequence[Cost], work: Work) -> Iterator[str]:
    """In Markdown; x is the ratio to the first row."""
    yield f"\n### {work.title} ({work.connections} connections)\n"
    yield "| gateway | CPU s/1000 | x | rps | p50 ms | p99 ms | p99/p50 | MB | fetches | bad |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for each in costs:
        yield (
            f"| {each.name} | {each.cpu:.2f} | {each.cpu / costs[0].cpu:.3f} | {each.rps:.0f} "
            f"| {each.p50:.1f} | {each.p99:.1f} | {each.p99 / each.p50:.1f} | {each.rss:.0f} "
            f"| {each.fetches:.1f} | {each.bad} |"
        )


def main() -> None:
    """Prints each table as it is done."""
    parser = argparse.ArgumentParser(prog="python -m bench.contest", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--only", help="names of gateways, separated by semicolons")
    parser.add_argument("--work", type=int, help="number of one kind of work, from 0")
    options = parser.parse_args()
    names = options.only.split(";") if options.only else list(CONTESTANTS)
    print(calibrate().line(), flush=True)
    for work in WORKS if options.work is None else [WORKS[options.work]]:
        costs = []
        answer = expected(work.query)
        for found in contest(
            work, names, rounds=options.rounds, seconds=options.seconds, expected=answer
        ):
            if isinstance(found, str):
                print(found, flush=True)
            else:
                costs.append(found)
        print("\n".join(table(costs, work)), f"\n\nload average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
