"""How much memory a prepared operation holds, estimated from the texts it was made from."""

from collections.abc import Iterator
from typing import Final

from gateway.engine.prepare import Prepared, Refusal
from gateway.executor.program import Program
from gateway.plan.nodes import Fetch, Flatten, PlanNode, Subscribe, inner_nodes

_BASE: Final = 8_192
_PER_CHARACTER: Final = 2
_PER_GENERATED: Final = 12
_PER_TARGET: Final = 6_144


def footprint(query: str, operation: Prepared | Refusal) -> int:
    """Bytes, roughly and rather too many, that keeping this operation under its text costs."""
    text = _PER_CHARACTER * len(query)
    if isinstance(operation, Refusal):
        return _BASE + text + 512 * len(operation.errors)
    parts = operation.in_parts
    return _BASE + text + _program(operation.program) + (_program(parts) if parts else 0)


def _program(program: Program) -> int:
    documents = sum(len(fetch.document) for fetch in _fetches(program.plan.node))
    targets = sum(len(codes) for codes in program.targets.values())
    projections = (program.projection, *program.payloads.values())
    generated = _PER_GENERATED * sum(each.size for each in projections)
    return _PER_CHARACTER * documents + generated + _PER_TARGET * targets


def _fetches(node: PlanNode | None) -> Iterator[Fetch]:
    if isinstance(node, Fetch):
        yield node
    elif isinstance(node, Flatten | Subscribe):
        yield node.fetch
    for inner in inner_nodes(node):
        yield from _fetches(inner)
