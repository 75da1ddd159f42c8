"""Privileged reads: who is no party to a thing reads it only after those who are were told.

Laws: no event, no answer; one event for each object and request, whatever is read of it; an event
commits before anything of its object leaves. It names the object, the role and the operation; who
read stands there as a keyed digest, so that two reads of one person are seen to be so and only
the deployment's own key tells whose.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from ledger_adapter.crypto import sm3
from ledger_adapter.port import Envelope, JsonValue
from subgraphs.kit.context import OPERATION, RequestContext
from subgraphs.kit.errors import Busy
from subgraphs.kit.events import event
from subgraphs.kit.holder_keys import DIGESTS, HolderKeys
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.mongo import Contended, Mongo
from subgraphs.kit.outbox import Outbox
from subgraphs.kit.viewer import Role, Viewer

KIND: Final = "PRIVILEGED_READ"
_NAME: Final = "privileged reads"
_OPERATION: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What is read, an id and its kind in capitals; `concerned`: the ids of the holder, and of
    other objects that it belongs to."""

    id: str
    what: str
    concerned: Sequence[str]
    institutions: Sequence[str] = ()


@dataclass(slots=True)
class _Told:
    ids: set[str] = field(default_factory=set)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


def is_privileged(viewer: Viewer) -> bool:
    """The regulator reads what she is no party to."""
    return viewer.role is Role.REGULATOR


class PrivilegedReads:
    """Tells of reads, through the outbox of one subgraph."""

    def __init__(
        self,
        mongo: Mongo,
        outbox: Outbox,
        keys: HolderKeys,
        *,
        clock: Callable[[], datetime],
        unique: Callable[[], int] = lambda: secrets.randbits(62),
    ) -> None:
        self._mongo, self._outbox, self._keys = mongo, outbox, keys
        self._clock, self._unique = clock, unique

    async def tell(self, context: RequestContext[Any], reads: Sequence[Read]) -> None:
        """Returns once the events are committed, at once where nobody has to be told. Raises Busy,
        or what the database raises: then nothing may be answered."""
        if not reads or not is_privileged(context.viewer):
            return
        # a socket outlives its requests: there each read is told
        told = context.loaders.setdefault(_NAME, _Told()) if context.life is None else _Told()
        async with told.lock:
            new = {read.id: read for read in reads if read.id not in told.ids}
            if not new:
                return
            await self._write(context.viewer, list(new.values()))
            told.ids |= set(new)

    async def _write(self, viewer: Viewer, reads: Sequence[Read]) -> None:
        body = await self._body(viewer)
        envelopes = [self._event(read, body) for read in reads]
        try:
            await self._mongo.transaction(lambda session: self._outbox.put(session, *envelopes))
        except Contended as fault:
            raise Busy("too many writers at once") from fault

    async def _body(self, viewer: Viewer) -> dict[str, JsonValue]:
        key = await self._keys.key(DIGESTS)
        if viewer.role is None or key is None:
            raise LookupError("nobody to name as the reader")
        reader = sm3.hmac(key, f"{KIND}|{viewer.subject}".encode()).hex()
        body: dict[str, JsonValue] = {"role": viewer.role.value, "reader": reader}
        operation = OPERATION.get() or ""
        return {**body, "operation": operation} if _OPERATION.fullmatch(operation) else body

    def _event(self, read: Read, body: dict[str, JsonValue]) -> Envelope:
        return event(
            KIND,
            entity=read.id,
            version=self._unique(),
            subjects=(read.id, *read.concerned),
            institutions=tuple(InstitutionId(one) for one in read.institutions),
            at=self._clock(),
            body={**body, "what": read.what},
        )
