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
    width = 100 + max(x for x, _ in places.values()) + WIDE
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
    order, lane = list(machine.table), max(y for _, y in places.values()) + HIGH
    for source, targets in machine.table.items():
        for target in sorted(targets, key=order.index):
            if places[source][0] - places[target][0] > WIDE + GAP:
                lane += 12  # each long way back has a line of its own below the boxes
            told = machine.tell(source, target, 2) is not None
            mark = ' class="told"' if told else ""
            route = _route(places[source], places[target], lane)
            yield f'<path{mark} d="{route}" marker-end="url(#a)"/>'


def _route(source: tuple[int, int], target: tuple[int, int], lane: int) -> str:
    """Through the gaps between columns, so that no arrow seems to start at a box it passes."""
    (x, y), (to_x, to_y) = source, target
    middle, lower = HIGH // 2, HIGH * 3 // 4
    if to_x > x:
        return _curve((x + WIDE, y + middle), (to_x, to_y + middle), GAP // 2)
    if to_x == x:
        bulge = 14 + abs(to_y - y) // ROW * 14
        start, end = x + WIDE, x + WIDE
        bends = f"{start + bulge} {y + middle} {end + bulge} {to_y + middle}"
        return f"M{start} {y + middle} C{bends} {end} {to_y + middle}"
    if x - to_x == WIDE + GAP:
        return _curve((x, y + lower), (to_x + WIDE, to_y + lower), -GAP // 2)
    down, up = x - GAP // 2, to_x + WIDE + GAP // 2
    curve = f"M{x} {y + lower} Q{down} {y + lower} {down} {y + lower + 24}"
    across = f"L{down} {lane} L{up} {lane} L{up} {to_y + lower + 24}"
    return f"{curve} {across} Q{up} {to_y + lower} {to_x + WIDE} {to_y + lower}"


def _curve(start: tuple[int, int], end: tuple[int, int], bend: int) -> str:
    bends = f"{start[0] + bend} {start[1]} {end[0] - bend} {end[1]}"
    return f"M{start[0]} {start[1]} C{bends} {end[0]} {end[1]}"


def _boxes(machine: Machine, places: Places) -> Iterator[str]:
    for state, (x, y) in places.items():
        kind = "start" if state is machine.start else "" if machine.table[state] else "final"
        mark = f' class="{kind}"' if kind else ""
        yield f'<rect{mark} x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" rx="6"/>'
        yield (
            f'<text x="{x + WIDE // 2}" y="{y + HIGH // 2 + 4}" text-anchor="middle">'
            f"{state.value}</text>"
        )
