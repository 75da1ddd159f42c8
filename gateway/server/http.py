"""GraphQL over HTTP: bytes become a `GatewayRequest`, a `GatewayResponse` becomes bytes.

Nothing is decided here beyond the statuses of the graphql-http audit: a request error is 400 for
`application/graphql-response+json` and 200 for `application/json`, a malformed request is 400 for
both, and whatever was executed is 200.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from gateway.auth.context import CallContext
from gateway.auth.tokens import TokenVerifier
from gateway.engine import GatewayRequest, GatewayResponse
from gateway.errors import (
    SUBSCRIPTION_NEEDS_STREAM,
    BadRequest,
    BodyTooLarge,
    ClientFault,
    GatewayError,
    InternalFault,
    NotReady,
    Unauthenticated,
)
from gateway.executor.ports import OperationKind
from gateway.server.exchange import Exchange, forwarded
from gateway.server.negotiate import EVENT_STREAM, GRAPHQL_RESPONSE, HTML, JSON, choose
from gateway.server.parameters import Parameters, from_body, from_query_string
from gateway.server.ports import GraphQLEngine
from gateway.server.sse import EventStreams
from gateway.telemetry.access import operation_hash

_OFFERS: Final = {"GET": (JSON, GRAPHQL_RESPONSE, HTML, EVENT_STREAM)}
_POST_OFFERS: Final = (JSON, GRAPHQL_RESPONSE, EVENT_STREAM)
_WANT_PLAN: Final = b"credgraph-expose-query-plan"
_LOG = logging.getLogger("credgraph.server")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRules:
    """Bounds and habits of the HTTP door. `forward` names headers that go on to subgraphs;
    `expose_plan` lets callers ask for the query plan in `extensions`."""

    body_bytes: int = 1_000_000
    request_seconds: float = 30.0
    forward: tuple[str, ...] = ()
    expose_plan: bool = False


class HttpStatus(Exception):
    """An answer that is a matter of HTTP rather than of GraphQL."""

    def __init__(self, status: int, message: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers


class HttpDoor:
    """Answers /graphql for everything but browsers that want a page."""

    def __init__(
        self,
        engine: GraphQLEngine,
        tokens: TokenVerifier,
        streams: EventStreams,
        rules: HttpRules,
    ) -> None:
        self._engine, self._tokens = engine, tokens
        self._streams, self._rules = streams, rules

    def wants_page(self, exchange: Exchange) -> bool:
        """Whether a browser asks for something to look at."""
        if exchange.method not in {"GET", "HEAD"}:
            return False
        return choose(exchange.header(b"accept"), _OFFERS["GET"]) == HTML

    async def answer(self, exchange: Exchange) -> None:
        """Answer one request, whatever is wrong with it."""
        media_type = JSON
        try:
            media_type = self._negotiate(exchange)
            await self._operate(exchange, media_type)
        except HttpStatus as status:
            body = _errors({"message": status.message, "extensions": {"code": "BAD_REQUEST"}})
            await exchange.answer(status.status, _labelled(JSON), body, status.headers)
        except GatewayError as error:
            await _refuse(exchange, error, media_type)

    def _negotiate(self, exchange: Exchange) -> str:
        if exchange.method not in {"GET", "POST"}:
            raise HttpStatus(405, "use GET or POST", (b"allow", b"GET, POST"))
        offers = _OFFERS.get(exchange.method, _POST_OFFERS)
        media_type = choose(exchange.header(b"accept"), offers)
        if media_type is None or media_type == HTML:
            raise HttpStatus(406, f"this door answers with {', '.join(offers)}")
        return media_type

    async def _operate(self, exchange: Exchange, media_type: str) -> None:
        viewer = self._tokens.viewer(exchange.header(b"authorization"), time.time())
        parameters = await self._read(exchange)
        exchange.facts["operation"] = parameters.operation_name
        exchange.facts["hash"] = operation_hash(parameters.query)
        headers = forwarded(exchange.headers, self._rules.forward, exchange.request_id)
        request = GatewayRequest(
            query=parameters.query,
            operation_name=parameters.operation_name,
            variables=parameters.variables,
            extensions=parameters.extensions,
            context=CallContext(viewer=viewer, headers=headers),
            timeout=self._rules.request_seconds,
            allow_mutation=exchange.method == "POST",
            want_plan=self._rules.expose_plan and exchange.header(_WANT_PLAN) == "true",
        )
        kind = self._engine.operation_kind(request.query, request.operation_name)
        if kind == "mutation" and not request.allow_mutation:
            raise HttpStatus(405, "mutations need POST", (b"allow", b"POST"))
        exchange.facts["kind"] = None if isinstance(kind, GatewayResponse) else kind
        if media_type == EVENT_STREAM:
            await self._streams.answer(exchange, request, viewer)
        else:
            response = await self._execute(request, kind)
            await _respond(exchange, response, media_type)

    async def _read(self, exchange: Exchange) -> Parameters:
        if exchange.method == "GET":
            return from_query_string(exchange.scope["query_string"])
        _check_content_type(exchange.header(b"content-type"))
        return from_body(await exchange.body(self._rules.body_bytes))

    async def _execute(
        self, request: GatewayRequest, kind: OperationKind | GatewayResponse
    ) -> GatewayResponse:
        if isinstance(kind, GatewayResponse):
            return kind
        if kind == "subscription":
            return _NEEDS_STREAM
        return await self._engine.execute(request)


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


async def _respond(exchange: Exchange, response: GatewayResponse, media_type: str) -> None:
    status = 400 if response.request_error and media_type == GRAPHQL_RESPONSE else 200
    errors = response.body.get("errors")
    exchange.facts["errors"] = len(errors) if isinstance(errors, list) else None
    await exchange.answer(status, _labelled(media_type), orjson.dumps(response.body))


async def _refuse(exchange: Exchange, error: GatewayError, media_type: str) -> None:
    told = error
    if not isinstance(error, ClientFault | NotReady):
        _LOG.error("request %s failed", exchange.request_id, exc_info=error)
        told = InternalFault("something went wrong inside the gateway")
    exchange.facts["code"] = told.code
    label = _labelled(GRAPHQL_RESPONSE if media_type == GRAPHQL_RESPONSE else JSON)
    status, headers = _status(told)
    await exchange.answer(status, label, _errors(told.as_graphql()), headers)


def _status(error: GatewayError) -> tuple[int, tuple[tuple[bytes, bytes], ...]]:
    match error:
        case Unauthenticated():
            return 401, ((b"www-authenticate", b'Bearer error="invalid_token"'),)
        case BodyTooLarge():
            return 413, ()
        case ClientFault():
            return 400, ()
        case NotReady():
            return 503, ((b"retry-after", b"1"),)
        case _:
            return 500, ()


def _check_content_type(value: str | None) -> None:
    name, *parameters = (part.strip().lower() for part in (value or "").split(";"))
    charsets = [item.partition("=")[2].strip('"') for item in parameters if "charset" in item]
    if name != JSON or any(charset not in {"utf-8", "utf8"} for charset in charsets):
        raise HttpStatus(415, "the body must be application/json in UTF-8")


def _labelled(media_type: str) -> str:
    return f"{media_type}; charset=utf-8"


def _errors(*errors: Mapping[str, object]) -> bytes:
    return orjson.dumps({"errors": errors})


__all__ = ["BadRequest", "HttpDoor", "HttpRules", "HttpStatus"]
