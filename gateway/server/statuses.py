"""Which status an answer has: as the graphql-http audit wants it, or as the GraphQL-over-HTTP
draft of 2026-08 does. Pure.

They differ in request errors (400 and 200 by media type; 400 and 422 for all), in partial answers
(200; 294), and in how an error is labelled for a client that takes only `application/json`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.errors import (
    AddressNotAllowed,
    BadParameters,
    BodyTooLarge,
    ClientFault,
    GatewayError,
    HeadersTooLarge,
    NoIntrospection,
    NotReady,
    OtherOrigin,
    ParseFailed,
    TooOften,
    TooSlow,
    Unauthenticated,
    UntrustedDocument,
    UriTooLong,
)
from gateway.server.exchange import Headers
from gateway.server.negotiate import GRAPHQL_RESPONSE, JSON

_OF_FAULT: Final[Mapping[type[GatewayError], int]] = {
    BodyTooLarge: 413,
    UriTooLong: 414,
    HeadersTooLarge: 431,
    OtherOrigin: 403,
    AddressNotAllowed: 403,
}
_OF_CODE: Final[Mapping[object, int]] = {
    ParseFailed.code: 400,
    Unauthenticated.code: 401,
    NoIntrospection.code: 403,
    UntrustedDocument.code: 403,
}
"""The draft's, for an answer without data; anything else is 422."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statuses:
    """`draft`: those of 2026-08."""

    draft: bool = False

    def of_body(
        self, body: Mapping[str, object], media_type: str, *, refused: bool
    ) -> tuple[int, str]:
        """Status and media type of an answer; `refused`: nothing was executed."""
        if not self.draft:
            return 400 if refused and media_type == GRAPHQL_RESPONSE else 200, media_type
        if not refused:
            return 294 if body.get("errors") else 200, media_type
        return _OF_CODE.get(_code(body), 422), GRAPHQL_RESPONSE

    def of_fault(self, error: GatewayError, media_type: str) -> tuple[int, str, Headers]:
        """Status, media type and further headers of an error of ours."""
        status, headers = _status(error)
        if self.draft:
            if status == 400 and isinstance(error, ClientFault):
                parameters = isinstance(error, BadParameters)
                status = 422 if parameters else _OF_CODE.get(error.code, status)
            return status, GRAPHQL_RESPONSE, headers
        return status, GRAPHQL_RESPONSE if media_type == GRAPHQL_RESPONSE else JSON, headers


def _status(error: GatewayError) -> tuple[int, Headers]:
    match error:
        case Unauthenticated():
            return 401, ((b"www-authenticate", b'Bearer error="invalid_token"'),)
        case TooOften():
            return 429, ((b"retry-after", b"%d" % math.ceil(error.seconds)),)
        case TooSlow():
            return 408, ((b"connection", b"close"),)
        case NotReady():
            return 503, ((b"retry-after", b"1"),)
        case ClientFault():
            return _OF_FAULT.get(type(error), 400), ()
        case _:
            return 500, ()


def _code(body: Mapping[str, object]) -> object:
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    extensions = first.get("extensions")
    return extensions.get("code") if isinstance(extensions, dict) else None
