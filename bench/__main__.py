"""`make bench`: every figure of this house beside what the machine can do and its load.

The contest with other gateways takes half an hour; `--quick` shows in minutes whether it works.
"""

import argparse
import os
from collections.abc import Sequence

from bench.calibrate import calibrate
from bench.contest.__main__ import main as contest
from bench.own_graph import main as own_graph
from bench.q1 import measure_reads
from bench.startup import measure_startup


def main(argv: Sequence[str] | None = None) -> None:
    """Prints each measurement as it is taken; with `--write`, docs/performance.md is filled."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--write", action="store_true", help="fill docs/performance.md")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(argv)
    print(calibrate().line(), flush=True)
    print(f"{measure_startup().line()}; load average {os.getloadavg()[0]:.2f}", flush=True)
    print("  targets: second start < 20 s, PSS < 1000 MB", flush=True)
    for figures in measure_reads():
        print(figures.line(), flush=True)
    print("  target: Q1 p50 <= 25 ms on two quiet cores, 4 fetches in 1 level", flush=True)
    flags = [flag for flag in ("--write", "--quick") if getattr(options, flag[2:])]
    own_graph(flags)
    contest(flags)


if __name__ == "__main__":
    main()
