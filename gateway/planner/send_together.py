"""Entity calls that are ready at the same time and go to the same subgraph share one request."""

from gateway.planner.state import Step


def send_together(steps: list[Step]) -> list[tuple[Step, ...]]:
    """Group steps by what they may travel with: subgraph, depth and part. Under whatever conditions
    they are wanted: a target that is not is sent empty."""
    groups: dict[tuple[object, ...], list[Step]] = {}
    for step in steps:
        keyless = any(entry.landing is None for entry in step.view.entries)
        alone = keyless or not step.view.is_jump or bool(step.view.contexts)
        place = (step.number,) if alone else (step.subgraph, step.depth, step.part)
        groups.setdefault(place, []).append(step)
    return [tuple(group) for group in groups.values()]
