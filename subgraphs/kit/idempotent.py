"""`clientMutationId` as idempotency key: the same call again answers what the first one made.

What is kept of a call's arguments is a keyed digest: whoever reads the rows can try no values.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ledger_adapter.crypto import sm3
from subgraphs.kit.errors import Busy, Invalid, Refusal
from subgraphs.kit.holder_keys import DIGESTS, HolderKeys
from subgraphs.kit.mongo import (
    Contended,
    Database,
    DuplicateKeyError,
    IndexModel,
    Mongo,
    Session,
)
from subgraphs.kit.paused import Gate
from subgraphs.kit.viewer import Viewer

COLLECTION: Final = "idempotency"
KEPT_SECONDS: Final = 86_400
LONGEST_KEY: Final = 128
INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    COLLECTION: [IndexModel([("at", 1)], expireAfterSeconds=KEPT_SECONDS)]
}
Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One mutation call as its repeat would be recognised; without a client key it never is. The
    `digest` of its arguments has no key and leaves the process only under one."""

    key: str | None
    digest: str
    mutation: str = ""

    @classmethod
    def of(
        cls, viewer: Viewer, mutation: str, client_id: str | None, arguments: Sequence[object]
    ) -> Call:
        """`arguments`: everything that makes the call what it is, as JSON-able values."""
        if client_id is not None and not 0 < len(client_id) <= LONGEST_KEY:
            raise Invalid(f"1 to {LONGEST_KEY} characters", field="clientMutationId")
        text = json.dumps(arguments, default=str, sort_keys=True)
        digest = sm3.digest(text.encode()).hex()
        key = None if client_id is None else f"{viewer.scope_key}|{mutation}|{client_id}"
        return cls(key=key, digest=digest, mutation=mutation)


class Idempotent:
    """Runs mutations at most once per key."""

    def __init__(
        self, mongo: Mongo, database: Database, keys: HolderKeys, gate: Gate | None = None
    ) -> None:
        self._mongo, self._calls, self._keys = mongo, database[COLLECTION], keys
        self._gate = gate

    async def once(
        self,
        call: Call,
        work: Callable[[Session], Awaitable[Result]],
        *,
        looks_first: bool = True,
    ) -> Result:
        """The result of `work` in one transaction, or the remembered one of the same call.

        A key used for another call is Invalid; a lost race raises Busy, what may not begin now
        ServicePaused; a Refusal of the second of two equal calls that ran at once gives way to the
        first one's result. Work that touches nothing outside its transaction need not wait until
        it was looked whether the call is a repeat (`looks_first`): then a repeat is undone at the
        end, by the key that is there already, or refused by the state that the first call left.
        """
        known = await self.recall(call) if looks_first else None
        if known is not None:
            return known
        try:
            if self._gate is not None:
                await self._gate.ask(call.mutation)
            digest = await self._keyed(call)  # a key is made outside of any transaction
            return await self._mongo.transaction(
                lambda session: self._both(call, digest, work, session)
            )
        except Contended as fault:
            raise Busy("too many writers at once") from fault
        except (DuplicateKeyError, Refusal):
            known = await self.recall(call)
            if known is None:
                raise
            return known

    async def _both(
        self,
        call: Call,
        digest: str,
        work: Callable[[Session], Awaitable[Result]],
        session: Session,
    ) -> Result:
        result = await work(session)
        if call.key is not None:
            row = {"_id": call.key, "digest": digest, "result": dict(result)}
            await self._calls.insert_one({**row, "at": datetime.now(UTC)}, session=session)
        return result

    async def recall(self, call: Call) -> Result | None:
        """The result remembered for this call; Invalid when its key served another one."""
        if call.key is None:
            return None
        row = await self._calls.find_one({"_id": call.key})
        if row is None:
            return None
        if row["digest"] not in {await self._keyed(call), call.digest}:  # rows of older versions
            raise Invalid(
                "this key was used for another call",
                field="clientMutationId",
                code="IDEMPOTENCY_KEY_REUSED",
            )
        result: Result = row["result"]
        return result

    async def _keyed(self, call: Call) -> str:
        if call.key is None:
            return ""
        key = await self._keys.key(DIGESTS)
        if key is None:
            raise LookupError("no key for digests")
        return sm3.hmac(key, f"{COLLECTION}|{call.digest}".encode()).hex()
