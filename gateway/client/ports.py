"""What a subscription needs of a way to the gateway."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One operation as it is sent over one connection; `after` is set in `variables` too."""

    query: str
    variables: Mapping[str, object]
    operation_name: str | None = None
    after: str | None = None
    token: str | None = None

    def payload(self) -> dict[str, object]:
        """The request object of GraphQL."""
        payload: dict[str, object] = {"query": self.query, "variables": dict(self.variables)}
        if self.operation_name is not None:
            payload["operationName"] = self.operation_name
        if self.after is not None:
            payload["extensions"] = {"after": self.after}
        return payload


class Transport(Protocol):
    """One connection for one operation, and nothing kept between two."""

    def results(self, asked: Asked, /) -> AsyncGenerator[Mapping[str, object], None]:
        """Execution results until the server completes. Raises Lost, Unwelcome or Refused."""
        ...
