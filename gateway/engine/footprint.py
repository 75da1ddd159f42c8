"""How much memory a prepared operation holds, estimated from the texts it was made from."""

from collections.abc import Iterator
from typing import Final, assert_never

from gateway.engine.prepare import Prepared, Refusal
from gateway.plan.nodes import (
    Condition,
    Fetch,
    Flatten,
    Parallel,
    PlanNode,
    Sequence,
    Subscribe,
)

_BASE: Final = 8_192
_PER_CHARACTER: Final = 2
_PER_GENERATED: Final = 12
_PER_TARGET: Final = 6_144


def footprint(query: str, operation: Prepared | Refusal) -> int:
    """Bytes, roughly and rather too many, that keeping this operation under its text costs."""
    text = _PER_CHARACTER * len(query)
    if isinstance(operation, Refusal):
        return _BASE + text + 512 * len(operation.errors)
    program = operation.program
    documents = sum(len(fetch.document) for fetch in _fetches(program.plan.node))
    targets = sum(len(codes) for codes in program.targets.values())
    generated = _PER_GENERATED * program.projection.size + _PER_TARGET * targets
    return _BASE + text + _PER_CHARACTER * documents + generated


def _fetches(node: PlanNode | None) -> Iterator[Fetch]:
    match node:
        case None:
            return
        case Fetch():
            yield node
        case Flatten(fetch=fetch):
            yield fetch
        case Sequence(nodes=nodes) | Parallel(nodes=nodes):
            for inner in nodes:
                yield from _fetches(inner)
        case Condition(node=inner):
            yield from _fetches(inner)
        case Subscribe(fetch=fetch, rest=rest):
            yield fetch
            yield from _fetches(rest)
        case _:
            assert_never(node)
