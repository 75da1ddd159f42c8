"""Two subgraphs over one log in a file, as a process that can be killed: `log` streams the entries
over graphql-transport-ws, `names` names their items over HTTP.

`python -m tests.subscriptions.log_subgraph PORT FILE`; POST /append?count=N adds entries, and
/overflow closes every socket as if its reader had been too slow.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from inspect import isawaitable
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import orjson
import uvicorn
from graphql import GraphQLError, GraphQLSchema, build_schema, graphql, parse, subscribe
from starlette.types import Receive, Scope, Send

_LINK: Final = """
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@composeDirective"])
"""
_CHANGE: Final = """
type Change { at: String!  number: Int!  before: Int  last: Int!  quiet: Boolean!  item: Item }
"""
LOG_SDL: Final = f"""{_LINK}
  @link(url: "https://credgraph.dev/specs/resumable/v0.2", import: ["@resumable"])
  @composeDirective(name: "@resumable")
directive @resumable(
  cursor: String!, argument: String!, sequence: String, previous: String, head: String
) on FIELD_DEFINITION
type Query {{ size: Int! }}
type Subscription {{
  changes(after: String, part: Int, of: Int = 1): Change! @resumable(
    cursor: "at", argument: "after", sequence: "number", previous: "before", head: "last")
  bare(after: String): Change! @resumable(cursor: "at", argument: "after")
  lost: Change!
}}
{_CHANGE}
type Item @key(fields: "id") {{ id: ID! }}
"""
NAMES_SDL: Final = f"""{_LINK}
type Query {{ ready: Boolean! }}
type Item @key(fields: "id") {{ id: ID!  name: String! }}
"""
_LOG_SCHEMA: Final = f"""
type Query {{ size: Int! }}
type Subscription {{
  changes(after: String, part: Int, of: Int = 1): Change!
  bare(after: String): Change!
  lost: Change!
}}
{_CHANGE}
type Item {{ id: ID! }}
"""
_NAMES_SCHEMA: Final = """
scalar _Any
union _Entity = Item
type Query { ready: Boolean!  _entities(representations: [_Any!]!): [_Entity]! }
type Item { id: ID!  name: String! }
"""
HEARTBEAT: Final = 0.25
EXPIRED: Final = {"code": "CURSOR_EXPIRED", "snapshot": "size", "pages": "entries"}


class Log:
    """Entries are numbers from 0 on; the file holds how many there are."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.size = int(file.read_text() or "0") if file.exists() else 0
        self._changed = asyncio.Event()
        self.readers = 0
        self.opened = 0

    def append(self, count: int) -> None:
        self.size += count
        self._file.write_text(str(self.size))
        self._changed.set()
        self._changed = asyncio.Event()

    async def news(self, seconds: float | None) -> None:
        changed = self._changed
        try:
            async with asyncio.timeout(seconds):
                await changed.wait()
        except TimeoutError:
            return

    async def follow(
        self, after: str | None, part: int | None, of: int, *, says: bool
    ) -> AsyncIterator[dict[str, object]]:
        """`says`: a heartbeat at once where there is no place to begin after, and in silence."""
        self.readers += 1
        self.opened += 1
        try:
            last = self.size - 1 if after is None else int(after[1:])
            if says and after is None:
                yield self._frame(last, None, quiet=True)
            while True:
                for number in range(last + 1, self.size):
                    if part is None or number % of == part:
                        yield self._frame(number, last, quiet=False)
                        last = number
                before = self.size
                await self.news(HEARTBEAT if says else None)
                if says and self.size == before:
                    yield self._frame(self.size - 1, last, quiet=True)
                    last = self.size - 1
        finally:
            self.readers -= 1

    def _frame(self, number: int, before: int | None, *, quiet: bool) -> dict[str, object]:
        return {
            "at": f"c{number}",
            "number": number,
            "before": before,
            "last": max(number, self.size - 1),
            "quiet": quiet,
            "item": None if quiet else {"id": f"i{number}"},
        }


class Subgraphs:
    """The ASGI app of both."""

    def __init__(self, file: Path) -> None:
        self.log = Log(file)
        self.asked = 0
        self._sockets: set[Send] = set()
        self._log_schema = _log_schema(self.log)
        self._names_schema = build_schema(_NAMES_SCHEMA)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(receive, send)
        elif scope["type"] == "http":
            body = await _body(receive)
            await _answer(send, await self._http(scope, body))

    async def _http(self, scope: Scope, body: bytes) -> object:
        match scope["path"]:
            case "/append":
                count = parse_qs(scope["query_string"].decode())["count"][0]
                self.log.append(int(count))
                return {"size": self.log.size}
            case "/overflow":
                for close in tuple(self._sockets):
                    await close({"type": "websocket.close", "code": 4460, "reason": "too slow"})
                return {"closed": len(self._sockets)}
            case "/counts":
                return {
                    "readers": self.log.readers,
                    "opened": self.log.opened,
                    "asked": self.asked,
                    "size": self.log.size,
                }
            case "/names":
                self.asked += 1
                return await _executed(self._names_schema, {"_entities": _entities}, body)
        return await _executed(self._log_schema, {"size": self.log.size}, body)

    async def _socket(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "graphql-transport-ws"})
        tasks: dict[str, asyncio.Task[None]] = {}
        self._sockets.add(send)
        try:
            while (message := await receive())["type"] == "websocket.receive":
                frame = orjson.loads(message["text"])
                match frame["type"]:
                    case "connection_init":
                        await _say(send, {"type": "connection_ack"})
                    case "subscribe":
                        task = asyncio.create_task(self._stream(send, frame))
                        tasks[frame["id"]] = task
                    case "complete":
                        tasks.pop(frame["id"]).cancel()
        finally:
            self._sockets.discard(send)
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)

    async def _stream(self, send: Send, frame: dict[str, Any]) -> None:
        asked = frame["payload"]
        begun = subscribe(
            self._log_schema, parse(asked["query"]), variable_values=asked.get("variables")
        )
        results: Any = await begun if isawaitable(begun) else begun
        if not hasattr(results, "__aiter__"):
            errors = [error.formatted for error in results.errors or ()]
            await _say(send, {"id": frame["id"], "type": "error", "payload": errors})
            return
        async for result in results:
            await _say(send, {"id": frame["id"], "type": "next", "payload": result.formatted})
        await _say(send, {"id": frame["id"], "type": "complete"})


def _log_schema(log: Log) -> GraphQLSchema:
    schema = build_schema(_LOG_SCHEMA)
    root = schema.subscription_type
    assert root is not None

    def changes(_: object, __: object, **given: Any) -> AsyncIterator[dict[str, object]]:
        if given.get("after") == "expired":
            raise GraphQLError("read a snapshot", extensions=EXPIRED)
        return log.follow(given.get("after"), given.get("part"), given["of"], says=True)

    def bare(_: object, __: object, **given: Any) -> AsyncIterator[dict[str, object]]:
        return log.follow(given.get("after"), None, 1, says=False)

    root.fields["changes"].subscribe = changes
    root.fields["bare"].subscribe = root.fields["lost"].subscribe = bare
    for field in root.fields.values():
        field.resolve = lambda event, _, **__: event
    return schema


def _entities(_: object, **given: Any) -> list[dict[str, str]]:
    return [
        {"__typename": "Item", "id": each["id"], "name": f"name of {each['id']}"}
        for each in given["representations"]
    ]


async def _executed(schema: GraphQLSchema, root: object, body: bytes) -> object:
    asked = orjson.loads(body)
    result = await graphql(schema, asked["query"], root, variable_values=asked.get("variables"))
    return result.formatted


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _answer(send: Send, value: object) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": orjson.dumps(value)})


async def _say(send: Send, frame: dict[str, object]) -> None:
    await send({"type": "websocket.send", "text": orjson.dumps(frame).decode()})


def main(port: int, file: Path) -> None:
    uvicorn.run(Subgraphs(file), host="127.0.0.1", port=port, log_level="error", lifespan="off")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
