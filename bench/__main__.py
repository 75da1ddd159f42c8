"""`make bench`: every figure of this house beside what the machine can do and its load."""

import os

from bench.calibrate import calibrate
from bench.q1 import measure_reads
from bench.startup import measure_startup


def main() -> None:
    """Prints one line for each measurement, as it is taken."""
    print(calibrate().line(), flush=True)
    print(f"{measure_startup().line()}; load average {os.getloadavg()[0]:.2f}", flush=True)
    print("  targets: second start < 20 s, PSS < 1000 MB", flush=True)
    for figures in measure_reads():
        print(figures.line(), flush=True)
    print("  target: Q1 p50 <= 25 ms on two quiet cores, 4 fetches in 1 level")


if __name__ == "__main__":
    main()
