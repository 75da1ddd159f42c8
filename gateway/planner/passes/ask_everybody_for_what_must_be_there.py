"""Where subgraphs show the same objects side by side, each is asked for the non-null leaves.

Otherwise the object would hang on one of them: were that one down, its `id: ID!` would be missing,
and with it the object and all that the others know of it.
"""

from collections.abc import Iterator

from gateway.planner.choice import Choice
from gateway.planner.state import Level, Unit, View


def ask_everybody_for_what_must_be_there(choice: Choice) -> Choice:
    """Let every active view of an object answer its non-null leaves, where it can."""
    for unit in dict.fromkeys(choice.leaves):
        if unit.ref.non_null[0] and _side_by_side(unit.level):
            _ask(unit)
    return choice


def _side_by_side(level: Level) -> bool:
    return len({view.step for view in level.views if view.step}) > 1


def _ask(unit: Unit) -> None:
    answering = [view for view in unit.taken if unit in view.chosen]
    if not answering:
        return
    when = answering[0].chosen[unit]
    for view in _others(unit):
        view.chosen.setdefault(unit, when)


def _others(unit: Unit) -> Iterator[View]:
    return (view for view in unit.ways if view.step and not view.is_jump)
