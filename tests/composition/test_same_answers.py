"""Whoever composed the supergraph: the same operation gives the same data from our gateway.

The graphs are random worlds with data; the subgraphs run in this process.
"""

from random import Random

import pytest
from graphql import build_schema

from gateway.composition import Composed, SubgraphSource, compose
from gateway.engine import Engine, EngineOptions
from gateway.graphiql.node import Node
from gateway.spec.names import SubgraphName
from tests.differential.operations import VARIABLES, random_operation
from tests.differential.worlds import World, random_world
from tests.engine.pair import asking
from tests.js.compose_oracle import Verdict, ask, oracle
from tests.kit.federated import local_client

WORLDS = 24
OPERATIONS = 12


def sources_of(world: World) -> list[SubgraphSource]:
    return [
        SubgraphSource(name=SubgraphName(name), url=f"http://{name}.test", sdl=sdl)
        for name, sdl in world.sdls.items()
    ]


@pytest.fixture(scope="module")
def worlds() -> list[tuple[World, str, str]]:
    """Worlds that compose, with our supergraph and with Apollo's."""
    node = oracle()
    if not isinstance(node, Node):
        pytest.skip(node)
    drawn = [random_world(seed) for seed in range(WORLDS * 2)]
    verdicts = ask(node, [sources_of(world) for world in drawn])
    return [found for pair in zip(drawn, verdicts, strict=True) if (found := _both(*pair))][:WORLDS]


def _both(world: World, theirs: Verdict) -> tuple[World, str, str] | None:
    ours = compose(sources_of(world))
    assert isinstance(ours, Composed) == (theirs.supergraph is not None)
    if not isinstance(ours, Composed) or theirs.supergraph is None:
        return None
    return world, ours.supergraph_sdl, theirs.supergraph


async def test_random_operations_are_answered_alike(worlds: list[tuple[World, str, str]]) -> None:
    assert len(worlds) >= WORLDS // 2
    asked = answered = 0
    for number, (world, ours, theirs) in enumerate(worlds):
        client = local_client(world.sdls, world.universe)
        engines = [
            Engine.from_supergraph(sdl, client=client, options=EngineOptions(), tracer=None)
            for sdl in (ours, theirs)
        ]
        schema = build_schema(engines[0].api_sdl())
        chance = Random(number)
        for _ in range(OPERATIONS):
            operation = random_operation(schema, chance)
            first, second = [(await e.execute(asking(operation, VARIABLES))).body for e in engines]
            assert first == second, operation
            asked += 1
            answered += first.get("data") is not None
    assert answered >= asked * 0.8
