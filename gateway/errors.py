"""Everything that can go wrong in the gateway, by who must act.

    GatewayError                          code
    ├── ClientFault                       the caller must change the request
    │   ├── BadRequest                    BAD_REQUEST (BadParameters: JSON, but no request)
    │   ├── ParseFailed                   GRAPHQL_PARSE_FAILED
    │   ├── ValidationFailed              GRAPHQL_VALIDATION_FAILED
    │   ├── BadVariables                  BAD_USER_INPUT
    │   ├── UnknownOperation              OPERATION_RESOLUTION_FAILURE
    │   ├── Unauthenticated               UNAUTHENTICATED (reason: TOKEN_EXPIRED, TOKEN_INVALID,
    │   │                                 TOKEN_REVOKED, TOKEN_REPLAYED)
    │   ├── OtherOrigin                   ORIGIN_NOT_ALLOWED
    │   ├── AddressNotAllowed             ADDRESS_NOT_ALLOWED
    │   ├── NoIntrospection               INTROSPECTION_DISABLED
    │   ├── CursorConflict                CURSOR_CONFLICT
    │   ├── UnknownPath                   NOT_FOUND
    │   ├── UnknownDocument               PERSISTED_QUERY_NOT_FOUND
    │   ├── HashMismatch                  PERSISTED_QUERY_HASH_MISMATCH
    │   ├── UntrustedDocument             PERSISTED_QUERY_REQUIRED
    │   └── LimitExceeded
    │       ├── BodyTooLarge              BODY_TOO_LARGE
    │       ├── TooManyTokens             MAX_TOKENS_LIMIT
    │       ├── TooDeep                   MAX_DEPTH_LIMIT
    │       ├── TooManyAliases            MAX_ALIASES_LIMIT
    │       ├── HeadersTooLarge           HEADERS_TOO_LARGE
    │       ├── UriTooLong                URI_TOO_LONG
    │       ├── TooManyRootFields         MAX_ROOT_FIELDS_LIMIT
    │       ├── TooManyDirectives         MAX_DIRECTIVES_LIMIT
    │       ├── ListTooLong               MAX_LIST_SIZE_LIMIT
    │       ├── TooCostly                 MAX_COST_LIMIT
    │       ├── BatchTooLarge             MAX_BATCH_LIMIT
    │       └── PlanTooLarge              QUERY_PLAN_TOO_LARGE
    ├── NotReady                          the caller may come back later
    │   ├── TooOften                      RATE_LIMITED
    │   ├── TooSlow                       REQUEST_TIMEOUT
    │   ├── TooManyStreams                TOO_MANY_STREAMS
    │   ├── GraphNotLoaded                GRAPH_NOT_LOADED
    │   └── ShuttingDown                  SHUTTING_DOWN
    ├── OperatorFault                     whoever runs the gateway must mend a file or a setting
    │   ├── BadSettings                   SETTINGS_INVALID
    │   ├── BadSupergraph                 SUPERGRAPH_INVALID
    │   ├── BadKey                        KEY_INVALID
    │   ├── BadAllowList                  ALLOW_LIST_INVALID
    │   ├── CannotListen                  CANNOT_LISTEN
    │   └── WorkerFailed                  WORKER_FAILED
    └── InternalFault                     INTERNAL_SERVER_ERROR: we must mend the gateway
        └── PlanningFailed                QUERY_PLANNING_FAILED

A sick subgraph is none of these: inside the executor it is a value (`executor.ports.Fault`) that
becomes one entry of `errors`. Its codes are the `SUBREQUEST_*` and `SUBSCRIPTION_*` constants here.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

SUBREQUEST_CONNECTION_ERROR: Final = "SUBREQUEST_CONNECTION_ERROR"
SUBREQUEST_TIMEOUT: Final = "SUBREQUEST_TIMEOUT"
SUBREQUEST_HTTP_ERROR: Final = "SUBREQUEST_HTTP_ERROR"
SUBREQUEST_MALFORMED_RESPONSE: Final = "SUBREQUEST_MALFORMED_RESPONSE"
SUBREQUEST_TOO_LARGE: Final = "SUBREQUEST_TOO_LARGE"
SUBREQUEST_OVERLOADED: Final = "SUBREQUEST_OVERLOADED"
SUBREQUEST_CIRCUIT_OPEN: Final = "SUBREQUEST_CIRCUIT_OPEN"
SUBREQUEST_INVALID: Final = "SUBREQUEST_INVALID"
DOWNSTREAM_SERVICE_ERROR: Final = "DOWNSTREAM_SERVICE_ERROR"
UNEXPECTED_NULL: Final = "UNEXPECTED_NULL"
SUBSCRIPTION_UPSTREAM_LOST: Final = "SUBSCRIPTION_UPSTREAM_LOST"
SUBSCRIPTION_UPSTREAM_REFUSED: Final = "SUBSCRIPTION_UPSTREAM_REFUSED"
SUBSCRIPTION_INVALIDATED: Final = "SUBSCRIPTION_INVALIDATED"
SUBSCRIPTION_TOO_MANY_OPERATIONS: Final = "SUBSCRIPTION_TOO_MANY_OPERATIONS"
SUBSCRIPTION_NEEDS_STREAM: Final = "SUBSCRIPTION_NEEDS_STREAM"
UNAUTHORIZED_FIELD_OR_TYPE: Final = "UNAUTHORIZED_FIELD_OR_TYPE"
SUBSCRIPTION_GRANT_ENDED: Final = "SUBSCRIPTION_GRANT_ENDED"
INTERNAL_SERVER_ERROR: Final = "INTERNAL_SERVER_ERROR"

VALUE_CODES: Final[Mapping[str, str]] = {
    SUBREQUEST_CONNECTION_ERROR: "A subgraph could not be reached, or hung up.",
    SUBREQUEST_TIMEOUT: "A subgraph did not answer in time.",
    SUBREQUEST_HTTP_ERROR: "A subgraph answered with a status of failure and no GraphQL.",
    SUBREQUEST_MALFORMED_RESPONSE: "A subgraph's answer is no GraphQL answer to what was asked.",
    SUBREQUEST_TOO_LARGE: "A subgraph's answer has more bytes than the gateway takes.",
    SUBREQUEST_OVERLOADED: "Too many requests already wait for the subgraph.",
    SUBREQUEST_CIRCUIT_OPEN: "The subgraph failed too often just now; it is left alone a moment.",
    SUBREQUEST_INVALID: "The gateway could not ask: the subgraph or the request is unfit.",
    DOWNSTREAM_SERVICE_ERROR: "A subgraph gave an error of its own without a code.",
    UNEXPECTED_NULL: "Nothing came for a place that the schema says is never null.",
    SUBSCRIPTION_UPSTREAM_LOST: "The subgraph's stream broke off; ask again from where you are.",
    SUBSCRIPTION_UPSTREAM_REFUSED: "The subgraph would not take the subscription.",
    SUBSCRIPTION_INVALIDATED: "The graph was reloaded, and the subscription does not fit it.",
    SUBSCRIPTION_TOO_MANY_OPERATIONS: "The socket or stream runs as many operations as it may.",
    SUBSCRIPTION_NEEDS_STREAM: "A subscription was sent where one answer is expected.",
    UNAUTHORIZED_FIELD_OR_TYPE: "The caller lacks what a guard of the schema requires.",
    SUBSCRIPTION_GRANT_ENDED: "What the caller may see has changed; subscribe again.",
}
"""Codes of errors that are values inside the executor and never raised."""

OWN_CODES: Final = frozenset(VALUE_CODES.keys() - {DOWNSTREAM_SERVICE_ERROR})
"""Codes that the gateway gives when it speaks of a subgraph: their sentences are its own."""

RETRYABLE_CODES: Final = frozenset(
    {SUBREQUEST_CONNECTION_ERROR, SUBREQUEST_TIMEOUT, SUBREQUEST_OVERLOADED}
    | {SUBREQUEST_CIRCUIT_OPEN}
    | {SUBSCRIPTION_UPSTREAM_LOST, SUBSCRIPTION_TOO_MANY_OPERATIONS}
    | {"NOT_READY", "GRAPH_NOT_LOADED", "SHUTTING_DOWN", "RATE_LIMITED", "REQUEST_TIMEOUT"}
    | {"TOO_MANY_STREAMS", "PERSISTED_QUERY_NOT_FOUND"}
)
"""Codes after which the same request may fare better a little later."""


class GatewayError(Exception):
    """Base of the tree; `message` is for people, `code` and `facts` are for programs."""

    code: ClassVar[str] = INTERNAL_SERVER_ERROR

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.facts: Mapping[str, object] = facts

    def as_graphql(self) -> dict[str, object]:
        """The error as one entry of a GraphQL `errors` list; `locations` stand where the
        specification has them."""
        facts = dict(self.facts)
        placed = {"locations": facts.pop("locations")} if "locations" in facts else {}
        return {"message": self.message, **placed, "extensions": {"code": self.code, **facts}}


class ClientFault(GatewayError):
    """The caller must change the request; repeating it changes nothing."""

    code = "BAD_REQUEST"


class BadRequest(ClientFault):
    """The bytes are not a GraphQL request at all."""

    code = "BAD_REQUEST"


class BadParameters(BadRequest):
    """The bytes are JSON, but not the parameters of a GraphQL request."""

    code = "BAD_REQUEST"


class ParseFailed(ClientFault):
    """The document is not GraphQL."""

    code = "GRAPHQL_PARSE_FAILED"


class ValidationFailed(ClientFault):
    """The document does not fit the schema."""

    code = "GRAPHQL_VALIDATION_FAILED"


class BadVariables(ClientFault):
    """A variable has no value of its declared type."""

    code = "BAD_USER_INPUT"


class UnknownOperation(ClientFault):
    """The document holds no operation of that name, or several and none was named."""

    code = "OPERATION_RESOLUTION_FAILURE"


class Unauthenticated(ClientFault):
    """A token was given and is worth nothing; `reason` says why without echoing it."""

    code = "UNAUTHENTICATED"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message, reason=reason)
        self.reason = reason


class OtherOrigin(ClientFault):
    """A page of another site asks, and no CORS policy lets it."""

    code = "ORIGIN_NOT_ALLOWED"


class AddressNotAllowed(ClientFault):
    """The account may not be used from the address the request comes from."""

    code = "ADDRESS_NOT_ALLOWED"


class NoIntrospection(ClientFault):
    """The caller may not ask for the schema."""

    code = "INTROSPECTION_DISABLED"


class CursorConflict(ClientFault):
    """`Last-Event-ID`, `extensions.after` and the argument do not all name the same place."""

    code = "CURSOR_CONFLICT"


class UnknownPath(ClientFault):
    """Nothing is served at this path; the graph is at /graphql."""

    code = "NOT_FOUND"


class UnknownDocument(ClientFault):
    """No document of that id or hash is known; an APQ client now sends its text as well."""

    code = "PERSISTED_QUERY_NOT_FOUND"


class HashMismatch(ClientFault):
    """The hash that came with a document is not the document's."""

    code = "PERSISTED_QUERY_HASH_MISMATCH"


class UntrustedDocument(ClientFault):
    """Only documents of the manifest may run here."""

    code = "PERSISTED_QUERY_REQUIRED"


class LimitExceeded(ClientFault):
    """The request is larger than this gateway takes; `limit` is the bound it broke."""

    code = "LIMIT_EXCEEDED"
    subject: ClassVar[str] = "request"
    unit: ClassVar[str] = "units"

    def __init__(self, limit: int) -> None:
        super().__init__(f"the {self.subject} may have at most {limit} {self.unit}", limit=limit)
        self.limit = limit


class BodyTooLarge(LimitExceeded):
    """The HTTP body or WebSocket frame has too many bytes."""

    code = "BODY_TOO_LARGE"
    subject, unit = "request body", "bytes"


class TooManyTokens(LimitExceeded):
    """The document has too many lexical tokens."""

    code = "MAX_TOKENS_LIMIT"
    subject, unit = "document", "tokens"


class TooDeep(LimitExceeded):
    """The selections nest too deeply, fragments followed."""

    code = "MAX_DEPTH_LIMIT"
    subject, unit = "operation", "levels of selections"


class TooManyAliases(LimitExceeded):
    """The operation renames too many fields."""

    code = "MAX_ALIASES_LIMIT"
    subject, unit = "operation", "aliases"


class TooManyRootFields(LimitExceeded):
    """The operation asks for too many root fields."""

    code = "MAX_ROOT_FIELDS_LIMIT"
    subject, unit = "operation", "root fields"


class TooManyDirectives(LimitExceeded):
    """The operation uses too many directives."""

    code = "MAX_DIRECTIVES_LIMIT"
    subject, unit = "operation", "directives"


class ListTooLong(LimitExceeded):
    """A list is asked for with too many elements."""

    code = "MAX_LIST_SIZE_LIMIT"
    subject, unit = "lists of an operation", "elements each"


class TooCostly(LimitExceeded):
    """The operation's estimated cost is too high."""

    code = "MAX_COST_LIMIT"
    subject, unit = "operation", "cost units"


class BatchTooLarge(LimitExceeded):
    """The list of requests is too long, or lists are not taken at all."""

    code = "MAX_BATCH_LIMIT"
    subject, unit = "batch", "requests"


class HeadersTooLarge(LimitExceeded):
    """The headers of the HTTP request have too many bytes."""

    code = "HEADERS_TOO_LARGE"
    subject, unit = "request's headers", "bytes"


class UriTooLong(LimitExceeded):
    """Path and query string have too many bytes; a POST takes more."""

    code = "URI_TOO_LONG"
    subject, unit = "request's address", "bytes"


class PlanTooLarge(LimitExceeded):
    """Planning the operation would cost more than the planner may spend."""

    code = "QUERY_PLAN_TOO_LARGE"
    subject, unit = "operation", "planning steps"


class NotReady(GatewayError):
    """Nothing is wrong with the request; the gateway cannot take it yet, or any more."""

    code = "NOT_READY"


class TooOften(NotReady):
    """The caller has spent what it may spend in a while; `retryAfter` is in seconds."""

    code = "RATE_LIMITED"

    def __init__(self, seconds: float) -> None:
        super().__init__("too much was asked in a short time", retryAfter=round(seconds, 3))
        self.seconds = seconds


class TooSlow(NotReady):
    """The request did not arrive in time."""

    code = "REQUEST_TIMEOUT"


class TooManyStreams(NotReady):
    """As many streams are open as this gateway takes."""

    code = "TOO_MANY_STREAMS"


class GraphNotLoaded(NotReady):
    """No supergraph is loaded yet."""

    code = "GRAPH_NOT_LOADED"


class ShuttingDown(NotReady):
    """The gateway drains and takes no new work."""

    code = "SHUTTING_DOWN"


class OperatorFault(GatewayError):
    """A file or a setting must be mended; told once, in one sentence, at start or reload."""

    code = "SETTINGS_INVALID"


class BadSettings(OperatorFault):
    """A setting is unknown, missing or of the wrong kind; `key` is its dotted path."""

    code = "SETTINGS_INVALID"

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}" if key else problem, key=key)
        self.key, self.problem = key, problem


class BadSupergraph(OperatorFault):
    """The supergraph text cannot be read as one."""

    code = "SUPERGRAPH_INVALID"


class BadKey(OperatorFault):
    """A key file is missing or does not hold the kind of key that is needed."""

    code = "KEY_INVALID"


class BadAllowList(OperatorFault):
    """Allow-lists were not told, or can't be read as such; those before hold."""

    code = "ALLOW_LIST_INVALID"


class CannotListen(OperatorFault):
    """The address to listen on is taken or not ours."""

    code = "CANNOT_LISTEN"


class WorkerFailed(OperatorFault):
    """One of several workers ended before all of them served."""

    code = "WORKER_FAILED"


class InternalFault(GatewayError):
    """A bug of ours; its sentence goes to the log, not to the caller."""

    code = INTERNAL_SERVER_ERROR


class PlanningFailed(InternalFault):
    """No plan answers a valid operation: the supergraph is not satisfiable or the planner errs."""

    code = "QUERY_PLANNING_FAILED"
