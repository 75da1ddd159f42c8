"""Rows that are lent answer as the database they are of, and go back only where nobody came
between."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from subgraphs.demo.loading.lent import LentRows, Overtaken
from subgraphs.demo.loading.memory import NotUnderstood
from subgraphs.kit.mongo import Collection, Document, Mongo, ReturnDocument, Session
from subgraphs.kit.together import Question, together

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ROWS: list[dict[str, Any]] = [
    {
        "_id": "a",
        "holder": "ann",
        "state": "ON",
        "uses": ["x", "y"],
        "at": NOW,
        "version": 1,
        "place": 4,
    },
    {"_id": "b", "holder": "ann", "state": "OVER", "uses": [], "none": None, "version": 7},
    {"_id": "c", "holder": "ben", "state": "ON", "at": NOW + timedelta(hours=1), "version": 1},
]


class Stored:
    """A collection of the database, and the same rows lent."""

    def __init__(self, mongo: Mongo, rows: Collection) -> None:
        self.mongo, self.rows = mongo, rows

    def lent(self) -> LentRows:
        async def lend() -> list[Document]:
            return await self.rows.find({}).to_list(None)

        beside: dict[str, LentRows] = {}
        beside["rows"] = LentRows(lend, "rows", beside)
        return beside["rows"]

    async def give_back(self, lent: LentRows) -> None:
        async def work(session: Session) -> None:
            await lent.give_back(self.rows, session)

        await self.mongo.transaction(work)

    async def all(self) -> dict[str, Document]:
        return {row["_id"]: row for row in await self.rows.find({}).to_list(None)}


@pytest.fixture
async def stored(mongo_uri: str, mongo_database: str) -> AsyncIterator[Stored]:
    mongo = Mongo(mongo_uri)
    rows = mongo.database(mongo_database)["rows"]
    await rows.insert_many([dict(row) for row in ROWS])
    yield Stored(mongo, rows)
    await mongo.close()


async def test_a_filter_finds_what_the_database_finds(stored: Stored) -> None:
    lent = stored.lent()
    filters: list[dict[str, Any]] = [
        {},
        {"_id": "b", "holder": "ann"},
        {"_id": "b", "holder": "ben"},
        {"_id": {"$in": ["a", "c", "x"]}, "state": "ON"},
        {"holder": "ann"},
        {"holder": "nobody"},
        {"holder": {"$in": ["ben"]}},
        {"uses": "x"},
        {"uses": {"$in": ["y", "z"]}},
        {"uses": {"$ne": "x"}},
        {"none": None},
        {"none": {"$exists": True}},
        {"at": {"$gt": NOW}},
        {"at": {"$lt": NOW + timedelta(minutes=1)}},
        {"version": {"$gt": 0, "$lt": 2}},
        {"$or": [{"_id": "a"}, {"state": "OVER", "version": 7}]},
        {"$or": [{"_id": {"$in": ["a", "b"]}}, {"state": "ON", "place": {"$in": [4, 5]}}]},
        {"state": "ON", "place": {"$in": [4, 5]}},
    ]
    order = [("holder", -1), ("_id", -1)]
    for where in filters:
        found = await lent.find(where).sort(order).limit(2).to_list(None)
        there = await stored.rows.find(where).sort(order).limit(2).to_list(None)
        assert found == there, where


async def test_what_is_not_understood_is_an_error(stored: Stored) -> None:
    lent = stored.lent()
    filters: list[dict[str, Any]] = [
        {"$nor": []},
        {"offer.place": 1},
        {"version": {"$mod": [2, 1]}},
    ]
    for where in filters:
        with pytest.raises(NotUnderstood):
            await lent.find_one(where)
    with pytest.raises(NotUnderstood):
        await lent.update_one({"_id": "new"}, {"$inc": {"used": 1}}, upsert=True)


async def test_questions_asked_together_find_what_the_database_finds(stored: Stored) -> None:
    wanted: list[tuple[dict[str, Any], int]] = [
        ({"holder": "ann"}, 0),
        ({"$or": [{"_id": "c"}, {"uses": "x"}]}, 0),
        ({"holder": "ann", "state": "ON"}, 1),
        ({"holder": "nobody"}, 0),
    ]
    answers = []
    for rows in (stored.rows, cast("Collection", stored.lent())):
        asked = [Question(rows=rows, where=each, read=list, limit=most) for each, most in wanted]
        found = await together(*asked)
        answers.append([sorted(found.to(one), key=lambda row: row["_id"]) for one in asked])
    assert answers[0] == answers[1]
    assert [len(rows) for rows in answers[0]] == [2, 2, 1, 0]


async def test_other_stages_are_an_error(stored: Stored) -> None:
    lent = stored.lent()
    pipelines: list[list[dict[str, Any]]] = [
        [{"$group": {"_id": "$holder"}}],
        [{"$match": {}}, {"$unionWith": {"coll": "others", "pipeline": []}}],
    ]
    for stages in pipelines:
        with pytest.raises(NotUnderstood):
            await lent.aggregate(stages)


async def test_what_is_new_or_changed_goes_back_and_nothing_else(stored: Stored) -> None:
    lent = stored.lent()
    new = {"_id": "d", "holder": "ann", "at": NOW + timedelta(microseconds=1_500)}
    await lent.insert_one(new)
    await lent.replace_one({"_id": "a", "version": 1}, {"_id": "a", "holder": "ann", "version": 2})
    await lent.update_many({"state": "ON"}, {"$inc": {"holds": 1}})
    after = await lent.find_one_and_update(
        {"_id": "c"}, {"$set": {"state": "OVER"}}, return_document=ReturnDocument.AFTER
    )
    assert after is not None
    assert (after["state"], after["holds"]) == ("OVER", 1)
    # somebody else's, of a row that nobody changes here: it stays
    await stored.rows.update_one({"_id": "b"}, {"$set": {"version": 8}})
    await stored.give_back(lent)
    assert await stored.all() == {
        "a": {"_id": "a", "holder": "ann", "version": 2},
        "b": ROWS[1] | {"version": 8},
        "c": ROWS[2] | {"state": "OVER", "holds": 1},
        "d": new | {"at": NOW + timedelta(milliseconds=1)},
    }
    assert {row["_id"]: row for row in await lent.find({"holder": "ann"}).to_list(None)}.keys() == {
        *("a", "b", "d")
    }


@pytest.mark.parametrize("member", ["version", "state", "at_index", "holds"])
async def test_nothing_is_written_where_a_row_was_changed_meanwhile(
    stored: Stored, member: str
) -> None:
    lent = stored.lent()
    await lent.update_one({"_id": "a"}, {"$set": {"note": "here"}})
    await lent.insert_one({"_id": "d"})
    await stored.rows.update_one({"_id": "a"}, {"$set": {member: 9}})
    with pytest.raises(Overtaken):
        await stored.give_back(lent)
    assert await stored.all() == {row["_id"]: row for row in [ROWS[0] | {member: 9}, *ROWS[1:]]}


async def test_a_row_that_is_gone_is_not_made_again(stored: Stored) -> None:
    lent = stored.lent()
    await lent.update_one({"_id": "a"}, {"$set": {"note": "here"}})
    await stored.rows.delete_one({"_id": "a"})
    with pytest.raises(Overtaken):
        await stored.give_back(lent)
    assert (await stored.all()).keys() == {"b", "c"}
