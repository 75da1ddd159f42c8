"""How long a second start takes, and how much memory the whole system holds."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.kit.stack import Stack


@dataclass(frozen=True, slots=True, kw_only=True)
class StartupFigures:
    """Seconds from the first process's start to /health/ready, and megabytes of PSS."""

    first_seconds: float
    second_seconds: float
    pss_megabytes: float
    pss_of_each: dict[str, float]

    def line(self) -> str:
        """One line for the report."""
        each = ", ".join(f"{name} {size:.0f}" for name, size in self.pss_of_each.items())
        return (
            f"start: first {self.first_seconds:.1f} s, second {self.second_seconds:.1f} s; "
            f"PSS {self.pss_megabytes:.0f} MB ({each})"
        )


def pss_megabytes(pid: int) -> float:
    """Proportional set size of a process and all its children."""
    root = psutil.Process(pid)
    members = [root, *root.children(recursive=True)]
    return float(sum(member.memory_full_info().pss for member in members)) / 1e6


def timed_start(stack: Stack) -> float:
    """Seconds until the gateway says it is ready."""
    start = time.perf_counter()
    stack.start()
    stack.wait_ready()
    return time.perf_counter() - start


def measure_startup() -> StartupFigures:
    """Starts a fresh system, stops it, starts it again on the same data."""
    with tempfile.TemporaryDirectory(prefix="cg-bench-") as folder:
        stack = Stack(Path(folder))
        try:
            first = timed_start(stack)
            stack.stop()
            second = timed_start(stack)
            each = {name: pss_megabytes(stack.pid(name)) for name in stack.names}
        finally:
            stack.stop()
    return StartupFigures(
        first_seconds=first,
        second_seconds=second,
        pss_megabytes=sum(each.values()),
        pss_of_each=each,
    )
