"""The differential test for as long as you like.

`python -m tests.differential --minutes 30` prints each difference with the three numbers under
which `--graph` and `--operation` show it again, made as small as it can be.
"""

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Sequence

from tests.differential.campaign import Campaign, seen_again
from tests.differential.check import Shares

_EACH = 40
_MOST_SHOWN = 20


async def fuzz(seed: int, seconds: float) -> int:
    """How many differences were found."""
    until = time.monotonic() + seconds
    shares, differences = Shares(), 0
    campaign = Campaign(seed=seed, each=_EACH, goes_on=lambda: time.monotonic() < until)
    print(f"seed {seed}, {seconds / 60:g} minutes", flush=True)
    async for how, difference in campaign.run(shares):
        differences += 1
        if differences <= _MOST_SHOWN:
            print(f"{how}\n{difference}\n", flush=True)
    print(f"{shares.line()}: {differences} differences")
    return differences


def main(arguments: Sequence[str]) -> int:
    """0 where no difference was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--graph", type=int)
    parser.add_argument("--operation", type=int)
    options = parser.parse_args(arguments)
    if options.graph is not None and options.operation is not None:
        print(asyncio.run(seen_again(options.seed, options.graph, options.operation)))
        return 0
    return min(asyncio.run(fuzz(options.seed, options.minutes * 60)), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
