"""What can end a subscription for good, and what only ends a connection.

    SubscriptionError                 code
    ├── Gap                           SUBSCRIPTION_GAP       events are missing: never pass over it
    ├── Refused                       SUBSCRIPTION_REFUSED   the graph will not have this operation
    ├── NotWelcome                    SUBSCRIPTION_TOKEN     tokens are refused again and again
    └── Incomplete                    SUBSCRIPTION_FRAME     frames lack what positions need

`Lost` and `Unwelcome` never leave this package: they are why a connection is made anew.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar


class SubscriptionError(Exception):
    """The iteration ends with it; iterating again goes on from the last position kept."""

    code: ClassVar[str]


class Gap(SubscriptionError):
    """The frame follows one that this client never had: what lies between was not delivered."""

    code = "SUBSCRIPTION_GAP"

    def __init__(self, *, last: int, previous: int, sequence: int) -> None:
        super().__init__(
            f"frame {sequence} follows {previous}, but the last one here was {last}: "
            "events between them are missing"
        )
        self.last, self.previous, self.sequence = last, previous, sequence


class Refused(SubscriptionError):
    """The same again will fare no better; `errors` are the graph's own, `codes` their codes.

    `CURSOR_EXPIRED` among the codes: the position lies before what is kept; read a snapshot and
    begin with a new store."""

    code = "SUBSCRIPTION_REFUSED"

    def __init__(self, errors: Sequence[Mapping[str, object]]) -> None:
        super().__init__("; ".join(str(error.get("message")) for error in errors))
        self.errors = tuple(errors)
        self.codes = tuple(map(code_of, errors))


class NotWelcome(SubscriptionError):
    """One new token after another was refused."""

    code = "SUBSCRIPTION_TOKEN"


class Incomplete(SubscriptionError):
    """A frame has no cursor, sequence or previous sequence: select them in the operation."""

    code = "SUBSCRIPTION_FRAME"


class Lost(Exception):
    """The connection is over; what it carried goes on over the next."""


class Unwelcome(Exception):
    """The token was refused or has expired."""


def code_of(error: Mapping[str, object]) -> str:
    """The stable code of one GraphQL error, empty when it has none."""
    extensions = error.get("extensions")
    return str(extensions.get("code", "")) if isinstance(extensions, Mapping) else ""
