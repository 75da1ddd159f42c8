"""Answers operations over one supergraph at a time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from random import random
from time import monotonic
from typing import Final, Self

from gateway.access import NOBODY, Grants
from gateway.engine.cache import Key
from gateway.engine.graph import Graph
from gateway.engine.messages import EngineOptions, GatewayRequest, GatewayResponse
from gateway.engine.prepare import Prepared, Refusal
from gateway.engine.refused import refused_errors
from gateway.engine.report import incremental_body, plan_report
from gateway.engine.streaming import Streaming
from gateway.errors import SUBSCRIPTION_NEEDS_STREAM, BadRequest, GatewayError
from gateway.executor.deliver import Delivery, deliver, is_deferring
from gateway.executor.ports import NullTracer, OperationKind, SubgraphClient, Tracer
from gateway.executor.run import Answer, Call, execute
from gateway.plan.render import render_plan
from gateway.subscriptions.follow import Hubs
from gateway.subscriptions.topic import Means
from gateway.subscriptions.watch import NoWatcher, Watcher

_LONG: Final = 4_096
"""Characters of a text from which on preparing it takes longer than others should wait."""


class Engine:
    """A request keeps the graph it started with; subscriptions go on with the next one, where they
    fit it."""

    def __init__(
        self,
        graph: Graph,
        *,
        client: SubgraphClient,
        options: EngineOptions,
        tracer: Tracer,
        watcher: Watcher,
    ) -> None:
        self._graph = graph
        self._client = client
        self._options = options
        self._tracer = tracer
        self._thinking = asyncio.Lock()
        means = Means(now=monotonic, chance=random, patience=options.patience, watcher=watcher)
        self._streaming = Streaming(means, options.kept, self._response)

    @classmethod
    def from_supergraph(
        cls,
        sdl: str,
        *,
        client: SubgraphClient,
        options: EngineOptions,
        tracer: Tracer | None = None,
        watcher: Watcher | None = None,
    ) -> Self:
        """Raises BadSupergraph when the text is no supergraph."""
        watching = tracer or NullTracer()
        graph = Graph.load(sdl, options, watching)
        watcher = watcher or NoWatcher()
        return cls(graph, client=client, options=options, tracer=watching, watcher=watcher)

    @property
    def hubs(self) -> Hubs[GatewayResponse]:
        """Who follows which stream now."""
        return self._streaming.hubs

    def swap(self, sdl: str) -> None:
        """Serve another supergraph from now on; in-flight requests finish on the old one.

        Raises BadSupergraph, and keeps the old one, when the new text is no supergraph. Nothing
        is prepared for the new one yet: see `warm`."""
        if sdl != self._graph.sdl:
            self._graph = Graph.load(sdl, self._options, self._tracer)
            self._streaming.hubs.revise()

    def recent_operations(self) -> list[Key]:
        """Texts, names and callers' grants of the operations that are ready, latest first."""
        return list(self._graph.operations.recent())

    async def warm(self, operations: list[Key]) -> None:
        """Prepare these operations one by one, letting requests pass in between; after a swap,
        with what `recent_operations` said before it."""
        for query, name, grants in reversed(operations):
            await self.prepare(query, name, grants)
            await asyncio.sleep(0)

    async def prepare(
        self, query: str, operation_name: str | None, grants: Grants = NOBODY
    ) -> OperationKind | GatewayResponse:
        """Have an operation ready to run, so that whatever is asked about it next takes no time.
        Gives its kind, or the request error it would be answered with.

        A long text that is new is thought about in a thread of its own, one at a time, while the
        event loop serves others; a short one at once.
        """
        return _kind(await self._found(self._graph, query, operation_name, grants))

    async def _found(
        self, graph: Graph, query: str, operation_name: str | None, grants: Grants
    ) -> Prepared | Refusal:
        found = graph.known(query, operation_name, grants)
        if found is not None:
            return found
        if len(query) < _LONG:
            return graph.operation(query, operation_name, grants)
        async with self._thinking:
            return await asyncio.to_thread(graph.operation, query, operation_name, grants)

    def is_incremental(
        self, query: str, operation_name: str | None, grants: Grants = NOBODY
    ) -> bool:
        """Whether an operation has parts that may come later than the rest: see `deliver`."""
        found = self._graph.operation(query, operation_name, grants)
        return isinstance(found, Prepared) and found.in_parts is not None

    async def deliver(self, request: GatewayRequest) -> AsyncGenerator[GatewayResponse, None]:
        """An answer in parts, as `deferSpec=20220824` has them.

        First `{data, errors?, hasNext}`, then bodies of `{incremental: [...], hasNext}`, each
        entry being `{path, label?, data, errors?}`; the last body says `hasNext: false`. What
        can't be answered in parts is one whole body without `hasNext`: a request error too."""
        ready = await self._ready(self._graph, request)
        if isinstance(ready, GatewayResponse):
            yield ready
            return
        prepared, call = ready
        if prepared.in_parts is None or not is_deferring(prepared.in_parts, call.variables):
            yield await self.execute(request)
            return
        deliveries = deliver(prepared.in_parts, call)
        try:
            async for each in deliveries:
                yield self._part(prepared, call, each)
        finally:
            await deliveries.aclose()

    async def execute(self, request: GatewayRequest) -> GatewayResponse:
        """Answer a query or mutation; a subscription is a request error here."""
        ready = await self._ready(self._graph, request)
        if isinstance(ready, GatewayResponse):
            return ready
        prepared, call = ready
        if prepared.kind == "subscription":
            return _needs_stream()
        return self._response(prepared, call, await execute(prepared.program, call))

    async def subscribe(self, request: GatewayRequest) -> AsyncGenerator[GatewayResponse, None]:
        """The events in order; the first item may be a request error, and then is the only one."""
        ready = await self._ready(self._graph, request)
        if isinstance(ready, GatewayResponse):
            yield ready
            return
        prepared, call = ready
        if prepared.kind != "subscription" or prepared.program.plan.node is None:
            yield self._response(prepared, call, await execute(prepared.program, call))
            return
        again = partial(self._once_more, request)
        async with aclosing(self._streaming.events(request, ready, again)) as responses:
            async for response in responses:
                yield response

    def api_sdl(self) -> str:
        """The schema as clients see it."""
        return self._graph.api_sdl()

    def plan_text(self, query: str, operation_name: str | None, grants: Grants = NOBODY) -> str:
        """The plan of an operation, for people. Raises ClientFault where there is none."""
        found = self._graph.operation(query, operation_name, grants)
        if isinstance(found, Refusal):
            raise BadRequest("; ".join(str(error["message"]) for error in found.errors))
        return render_plan(found.program.plan)

    def _once_more(self, request: GatewayRequest) -> tuple[Prepared, Call] | GatewayResponse:
        """The request on the graph of the moment."""
        graph = self._graph
        found = graph.operation(request.query, request.operation_name, request.grants)
        return self._call(graph, found, request)

    async def _ready(
        self, graph: Graph, request: GatewayRequest
    ) -> tuple[Prepared, Call] | GatewayResponse:
        operation = request.query, request.operation_name, request.grants
        return self._call(graph, await self._found(graph, *operation), request)

    def _call(
        self, graph: Graph, found: Prepared | Refusal, request: GatewayRequest
    ) -> tuple[Prepared, Call] | GatewayResponse:
        if isinstance(found, Refusal):
            return _refused(found)
        if found.kind == "mutation" and not request.allow_mutation:
            return _refused_with(BadRequest("a mutation may not be sent this way"))
        variables = graph.coerced(found, request.variables)
        if isinstance(variables, Refusal):
            return _refused(variables)
        return found, Call(
            client=self._client,
            tracer=self._tracer,
            variables=variables,
            context=request.context,
            timeout=request.timeout,
            max_errors=self._options.max_errors,
            introspection=graph.introspected(found, variables),
            record=request.want_plan,
            appraise=request.appraise,
        )

    def _part(self, prepared: Prepared, call: Call, part: Answer | Delivery) -> GatewayResponse:
        if isinstance(part, Delivery):
            return GatewayResponse(body=incremental_body(part), request_error=False)
        body = self._response(prepared, call, part).body
        return GatewayResponse(body={**body, "hasNext": part.data is not None}, request_error=False)

    def _response(self, prepared: Prepared, call: Call, answer: Answer) -> GatewayResponse:
        body: dict[str, object] = {"data": answer.data}
        extensions: dict[str, object] = {}
        if prepared.refused:
            refused = refused_errors(prepared.refused, call.variables)
            if self._options.refusals == "dry-run":
                extensions["unauthorized"] = list(refused)
            else:
                body["errors"] = [*refused, *answer.errors]
        if answer.errors and "errors" not in body:
            body["errors"] = answer.errors
        if call.record:
            extensions["queryPlan"] = plan_report(prepared.program.plan, answer.fetches)
        if extensions:
            body["extensions"] = extensions
        return GatewayResponse(body=body, request_error=False)


def _kind(found: Prepared | Refusal) -> OperationKind | GatewayResponse:
    return _refused(found) if isinstance(found, Refusal) else found.kind


def _refused(refusal: Refusal) -> GatewayResponse:
    errors = list(refusal.errors)
    if refusal.ours:
        return GatewayResponse(body={"data": None, "errors": errors}, request_error=False)
    return GatewayResponse(body={"errors": errors}, request_error=True)


def _refused_with(fault: GatewayError) -> GatewayResponse:
    return _refused(Refusal(errors=(fault.as_graphql(),)))


def _needs_stream() -> GatewayResponse:
    message = "a subscription is answered as a stream: use WebSocket, SSE or multipart"
    extensions = {"code": SUBSCRIPTION_NEEDS_STREAM}
    error: dict[str, object] = {"message": message, "extensions": extensions}
    return _refused(Refusal(errors=(error,)))
