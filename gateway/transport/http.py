"""Requests to subgraphs over HTTP: body, deadline, one careful retry, reply or fault."""

import asyncio
import math
from collections.abc import Callable, Mapping

import orjson

from gateway.auth.context import CallContext
from gateway.errors import SUBREQUEST_INVALID
from gateway.executor.ports import Fault, SubgraphReply, SubgraphRequest
from gateway.spec.names import SubgraphName
from gateway.transport.connection import Answer, ExchangeFailed
from gateway.transport.endpoint import Endpoint, Origin, tls_for
from gateway.transport.pool import Pool, PoolLimits
from gateway.transport.reply import read_reply

HeaderSource = Callable[[SubgraphRequest], Mapping[str, str]]
"""What the gateway adds to a request: the viewer's context token, forwarded headers."""

_SURELY_OPEN_SECONDS = 2.0
"""Kept connections idle for longer may just be closing (servers close after 5 s and more); a
mutation, which must never be sent twice, takes a younger or a new one."""


class HttpTransport:
    """One pool per origin, shared by the subgraphs behind it."""

    def __init__(
        self, endpoints: Mapping[SubgraphName, Endpoint], headers: HeaderSource, limits: PoolLimits
    ) -> None:
        self._headers, self._limits = headers, limits
        self._pools: dict[Origin, Pool] = {}
        self._endpoints: Mapping[SubgraphName, Endpoint] = {}
        self._heads: dict[SubgraphName, bytes] = {}
        self.use(endpoints)

    def use(self, endpoints: Mapping[SubgraphName, Endpoint]) -> None:
        """Serve these subgraphs from now on; exchanges with others are cut."""
        self._endpoints = dict(endpoints)
        self._heads = {name: _head(endpoint) for name, endpoint in endpoints.items()}
        wanted = {endpoint.origin for endpoint in endpoints.values()}
        for origin in wanted - self._pools.keys():
            self._pools[origin] = Pool(origin, self._limits, tls_for(origin))
        for origin in self._pools.keys() - wanted:
            self._pools.pop(origin).close()

    async def fetch(self, request: SubgraphRequest) -> SubgraphReply | Fault:
        """One answer before the deadline. Raises nothing but CancelledError."""
        endpoint = self._endpoints.get(request.subgraph)
        if endpoint is None:
            return _fault(request, SUBREQUEST_INVALID, "the subgraph is not known")
        try:
            payload = self._encode(request)
        except (TypeError, ValueError):
            return _fault(request, SUBREQUEST_INVALID, "the request is not JSON")
        try:
            answer = await self._send(endpoint.origin, payload, request)
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

    async def _send(self, origin: Origin, payload: bytes, request: SubgraphRequest) -> Answer:
        now = asyncio.get_running_loop().time()
        mutation = request.kind == "mutation"
        youngest = now - _SURELY_OPEN_SECONDS if mutation else 0.0
        try:
            return await self._exchange(origin, payload, request.deadline, youngest)
        except ExchangeFailed as failure:
            if mutation or not failure.stale:
                raise
        return await self._exchange(origin, payload, request.deadline, math.inf)

    async def _exchange(
        self, origin: Origin, payload: bytes, deadline: float, fresher_than: float
    ) -> Answer:
        pool = self._pools[origin]
        connection = await pool.take(deadline, fresher_than=fresher_than)
        try:
            return await connection.exchange(payload, deadline)
        finally:
            pool.release(connection, asyncio.get_running_loop().time())

    def _encode(self, request: SubgraphRequest) -> bytes:
        message: dict[str, object] = {"query": request.document}
        if request.variables:
            message["variables"] = request.variables
        if request.operation_name is not None:
            message["operationName"] = request.operation_name
        body = orjson.dumps(message)
        further = _header_lines(self._headers(request))
        return b"%b%bcontent-length: %d\r\n\r\n%b" % (
            self._heads[request.subgraph],
            further,
            len(body),
            body,
        )


def _head(endpoint: Endpoint) -> bytes:
    return (
        f"POST {endpoint.target} HTTP/1.1\r\n"
        f"host: {endpoint.authority}\r\n"
        "content-type: application/json\r\n"
        "accept: application/graphql-response+json, application/json;q=0.9\r\n"
    ).encode("ascii")


def _header_lines(headers: Mapping[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    if lines.count("\n") != len(headers) or lines.count("\r") != len(headers):
        raise ValueError("a header value holds a line break")
    return lines.encode("latin-1")


def _fault(request: SubgraphRequest, code: str, problem: str) -> Fault:
    return Fault(code=code, message=problem, subgraph=request.subgraph)
