"""The log for everybody: checkpoint, tiles and entries by C2SP tlog-tiles paths, read-only.

Whoever checks a proof needs no account. What is handed out is what the signed tree commits to:
salted commitments, never an envelope or a salt. Raw ASGI, so that any server can mount it.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

from ledger_adapter.errors import EntryNotFound, LedgerError
from ledger_adapter.log.checkpoint import Checkpoint
from ledger_adapter.log.paths import Place, pack_entries, parse_tile_path
from ledger_adapter.log.tiles import WIDTH, TileId, pack
from ledger_adapter.port import EntryIndex, LoggedEvent

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

RATE: Final = 100.0
BURST: Final = 400.0
CLIENTS: Final = 4096
FOREVER: Final = b"public, max-age=31536000, immutable"


class PublicSource(Protocol):
    """The part of a `Ledger` that is public."""

    async def latest_checkpoint(self) -> Checkpoint | None: ...
    async def tile(self, tile: TileId, width: int, /) -> Sequence[bytes]: ...
    async def read(self, first: EntryIndex, limit: int, /) -> Sequence[LoggedEvent]: ...


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int
    body: bytes
    media: bytes = b"text/plain; charset=utf-8"
    cache: bytes = b"no-cache"


class PublicLog:
    """An ASGI app; `now` is the clock of its rate limit."""

    def __init__(self, source: PublicSource, *, now: Callable[[], float]) -> None:
        self._source, self._limit = source, _Buckets(now)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        reply = await self._reply(scope)
        headers = [
            (b"content-type", reply.media),
            (b"content-length", str(len(reply.body)).encode()),
            (b"cache-control", reply.cache),
            (b"access-control-allow-origin", b"*"),
        ]
        if reply.status == 429:
            headers.append((b"retry-after", b"1"))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else reply.body
        await send({"type": "http.response.body", "body": body})

    async def _reply(self, scope: Scope) -> Reply:
        client = (scope.get("client") or ("",))[0]
        if scope["method"] not in ("GET", "HEAD"):
            return Reply(405, b"this log is read-only\n")
        if not self._limit.admits(client):
            return Reply(429, b"too many requests; try again in a second\n")
        path = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix("/")
        try:
            return await self._found(path)
        except EntryNotFound:
            return Reply(404, b"beyond the signed tree\n")
        except LedgerError as fault:
            return Reply(503, f"{fault.code}\n".encode())

    async def _found(self, path: str) -> Reply:
        if path == "checkpoint":
            head = await self._source.latest_checkpoint()
            return Reply(200, head.note()) if head else Reply(404, b"nothing is signed yet\n")
        place = parse_tile_path(path)
        if place is None:
            return Reply(404, b"no such path\n")
        raw = await self._hashes(place) if place.level is not None else await self._entries(place)
        return Reply(200, raw, b"application/octet-stream", FOREVER)

    async def _hashes(self, place: Place) -> bytes:
        tile = TileId(place.level or 0, place.number)
        return pack(await self._source.tile(tile, place.width))

    async def _entries(self, place: Place) -> bytes:
        await self._source.tile(TileId(0, place.number), place.width)  # within the signed tree
        events = await self._source.read(EntryIndex(place.number * WIDTH), place.width)
        return pack_entries([event.entry for event in events])


class _Buckets:
    """A token bucket for each client address; the least recent are forgotten."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def admits(self, client: str) -> bool:
        now = self._now()
        tokens, at = self._left.pop(client, (BURST, now))
        tokens = min(BURST, tokens + (now - at) * RATE)
        self._left[client] = (max(0.0, tokens - 1), now)
        if len(self._left) > CLIENTS:
            self._left.popitem(last=False)
        return tokens >= 1
