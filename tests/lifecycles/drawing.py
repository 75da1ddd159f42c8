"""A state machine as SVG text: columns by distance from the start, the same bytes every time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from enum import Enum
from typing import Final

from tests.lifecycles.machines import Machine

WIDE, HIGH, GAP, ROW = 176, 34, 84, 86
_STYLE: Final = (
    "text{font:12px ui-monospace,monospace;fill:#1b2733}"
    "rect{fill:#eef1f4;stroke:#7a8794}.start{fill:#e7f3ec;stroke:#2b7a4b}"
    ".final{fill:#fdf3dc;stroke:#a87716}path{fill:none;stroke:#7a8794}"
    ".told{stroke:#2b7a4b;stroke-width:1.6}"
)
_ARROW: Final = (
    '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
    'orient="auto"><path d="M0 0 8 4 0 8z" style="fill:#52606d;stroke:none"/></marker></defs>'
)

Places = dict[Enum, tuple[int, int]]


def svg(machine: Machine) -> str:
    """Green arrows tell the log by an event of their own; amber states are final."""
    places = _places(machine)
    width = 40 + max(x for x, _ in places.values()) + WIDE
    height = 60 + max(y for _, y in places.values()) + HIGH + 30
    body = [*_arrows(machine, places), *_boxes(machine, places)]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" role="img"><title>{machine.title}</title><style>{_STYLE}</style>{_ARROW}'
    )
    return "\n".join([head, f'<text x="20" y="26">{machine.title}</text>', *body, "</svg>"]) + "\n"


def _places(machine: Machine) -> Places:
    columns: dict[int, list[Enum]] = defaultdict(list)
    for state, depth in _depths(machine).items():
        columns[depth].append(state)
    tallest = max(len(states) for states in columns.values())
    return {
        state: (
            20 + depth * (WIDE + GAP),
            60 + row * ROW + (tallest - len(states)) * ROW // 2,
        )
        for depth, states in columns.items()
        for row, state in enumerate(states)
    }


def _depths(machine: Machine) -> dict[Enum, int]:
    depths, queue = {machine.start: 0}, [machine.start]
    order = list(machine.table)
    for state in queue:  # the list grows while it is walked
        for target in sorted(machine.table[state], key=order.index):
            if target not in depths:
                depths[target] = depths[state] + 1
                queue.append(target)
    return depths


def _arrows(machine: Machine, places: Places) -> Iterator[str]:
    order = list(machine.table)
    for source, targets in machine.table.items():
        for target in sorted(targets, key=order.index):
            told = machine.tell(source, target, 2) is not None
            mark = ' class="told"' if told else ""
            route = _route(places[source], places[target])
            yield f'<path{mark} d="{route}" marker-end="url(#a)"/>'


def _route(source: tuple[int, int], target: tuple[int, int]) -> str:
    (x, y), (to_x, to_y) = source, target
    middle = HIGH // 2
    if to_x > x:
        start, end, bend = x + WIDE, to_x, (to_x - x - WIDE) // 2
        bends = f"{start + bend} {y + middle} {end - bend} {to_y + middle}"
        return f"M{start} {y + middle} C{bends} {end} {to_y + middle}"
    if to_x == x:
        down = to_y > y
        side = x + WIDE * (2 if down else 3) // 5
        start, end = (y + HIGH, to_y) if down else (y, to_y + HIGH)
        return f"M{side} {start} L{side} {end}"
    below = max(y, to_y) + HIGH + 26
    start, end = x + WIDE // 2, to_x + WIDE // 2
    return f"M{start} {y + HIGH} C{start} {below} {end} {below} {end} {to_y + HIGH}"


def _boxes(machine: Machine, places: Places) -> Iterator[str]:
    for state, (x, y) in places.items():
        kind = "start" if state is machine.start else "" if machine.table[state] else "final"
        mark = f' class="{kind}"' if kind else ""
        yield f'<rect{mark} x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" rx="6"/>'
        yield (
            f'<text x="{x + WIDE // 2}" y="{y + HIGH // 2 + 4}" text-anchor="middle">'
            f"{state.value}</text>"
        )
