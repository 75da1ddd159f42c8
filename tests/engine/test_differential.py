"""The federated graph answers as a monolith over the same data does, key order included."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from graphql import ExecutionResult, build_schema, execute_sync, parse
from hypothesis import HealthCheck, Phase, given, settings

from gateway.composition import Composed, SubgraphSource, compose
from gateway.engine import Engine, EngineOptions, GatewayRequest
from gateway.spec.names import SubgraphName
from tests.engine.graphs import GRAPHS
from tests.engine.operations import VARIABLES, operations
from tests.kit.federated import LocalClient, local_client, monolith


def composed(sdls: Mapping[str, str]) -> str:
    sources = [
        SubgraphSource(name=SubgraphName(name), url=f"http://{name}.test", sdl=sdl)
        for name, sdl in sdls.items()
    ]
    outcome = compose(sources)
    assert isinstance(outcome, Composed), outcome
    return outcome.supergraph_sdl


class Pair:
    """One graph twice: federated behind the engine, and as a monolith."""

    def __init__(self, name: str) -> None:
        sdls, universe = GRAPHS[name]
        self.client: LocalClient = local_client(sdls, universe)
        self.engine = Engine.from_supergraph(
            composed(sdls), client=self.client, options=EngineOptions()
        )
        self.schema = build_schema(self.engine.api_sdl())
        self.monolith = monolith(self.engine.api_sdl(), universe)

    async def federated(self, query: str) -> dict[str, Any]:
        request = GatewayRequest(
            query=query,
            operation_name=None,
            variables=VARIABLES,
            extensions={},
            context=None,
            timeout=20,
        )
        return (await self.engine.execute(request)).body

    def whole(self, query: str) -> ExecutionResult:
        return execute_sync(self.monolith, parse(query), variable_values=dict(VARIABLES))


PAIRS = {name: Pair(name) for name in GRAPHS}


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
        body = asyncio.run(pair.federated(query))
        want = pair.whole(query)
        assert want.errors is None
        assert "errors" not in body, body["errors"]
        assert body["data"] == want.data
        if "@" not in query and " on " not in query:  # these may move a repeated field
            assert json.dumps(body["data"]) == json.dumps(want.data)

    same_answer()
