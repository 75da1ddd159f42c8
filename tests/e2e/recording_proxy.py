"""A TCP proxy that passes bytes on and keeps who asked what by HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httptools
import jwt
import orjson

from subgraphs.demo.deployment import HOST


@dataclass(slots=True)
class Seen:
    """One request on the wire: its bearer token and its document."""

    token: str
    document: str

    @property
    def role(self) -> str:
        """Who asks by the gateway's word."""
        claims = jwt.decode(self.token, options={"verify_signature": False})
        return str(claims["viewer"].get("role"))

    @property
    def probe(self) -> bool:
        """The gateway's own question whether the subgraph is there."""
        return "CredGraphProbe" in self.document


class _Reader:
    """Callbacks of the HTTP parser for the requests of one connection."""

    def __init__(self, seen: list[Seen]) -> None:
        self._seen = seen
        self._token = ""
        self._body = b""

    def on_message_begin(self) -> None:
        self._token, self._body = "", b""

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"authorization":
            self._token = value.decode().removeprefix("Bearer ")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        document = orjson.loads(self._body)["query"] if self._body else ""
        self._seen.append(Seen(self._token, document))


@dataclass(slots=True, kw_only=True)
class RecordingProxy:
    """Listens on `port`, passes on to `target`."""

    target: int
    port: int = 0
    requests: list[Seen] = field(default_factory=list)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["RecordingProxy"]:
        server = await asyncio.start_server(self._serve, HOST, self.port)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    def asked(self) -> list[Seen]:
        """Requests for somebody, without the gateway's own probes."""
        return [one for one in self.requests if not one.probe]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection(HOST, self.target)
        parser = httptools.HttpRequestParser(_Reader(self.requests))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pass_on(reader, forth, parser))
                group.create_task(_pass_on(back, writer, None))
        finally:
            forth.close()
            writer.close()


async def _pass_on(
    source: asyncio.StreamReader,
    sink: asyncio.StreamWriter,
    parser: "httptools.HttpRequestParser | None",
) -> None:
    try:
        while chunk := await source.read(65_536):
            if parser is not None:
                parser.feed_data(chunk)
            sink.write(chunk)
            await sink.drain()
        sink.close()
    except ConnectionError:
        sink.close()
