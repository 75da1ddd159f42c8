"""Everything that can go wrong in the gateway, by who must act.

    GatewayError                          code
    ├── ClientFault                       the caller must change the request
    │   ├── BadRequest                    BAD_REQUEST
    │   ├── ParseFailed                   GRAPHQL_PARSE_FAILED
    │   ├── ValidationFailed              GRAPHQL_VALIDATION_FAILED
    │   ├── BadVariables                  BAD_USER_INPUT
    │   ├── UnknownOperation              OPERATION_RESOLUTION_FAILURE
    │   ├── Unauthenticated               UNAUTHENTICATED (reason: TOKEN_EXPIRED, TOKEN_INVALID)
    │   └── LimitExceeded
    │       ├── BodyTooLarge              BODY_TOO_LARGE
    │       ├── TooManyTokens             MAX_TOKENS_LIMIT
    │       ├── TooDeep                   MAX_DEPTH_LIMIT
    │       ├── TooManyAliases            MAX_ALIASES_LIMIT
    │       ├── TooManyRootFields         MAX_ROOT_FIELDS_LIMIT
    │       └── PlanTooLarge              QUERY_PLAN_TOO_LARGE
    ├── NotReady                          the caller may come back later
    │   ├── GraphNotLoaded                GRAPH_NOT_LOADED
    │   └── ShuttingDown                  SHUTTING_DOWN
    ├── OperatorFault                     whoever runs the gateway must mend a file or a setting
    │   ├── BadSettings                   SETTINGS_INVALID
    │   ├── BadSupergraph                 SUPERGRAPH_INVALID
    │   ├── BadKey                        KEY_INVALID
    │   └── CannotListen                  CANNOT_LISTEN
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
SUBREQUEST_INVALID: Final = "SUBREQUEST_INVALID"
DOWNSTREAM_SERVICE_ERROR: Final = (
    "DOWNSTREAM_SERVICE_ERROR"  # a subgraph's own error without a code
)
UNEXPECTED_NULL: Final = "UNEXPECTED_NULL"  # nothing came for a non-null place
SUBSCRIPTION_UPSTREAM_LOST: Final = "SUBSCRIPTION_UPSTREAM_LOST"
SUBSCRIPTION_UPSTREAM_REFUSED: Final = "SUBSCRIPTION_UPSTREAM_REFUSED"
SUBSCRIPTION_TOO_MANY_OPERATIONS: Final = "SUBSCRIPTION_TOO_MANY_OPERATIONS"
SUBSCRIPTION_NEEDS_STREAM: Final = "SUBSCRIPTION_NEEDS_STREAM"
INTERNAL_SERVER_ERROR: Final = "INTERNAL_SERVER_ERROR"


class GatewayError(Exception):
    """Base of the tree; `message` is for people, `code` and `facts` are for programs."""

    code: ClassVar[str] = INTERNAL_SERVER_ERROR

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.facts: Mapping[str, object] = facts

    def as_graphql(self) -> dict[str, object]:
        """The error as one entry of a GraphQL `errors` list."""
        return {"message": self.message, "extensions": {"code": self.code, **self.facts}}


class ClientFault(GatewayError):  # noqa: N818 - named by who must act
    """The caller must change the request; repeating it changes nothing."""

    code = "BAD_REQUEST"


class BadRequest(ClientFault):
    """The bytes are not a GraphQL request at all."""

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


class PlanTooLarge(LimitExceeded):
    """Planning the operation would cost more than the planner may spend."""

    code = "QUERY_PLAN_TOO_LARGE"
    subject, unit = "operation", "planning steps"


class NotReady(GatewayError):  # noqa: N818 - named by who must act
    """Nothing is wrong with the request; the gateway cannot take it yet, or any more."""

    code = "NOT_READY"


class GraphNotLoaded(NotReady):
    """No supergraph is loaded yet."""

    code = "GRAPH_NOT_LOADED"


class ShuttingDown(NotReady):
    """The gateway drains and takes no new work."""

    code = "SHUTTING_DOWN"


class OperatorFault(GatewayError):  # noqa: N818 - named by who must act
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


class CannotListen(OperatorFault):
    """The address to listen on is taken or not ours."""

    code = "CANNOT_LISTEN"


class InternalFault(GatewayError):  # noqa: N818 - named by who must act
    """A bug of ours; its sentence goes to the log, not to the caller."""

    code = INTERNAL_SERVER_ERROR


class PlanningFailed(InternalFault):
    """No plan answers a valid operation: the supergraph is not satisfiable or the planner errs."""

    code = "QUERY_PLANNING_FAILED"
