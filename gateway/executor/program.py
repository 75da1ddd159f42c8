"""A plan made ready to run: everything that depends on the plan alone is compiled once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gateway.executor.collect import Collect, compile_collect
from gateway.executor.compile import Projection, compile_projection
from gateway.executor.levels import Level, Levels
from gateway.plan.nodes import (
    Defer,
    DeferredPart,
    Flatten,
    Path,
    PlanNode,
    QueryPlan,
    Target,
    inner_nodes,
)
from gateway.plan.shape import ObjectShape


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetCode:
    """How the objects of one target are found: those at `level`, named by `collect`; without it
    each has the whole data of a root query merged into it."""

    target: Target
    level: Level
    collect: Collect | None

    @property
    def grouped(self) -> bool:
        """Whether its objects are asked about in groups, by what is above them."""
        return bool(self.target.contexts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """`targets` is by the identity of the plan's `Flatten` nodes, which live as long as it;
    `payloads` by that of the shapes of objects that deferred fragments are about. `shared`: equal
    objects at several places may become one; not so where it matters what they stand below."""

    plan: QueryPlan
    projection: Projection
    targets: Mapping[int, tuple[TargetCode, ...]]
    payloads: Mapping[int, Projection]
    shared: bool


def compile_plan(plan: QueryPlan) -> Program:
    flattens = list(_flattens(plan.node)) if plan.node is not None else []
    targets = [target for node in flattens for target in node.targets]
    shared = not any(target.contexts for target in targets)
    paths = {target.path for target in targets} if shared else set()
    levels = Levels()
    return Program(
        plan=plan,
        projection=compile_projection(plan.shape, shared=_shapes_at(plan.shape, paths)),
        targets={
            id(node): tuple(_target_code(each, levels, shared=shared) for each in node.targets)
            for node in flattens
        },
        shared=shared,
        payloads=dict(_payloads(plan.node.parts)) if isinstance(plan.node, Defer) else {},
    )


def _payloads(parts: Iterable[DeferredPart]) -> Iterator[tuple[int, Projection]]:
    for part in parts:
        shapes = [part.shape]
        for _ in range(part.depth):
            below = [field.content for shape in shapes for field in shape.fields]
            shapes = [content for content in below if isinstance(content, ObjectShape)]
        yield from ((id(shape), compile_projection(shape)) for shape in shapes)


def _target_code(target: Target, levels: Levels, *, shared: bool) -> TargetCode:
    level = levels.at(target.path)
    if target.contexts or not target.representations:
        return TargetCode(target=target, level=level, collect=None)
    collect = compile_collect(level, target.representations, twins=shared)
    return TargetCode(target=target, level=level, collect=collect)


def _shapes_at(shape: ObjectShape, paths: Iterable[Path]) -> frozenset[int]:
    """The identities of the shapes of objects that entity fetches may have made one."""
    found: set[int] = set()
    for path in paths:
        here = [shape]
        for step in path:
            below = [field.content for at in here for field in at.fields if field.key == step.key]
            here = [content for content in below if isinstance(content, ObjectShape)]
        found.update(map(id, here))
    return frozenset(found)


def _flattens(node: PlanNode) -> Iterator[Flatten]:
    if isinstance(node, Flatten):
        yield node
    for inner in inner_nodes(node):
        yield from _flattens(inner)
