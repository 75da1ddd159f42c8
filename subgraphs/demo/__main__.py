"""`python -m subgraphs.demo up | play | seed`: what `make up`, `make demo`, `make seed` call."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from subgraphs.demo import up
from subgraphs.demo.deployment import DemoError, Deployment
from subgraphs.demo.loading.command import seed_population, town_of
from subgraphs.demo.play import play
from subgraphs.demo.population import SIZES
from subgraphs.demo.population.books import Town
from subgraphs.demo.seed import seed
from subgraphs.holder.errors import HolderError
from subgraphs.kit.mongo import Unreachable


def main(arguments: Sequence[str]) -> int:
    """Runs one command; the exit code says whether it went well."""
    parser = argparse.ArgumentParser(prog="python -m subgraphs.demo", description=__doc__)
    parser.add_argument("command", choices=["up", "play", "seed"])
    parser.add_argument("--out", type=Path, default=Path.cwd(), help="where play writes its files")
    parser.add_argument("--size", choices=sorted(SIZES), default="S", help="of the population")
    parser.add_argument("--seed", type=int, default=1, help="another one makes other people")
    parser.add_argument("--people", type=int, help="the first so many of the size only")
    given = parser.parse_args(arguments)
    if given.command == "up":
        return up.main(seed)
    if given.command == "seed":
        return _populate(town_of(given.size, given.seed), given.people)
    try:
        given.out.mkdir(parents=True, exist_ok=True)
        asyncio.run(play(Deployment.running(os.environ), given.out))
    except (DemoError, HolderError) as error:
        print(f"make demo: {error}", file=sys.stderr)
        return 1
    return 0


def _populate(town: Town, people: int | None) -> int:
    try:
        told = seed_population(Deployment.running(os.environ), town, count=people)
    except (DemoError, Unreachable) as error:
        print(f"make seed: {error}", file=sys.stderr)
        return 1
    loaded = told.loaded
    print(
        f"{loaded.people} people ({loaded.skipped} were there), {loaded.credentials} credentials, "
        f"{loaded.events} events, {loaded.stories} stories: written in {told.written:.0f} s, "
        f"followed by all in {told.followed:.0f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
