"""The contest's figures as tables, and beside what must be reached (issue of the fast path)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.contest.contestants import OURS
from bench.contest.rounds import Cost, Work

APOLLO: Final = "@apollo/gateway"
HIVE_RUST: Final = "Hive Gateway, Rust planner"
GRAFBASE: Final = "Grafbase (dev server)"

Results = Mapping[str, Mapping[str, Cost]]
"""Costs by the key of the work and the name of the gateway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """One row of what must be reached. `found` is None where the run could not tell; smaller is
    better where `down`."""

    what: str
    must: float
    goal: float
    found: float | None
    unit: str = " x less"
    down: bool = False

    def row(self) -> str:
        """In Markdown."""
        if self.found is None:
            return f"| {self.what} | {self._bound(self.must)} | {self._bound(self.goal)} | - | - |"
        return (
            f"| {self.what} | {self._bound(self.must)} | {self._bound(self.goal)} "
            f"| {self.found:.2f}{self.unit} | {self._verdict(self.found)} |"
        )

    def _bound(self, value: float) -> str:
        return f"{'<=' if self.down else '>='} {value:g}{self.unit}"

    def _verdict(self, found: float) -> str:
        must, goal = (
            (found <= bound) if self.down else (found >= bound) for bound in (self.must, self.goal)
        )
        return "goal" if goal else "must" if must else "**missed**"


def table(costs: Sequence[Cost], work: Work) -> Iterator[str]:
    """In Markdown; `x` is the CPU beside that of the first row."""
    away = f", subgraphs {work.latency:g} ms away" if work.latency else ""
    yield f"\n#### {work.title} ({work.connections} connections{away})\n"
    names = "CPU s/1000 | x | rps | p50 ms | p99 ms | p99/p50 | MB | fetches | wrong | bad"
    yield f"| gateway | {names} |"
    yield "|---" * 11 + "|"
    for each in costs:
        yield (
            f"| {each.name} | {each.cpu:.2f} | {each.cpu / costs[0].cpu:.3f} | {each.rps:.0f} "
            f"| {each.p50:.1f} | {each.p99:.1f} | {spread(each):.1f} | {each.rss:.0f} "
            f"| {each.fetches:.1f} | {each.wrong} | {each.bad} |"
        )


def spread(cost: Cost) -> float:
    """How much longer the slowest in a hundred wait than the middle one."""
    return cost.p99 / max(cost.p50, 1e-9)


def aims(results: Results) -> Iterator[Aim]:
    """What must be reached beside what was."""
    heavy, light = results.get("heavy", {}), results.get("light", {})
    yield Aim(what=f"heavy, beside {APOLLO}", must=8, goal=12, found=_less(heavy, APOLLO))
    more = _less(heavy, GRAFBASE)
    yield Aim(
        what="heavy, CPU beside Grafbase's gateway",
        must=1.2,
        goal=1.0,
        found=1 / more if more else None,
        unit=" x",
        down=True,
    )
    yield Aim(what=f"heavy, beside {HIVE_RUST}", must=4, goal=6, found=_less(heavy, HIVE_RUST))
    yield Aim(what=f"light, beside {APOLLO}", must=4, goal=7, found=_less(light, APOLLO))
    if OURS in heavy and APOLLO in heavy:
        share = spread(heavy[OURS]) / spread(heavy[APOLLO])
        yield Aim(
            what=f"p99/p50 under 8 connections, beside {APOLLO}'s",
            must=1.0,
            goal=0.5,
            found=share,
            unit=" x",
            down=True,
        )
    faults = [each[OURS].wrong + each[OURS].bad for each in results.values() if OURS in each]
    yield Aim(
        what="wrong answers and bad statuses in all works",
        must=0,
        goal=0,
        found=float(sum(faults)) if faults else None,
        unit="",
        down=True,
    )


def aims_table(found: Sequence[Aim]) -> Iterator[str]:
    """In Markdown; nothing where nothing must be reached."""
    if found:
        yield "| work | must | goal | found | reached |\n|---|---|---|---|---|"
        yield from (each.row() for each in found)


def _less(costs: Mapping[str, Cost], other: str) -> float | None:
    if OURS not in costs or other not in costs:
        return None
    return costs[other].cpu / costs[OURS].cpu
