"""Whatever a subgraph sends, the gateway answers: no crash, bounded errors, sound codes."""

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import orjson
import pytest

from gateway.engine import EngineOptions
from gateway.executor.ports import Fault, SubgraphReply, SubgraphRequest
from tests.differential.operations import random_operation
from tests.engine.graphs import GRAPHS
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
OPERATIONS = 40
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
async def test_random_damage(name: str) -> None:
    pair = PAIRS[name]
    for seed in range(OPERATIONS):
        chance = random.Random(f"{name}/{seed}")

        def tamper(
            _: SubgraphRequest, reply: SubgraphReply, chance: random.Random = chance
        ) -> SubgraphReply | Fault:
            errors = tuple(chance.sample(ERRORS, chance.randint(0, 2)))
            return replace(reply, data=damaged(reply.data, chance), errors=errors)

        pair.client.tamper = tamper
        body = await pair.ask(random_operation(pair.schema, chance))
        orjson.dumps(body)
        assert set(body) <= {"data", "errors"}
        assert len(body.get("errors", [])) <= MAX_ERRORS
        for error in body.get("errors", []):
            assert isinstance(error["message"], str)
            assert isinstance(error["extensions"]["code"], str)
            assert all(isinstance(part, str | int) for part in error.get("path", []))
