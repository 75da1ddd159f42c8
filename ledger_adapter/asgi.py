"""The little of ASGI that the ledger's small processes need: read a body, send one answer."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    body: str
    media: str = "text/plain; charset=utf-8"

    @classmethod
    def json(cls, value: object, status: int = 200) -> "Answer":
        return cls(status, json.dumps(value) + "\n", "application/json")


async def read_body(receive: Receive, limit: int) -> bytes | None:
    """The request's body; None when it is longer than the limit or its sender went away."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


async def answer(send: Send, reply: Answer) -> None:
    """Send one whole reply."""
    body = reply.body.encode()
    headers = [
        (b"content-type", reply.media.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
