"""The `errors` of one answer: bounded, each with a stable code, and a path where one is known."""

from collections.abc import Mapping
from typing import Any, TypeAlias

ResponsePath: TypeAlias = tuple[str | int, ...]


class Failures:
    """Collects entries in order; past `limit` further ones are dropped, never the first."""

    __slots__ = ("_limit", "_paths", "entries")

    def __init__(self, limit: int) -> None:
        self.entries: list[dict[str, Any]] = []
        self._limit = limit
        self._paths: list[ResponsePath] = []

    @property
    def full(self) -> bool:
        return len(self.entries) >= self._limit

    def add(
        self,
        message: str,
        code: str,
        *,
        path: ResponsePath = (),
        service: str | None = None,
        extensions: Mapping[str, object] | None = None,
    ) -> None:
        if self.full:
            return
        entry: dict[str, Any] = {"message": message}
        if path:
            entry["path"] = list(path)
            self._paths.append(path)
        entry["extensions"] = {**(extensions or {}), "code": code}
        if service is not None:
            entry["extensions"]["service"] = service
        self.entries.append(entry)

    def explains(self, path: ResponsePath) -> bool:
        """Whether a null at `path` follows from an error at it, above it or below it."""
        return self.full or any(known[: len(path)] == path[: len(known)] for known in self._paths)
