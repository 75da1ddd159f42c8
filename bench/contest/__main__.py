"""`python -m bench.contest`: the tables and pictures of docs/performance.md, from one run.

`--quick` is a run of a few minutes that shows whether everything works; its figures say little.
"""

import argparse
from collections.abc import Sequence
from typing import Final

from bench.block import FIGURES, IMAGES, circumstances, fill
from bench.calibrate import calibrate
from bench.contest.contestants import CONTESTANTS
from bench.contest.growth import growth
from bench.contest.own import memory, scaling
from bench.contest.page import Aim, aims, aims_table, table
from bench.contest.plots import plot_contest, plot_growth
from bench.contest.rounds import Cost, Work, contest
from bench.contest.work import works

PARTS: Final = ("contest", "memory", "scaling", "growth")

Found = tuple[Sequence[Aim], Sequence[str]]
"""What must be reached, for the page; tables, for the page of figures."""


def main(argv: Sequence[str] | None = None) -> None:
    """Prints each table as it is done, and fills the page at the end of each part."""
    options = _options(argv)
    print(calibrate().line(), flush=True)
    asked = [each for each in works() if options.work in {None, each.key}]
    parts = {
        "memory": lambda: _memory(asked[0], options),
        "contest": lambda: _contest(asked, options),
        "scaling": lambda: _scaling(asked[0], options),
        "growth": lambda: _growth(options),
    }
    how = f"{options.rounds} round(s) of {options.seconds:g} s in turn, medians"
    for part in options.parts:
        reached, tables = parts[part]()
        below = ["", circumstances(how)]
        print("\n".join([*aims_table(reached), "", *tables, *below]), flush=True)
        if options.write:
            if reached:
                fill(part, "\n".join([*aims_table(reached), *below]))
            fill(part, "\n".join([*tables, *below]), FIGURES)


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.contest", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--minutes", type=float, default=5.0, help="of load, for memory")
    parser.add_argument("--only", help="names of gateways, separated by semicolons")
    parser.add_argument("--work", help="key of one kind of work, such as heavy")
    parser.add_argument("--parts", type=_parts, default=PARTS, help=", ".join(PARTS))
    parser.add_argument("--write", action="store_true", help="fill docs/performance.md")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(argv)
    if options.quick:
        options.rounds, options.seconds, options.minutes = 1, 2.0, 0.5
    return options


def _parts(text: str) -> Sequence[str]:
    found = text.split(",")
    if not set(found) <= set(PARTS):
        raise argparse.ArgumentTypeError(f"the parts are {', '.join(PARTS)}")
    return found


def _contest(asked: Sequence[Work], options: argparse.Namespace) -> Found:
    names = options.only.split(";") if options.only else list(CONTESTANTS)
    results: dict[str, dict[str, Cost]] = {}
    tables: list[str] = []
    for work in asked:
        found = list(contest(work, names, rounds=options.rounds, seconds=options.seconds))
        costs = [each for each in found if isinstance(each, Cost)]
        results[work.key] = {each.name: each for each in costs}
        lines = [*(each for each in found if isinstance(each, str)), *table(costs, work)]
        print("\n".join(lines), flush=True)
        tables += lines
    if options.write:
        titles = {work.key: f"{work.title}, {work.latency:g} ms" for work in asked}
        plot_contest(results, titles, IMAGES / "performance-contest.png")
    return list(aims(results)), tables


def _memory(work: Work, options: argparse.Namespace) -> Found:
    marks, bad = memory(work, options.minutes)
    aim = Aim(
        what=f"peak memory of a worker, {options.minutes:g} minutes of the {work.key} query",
        must=120.0,
        goal=70.0,
        found=max(marks),
        unit=" MB",
        down=True,
    )
    each = ", ".join(f"{mark:.0f}" for mark in marks)
    return [aim], [f"MB at equal distances: {each}. Faults: {bad}."]


def _scaling(work: Work, options: argparse.Namespace) -> Found:
    found = scaling(work, rounds=options.rounds, seconds=options.seconds)
    aim = Aim(
        what="CPU per request with 2 workers, beside one",
        must=1.1,
        goal=1.0,
        found=found.more,
        unit=" x",
        down=True,
    )
    return [aim], [*found.lines(), f"\nFaults: {found.bad}."]


def _growth(options: argparse.Namespace) -> Found:
    series = list(growth(rounds=options.rounds, seconds=min(options.seconds, 2.0)))
    if options.write:
        plot_growth(series, IMAGES / "performance-growth.png")
    return [], [line for each in series for line in each.lines()]


if __name__ == "__main__":
    main()
