"""Two jumps of the same objects into the same subgraph become one where nothing has to wait more.

The walk makes a jump of its own for each set of inputs that fields require. The plain fields of
that subgraph can as well come with the later jump, as long as nobody needs them before.
"""

from gateway.planner.calls import required_call
from gateway.planner.choice import Choice, settle_depths
from gateway.planner.conditions import either, implies
from gateway.planner.state import Entry, Step, View
from gateway.planner.wanting import want, widen
from gateway.spec.field_set import FieldPick


def merge_jumps_into_one_subgraph(choice: Choice) -> Choice:
    """Merge what can be merged, later into earlier made, and settle the depths anew."""
    for step in list(choice.steps):
        partner = _partner(choice, step)
        if partner is not None:
            _absorb(choice, partner, step)
            settle_depths(choice.steps)
    return choice


def _partner(choice: Choice, step: Step) -> Step | None:
    """A jump made earlier, or later, that can take over what this step asks."""
    if not step.view.is_jump:
        return None
    for other in choice.steps:
        if other is not step and _mergeable(choice, other, step):
            return other
    return None


def _mergeable(choice: Choice, other: Step, step: Step) -> bool:
    one, two = other.view, step.view
    if not (one.is_jump and one.level is two.level and one.subgraph == two.subgraph):
        return False
    if other.part != step.part or one.contexts != two.contexts:
        return False
    if one.declared != two.declared or _conflict(one, two) or not _same_occasions(one, two):
        return False
    if other.waits_for(step) or step.waits_for(other):
        return False
    if other.depth == step.depth:
        return True
    return other.depth > step.depth and not _needed(choice, step)


def _same_occasions(one: View, two: View) -> bool:
    """Whether together they cause no request on an occasion where there was none before."""
    when = either(one.when, two.when)
    steps = {source.step for view in (one, two) for source, _ in view.sources}
    return all(step is None or implies(when, step.view.when) for step in steps)


def _needed(choice: Choice, step: Step) -> bool:
    return any(step in each.needs for each in choice.steps)


def _conflict(one: View, two: View) -> bool:
    """Whether both would send the same input with other arguments, or split types otherwise."""
    if any(_split_otherwise(mine, yours) for mine in one.entries for yours in two.entries):
        return True
    return any(
        mine.name == yours.name and required_call(mine) != required_call(yours)
        for mine in _inputs(one)
        for yours in _inputs(two)
    )


def _split_otherwise(mine: Entry, yours: Entry) -> bool:
    """Behind a stand-in all types are one: what is asked of one of them is asked of the others."""
    if mine.landing != yours.landing or mine.types == yours.types:
        return False
    stand_in = mine.landing is not None and not mine.landing.typed
    return stand_in or bool(mine.types & yours.types)


def _inputs(view: View) -> list[FieldPick]:
    return [
        pick
        for entry in view.entries
        for pick in (*(entry.key.fields if entry.key else ()), *entry.requires)
        if isinstance(pick, FieldPick)
    ]


def _absorb(choice: Choice, other: Step, step: Step) -> None:
    into, view = other.view, step.view
    for entry in view.entries:
        _add_entry(into, entry)
    for unit, when in view.chosen.items():
        into.chosen[unit] = either(into.chosen[unit], when) if unit in into.chosen else when
    into.children.update(view.children)
    into.landings.update(view.landings)
    into.sources.extend(view.sources)
    _move(view, other)
    when = either(into.when, view.when)
    for source, unit in into.sources:
        want(source, unit, when)
    widen(into, when)
    other.needs |= step.needs
    for each in choice.steps:
        if step in each.needs:
            each.needs.discard(step)
            each.needs.add(other)
    choice.steps.remove(step)


def _add_entry(view: View, entry: Entry) -> None:
    """Objects named alike by both jumps are named once, with the inputs of both."""
    for known in view.entries:
        if known.landing == entry.landing and known.types == entry.types:
            known.requires = (
                *known.requires,
                *(pick for pick in entry.requires if pick not in known.requires),
            )
            return
    view.entries.append(entry)


def _move(view: View, step: Step) -> None:
    view.step = step
    for child in view.children.values():
        _move(child, step)
