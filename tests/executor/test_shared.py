"""Objects that became one answer as those that stayed apart would, whatever subgraphs do."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import orjson
import pytest
from graphql import parse

from gateway.executor.collect import compile_collect
from gateway.executor.compile import compile_projection
from gateway.executor.levels import Levels
from gateway.executor.ports import Fault, NullTracer, SubgraphReply, SubgraphRequest
from gateway.executor.program import Program, TargetCode, compile_plan
from gateway.executor.run import Answer, Call, execute
from gateway.plan.nodes import Flatten, PlanNode, QueryPlan, inner_nodes
from gateway.planner import World, plan_operation
from gateway.supergraph.reader import read_supergraph
from tests.differential.campaign import graph_of
from tests.differential.operations import VARIABLES, random_operation
from tests.engine.pair import Pair
from tests.engine.test_damage import damaged

SEED = 20262
EACH = 6


def apart(plan: QueryPlan) -> Program:
    """The plan without sharing: each place has an object of its own, and a copy of each answer."""
    levels, program = Levels(), compile_plan(plan)
    codes = {}
    for node in _flattens(plan.node):
        codes[id(node)] = tuple(
            TargetCode(
                target=target,
                level=(level := levels.at(target.path)),
                collect=compile_collect(level, target.representations, twins=False)
                if target.representations and not target.contexts
                else None,
            )
            for target in node.targets
        )
    projection = compile_projection(plan.shape)
    return replace(program, targets=codes, projection=projection, shared=False)


def _flattens(node: PlanNode | None) -> Iterator[Flatten]:
    if isinstance(node, Flatten):
        yield node
    for inner in inner_nodes(node):
        yield from _flattens(inner)


@dataclass(frozen=True, slots=True)
class Mischief:
    """Damages answers, and says things went wrong; the same to the same request."""

    seed: str

    def __call__(self, request: SubgraphRequest, reply: SubgraphReply) -> SubgraphReply | Fault:
        asked = orjson.dumps([request.subgraph, request.document, request.variables])
        chance = random.Random(self.seed.encode() + asked)
        if chance.random() < 0.05:
            return Fault(code="SUBREQUEST_TIMEOUT", message="late", subgraph=request.subgraph)
        if chance.random() < 0.4:
            return reply
        errors = tuple(
            {"message": f"trouble {number}", "path": ["_entities", number, "name"]}
            for number in range(chance.randint(0, 3))
        )
        return replace(reply, data=damaged(reply.data, chance), errors=errors)


async def _answered(pair: Pair, program: Program) -> Answer:
    call = Call(
        client=pair.client, tracer=NullTracer(), variables=VARIABLES, context=None, timeout=30,
        max_errors=100,
    )  # fmt: skip
    return await execute(program, call)


def _told(answer: Answer) -> tuple[bytes, list[bytes]]:
    return orjson.dumps(answer.data), [orjson.dumps(error) for error in answer.errors]


@pytest.mark.parametrize("graph", [0, 1, 2, 5, 6])
async def test_becoming_one_changes_no_answer(graph: int) -> None:
    pair = graph_of(SEED, graph)
    if pair is None:
        pytest.skip("this draw does not compose")
    world = World.of(read_supergraph(pair.supergraph))
    for number in range(EACH):
        chance = random.Random(f"{graph}/{number}")
        query = random_operation(pair.schema, chance, defers=False)
        plan = plan_operation(world, parse(query))
        pair.client.tamper = Mischief(f"{number}") if number % 3 else None
        one = await _answered(pair, compile_plan(plan))
        assert _told(one) == _told(await _answered(pair, apart(plan))), query
