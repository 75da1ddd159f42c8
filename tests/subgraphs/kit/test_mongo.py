"""The seam: the same behaviour over either driver."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from subgraphs.kit.mongo import (
    Document,
    Driver,
    DuplicateKeyError,
    IndexModel,
    Mongo,
    Session,
    Unreachable,
    UpdateOne,
    create_indexes,
)


@pytest.fixture(params=["motor", "pymongo"])
async def mongo(request: pytest.FixtureRequest, mongo_uri: str) -> AsyncIterator[Mongo]:
    driver: Driver = request.param
    opened = Mongo(mongo_uri, driver=driver)
    await opened.wait_until_writable()
    yield opened
    await opened.close()


async def test_a_transaction_is_all_or_nothing(mongo: Mongo, mongo_database: str) -> None:
    database = mongo.database(mongo_database)
    await create_indexes(database, {"rows": []})
    rows = database["rows"]

    async def work(session: Session) -> str:
        await rows.insert_one({"_id": 1}, session=session)
        assert await rows.find_one({"_id": 1}) is None
        return "done"

    async def failing(session: Session) -> None:
        await rows.insert_one({"_id": 2}, session=session)
        raise ValueError("after the write")

    assert await mongo.transaction(work) == "done"
    with pytest.raises(ValueError, match="after the write"):
        await mongo.transaction(failing)
    assert [row["_id"] for row in await rows.find({}).to_list(None)] == [1]


async def test_writers_that_meet_are_run_again_until_each_has_counted(
    mongo: Mongo, mongo_database: str
) -> None:
    rows = mongo.database(mongo_database)["rows"]
    await rows.insert_one({"_id": "counter", "n": 0})

    async def work(session: Session) -> None:
        row = await rows.find_one({"_id": "counter"}, session=session)
        assert row is not None
        await rows.update_one({"_id": "counter"}, {"$set": {"n": row["n"] + 1}}, session=session)

    await asyncio.gather(*[mongo.transaction(work) for _ in range(6)])

    row = await rows.find_one({"_id": "counter"})
    assert row == {"_id": "counter", "n": 6}


async def test_bulk_writers_that_meet_are_run_again(mongo: Mongo, mongo_database: str) -> None:
    rows = mongo.database(mongo_database)["rows"]
    await rows.insert_many([{"_id": number, "n": 0} for number in range(3)])

    async def work(session: Session) -> None:
        found = await rows.find({}, session=session).to_list(None)
        more = [UpdateOne({"_id": r["_id"]}, {"$set": {"n": r["n"] + 1}}) for r in found]
        await rows.bulk_write(more, session=session)

    await asyncio.gather(*[mongo.transaction(work) for _ in range(4)])

    assert [row["n"] for row in await rows.find({}).to_list(None)] == [4, 4, 4]


async def test_a_caller_that_is_cancelled_leaves_no_open_transaction(
    mongo: Mongo, mongo_database: str
) -> None:
    database = mongo.database(mongo_database)
    await create_indexes(database, {"rows": []})
    begun = asyncio.Event()

    async def work(session: Session) -> None:
        await database["rows"].insert_one({"_id": 1, "n": 0}, session=session)
        begun.set()
        await database["rows"].update_one({"_id": 1}, {"$set": {"n": 1}}, session=session)

    caller = asyncio.create_task(mongo.transaction(work))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller

    async with asyncio.timeout(4):  # before the server itself ends it
        await database["rows"].update_one({"_id": 1}, {"$set": {"n": 2}})


async def test_unique_indexes_hold_and_are_made_once(mongo: Mongo, mongo_database: str) -> None:
    database = mongo.database(mongo_database)
    indexes = {"rows": [IndexModel([("name", 1)], unique=True)]}
    await create_indexes(database, indexes)
    await create_indexes(database, indexes)

    await database["rows"].insert_one({"name": "a"})
    with pytest.raises(DuplicateKeyError):
        await database["rows"].insert_one({"name": "a"})


async def test_changes_are_watched_and_pipelines_run(mongo: Mongo, mongo_database: str) -> None:
    rows = mongo.database(mongo_database)["rows"]
    await rows.insert_one({"_id": 0, "n": 1})
    seen: list[Document] = []

    async def watch() -> None:
        async for change in mongo.watch(rows, [{"$match": {"operationType": "insert"}}]):
            seen.append(change["fullDocument"])
            if len(seen) == 2:
                return

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.1)
    await rows.insert_many([{"_id": 1, "n": 2}, {"_id": 2, "n": 3}])
    await asyncio.wait_for(watching, 5)
    summed = await mongo.aggregate(rows, [{"$group": {"_id": None, "sum": {"$sum": "$n"}}}])

    assert [one["_id"] for one in seen] == [1, 2]
    assert summed == [{"_id": None, "sum": 6}]


async def test_a_database_that_is_away_is_told_in_one_sentence() -> None:
    mongo = Mongo("mongodb://127.0.0.1:1/?directConnection=true&serverSelectionTimeoutMS=200")

    with pytest.raises(Unreachable, match=r"not writable after 0\.3 s"):
        await mongo.wait_until_writable(seconds=0.3)
    await mongo.close()
