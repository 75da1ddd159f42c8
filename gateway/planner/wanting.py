"""Under which conditions things are wanted, and what that means for whatever leads to them.

Law: the field that leads to a view, and every input of a jump, is wanted at least whenever
something of the view is.
"""

from gateway.plan.shape import When
from gateway.planner.conditions import either, implies
from gateway.planner.state import Unit, View


def want(view: View, unit: Unit, when: When) -> None:
    """Have an active view answer a unit under these conditions too."""
    known = view.chosen.get(unit)
    if known is None or not implies(when, known):
        view.chosen[unit] = when if known is None else either(known, when)
    widen(view, when)


def widen(view: View, when: When) -> None:
    """Have an active view there under these conditions too."""
    if implies(when, view.when):
        return
    view.when = either(view.when, when)
    if view.parent is not None and view.level.unit is not None:
        want(view.parent, view.level.unit, when)
    for source, unit in view.sources:
        want(source, unit, when)
