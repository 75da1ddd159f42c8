"""A witness on HTTP: POST /add-checkpoint, GET /conflicts, GET /health. Raw ASGI, no framework."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from ledger_adapter.witness.judge import MAX_REQUEST, Answer, Witness

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


def witness_app(witness: Witness) -> App:
    """The ASGI app of one witness."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await answer(send, await _routed(witness, scope, receive))

    return app


async def _routed(witness: Witness, scope: Scope, receive: Receive) -> Answer:
    match scope["method"], scope["path"]:
        case "POST", "/add-checkpoint":
            body = await read_body(receive, MAX_REQUEST)
            return Answer(413, "too long\n") if body is None else witness.add_checkpoint(body)
        case "GET", "/conflicts":
            lines = "".join(line + "\n" for line in witness.state.conflicts)
            return Answer(200, lines, "application/jsonl")
        case "GET", "/health":
            facts = {
                "status": "up",
                "witness": witness.name,
                "sizes": dict(witness.state.sizes),
                "conflicts": len(witness.state.conflicts),
            }
            return Answer(200, json.dumps(facts) + "\n", "application/json")
        case _:
            return Answer(404, "no such path\n")


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
