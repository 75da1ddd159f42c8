"""Frames as a gateway sends them, and a transport that plays them from a list."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any

from gateway.client import Asked
from gateway.client.errors import Lost


def body(sequence: int, previous: int | None, *, heartbeat: bool = False) -> dict[str, Any]:
    """One execution result with a frame."""
    frame = {"cursor": f"c{sequence}", "sequence": sequence, "prevSequence": previous}
    return {"data": {"feed": {**frame, "heartbeat": heartbeat}}}


async def chunks(text: bytes, size: int) -> AsyncIterator[bytes]:
    """The text in pieces."""
    for start in range(0, len(text), size):
        yield text[start : start + size]


class Played:
    """Each connection plays one list of results, and is lost at its end."""

    def __init__(self, *connections: Sequence[Mapping[str, object] | Exception]) -> None:
        self._connections = list(connections)
        self.asked: list[Asked] = []

    async def results(self, asked: Asked, /) -> AsyncGenerator[Mapping[str, object], None]:
        self.asked.append(asked)
        for result in self._connections.pop(0):
            if isinstance(result, Exception):
                raise result
            yield result
        raise Lost("played to the end")
