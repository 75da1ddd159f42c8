"""`python -m tests.oracle --minutes 60`: the recorded run, until its time is over or it is full."""

import argparse
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.oracle.machine import Stage, play
from tests.oracle.system import end_on_sigterm


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--events", type=int, default=0, help="stop when so many are published")
    parser.add_argument("--deliveries", type=int, default=0, help="and so many delivered")
    parser.add_argument("--faults", type=int, default=0, help="and so many faults counted")
    parser.add_argument("--crowd", type=int, default=4, help="subscribers of each kind and way")
    parser.add_argument("--bulk", type=int, default=240, help="events in flight at each fault")
    parser.add_argument("--people", type=int, default=12, help="accepted credentials")
    parser.add_argument("--steps", type=int, default=12, help="faults between two verdicts")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32), help="of the order")
    return parser.parse_args()


def main() -> int:
    """Prints each fault with what was in flight, and the figures; 1 when something was wrong."""
    given, started = options(), time.monotonic()
    print(f"--seed {given.seed}", flush=True)
    end_on_sigterm()
    with (
        tempfile.TemporaryDirectory(prefix="oracle-") as folder,
        Stage(Path(folder), crowd=given.crowd, people=given.people) as stage,
    ):
        campaign = stage.campaign

        def enough() -> bool:
            passed = time.monotonic() - started
            print(f"after {passed:.0f} s: {campaign.summary()}", flush=True)
            full: bool = bool(given.events or given.deliveries or given.faults) and (
                len(campaign.publishers.acknowledged) >= given.events
                and campaign.deliveries >= given.deliveries
                and campaign.counted >= given.faults
            )
            return full or passed > given.minutes * 60

        try:
            play(stage, steps=given.steps, bulk=given.bulk, enough=enough, begin=given.seed)
        except AssertionError as wrong:
            print(f"WRONG after {time.monotonic() - started:.0f} s: {wrong}", flush=True)
            print(campaign.summary(), campaign.system.stack.log_ends(), sep="\n", flush=True)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
