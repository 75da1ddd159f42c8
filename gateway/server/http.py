"""GraphQL over HTTP: bytes become parameters, what the engine answers becomes bytes.

Nothing is decided here beyond media types; the statuses are those of `statuses`.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import orjson

from gateway.auth.tokens import TokenVerifier
from gateway.auth.viewer import Viewer
from gateway.engine import GatewayResponse
from gateway.errors import (
    SUBSCRIPTION_NEEDS_STREAM,
    BadRequest,
    ClientFault,
    GatewayError,
    HeadersTooLarge,
    InternalFault,
    NotReady,
    UriTooLong,
)
from gateway.server.admission import Admission, Admitted, Caller, resumed
from gateway.server.caching import NO_STORE
from gateway.server.exchange import Exchange, Headers, forwarded
from gateway.server.framing import FRAMINGS, IN_PARTS
from gateway.server.negotiate import (
    DEFERRED,
    EVENT_STREAM,
    GRAPHQL_RESPONSE,
    HTML,
    JSON,
    MULTIPART,
    STREAMS,
    choose,
)
from gateway.server.operation import closing
from gateway.server.origins import Origins
from gateway.server.parameters import Parameters, from_body, from_query_string
from gateway.server.parts import is_whole, told_parts
from gateway.server.single import SingleStreams, stream_token
from gateway.server.statuses import Statuses
from gateway.server.streams import Streams
from gateway.server.waits import Waits
from gateway.telemetry.access import operation_hash
from gateway.telemetry.spans import NoSpans, Spans

_PLAIN_OFFERS: Final = (JSON, GRAPHQL_RESPONSE)
_STREAM_OFFERS: Final = (EVENT_STREAM, MULTIPART)
_POST_OFFERS: Final = (*_PLAIN_OFFERS, *_STREAM_OFFERS, DEFERRED)
_GET_OFFERS: Final = (JSON, GRAPHQL_RESPONSE, HTML, *_STREAM_OFFERS, DEFERRED)
_WANTS: Final[Mapping[bytes, Literal["plan", "cost"]]] = {
    b"credgraph-expose-query-plan": "plan",
    b"credgraph-expose-cost": "cost",
}
_NOTHING_MORE: Final[frozenset[Literal["plan", "cost"]]] = frozenset()
_METHODS: Final = b"GET, POST, PUT, DELETE, OPTIONS"
_LOG = logging.getLogger("credgraph.server")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRules:
    """Bounds and habits of the HTTP door. `forward` names headers that go on to subgraphs."""

    body_bytes: int = 1_000_000
    body_seconds: float = 20.0
    header_bytes: int = 32_768
    uri_bytes: int = 16_384
    batch: int = 0
    compress_over: int = 2_048
    forward: tuple[str, ...] = ()
    statuses: Statuses = field(default_factory=Statuses)


class HttpStatus(Exception):
    """An answer that is a matter of HTTP rather than of GraphQL."""

    def __init__(self, status: int, message: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers


class HttpDoor:
    """Answers /graphql for everything but browsers that want a page."""

    def __init__(
        self,
        admission: Admission,
        tokens: TokenVerifier,
        *,
        streams: Streams,
        single: SingleStreams,
        origins: Origins,
        rules: HttpRules,
        spans: Spans | None = None,
    ) -> None:
        self._admission, self._tokens = admission, tokens
        self._spans = spans or NoSpans()
        self._streams, self._single = streams, single
        self._origins, self._rules = origins, rules
        self._waits = Waits(rules.body_seconds, "the body")

    def wants_page(self, exchange: Exchange) -> bool:
        """Whether a browser asks for something to look at."""
        if exchange.method not in {"GET", "HEAD"}:
            return False
        return choose(exchange.header(b"accept"), _GET_OFFERS) == HTML

    async def answer(self, exchange: Exchange) -> None:
        """Answer one request, whatever is wrong with it."""
        media_type = JSON
        exchange.always = self._origins.answer_headers(exchange.headers)
        try:
            _check_size(exchange, self._rules)
            if exchange.method == "OPTIONS":
                await self._preflight(exchange)
                return
            self._origins.check(exchange.headers)
            viewer = self._tokens.viewer(exchange.header(b"authorization"), time.time())
            token = stream_token(exchange)
            if token is not None or exchange.method == "PUT":
                await self._on_single_stream(exchange, token, viewer)
                return
            media_type = _negotiate(exchange)
            with self._spans.operation("graphql.request", exchange.headers):
                await self._operate(exchange, media_type, viewer)
        except HttpStatus as status:
            fault = BadRequest(status.message)
            error = self._admission.tell_fault(fault, exchange.request_id)
            body = orjson.dumps({"errors": [error]})
            await exchange.answer(status.status, _labelled(JSON), body, status.headers)
        except GatewayError as error:
            await self._refuse(exchange, error, media_type)

    async def _preflight(self, exchange: Exchange) -> None:
        headers = ((b"allow", _METHODS), *self._origins.preflight_headers(exchange.headers))
        await exchange.answer(204, "text/plain; charset=utf-8", b"", headers)

    async def _operate(self, exchange: Exchange, media_type: str, viewer: Viewer) -> None:
        given = await self._read(exchange)
        caller = self._caller(exchange, viewer)
        if isinstance(given, list):
            await self._answer_batch(exchange, given, caller, media_type)
            return
        admitted = await self._admit(exchange, given, caller)
        media_type = self._suited(exchange, admitted, media_type)
        if media_type == DEFERRED:
            await self._deliver(exchange, admitted)
        elif media_type in STREAMS:
            await self._streams.answer(exchange, admitted, FRAMINGS[media_type])
        else:
            response = await self._execute(admitted)
            await self._answer_whole(exchange, admitted, response, media_type)

    async def _deliver(self, exchange: Exchange, admitted: Admitted) -> None:
        """In parts; what comes whole all the same is answered as if nobody had wanted parts."""
        self._streams.check_room()
        async with closing(self._bodies(admitted)) as bodies:
            first = await anext(bodies)
            plain = choose(exchange.header(b"accept"), _PLAIN_OFFERS)
            if plain is not None and is_whole(first):
                await self._answer_whole(exchange, admitted, first, plain)
                return
            parts = told_parts(self._admission, admitted, first, bodies)
            await self._streams.carry(exchange, admitted, IN_PARTS, parts)

    async def _bodies(self, admitted: Admitted) -> AsyncIterator[GatewayResponse]:
        if admitted.refusal is not None or admitted.kind == "subscription":
            yield await self._execute(admitted)
            return
        async with closing(self._admission.engine.deliver(admitted.request)) as bodies:
            async for body in bodies:
                yield body

    async def _answer_whole(
        self, exchange: Exchange, admitted: Admitted, response: GatewayResponse, media_type: str
    ) -> None:
        body = self._admission.tell(admitted, response)
        errors = body.get("errors")
        exchange.facts["errors"] = len(errors) if isinstance(errors, list) else None
        refused = response.request_error
        status, media_type = self._rules.statuses.of_body(body, media_type, refused=refused)
        clean = admitted.kind == "query" and not errors
        await self._send(exchange, status, media_type, body, admitted.hints.header(clean=clean))

    async def _admit(self, exchange: Exchange, given: Parameters, caller: Caller) -> Admitted:
        exchange.facts["operation"] = given.operation_name
        there = resumed(given, exchange.header(b"last-event-id"))
        admitted = await self._admission.admit(there, caller)
        exchange.facts["hash"] = operation_hash(admitted.parameters.query)
        if admitted.kind == "mutation" and caller.read_only:
            raise HttpStatus(405, "mutations need POST", (b"allow", b"POST"))
        exchange.facts["kind"] = None if admitted.refusal else admitted.kind
        return admitted

    def _caller(self, exchange: Exchange, viewer: Viewer) -> Caller:
        headers = exchange.headers
        carried = forwarded(headers, self._rules.forward, exchange.request_id)
        carried.update(self._spans.carrier())
        asked = _WANTS.keys() & headers.keys()
        return Caller(
            viewer=viewer,
            request_id=exchange.request_id,
            address=exchange.address,
            headers=carried,
            wants=frozenset(_WANTS[name] for name in asked if headers[name] == b"true")
            if asked
            else _NOTHING_MORE,
            read_only=exchange.method != "POST",
        )

    async def _read(self, exchange: Exchange) -> Parameters | list[Parameters]:
        if exchange.method == "GET":
            return from_query_string(exchange.scope["query_string"])
        _check_content_type(exchange)
        most = self._rules.body_bytes
        body = exchange.body_at_once(most)
        if body is None:
            body = await self._waits.wait(exchange.body(most))
        return from_body(body, self._rules.batch)

    def _suited(self, exchange: Exchange, admitted: Admitted, media_type: str) -> str:
        """A stream for a subscription and parts for a deferred answer wherever the client takes
        them; neither for anything else, but for a client that takes nothing else."""
        accept = exchange.header(b"accept") or ""
        if media_type == EVENT_STREAM or "multipart" not in accept.lower():
            return media_type if admitted.kind != "subscription" else _streamed(accept, media_type)
        if admitted.kind == "subscription":
            return _streamed(accept, media_type)
        wanted = admitted.refusal is None and choose(accept, (DEFERRED,)) is not None
        given = admitted.parameters
        engine, grants = self._admission.engine, admitted.request.grants
        if wanted and engine.is_incremental(given.query, given.operation_name, grants):
            return DEFERRED
        return (
            (choose(accept, _PLAIN_OFFERS) or media_type) if media_type in STREAMS else media_type
        )

    async def _execute(self, admitted: Admitted) -> GatewayResponse:
        if admitted.refusal is not None:
            return admitted.refusal
        if admitted.kind == "subscription":
            return _NEEDS_STREAM
        return await self._admission.engine.execute(admitted.request)

    async def _answer_batch(
        self, exchange: Exchange, batch: list[Parameters], caller: Caller, media_type: str
    ) -> None:
        if media_type in STREAMS:
            plain = choose(exchange.header(b"accept"), _PLAIN_OFFERS)
            if plain is None:
                raise BadRequest("a batch is answered as one list, not as a stream")
            media_type = plain

        async def one(given: Parameters) -> dict[str, object]:
            try:
                admitted = await self._admission.admit(given, caller)
                return self._admission.tell(admitted, await self._execute(admitted))
            except (ClientFault, NotReady) as fault:
                return {"errors": [self._admission.tell_fault(fault, caller.request_id)]}

        exchange.facts["batch"] = len(batch)
        bodies = await asyncio.gather(*map(one, batch))
        await self._send(exchange, 200, media_type, bodies, NO_STORE)

    async def _send(
        self, exchange: Exchange, status: int, media_type: str, body: object, cache: bytes
    ) -> None:
        headers: Headers = ((b"cache-control", cache), (b"vary", _VARY))
        over = self._rules.compress_over
        label = _labelled(media_type)
        await exchange.answer_large(status, label, orjson.dumps(body), headers, over)

    async def _on_single_stream(
        self, exchange: Exchange, token: str | None, viewer: Viewer
    ) -> None:
        if token is None:
            await self._single.reserve(exchange, viewer)
        elif exchange.method == "GET":
            await self._single.open(exchange, token, viewer)
        elif exchange.method == "DELETE":
            await self._single.stop(exchange, token, viewer)
        elif exchange.method == "POST":
            await self._start_on(exchange, token, viewer)
        else:
            raise HttpStatus(405, "use GET, POST, PUT or DELETE", (b"allow", _METHODS))

    async def _start_on(self, exchange: Exchange, token: str, viewer: Viewer) -> None:
        given = await self._read(exchange)
        if isinstance(given, list):
            raise BadRequest("one operation at a time is started on a stream")
        admitted = await self._admit(exchange, given, self._caller(exchange, viewer))
        if self._single.start(token, admitted) is None:
            raise HttpStatus(404, "there is no such stream")
        await exchange.answer(202, "text/plain; charset=utf-8", b"")

    async def _refuse(self, exchange: Exchange, error: GatewayError, media_type: str) -> None:
        told = error
        if not isinstance(error, ClientFault | NotReady):
            _LOG.error("request %s failed", exchange.request_id, exc_info=error)
            told = InternalFault("something went wrong inside the gateway")
        exchange.facts["code"] = told.code
        body = orjson.dumps({"errors": [self._admission.tell_fault(told, exchange.request_id)]})
        status, media_type, headers = self._rules.statuses.of_fault(told, media_type)
        await exchange.answer(status, _labelled(media_type), body, headers)


_NEEDS_STREAM: Final = GatewayResponse(
    body={
        "errors": [
            {
                "message": "subscriptions need graphql-transport-ws or Accept: text/event-stream",
                "extensions": {"code": SUBSCRIPTION_NEEDS_STREAM},
            }
        ]
    },
    request_error=True,
)


def _negotiate(exchange: Exchange) -> str:
    if exchange.method not in {"GET", "POST"}:
        raise HttpStatus(405, "use GET or POST", (b"allow", _METHODS))
    offers = _GET_OFFERS if exchange.method == "GET" else _POST_OFFERS
    media_type = choose(exchange.header(b"accept"), offers)
    if media_type is None or media_type == HTML:
        raise HttpStatus(406, f"this door answers with {', '.join(offers)}")
    return media_type


def _streamed(accept: str, media_type: str) -> str:
    if media_type in _STREAM_OFFERS or not accept:
        return media_type
    return choose(accept, _STREAM_OFFERS) or choose(accept, _PLAIN_OFFERS) or media_type


def _check_size(exchange: Exchange, rules: HttpRules) -> None:
    scope = exchange.scope
    if len(scope["raw_path"]) + len(scope["query_string"]) > rules.uri_bytes:
        raise UriTooLong(rules.uri_bytes)
    size = 0
    for name, value in scope["headers"]:
        size += len(name) + len(value)
    if size > rules.header_bytes:
        raise HeadersTooLarge(rules.header_bytes)


_JSON_BYTES: Final = JSON.encode("ascii")
_VARY: Final = b"accept, accept-encoding, authorization"


def _check_content_type(exchange: Exchange) -> None:
    given = exchange.headers
    if given.get(b"content-type") == _JSON_BYTES and b"content-encoding" not in given:
        return
    name, *parameters = (
        part.strip().lower() for part in (exchange.header(b"content-type") or "").split(";")
    )
    charsets = [item.partition("=")[2].strip('"') for item in parameters if "charset" in item]
    if name != JSON or any(charset not in {"utf-8", "utf8"} for charset in charsets):
        raise HttpStatus(415, "the body must be application/json in UTF-8")
    encoding = (exchange.header(b"content-encoding") or "gzip").lower()
    if encoding not in {"gzip", "x-gzip"}:
        accepted = (b"accept-encoding", b"gzip")
        raise HttpStatus(415, "the body may be compressed with gzip only", accepted)


def _labelled(media_type: str) -> str:
    return f"{media_type}; charset=utf-8"


__all__ = ["HttpDoor", "HttpRules", "HttpStatus"]
