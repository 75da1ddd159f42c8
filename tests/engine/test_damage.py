"""Whatever a subgraph sends, the gateway answers: no crash, bounded errors, sound codes."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gateway.engine import EngineOptions
from gateway.executor.ports import Fault, SubgraphReply, SubgraphRequest
from tests.engine.graphs import GRAPHS
from tests.engine.operations import operations
from tests.engine.pair import Pair

JUNK: Final[tuple[Any, ...]] = (None, {}, [], [[]], [None], 7, True, "?", {"__typename": []})
ERRORS: Final[tuple[Any, ...]] = (
    {"message": "no", "path": ["_entities", 99, "x"]},
    {"message": None, "path": [None], "extensions": []},
    {"path": ["_entities", -1]},
    {"message": "no", "path": []},
    {"message": "no", "path": ["products", "x", 0, 0, "reviews"]},
)
MAX_ERRORS = 10
PAIRS = {
    name: Pair(*graph, options=EngineOptions(max_errors=MAX_ERRORS))
    for name, graph in GRAPHS.items()
}


def damaged(value: Any, chance: random.Random) -> Any:
    """The same answer with some parts of it replaced, at any depth."""
    if chance.random() < 0.06:
        return chance.choice(JUNK)
    match value:
        case Mapping():
            kept = {key: damaged(item, chance) for key, item in value.items()}
            return {key: item for key, item in kept.items() if chance.random() > 0.04}
        case list():
            return [damaged(item, chance) for item in value]
        case _:
            return value


@pytest.mark.parametrize("name", GRAPHS)
def test_random_damage(name: str) -> None:
    pair = PAIRS[name]

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(query=operations(pair.schema), seed=st.integers(0, 10**6))
    def still_an_answer(query: str, seed: int) -> None:
        chance = random.Random(seed)

        def tamper(_: SubgraphRequest, reply: SubgraphReply) -> SubgraphReply | Fault:
            errors = tuple(chance.sample(ERRORS, chance.randint(0, 2)))
            return replace(reply, data=damaged(reply.data, chance), errors=errors)

        pair.client.tamper = tamper
        body = asyncio.run(pair.ask(query))
        orjson.dumps(body)
        assert set(body) <= {"data", "errors"}
        assert len(body.get("errors", [])) <= MAX_ERRORS
        for error in body.get("errors", []):
            assert isinstance(error["message"], str)
            assert isinstance(error["extensions"]["code"], str)
            assert all(isinstance(part, str | int) for part in error.get("path", []))

    still_an_answer()
