"""Refusals: what the business says no to, as Python exceptions.

Refusal                  code, message; in a query a GraphQL error with `extensions.code`,
├── Invalid              in a mutation a member of the result union (types.py)
├── NotFound             also what a row answers that the viewer may not see
├── Forbidden
├── InvalidTransition    from, to, allowed
├── SignatureRefused
├── ServicePaused        not now: see paused.py
└── Busy                 try again; nothing was written

Anything else that reaches a resolver's edge is a fault inside: code INTERNAL and an id, logged.
"""

from __future__ import annotations

from collections.abc import Iterable


class Refusal(Exception):
    """A business refusal: its message is for the caller, nothing was written."""

    code = "REFUSED"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code

    @property
    def extensions(self) -> dict[str, object]:
        """Read by graphql-core when the exception ends a resolver."""
        return {"code": self.code}


class Invalid(Refusal):
    """An argument is ill-formed; `field` is its path below `input`."""

    code = "VALIDATION_FAILED"

    def __init__(self, message: str, *, field: str, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.field = field

    @property
    def extensions(self) -> dict[str, object]:
        return {"code": self.code, "field": self.field}


class NotFound(Refusal):
    """Absent and denied alike: the two must not be told apart."""

    code = "NOT_FOUND"

    def __init__(self, what: str, *, field: str | None = None, code: str | None = None) -> None:
        super().__init__(f"{what} not found", code=code)
        self.field = field


class Forbidden(Refusal):
    code = "FORBIDDEN"

    def __init__(
        self, message: str = "not allowed for this viewer", *, code: str | None = None
    ) -> None:
        super().__init__(message, code=code)


class InvalidTransition(Refusal):
    """The state machine has no such step; `message` where what was asked is no mere step."""

    code = "TRANSITION_INVALID"

    def __init__(
        self, *, source: str, target: str, allowed: Iterable[str], message: str | None = None
    ) -> None:
        self.source, self.target, self.allowed = source, target, tuple(sorted(allowed))
        super().__init__(message or self._sentence())

    def _sentence(self) -> str:
        if self.source == self.target:
            return f"it is {self.source} already"
        steps = ", ".join(self.allowed) or "nothing"
        return f"{self.source} cannot become {self.target}; it can become {steps}"

    @property
    def extensions(self) -> dict[str, object]:
        return {
            "code": self.code,
            "from": self.source,
            "to": self.target,
            "allowed": list(self.allowed),
        }


class SignatureRefused(Refusal):
    code = "SIGNATURE_INVALID"


class ServicePaused(Refusal):
    """Nothing new begins for now; what was asked may be asked again later."""

    code = "SERVICE_PAUSED"


class Busy(Refusal):
    code = "TRY_AGAIN"
