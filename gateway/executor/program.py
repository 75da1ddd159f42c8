"""A plan made ready to run: everything that depends on the plan alone is compiled once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from gateway.executor.compile import Projection, compile_projection
from gateway.executor.paths import Gather, compile_gather
from gateway.executor.representations import Represent, compile_represent
from gateway.plan.nodes import (
    Condition,
    Fetch,
    Flatten,
    Parallel,
    PlanNode,
    QueryPlan,
    Sequence,
    Subscribe,
    Target,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetCode:
    """How one target's objects are found and named; `represent` is None for root re-entry."""

    target: Target
    gather: Gather
    represent: Represent | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """`targets` is by the identity of the plan's `Flatten` nodes, which live as long as it."""

    plan: QueryPlan
    projection: Projection
    targets: Mapping[int, tuple[TargetCode, ...]]


def compile_plan(plan: QueryPlan) -> Program:
    flattens = _flattens(plan.node) if plan.node is not None else ()
    targets = {id(node): tuple(map(_target_code, node.targets)) for node in flattens}
    return Program(plan=plan, projection=compile_projection(plan.shape), targets=targets)


def _target_code(target: Target) -> TargetCode:
    represent = compile_represent(target.representations) if target.representations else None
    return TargetCode(target=target, gather=compile_gather(target.path), represent=represent)


def _flattens(node: PlanNode) -> Iterator[Flatten]:
    match node:
        case Flatten():
            yield node
        case Sequence(nodes=nodes) | Parallel(nodes=nodes):
            for inner in nodes:
                yield from _flattens(inner)
        case Condition(node=inner):
            yield from _flattens(inner)
        case Subscribe(rest=rest):
            if rest is not None:
                yield from _flattens(rest)
        case Fetch():
            pass
        case _:
            assert_never(node)
