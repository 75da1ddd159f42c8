"""What a walk comes to: the views that are used and the steps they need."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.planner.send_together import send_together
from gateway.planner.state import Level, Step, Unit, View


@dataclass(slots=True, kw_only=True)
class Choice:
    """The root level with its views, the steps in the order of making, the calls settled; and,
    for each deferred part, the views that show what it tells."""

    root: Level
    steps: list[Step] = field(default_factory=list)
    leaves: list[Unit] = field(default_factory=list)
    shown: list[tuple[int, View]] = field(default_factory=list)

    def awaited(self) -> Iterator[tuple[int, int]]:
        """Each part with another one in which something is asked that it tells or needs."""
        yield from ((step.part, need.part) for step in self.steps for need in step.needs)
        yield from ((part, view.step.part) for part, view in self.shown if view.step)


class Cost(NamedTuple):
    """Lower is better, the first difference decides."""

    requests: int
    depth: int
    waiting: int
    steps: int


def cost_of(choice: Choice) -> Cost:
    """Requests first, then how long the answer takes, then how long each of its parts takes."""
    depths = [view.step.depth for unit in choice.leaves for view in unit.taken[:1] if view.step]
    return Cost(
        requests=len(send_together(choice.steps)),
        depth=max((step.depth for step in choice.steps), default=0),
        waiting=sum(depths),
        steps=len(choice.steps),
    )


def settle_depths(steps: list[Step]) -> None:
    """Give each step its final depth: one more than the deepest it needs."""
    known: dict[Step, int] = {}

    def depth(step: Step) -> int:
        if step not in known:
            known[step] = 1 + max((depth(need) for need in step.needs), default=-1)
        return known[step]

    for step in steps:
        step.depth = depth(step)


def settle_parts(steps: list[Step]) -> None:
    """Whatever a step needs must be there no later than the step: move it to an earlier part."""
    unsettled = list(steps)
    while unsettled:
        step = unsettled.pop()
        for need in step.needs:
            if need.part > step.part:
                need.part = step.part
                unsettled.append(need)


def is_open_to_doubt(step: Step) -> bool:
    """Whether everything this step brings could perhaps be had without it."""
    return not _indispensable(step.view)


def _indispensable(view: View) -> bool:
    if any(len(unit.ways) == 1 for unit in view.chosen if unit.child is None):
        return True
    return any(
        len(child.parents) == 1 and len(unit.ways) == 1 and _indispensable(child)
        for unit, child in view.children.items()
    )
