"""The requests of a plan and what each waits for, and how they are put in line.

A request is one or several steps to the same subgraph that travel in one document. Whatever does
not wait for one another runs side by side; a chain that nobody else waits for runs on its own, so
that a slow subgraph holds up only what hangs on it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gateway.plan.nodes import Parallel, PlanNode, Sequence
from gateway.planner.state import Step


@dataclass(slots=True, eq=False, kw_only=True)
class Request:
    """Steps sent together. All have the same subgraph and depth."""

    steps: tuple[Step, ...]
    needs: "set[Request]" = field(default_factory=set)

    @property
    def number(self) -> int:
        return self.steps[0].number


def requests_of(groups: Iterable[tuple[Step, ...]]) -> list[Request]:
    """Requests for groups of steps, waiting for what their steps need, in the order given."""
    requests = [Request(steps=steps) for steps in groups]
    owner = {step: request for request in requests for step in request.steps}
    for request in requests:
        request.needs = {owner[need] for step in request.steps for need in step.needs}
        request.needs.discard(request)
    return requests


def in_line(requests: list[Request], node: Callable[[Request], PlanNode]) -> PlanNode | None:
    """Sequences and parallels in which every request comes after what it needs."""
    if not requests:
        return None
    return _parallel([_chain(group, node) for group in _islands(requests)])


def _chain(requests: list[Request], node: Callable[[Request], PlanNode]) -> PlanNode:
    """Requests that hang together: those ready now, then the rest."""
    ready = [each for each in requests if each.needs.isdisjoint(requests)]
    rest = [each for each in requests if each not in ready]
    if not rest:
        return _parallel([node(each) for each in ready])
    followers: dict[Request, list[Request]] = {each: [] for each in ready}
    for island in _islands(rest):
        leaders = [each for each in ready if any(each in other.needs for other in island)]
        if len(leaders) > 1:
            after = in_line(rest, node)
            return _sequence([_parallel([node(each) for each in ready]), after])
        followers[leaders[0]].extend(island)
    chains = [_sequence([node(first), in_line(after, node)]) for first, after in followers.items()]
    return _parallel(chains)


def _islands(requests: list[Request]) -> list[list[Request]]:
    """Groups that don't need one another, in order of their first request."""
    island: dict[Request, int] = {each: number for number, each in enumerate(requests)}
    for each in requests:
        for need in each.needs:
            if need in island and island[need] != island[each]:
                old, new = sorted((island[need], island[each]), reverse=True)
                for other in requests:
                    if island[other] == old:
                        island[other] = new
    groups: dict[int, list[Request]] = {}
    for each in requests:
        groups.setdefault(island[each], []).append(each)
    return list(groups.values())


def _sequence(nodes: list[PlanNode | None]) -> PlanNode:
    flat: list[PlanNode] = []
    for node in nodes:
        match node:
            case None:
                continue
            case Sequence(nodes=inner):
                flat.extend(inner)
            case _:
                flat.append(node)
    return flat[0] if len(flat) == 1 else Sequence(nodes=tuple(flat))


def _parallel(nodes: list[PlanNode]) -> PlanNode:
    flat: list[PlanNode] = []
    for node in nodes:
        if isinstance(node, Parallel):
            flat.extend(node.nodes)
        else:
            flat.append(node)
    return flat[0] if len(flat) == 1 else Parallel(nodes=tuple(flat))
