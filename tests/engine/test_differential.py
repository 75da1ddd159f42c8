"""The federated graph answers as a monolith over the same data does, key order included."""

import asyncio
import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.engine.graphs import GRAPHS
from tests.engine.operations import operations
from tests.engine.pair import Pair

PAIRS = {name: Pair(*GRAPHS[name]) for name in GRAPHS}


@pytest.mark.parametrize("name", GRAPHS)
def test_random_operations(name: str) -> None:
    pair = PAIRS[name]

    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],  # the operations say enough, and shrinking takes minutes
        suppress_health_check=list(HealthCheck),
    )
    @given(query=operations(pair.schema))
    def same_answer(query: str) -> None:
        body = asyncio.run(pair.ask(query))
        want = pair.whole(query)
        assert want.errors is None
        assert "errors" not in body, body["errors"]
        assert body["data"] == want.data
        if "@" not in query and " on " not in query:  # these may move a repeated field
            assert json.dumps(body["data"]) == json.dumps(want.data)

    same_answer()
