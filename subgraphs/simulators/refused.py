"""What the simulated identity provider answers when it says no."""

from __future__ import annotations


class Refused(Exception):
    """The provider says no; the answer carries code and field."""

    def __init__(self, code: str, message: str, *, field: str, status: int = 422) -> None:
        super().__init__(message)
        self.code, self.field, self.status = code, field, status
