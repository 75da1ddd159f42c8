"""Personal fields lie sealed, and everything above the database reads them as before."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ledger_adapter.crypto.sealing import Passphrase
from ledger_adapter.crypto.terms import KeyTerms
from ledger_adapter.crypto.wrapping import FileMasterKeys, MasterId, make_master
from ledger_adapter.errors import BadKey, DecryptionFailed
from subgraphs.kit.holder_keys import HolderKeys
from subgraphs.kit.mongo import Database, IndexModel, Mongo, box_in, create_indexes
from subgraphs.kit.sealed import Personal, SealedDatabase, Shredded, Unsealable, update_each
from subgraphs.kit.sealing import seal_what_is_plain

PLAIN = KeyTerms(plain=True)
CARDS = Personal(fields={"number": "", "paper.text": None, "lines.amount": 0}, digests=("number",))
ANN: dict[str, Any] = {
    "_id": "card_1",
    "holder": "hold_ann",
    "number": "6222-0001",
    "paper": {"text": {"at": datetime(2026, 11, 22, tzinfo=UTC), "raw": b"\0\1"}, "hash": "sm3:1"},
    "lines": [{"kind": "STOCK", "amount": 12345}, {"kind": "FUND", "amount": None}],
    "state": "ACTIVE",
}
BEN = ANN | {"_id": "card_2", "holder": "hold_ben", "number": "6222-0002"}


class Safe:
    """One database with sealed cards, and the same without the sealing."""

    def __init__(self, mongo: Mongo, name: str, folder: Path) -> None:
        self.mongo, self.folder = mongo, folder
        self.plain = mongo.database(name)

    @property
    def keys(self) -> HolderKeys:
        """As a process that has just started has them."""
        return HolderKeys(self.plain, FileMasterKeys(self.folder, PLAIN))

    @property
    def database(self) -> Database:
        return SealedDatabase(self.plain, {"cards": CARDS}, self.keys)

    async def raw(self, id_: str = "card_1") -> dict[str, Any]:
        found = await self.plain["cards"].find_one({"_id": id_})
        assert found is not None
        return found


@pytest.fixture
async def safe(mongo_uri: str, mongo_database: str, tmp_path: Path) -> AsyncIterator[Safe]:
    make_master(tmp_path / "masters", None)
    mongo = Mongo(mongo_uri)
    unique = IndexModel([("number_digest", 1)], unique=True)
    opened = Safe(mongo, mongo_database, tmp_path / "masters")
    await create_indexes(opened.plain, {"cards": [unique], "field_keys": ()})
    yield opened
    await mongo.close()


async def test_a_row_is_stored_sealed_and_read_as_it_was(safe: Safe) -> None:
    await safe.database["cards"].insert_one(ANN)
    raw = await safe.raw()
    assert box_in(raw["number"]) is not None
    assert box_in(raw["paper"]["text"]) is not None
    assert box_in(raw["lines"][0]["amount"]) is not None
    assert (raw["state"], raw["paper"]["hash"], raw["lines"][0]["kind"]) == (
        *("ACTIVE", "sm3:1"),
        "STOCK",
    )
    found = await safe.database["cards"].find_one({"_id": "card_1"})
    assert found is not None
    assert {name: found[name] for name in ANN} == ANN


async def test_equal_values_look_different_and_are_found_by_their_digest(safe: Safe) -> None:
    cards = safe.database["cards"]
    await cards.insert_many([ANN, BEN])
    one, other = await safe.raw("card_1"), await safe.raw("card_2")
    assert one["paper"]["text"] != other["paper"]["text"]
    (found,) = await cards.find({"number": "6222-0002"}).to_list(None)
    assert found["_id"] == "card_2"
    both = {"number": {"$in": ["6222-0001", "6222-0002"]}}
    assert await cards.count_documents(both, limit=5) == 2
    assert await cards.find_one({"$or": [{"number": "6222-0003"}]}) is None


async def test_updates_seal_what_they_set(safe: Safe) -> None:
    cards = safe.database["cards"]
    await cards.insert_one(ANN)
    await cards.update_one({"number": "6222-0001"}, {"$set": {"number": "6222-0009"}})
    after = await cards.find_one_and_update(
        {"_id": "card_1", "state": "ACTIVE"},
        {"$set": {"state": "ENDED", "lines": [{"kind": "BOND", "amount": 7}]}},
        return_document=True,
    )
    assert after is not None
    assert (after["number"], after["lines"]) == ("6222-0009", [{"kind": "BOND", "amount": 7}])
    raw = await safe.raw()
    assert box_in(raw["number"]) is not None
    assert box_in(raw["lines"][0]["amount"]) is not None
    gone = {"$set": {"number": "6222-0010"}}
    assert await cards.find_one_and_update({"_id": "card_7"}, gone) is None
    assert await safe.plain["cards"].count_documents({}) == 1


async def test_many_updates_of_what_is_not_sealed_are_one_write(safe: Safe) -> None:
    cards = safe.database["cards"]
    await cards.insert_many([ANN, BEN])
    states = [("6222-0001", "ENDED"), ("6222-0002", "MOVED"), ("6222-0002", "LEFT")]
    await update_each(cards, [({"number": n}, {"$set": {"state": s}}) for n, s in states])
    assert [row["state"] for row in await cards.find({}).to_list(None)] == ["ENDED", "LEFT"]
    read = await cards.find_one({"_id": "card_1"})
    assert read is not None
    assert (read["number"], read["lines"]) == (ANN["number"], ANN["lines"])


async def test_an_upsert_that_makes_a_row_seals_it(safe: Safe) -> None:
    cards = safe.database["cards"]
    for _ in range(2):
        await cards.update_one({"_id": "card_1"}, {"$setOnInsert": ANN}, upsert=True)
    assert box_in((await safe.raw())["number"]) is not None


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda c: c.find_one({"paper.text": "x"}), id="a filter without a digest"),
        pytest.param(lambda c: c.find_one({"number": {"$gt": "1"}}), id="more than equality"),
        pytest.param(lambda c: c.find_one({"lines.0.amount": 1}), id="a place in a list"),
        pytest.param(
            lambda c: c.update_one({"_id": "card_1"}, {"$set": {"lines.0.amount": 1}}),
            id="an update of a place in a list",
        ),
        pytest.param(
            lambda c: c.update_one({"_id": "card_1"}, {"$set": {"paper.text.raw": b""}}),
            id="an update inside of a box",
        ),
        pytest.param(
            lambda c: c.update_one({"_id": "card_1"}, {"$push": {"lines": {"amount": 1}}}),
            id="a push",
        ),
        pytest.param(lambda c: c.update_many({}, {"$set": {"number": "1"}}), id="many at once"),
        pytest.param(lambda c: c.bulk_write([]), id="a bulk write"),
        pytest.param(
            lambda c: update_each(c, [({"_id": "card_1"}, {"$set": {"number": "1"}})]),
            id="one of many updates",
        ),
    ],
)
async def test_what_would_go_past_the_sealing_is_refused(safe: Safe, call: Any) -> None:
    await safe.database["cards"].insert_one(ANN)
    before = await safe.raw()
    with pytest.raises(Unsealable):
        await call(safe.database["cards"])
    assert await safe.raw() == before


@pytest.mark.parametrize(
    "move",
    [
        pytest.param(lambda one, other: {"number": other["number"]}, id="another row's"),
        pytest.param(lambda one, _: {"number": one["paper"]["text"]}, id="another field's"),
        pytest.param(lambda one, _: {"holder": "hold_ben"}, id="under another holder"),
    ],
)
async def test_a_box_opens_in_its_own_place_only(safe: Safe, move: Any) -> None:
    await safe.database["cards"].insert_many([ANN, BEN])
    forged = move(await safe.raw("card_1"), await safe.raw("card_2"))
    await safe.plain["cards"].update_one({"_id": "card_1"}, {"$set": forged})
    with pytest.raises(DecryptionFailed):
        await safe.database["cards"].find_one({"_id": "card_1"})


async def test_a_destroyed_key_leaves_nothing_of_hers_and_all_of_the_others(safe: Safe) -> None:
    cards, keys = safe.database["cards"], safe.keys
    await cards.insert_many([ANN, BEN])

    async def leave(session: Any) -> None:
        await keys.destroy("hold_ann", session=session)

    await safe.mongo.transaction(leave)
    rows = await safe.database["cards"].find({}).sort([("_id", 1)]).to_list(None)
    assert [row["number"] for row in rows] == ["", "6222-0002"]
    assert rows[0]["paper"] == {"text": None, "hash": "sm3:1"}
    assert [line["amount"] for line in rows[0]["lines"]] == [0, None]
    # a step of the clock still writes the row; nothing new about her is written any more
    fresh = safe.database["cards"]
    await fresh.replace_one({"_id": "card_1"}, rows[0] | {"state": "EXPIRED"})
    with pytest.raises(Shredded):
        await fresh.replace_one({"_id": "card_1"}, ANN)
    with pytest.raises(Shredded):
        await fresh.insert_one(ANN | {"_id": "card_3", "number": "6222-0003"})


async def test_many_at_once_make_one_key(safe: Safe) -> None:
    made = await asyncio.gather(*[safe.keys.key("hold_ann") for _ in range(12)])
    assert len(set(made)) == 1
    assert made[0] is not None


async def test_keys_of_many_are_made_at_once_and_each_is_made_once(safe: Safe) -> None:
    ann = await safe.keys.key("ann")
    gone = safe.keys
    await gone.destroy("ben")
    made = await asyncio.gather(*(safe.keys.keys(["ann", "ben", "cat", "dan"]) for _ in range(4)))
    assert all(one == made[0] for one in made)
    assert made[0]["ann"] == ann
    assert made[0]["ben"] is None, "none is made in place of a destroyed one"
    assert made[0] == await safe.keys.known(["ann", "ben", "cat", "dan"])
    assert len({*made[0].values()}) == 4


async def test_a_new_master_wraps_every_key_and_the_old_one_can_go(safe: Safe) -> None:
    await safe.database["cards"].insert_many([ANN, BEN])
    old = await safe.raw()
    make_master(safe.folder, None)
    assert await safe.keys.rewrap() == 3  # two holders' and the digests'
    assert await safe.keys.rewrap() == 0
    (safe.folder / "master-1.json").unlink()
    found = await safe.database["cards"].find_one({"number": "6222-0001"})
    assert found is not None
    assert found["number"] == "6222-0001"
    assert await safe.raw() == old


async def test_without_the_master_nothing_opens_and_the_start_says_so(safe: Safe) -> None:
    await safe.database["cards"].insert_one(ANN)
    (safe.folder / "master-1.json").unlink()
    with pytest.raises(BadKey, match="no master key"):
        await safe.keys.check()
    make_master(safe.folder, None)  # another key under the same name
    with pytest.raises(DecryptionFailed):
        await safe.keys.check()


async def test_rows_of_an_older_version_are_sealed_once(safe: Safe) -> None:
    await safe.plain["cards"].insert_one(ANN)
    personal = {"cards": CARDS}
    assert await seal_what_is_plain(safe.plain, personal, safe.keys) == 1
    assert await seal_what_is_plain(safe.plain, personal, safe.keys) == 0
    assert box_in((await safe.raw())["number"]) is not None
    found = await safe.database["cards"].find_one({"number": "6222-0001"})
    assert found is not None
    assert found["lines"] == ANN["lines"]


def test_a_master_key_file_is_sealed_outside_of_demo_mode(tmp_path: Path) -> None:
    passphrase = Passphrase("a long enough passphrase")
    assert make_master(tmp_path, passphrase) == "master-1"
    assert (tmp_path / "master-1.json").stat().st_mode & 0o777 == 0o600
    masters = FileMasterKeys(tmp_path, KeyTerms(passphrase=passphrase))
    wrapped = masters.wrap(masters.newest(), b"k" * 16, b"place")
    assert masters.unwrap(MasterId("master-1"), wrapped, b"place") == b"k" * 16
    with pytest.raises(DecryptionFailed):
        masters.unwrap(MasterId("master-1"), wrapped, b"another place")
    with pytest.raises(BadKey, match="sealed and no passphrase"):
        FileMasterKeys(tmp_path, PLAIN).wrap(MasterId("master-1"), b"k" * 16, b"")
    assert make_master(tmp_path, None) == "master-2"
    with pytest.raises(BadKey, match="not sealed"):
        masters.wrap(MasterId("master-2"), b"k" * 16, b"")
