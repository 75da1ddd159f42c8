"""Requests to subgraphs over HTTP: bytes out by the subgraph's line, reply or fault back."""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from functools import partial
from importlib import import_module
from typing import Final

import orjson

from gateway.auth.context import CallContext
from gateway.errors import SUBREQUEST_INVALID
from gateway.executor.ports import Fault, SubgraphReply, SubgraphRequest
from gateway.spec.names import SubgraphName
from gateway.transport.breaker import State
from gateway.transport.connection import Answer, ExchangeFailed
from gateway.transport.endpoint import Endpoint, Origin, tls_for
from gateway.transport.line import Line, Traffic, Way
from gateway.transport.pool import Pool, PoolLimits
from gateway.transport.reply import read_reply
from gateway.transport.sharing import Sharing

HeaderSource = Callable[[SubgraphRequest], Mapping[str, str]]
"""What the gateway adds to a request: the viewer's context token, forwarded headers."""

TrafficSource = Callable[[SubgraphName], Traffic]
"""How each subgraph's requests are treated."""

_OF_ONE_REQUEST: Final = frozenset({"traceparent", "tracestate", "x-request-id", "x-request-seal"})
"""Headers that differ between equal requests and change no answer."""


def same_for_all(_: SubgraphName) -> Traffic:
    """The defaults."""
    return Traffic()


class HttpTransport:
    """One pool per origin, shared by the subgraphs behind it; one line per subgraph."""

    def __init__(
        self,
        endpoints: Mapping[SubgraphName, Endpoint],
        headers: HeaderSource,
        limits: PoolLimits,
        traffic: TrafficSource = same_for_all,
    ) -> None:
        self._headers, self._limits, self._traffic = headers, limits, traffic
        self._pools: dict[Origin, Way] = {}
        self._endpoints: Mapping[SubgraphName, Endpoint] = {}
        self._heads: dict[SubgraphName, bytes] = {}
        self._lines: dict[SubgraphName, Line] = {}
        self._sharing = Sharing()
        self.use(endpoints)

    def use(self, endpoints: Mapping[SubgraphName, Endpoint]) -> None:
        """Serve these subgraphs from now on; exchanges with others are cut. A subgraph that stays
        where it was keeps its connections and its breaker's memory."""
        before, self._endpoints = self._endpoints, dict(endpoints)
        self._heads = {name: _head(endpoint) for name, endpoint in endpoints.items()}
        wanted = {endpoint.origin for endpoint in endpoints.values()}
        for origin in wanted - self._pools.keys():
            self._pools[origin] = _way_to(origin, self._limits)
        for origin in self._pools.keys() - wanted:
            self._pools.pop(origin).close()
        self._lines = {
            name: self._lines[name] if before.get(name) == endpoint else self._line(name, endpoint)
            for name, endpoint in endpoints.items()
        }

    def breakers(self) -> Mapping[SubgraphName, State]:
        """What each subgraph's breaker is doing."""
        return {name: line.breaker.state for name, line in self._lines.items()}

    @property
    def shared(self) -> int:
        """Requests so far that an equal one under way has answered as well."""
        return self._sharing.shared

    async def fetch(self, request: SubgraphRequest) -> SubgraphReply | Fault:
        """One answer before the deadline. Raises nothing but CancelledError."""
        line = self._lines.get(request.subgraph)
        if line is None:
            return _fault(request, SUBREQUEST_INVALID, "the subgraph is not known")
        try:
            payload, key = self._encode(request)
        except (TypeError, ValueError):
            return _fault(request, SUBREQUEST_INVALID, "the request is not JSON")
        try:
            answer = await self._send(line, payload, key, request)
        except ExchangeFailed as failure:
            return _fault(request, failure.code, failure.problem)
        context = request.context
        if isinstance(context, CallContext) and context.cache_control is not None:
            context.cache_control(answer.headers.get(b"cache-control"))
        return read_reply(request.subgraph, answer, self._limits.answer_bytes)

    def close(self) -> None:
        """Drop every connection."""
        for pool in self._pools.values():
            pool.close()

    def _send(
        self, line: Line, payload: bytes, key: Hashable, request: SubgraphRequest
    ) -> Awaitable[Answer]:
        if request.kind == "mutation":
            return line.mutation(payload, request.deadline)
        if not line.shares:
            return line.query(payload, request.deadline)
        send = partial(line.query, payload, request.deadline)
        return self._sharing.answer(key, send, request.deadline)

    def _line(self, name: SubgraphName, endpoint: Endpoint) -> Line:
        return Line(self._pools[endpoint.origin], self._traffic(name))

    def _encode(self, request: SubgraphRequest) -> tuple[bytes, Hashable]:
        """The request as bytes, and what an equal one has in common with it."""
        message: dict[str, object] = {"query": request.document}
        if request.variables:
            message["variables"] = request.variables
        if request.operation_name is not None:
            message["operationName"] = request.operation_name
        body = orjson.dumps(message)
        common, own = _header_lines(self._headers(request))
        head = self._heads[request.subgraph]
        payload = b"%b%b%bcontent-length: %d\r\n\r\n%b" % (head, common, own, len(body), body)
        return payload, (request.subgraph, common, body)


def _way_to(origin: Origin, limits: PoolLimits) -> Way:
    """The library takes 8 MB of every process, so it is loaded only where it is needed."""
    kind: type[Pool] = Pool
    if not origin.plain:
        kind = import_module("gateway.transport.library").LibraryPool
    return kind(origin, limits, tls_for(origin))


def _head(endpoint: Endpoint) -> bytes:
    return (
        f"POST {endpoint.target} HTTP/1.1\r\n"
        f"host: {endpoint.authority}\r\n"
        "content-type: application/json\r\n"
        "accept: application/graphql-response+json, application/json;q=0.9\r\n"
    ).encode("ascii")


def _header_lines(headers: Mapping[str, str]) -> tuple[bytes, bytes]:
    """What equal requests have in common, and what is of one request only."""
    common = own = ""
    for name, value in headers.items():
        if name in _OF_ONE_REQUEST:
            own += f"{name}: {value}\r\n"
        else:
            common += f"{name}: {value}\r\n"
    lines = common + own
    if lines.count("\n") != len(headers) or lines.count("\r") != len(headers):
        raise ValueError("a header value holds a line break")
    return common.encode("latin-1"), own.encode("latin-1")


def _fault(request: SubgraphRequest, code: str, problem: str) -> Fault:
    message = f"subgraph {request.subgraph}: {problem}"
    return Fault(code=code, message=message, subgraph=request.subgraph)
