"""A data key for each holder, wrapped by the deployment's master key, kept beside her rows.

Laws: a key is made outside of any transaction, once; a destroyed key leaves a tombstone, so that
none is ever made again in its place; other processes forget a destroyed key within FORGET_SECONDS.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Final

from ledger_adapter.crypto import sm4
from ledger_adapter.crypto.wrapping import MasterId, MasterKeys
from subgraphs.kit.mongo import BulkWriteError, Database, Document, Session, only_duplicates

COLLECTION: Final = "field_keys"
DIGESTS: Final = "*digests*"
"""Owner of the key under which digests stand in for sealed values in filters."""
FORGET_SECONDS: Final = 60.0
_HELD: Final = 4096


class HolderKeys:
    """The data keys of one subgraph's database."""

    def __init__(self, database: Database, masters: MasterKeys) -> None:
        self._rows, self._masters = database[COLLECTION], masters
        self._held: OrderedDict[str, tuple[float, bytes | None]] = OrderedDict()

    async def key(self, owner: str) -> bytes | None:
        """The owner's key, made when there is none yet; None once it was destroyed."""
        return (await self.keys([owner]))[owner]

    async def keys(self, owners: Collection[str]) -> dict[str, bytes | None]:
        """The same of many, in one query and one write."""
        known = await self.known(owners)
        missing = sorted(set(owners) - known.keys())
        if not missing:
            return known
        fresh = {owner: secrets.token_bytes(sm4.KEY_SIZE) for owner in missing}
        rows = [self._wrapped(owner, key) for owner, key in fresh.items()]
        try:
            await self._rows.insert_many(rows, ordered=False)
        except BulkWriteError as fault:
            if not only_duplicates(fault):
                raise
            return known | await self.known(missing)
        for owner, key in fresh.items():
            self._hold(owner, key)
        return known | fresh

    async def known(self, owners: Iterable[str]) -> dict[str, bytes | None]:
        """The keys that were ever made, in at most one query; None for a destroyed one."""
        now = time.monotonic()
        asked = sorted(set(owners))
        held = {owner: self._held[owner] for owner in asked if owner in self._held}
        known = {owner: key for owner, (until, key) in held.items() if until > now}
        missing = [owner for owner in asked if owner not in known]
        if missing:
            for row in await self._rows.find({"_id": {"$in": missing}}).to_list(None):
                known[row["_id"]] = self._opened(row)
                self._hold(row["_id"], known[row["_id"]])
        return known

    async def destroy(self, owner: str, *, session: Session | None = None) -> None:
        """For good: what was sealed with the key is unreadable, here and in every copy."""
        row = {"_id": owner, "destroyed_at": datetime.now(UTC)}
        await self._rows.replace_one({"_id": owner}, row, upsert=True, session=session)
        self._held.pop(owner, None)

    async def rewrap(self) -> int:
        """Wrap every key by the master in force; how many there were. May run beside writers."""
        newest, done = self._masters.newest(), 0
        where = {"master": {"$exists": True, "$ne": newest}}
        while rows := await self._rows.find(where).limit(500).to_list(None):
            for row in rows:
                key = self._unwrapped(row)
                wrapped = self._masters.wrap(newest, key, _beside(row["_id"]))
                still = {"_id": row["_id"], "master": row["master"]}
                await self._rows.update_one(still, {"$set": {"master": newest, "wrapped": wrapped}})
            done += len(rows)
        return done

    async def check(self) -> None:
        """BadKey or DecryptionFailed unless the newest key of this database can be opened."""
        self._masters.newest()
        for row in await self._rows.find({"_id": DIGESTS}).to_list(None):
            self._opened(row)

    def _wrapped(self, owner: str, key: bytes) -> Document:
        master = self._masters.newest()
        wrapped = self._masters.wrap(master, key, _beside(owner))
        return {"_id": owner, "master": master, "wrapped": wrapped, "made_at": datetime.now(UTC)}

    def _opened(self, row: Document) -> bytes | None:
        return None if "destroyed_at" in row else self._unwrapped(row)

    def _unwrapped(self, row: Document) -> bytes:
        wrapped = bytes(row["wrapped"])
        return self._masters.unwrap(MasterId(row["master"]), wrapped, _beside(row["_id"]))

    def _hold(self, owner: str, key: bytes | None) -> None:
        self._held[owner] = (time.monotonic() + FORGET_SECONDS, key)
        self._held.move_to_end(owner)
        while len(self._held) > _HELD:
            self._held.popitem(last=False)


def _beside(owner: str) -> bytes:
    return f"credgraph field key|{owner}".encode()
