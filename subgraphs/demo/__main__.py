"""`python -m subgraphs.demo up | play`: what `make up` and `make demo` call."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from subgraphs.demo import up
from subgraphs.demo.deployment import DemoError, Deployment
from subgraphs.demo.play import play
from subgraphs.demo.seed import seed
from subgraphs.holder.errors import HolderError


def main(arguments: Sequence[str]) -> int:
    """Runs one command; the exit code says whether it went well."""
    parser = argparse.ArgumentParser(prog="python -m subgraphs.demo", description=__doc__)
    parser.add_argument("command", choices=["up", "play"])
    parser.add_argument("--out", type=Path, default=Path.cwd(), help="where play writes its files")
    given = parser.parse_args(arguments)
    if given.command == "up":
        return up.main(seed)
    try:
        given.out.mkdir(parents=True, exist_ok=True)
        asyncio.run(play(Deployment.running(os.environ), given.out))
    except (DemoError, HolderError) as error:
        print(f"make demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
