"""One graph twice: federated behind the engine, and whole, over the same universe."""

from collections.abc import Mapping
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

    def whole(self, query: str, variables: Mapping[str, Any] = VARIABLES) -> ExecutionResult:
        """What one server with everything in it answers."""
        return execute_sync(self._monolith, parse(query), variable_values=dict(variables))
