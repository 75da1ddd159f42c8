"""Status lists as everybody may fetch them: derived from the log, signed, cacheable.

A list is signed anew when a bit of it changed or when half its validity is over, so however many
ask, signatures are as rare as changes. Nothing in a request says which credential is meant.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ledger_adapter.crypto import sm3
from subgraphs.issuer.desk.keys import signing_key
from subgraphs.issuer.parts import Parts
from subgraphs.kit.keystore import NoKey
from subgraphs.kit.statuses import ListName, list_name
from subgraphs.vc import proofs
from subgraphs.vc.did import institution_did
from subgraphs.vc.proofs import ProofOptions, Purpose
from subgraphs.vc.status_list import StatusBits, build_status_list, derive

LASTS: Final = timedelta(minutes=10)
MAX_AGE: Final = 30
KEPT: Final = 256
_MEDIA: Final = "application/vc+ld+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A signed list as its bytes go out."""

    bits: StatusBits
    body: bytes
    etag: str
    renewed_at: datetime


class StatusLists:
    """The lists of the institutions whose keys this deployment has."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._kept: OrderedDict[ListName, Published] = OrderedDict()

    async def published(self, name: ListName) -> Published | None:
        """The list as the log stands; None for one that no credential is on, or not ours."""
        states = await self._parts.statuses.set_on(name.issuer, name.number)
        if states is None:
            return None
        bits, now = derive(states)[name.purpose], self._parts.clock()
        kept = self._kept.get(name)
        if kept is None or kept.bits != bits or now >= kept.renewed_at + LASTS / 2:
            try:
                kept = await self._signed(name, bits, now.replace(microsecond=0))
            except NoKey:
                return None
            self._kept[name] = kept
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return kept

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
        return Published(bits=bits, body=body, etag=f'"{sm3.hexdigest(body)}"', renewed_at=now)


def status_app(lists: StatusLists) -> Starlette:
    """`/<institution>/<number>/<purpose>`, for GET and HEAD."""

    async def one(request: Request) -> Response:
        path = "/".join(str(request.path_params[part]) for part in ("issuer", "number", "purpose"))
        name = list_name(f"http://x/{path}")
        found = None if name is None else await lists.published(name)
        if found is None:
            return Response("no such list\n", 404, media_type="text/plain")
        headers = {
            "etag": found.etag,
            "cache-control": f"public, max-age={MAX_AGE}",
            "access-control-allow-origin": "*",
        }
        if found.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(found.body, headers=headers, media_type=_MEDIA)

    return Starlette(routes=[Route("/{issuer}/{number}/{purpose}", one)])
