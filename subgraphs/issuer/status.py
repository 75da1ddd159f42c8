"""Status lists as everybody may fetch them: derived from the log, signed, cacheable.

Laws: however many ask, the work is bounded. A list is read from the database once for a position
of the log, and signed anew only when a bit of it changed or half its validity is over; a few are
made at a time, and who would wait behind too many others is told to come back. Nothing in a
request says which credential is meant.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subgraphs.issuer.desk.keys import signing_key
from subgraphs.issuer.parts import Parts
from subgraphs.issuer.published import cacheable, etag
from subgraphs.kit.keystore import NoKey
from subgraphs.kit.statuses import ListName, list_name
from subgraphs.vc import proofs
from subgraphs.vc.did import institution_did
from subgraphs.vc.proofs import ProofOptions, Purpose
from subgraphs.vc.status_list import StatusBits, build_status_list, derive

LASTS: Final = timedelta(minutes=10)
MAX_AGE: Final = 30
KEPT: Final = 256
AT_ONCE: Final = 2
WAITING: Final = 64
_MEDIA: Final = "application/vc+ld+json"


class TooManyAsk(Exception):
    """More lists are being made than this process takes on; nothing was done."""

    code = "TRY_AGAIN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A signed list as its bytes go out."""

    bits: StatusBits
    body: bytes
    etag: str
    renewed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What a position of the log made of a list; None for one that is not there."""

    position: int
    published: Published | None

    def serves(self, position: int, now: datetime) -> bool:
        fresh = self.published is None or now < self.published.renewed_at + LASTS / 2
        return self.position == position and fresh


class StatusLists:
    """The lists of the institutions whose keys this deployment has.

    `applied` is the position up to which this process has followed the log.
    """

    def __init__(self, parts: Parts, *, applied: Callable[[], int]) -> None:
        self._parts, self._applied = parts, applied
        self._kept: OrderedDict[ListName, _Answer] = OrderedDict()
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._making: dict[ListName, asyncio.Task[_Answer]] = {}

    async def published(self, name: ListName) -> Published | None:
        """The list as the log stands; None for one that no credential is on, or not ours."""
        wanted, kept = self._applied(), self._kept.get(name)
        if kept is not None and kept.serves(wanted, self._parts.clock()):
            return kept.published
        answer = await self._made_once(name)
        if answer.position < wanted:  # begun before what the caller may have seen
            answer = await self._made_once(name)
        return answer.published

    async def _made_once(self, name: ListName) -> _Answer:
        making = self._making.get(name)
        if making is None:
            if len(self._making) >= WAITING:
                raise TooManyAsk
            making = self._making[name] = asyncio.create_task(self._in_turn(name))
            making.add_done_callback(lambda _: self._making.pop(name))
        return await asyncio.shield(making)

    async def _in_turn(self, name: ListName) -> _Answer:
        async with self._turn:
            position, now, kept = self._applied(), self._parts.clock(), self._kept.get(name)
            before = None if kept is None else kept.published
            made = await self._made(name, before, now)
            return self._keep(name, _Answer(position=position, published=made))

    def _keep(self, name: ListName, answer: _Answer) -> _Answer:
        self._kept[name] = answer
        self._kept.move_to_end(name)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return answer

    async def _made(
        self, name: ListName, before: Published | None, now: datetime
    ) -> Published | None:
        states = await self._parts.statuses.set_on(name.issuer, name.number)
        if states is None:
            return None
        bits = derive(states)[name.purpose]
        if before is not None and before.bits == bits and now < before.renewed_at + LASTS / 2:
            return before
        try:
            return await self._signed(name, bits, now.replace(microsecond=0))
        except NoKey:
            return None

    async def _signed(self, name: ListName, bits: StatusBits, now: datetime) -> Published:
        issuer = institution_did(name.issuer)
        document = build_status_list(
            uri=name.uri(self._parts.status_base),
            issuer=issuer,
            purpose=name.purpose,
            bits=bits,
            valid_from=now,
            valid_until=now + LASTS,
        )
        key = await signing_key(self._parts, name.issuer)
        options = ProofOptions(
            verification_method=key.method, purpose=Purpose.ASSERTION, created=now
        )
        ready = proofs.prepare(document, options)
        signature = await self._parts.keys.sign(name.issuer, key.id, ready.payload)
        body = orjson.dumps(proofs.attach(document, ready, signature))
        return Published(bits=bits, body=body, etag=etag(body), renewed_at=now)


def status_app(lists: StatusLists) -> Starlette:
    """`/<institution>/<number>/<purpose>`, for GET and HEAD."""

    async def one(request: Request) -> Response:
        path = "/".join(str(request.path_params[part]) for part in ("issuer", "number", "purpose"))
        name = list_name(f"http://x/{path}")
        try:
            found = None if name is None else await lists.published(name)
        except TooManyAsk:
            return Response("come back\n", 503, {"retry-after": "1"}, media_type="text/plain")
        if found is None:
            return Response("no such list\n", 404, media_type="text/plain")
        return cacheable(request, found.body, found.etag, media=_MEDIA, max_age=MAX_AGE)

    return Starlette(routes=[Route("/{issuer}/{number}/{purpose}", one)])
