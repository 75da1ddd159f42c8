"""The simulated custodian: a key for each object, three replicas, and a true receipt."""

import asyncio
from typing import Any

import pytest

from ledger_adapter.crypto.sm2 import PrivateKey
from subgraphs.kit.errors import Busy
from subgraphs.kit.mongo import Database, Mongo
from subgraphs.simulators.custody import PLACES, CollectionSite, SimulatedCustodian
from subgraphs.vc.deletion import parse_deletion, verify_deletion
from subgraphs.vc.encoding import sm3_hash
from subgraphs.vc.errors import MalformedDocument

OBJECT = "cust_00000000000000000000000001"
COPY = b"what the holder had sealed" * 40
KEY = PrivateKey.generate()


class BrokenSite:
    """A site that answers as often as it is told to, and is down otherwise."""

    def __init__(self, site: CollectionSite) -> None:
        self._site, self.down = site, False

    async def put(self, object_id: str, sealed: bytes, /) -> None:
        self._reach()
        await self._site.put(object_id, sealed)

    async def get(self, object_id: str, /) -> bytes | None:
        self._reach()
        return await self._site.get(object_id)

    async def erase(self, object_id: str, /) -> None:
        self._reach()
        await self._site.erase(object_id)

    def _reach(self) -> None:
        if self.down:
            raise Busy("the site is down", code="CUSTODIAN_UNAVAILABLE")


@pytest.fixture
async def database(mongo_uri: str, mongo_database: str) -> Any:
    mongo = Mongo(mongo_uri)
    yield mongo.database(f"{mongo_database}_custody")
    await mongo.close()


async def test_what_lies_at_the_sites_is_sealed_and_comes_back_whole(database: Database) -> None:
    custodian = SimulatedCustodian(database, KEY)
    kept = await custodian.keep(OBJECT, COPY)
    assert (kept.replicas, kept.ciphertext_hash) == (3, sm3_hash(COPY))
    for name in PLACES:
        (row,) = await database[name].find({}).to_list(None)
        assert b"holder" not in bytes(row["sealed"])
    assert await custodian.fetch(OBJECT) == COPY
    assert await SimulatedCustodian(database, PrivateKey.generate()).keep("other", COPY)


async def test_a_replica_that_rotted_is_no_replica(database: Database) -> None:
    custodian = SimulatedCustodian(database, KEY)
    await custodian.keep(OBJECT, COPY)
    await database[PLACES[0]].update_one({"_id": OBJECT}, {"$set": {"sealed": b"x" * 99}})
    assert await custodian.fetch(OBJECT) == COPY


async def test_erased_is_key_and_replicas_and_the_receipt_holds(database: Database) -> None:
    custodian = SimulatedCustodian(database, KEY)
    await custodian.keep(OBJECT, COPY)
    document = await custodian.erase(OBJECT, sm3_hash(COPY))
    receipt = parse_deletion(document)
    assert verify_deletion(receipt, KEY.public_key).ok
    assert not verify_deletion(receipt, PrivateKey.generate().public_key).ok
    assert (receipt.erased.object_id, receipt.erased.replicas_erased) == (OBJECT, 3)
    assert [await database[name].find_one({}) for name in PLACES] == [None] * 3
    (row,) = await database["keys"].find({}).to_list(None)
    assert "wrapped" not in row
    assert await custodian.fetch(OBJECT) is None
    assert await custodian.erase(OBJECT, sm3_hash(COPY)) == document


async def test_an_erased_object_does_not_come_back(database: Database) -> None:
    custodian = SimulatedCustodian(database, KEY)
    await custodian.erase(OBJECT, sm3_hash(COPY))
    with pytest.raises(Busy) as refusal:
        await custodian.keep(OBJECT, COPY)
    assert refusal.value.code == "CUSTODY_ERASED"
    assert [await database[name].find_one({}) for name in PLACES] == [None] * 3


async def test_no_receipt_while_a_replica_is_left(database: Database) -> None:
    sites = [BrokenSite(CollectionSite(database, name)) for name in PLACES]
    custodian = SimulatedCustodian(database, KEY, sites=sites)
    await custodian.keep(OBJECT, COPY)
    sites[1].down = True
    with pytest.raises(Busy) as refusal:
        await custodian.erase(OBJECT, sm3_hash(COPY))
    assert refusal.value.code == "CUSTODY_NOT_ERASED"
    left = await database[PLACES[1]].find_one({})
    assert left is not None
    assert await custodian.fetch(OBJECT) is None  # its key is gone: the replica opens no more
    sites[1].down = False
    receipt = parse_deletion(await custodian.erase(OBJECT, sm3_hash(COPY)))
    assert receipt.erased.key_destroyed_at <= receipt.erased.erased_at
    assert await database[PLACES[1]].find_one({}) is None


async def test_of_many_that_erase_at_once_all_get_one_receipt(database: Database) -> None:
    custodian = SimulatedCustodian(database, KEY)
    await custodian.keep(OBJECT, COPY)
    found = await asyncio.gather(*(custodian.erase(OBJECT, sm3_hash(COPY)) for _ in range(4)))
    assert all(one == found[0] for one in found)


@pytest.mark.parametrize(
    "changed",
    [
        {"replicasErased": 2},
        {"contentHash": sm3_hash(b"another")},
        {"object": "urn:credgraph:cust_00000000000000000000000002"},
        {"keyDestroyedAt": "2020-01-01T00:00:00Z"},
    ],
)
async def test_a_changed_receipt_does_not_hold(database: Database, changed: Any) -> None:
    document = await SimulatedCustodian(database, KEY).erase(OBJECT, sm3_hash(COPY))
    assert not verify_deletion(parse_deletion({**document, **changed}), KEY.public_key).ok


@pytest.mark.parametrize(
    "changed",
    [
        *({"replicasErased": 0}, {"replicasErased": True}, {"type": "x"}, {"more": 1}),
        *({"keyDestroyedAt": "2099-01-01T00:00:00Z"}, {"object": "cust"}, {"contentHash": "sm3:"}),
    ],
)
async def test_what_is_no_receipt_is_not_read(database: Database, changed: Any) -> None:
    document = await SimulatedCustodian(database, KEY).erase(OBJECT, sm3_hash(COPY))
    with pytest.raises(MalformedDocument):
        parse_deletion({**document, **changed})
