"""One graph twice: federated behind the engine, and whole, over the same universe."""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from graphql import ExecutionResult, build_schema, execute_sync, parse

from gateway.composition import Composed, SubgraphSource, compose
from gateway.engine import Engine, EngineOptions, GatewayRequest
from gateway.executor.ports import Tracer
from gateway.spec.names import SubgraphName
from tests.differential.operations import VARIABLES
from tests.kit.federated import LocalClient, Universe, local_client, monolith


def composed(sdls: Mapping[str, str]) -> str:
    sources = [
        SubgraphSource(name=SubgraphName(name), url=f"http://{name}.test", sdl=sdl)
        for name, sdl in sdls.items()
    ]
    outcome = compose(sources)
    assert isinstance(outcome, Composed), outcome
    return outcome.supergraph_sdl


def asking(
    query: str, variables: Mapping[str, object] | None = None, **more: Any
) -> GatewayRequest:
    """A request with nothing special about it but what is given."""
    usual: dict[str, Any] = {"operation_name": None, "context": None, "timeout": 20}
    return GatewayRequest(query=query, variables=variables or {}, extensions={}, **usual | more)


class Pair:
    """`client` remembers what the federated half asked of its subgraphs."""

    def __init__(
        self,
        sdls: Mapping[str, str],
        universe: Universe,
        *,
        options: EngineOptions | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self.supergraph = composed(sdls)
        self.client: LocalClient = local_client(sdls, universe)
        self.engine = Engine.from_supergraph(
            self.supergraph, client=self.client, options=options or EngineOptions(), tracer=tracer
        )
        self.schema = build_schema(self.engine.api_sdl())
        self._monolith = monolith(self.engine.api_sdl(), universe)

    async def ask(self, query: str, **more: Any) -> dict[str, Any]:
        """The body of the federated answer."""
        return (await self.engine.execute(asking(query, **{"variables": VARIABLES} | more))).body

    async def in_parts(self, query: str, **more: Any) -> list[dict[str, Any]]:
        """The bodies of the federated answer in parts."""
        request = asking(query, **{"variables": VARIABLES} | more)
        return [each.body async for each in self.engine.deliver(request)]

    def whole(self, query: str, variables: Mapping[str, Any] = VARIABLES) -> ExecutionResult:
        """What one server with everything in it answers."""
        return execute_sync(self._monolith, parse(query), variable_values=dict(variables))


def assembled(bodies: list[dict[str, Any]]) -> Any:
    """The data a client has when all parts have come; payloads must fit where they are put."""
    data = json.loads(json.dumps(bodies[0]["data"]))  # no two places are one object to a client
    for payload in (each for body in bodies for each in body.get("incremental", ())):
        assert payload["path"] or data is not None, payload
        at = data
        for step in payload["path"]:
            at = at[step]
        _merge(at, deepcopy(payload["data"]))
    return data


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        _put(into, key, value)


def _put(into: Any, at: str | int, value: Any) -> None:
    have = into.get(at) if isinstance(at, str) else into[at]
    if isinstance(have, dict) and isinstance(value, dict):
        _merge(have, value)
    elif isinstance(have, list) and isinstance(value, list):
        assert len(have) == len(value), (have, value)
        for index, item in enumerate(value):
            _put(have, index, item)
    else:
        assert have is None or have == value, (have, value)
        into[at] = value
