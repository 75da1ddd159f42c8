"""A simulated cloud custodian (上证云): three collections stand for three sites.

What is real: each object has an SM4 data key, wrapped by the custodian's own key; bytes are sealed
with it, written to each site, read back and hashed; erasing destroys the data key first, so that a
forgotten replica cannot be opened, then each replica, and looks before it signs. What is simulated:
the sites are one database, and the wrapping key follows from the signing key.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from ledger_adapter.crypto import sm3, sm4
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.errors import DecryptionFailed
from subgraphs.kit.errors import Busy
from subgraphs.kit.ids import institution_id
from subgraphs.kit.mongo import Database, Document, DuplicateKeyError, PyMongoError
from subgraphs.kit.offload import offload
from subgraphs.kit.settings import Settings
from subgraphs.simulators.custody_links import Links
from subgraphs.vc.deletion import Erased, build_deletion
from subgraphs.vc.did import institution_did, method_id
from subgraphs.vc.encoding import Hash, sm3_hash
from subgraphs.vc.strict_json import JsonObject
from subgraphs.verifier.ports import Claim, LinkRefused
from subgraphs.wallet.ports import Kept, Loan

USCC: Final = "91990000MAXYN9001P"  # synthetic: the pilot's form names the operator, not its code
PLACES: Final = ("replica_1", "replica_2", "replica_3")


class Site(Protocol):
    """One place where replicas lie. Any call may raise Busy."""

    async def put(self, object_id: str, sealed: bytes, /) -> None: ...
    async def get(self, object_id: str, /) -> bytes | None: ...
    async def erase(self, object_id: str, /) -> None: ...


class CollectionSite:
    """A site in a collection."""

    def __init__(self, database: Database, name: str) -> None:
        self._rows = database[name]

    async def put(self, object_id: str, sealed: bytes, /) -> None:
        row = {"_id": object_id, "sealed": sealed}
        with reached():
            await self._rows.replace_one({"_id": object_id}, row, upsert=True)

    async def get(self, object_id: str, /) -> bytes | None:
        with reached():
            row = await self._rows.find_one({"_id": object_id})
        return None if row is None else bytes(row["sealed"])

    async def erase(self, object_id: str, /) -> None:
        with reached():
            await self._rows.delete_one({"_id": object_id})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The custodian's name and keys: one signs receipts, the other wraps data keys."""

    signing: PrivateKey
    wrapping: bytes

    @classmethod
    def of(cls, key: PrivateKey) -> Seal:
        scalar = key.scalar().to_bytes(32)
        return cls(signing=key, wrapping=sm3.hmac(scalar, b"credgraph custody keys")[:16])

    def wrap(self, object_id: str, data_key: bytes) -> bytes:
        nonce = secrets.token_bytes(sm4.NONCE_SIZE)
        return nonce + sm4.seal(self.wrapping, nonce, data_key, object_id.encode())

    def unwrap(self, object_id: str, wrapped: bytes) -> bytes:
        nonce, box = wrapped[: sm4.NONCE_SIZE], wrapped[sm4.NONCE_SIZE :]
        return sm4.open_(self.wrapping, nonce, box, object_id.encode())


class SimulatedCustodian:
    """The custodian over a database of its own."""

    def __init__(
        self,
        database: Database,
        key: PrivateKey,
        *,
        sites: Sequence[Site] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._keys = database["keys"]
        self._links = Links(database, clock)
        self._sites = sites or [CollectionSite(database, name) for name in PLACES]
        self._seal, self._clock = Seal.of(key), clock

    async def keep(self, object_id: str, ciphertext: bytes, /) -> Kept:
        """Write everywhere, then count where it can be read back."""
        data_key = await self._data_key(object_id)
        if data_key is None:
            raise Busy("this object was erased", code="CUSTODY_ERASED")
        nonce = secrets.token_bytes(sm4.NONCE_SIZE)
        box = await offload(sm4.seal, data_key, nonce, ciphertext, object_id.encode())
        for site in self._sites:
            await site.put(object_id, nonce + box)
        if await self._row(object_id, "wrapped") is None:  # erased while it was being written
            await self._erase_everywhere(object_id)
            raise Busy("this object was erased", code="CUSTODY_ERASED")
        copies = [await self._opened(site, object_id, data_key) for site in self._sites]
        digest = await offload(sm3_hash, ciphertext)
        return Kept(ciphertext_hash=digest, replicas=copies.count(ciphertext))

    async def fetch(self, object_id: str, /) -> bytes | None:
        """From the first site that has it whole."""
        row = await self._row(object_id, "wrapped")
        if row is None:
            return None
        data_key = self._seal.unwrap(object_id, bytes(row["wrapped"]))
        for site in self._sites:
            found = await self._opened(site, object_id, data_key)
            if found is not None:
                return found
        return None

    async def erase(self, object_id: str, content_hash: str, /) -> JsonObject:
        """Key, replicas, receipt: in this order, each step found done when it is tried again."""
        now = self._clock()
        row = await self._tombstone(object_id, now)
        if "receipt" in row:
            return row["receipt"]  # type: ignore[no-any-return]
        await self._erase_everywhere(object_id)
        erased = Erased(
            object_id=object_id,
            content_hash=Hash(content_hash),
            key_destroyed_at=row["destroyed_at"],
            replicas_erased=len(self._sites),
            erased_at=self._clock(),
            custodian=institution_did(institution_id(USCC)),
        )
        method = method_id(erased.custodian)
        receipt = await offload(build_deletion, erased, method=method, sign=self._seal.signing.sign)
        return await self._first(object_id, receipt)

    async def lend(self, loan: Loan, /) -> None:
        """What is asked for by the link finds it here (custody_links.py)."""
        with reached():
            await self._links.add(loan)

    async def _data_key(self, object_id: str) -> bytes | None:
        """The object's key, made when it is new; None once it is destroyed."""
        fresh = secrets.token_bytes(sm4.KEY_SIZE)
        row = {"_id": object_id, "wrapped": self._seal.wrap(object_id, fresh)}
        try:
            with reached():
                await self._keys.insert_one({**row, "destroyed_at": None})
        except DuplicateKeyError:
            held = await self._row(object_id, "wrapped")
            return None if held is None else self._seal.unwrap(object_id, bytes(held["wrapped"]))
        return fresh

    async def _tombstone(self, object_id: str, now: datetime) -> Document:
        """The row of a destroyed key; an object that never came gets one as well."""
        where = {"_id": object_id}
        gone = {"$set": {"destroyed_at": now}, "$unset": {"wrapped": ""}}
        with reached():
            await self._keys.update_one(where, {"$setOnInsert": {"destroyed_at": now}}, upsert=True)
            await self._keys.update_one({**where, "destroyed_at": None}, gone)
            found = await self._keys.find_one(where)
        if found is None:
            raise Busy("the custodian lost the row", code="CUSTODIAN_UNAVAILABLE")
        return found

    async def _erase_everywhere(self, object_id: str) -> None:
        left = 0
        for site in self._sites:
            try:
                await site.erase(object_id)
                left += await site.get(object_id) is not None
            except Busy:
                left += 1
        if left:
            raise Busy(f"{left} replicas are not erased yet", code="CUSTODY_NOT_ERASED")

    async def _first(self, object_id: str, receipt: JsonObject) -> JsonObject:
        """Of two that erased at once, both answer the receipt that was kept first."""
        where = {"_id": object_id, "receipt": {"$exists": False}}
        with reached():
            await self._keys.update_one(where, {"$set": {"receipt": receipt}})
            row = await self._row(object_id, "receipt")
        return receipt if row is None else row["receipt"]

    async def _row(self, object_id: str, member: str) -> Document | None:
        with reached():
            return await self._keys.find_one({"_id": object_id, member: {"$exists": True}})

    async def _opened(self, site: Site, object_id: str, data_key: bytes) -> bytes | None:
        box = await site.get(object_id)
        if box is None:
            return None
        nonce, rest = box[: sm4.NONCE_SIZE], box[sm4.NONCE_SIZE :]
        try:
            return await offload(sm4.open_, data_key, nonce, rest, object_id.encode())
        except DecryptionFailed:  # a replica that rotted is no replica
            return None


class LinkCounter:
    """Where verifiers fetch what was lent to them."""

    def __init__(
        self,
        database: Database,
        custodian: SimulatedCustodian,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._links, self._custodian = Links(database, clock), custodian

    async def collect(self, claim: Claim, /, *, largest: int) -> bytes:
        """The copy, from the first site that has it whole; the link is this request's from now."""
        with reached():
            object_id = await self._links.taken(claim)
        copy = await self._custodian.fetch(object_id)
        if copy is None:
            raise LinkRefused("the copy is not there any more", code="CUSTODY_COPY_GONE")
        if len(copy) > largest:
            raise LinkRefused(f"more than {largest} bytes", code="CUSTODY_COPY_TOO_LARGE")
        return copy

    async def collected(self, claim: Claim, /) -> None:
        """The link is used up."""
        with reached():
            await self._links.done(claim)


def opened(settings: Settings, database: Database) -> SimulatedCustodian:
    """The custodian with the key of this deployment's cloud operator."""
    path = settings.keys / institution_id(USCC) / "key-1.json"
    return SimulatedCustodian(database, settings.key_files.load(path))


def counter(settings: Settings, database: Database) -> LinkCounter:
    """The same custodian's counter for verifiers. Simulated, it opens the custodian's database with
    its key; a deployment names a client of its custodian instead."""
    return LinkCounter(database, opened(settings, database))


@contextmanager
def reached() -> Iterator[None]:
    """A database that does not answer is a custodian that is away."""
    try:
        yield
    except DuplicateKeyError:
        raise
    except PyMongoError as fault:
        raise Busy("the custodian cannot be reached", code="CUSTODIAN_UNAVAILABLE") from fault
