"""The rows that loading writes to first: what they do not understand is an error, never a guess."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from subgraphs.demo.loading.memory import MemoryDatabase, NotUnderstood
from subgraphs.demo.population import SIZES
from subgraphs.demo.population.books import CoreSystem, Town, categories_of
from subgraphs.demo.population.generate import TODAY
from subgraphs.kit.ids import institution_id
from subgraphs.kit.mongo import DuplicateKeyError

ROWS: list[dict[str, Any]] = [
    {"_id": "a", "holder": "ann", "state": "ACTIVE", "count": 1},
    {"_id": "b", "holder": "ann", "state": "OVER"},
    {"_id": "c", "holder": "ben", "state": "ACTIVE", "count": 3},
]
TOWN = Town(size="S", seed=3, today=TODAY)
NOON = datetime(TODAY.year, TODAY.month, TODAY.day, 4, tzinfo=UTC)  # in Shanghai


@pytest.mark.parametrize(
    ("where", "found"),
    [
        pytest.param({}, "abc", id="all"),
        pytest.param({"_id": "b"}, "b", id="by id"),
        pytest.param({"_id": "b", "holder": "ben"}, "", id="by id, somebody else's"),
        pytest.param({"holder": "ann", "state": "ACTIVE"}, "a", id="two members"),
        pytest.param({"_id": {"$in": ["a", "c", "x"]}}, "ac", id="one of them"),
        pytest.param({"count": {"$exists": False}}, "b", id="without a member"),
        pytest.param({"count": {"$gt": 1}}, "c", id="more than"),
    ],
)
async def test_a_filter_finds_what_the_database_would(where: dict[str, Any], found: str) -> None:
    rows = MemoryDatabase({"rows": ROWS})["rows"]
    assert "".join(row["_id"] for row in await rows.find(where).to_list(None)) == found


async def test_what_is_not_understood_is_an_error() -> None:
    rows = MemoryDatabase({"rows": ROWS})["rows"]
    filters: list[dict[str, Any]] = [{"$or": []}, {"offer.place": 1}, {"count": {"$mod": [2, 1]}}]
    for where in filters:
        with pytest.raises(NotUnderstood):
            await rows.find_one(where)
    with pytest.raises(NotUnderstood):
        await rows.update_one({"_id": "a"}, {"$push": {"list": 1}})
    with pytest.raises(DuplicateKeyError):
        await rows.insert_one({"_id": "a"})


async def test_the_core_system_keeps_the_accounts_of_a_town() -> None:
    books = CoreSystem(lambda: NOON)
    for index in range(0, SIZES["S"].holders, 7):
        for account in TOWN.dossier(index).accounts:
            home, number = institution_id(account.institution), TOWN.number(account)
            found = await books.statement(home, number)
            assert found is not None
            assert [line.category for line in found.lines] == categories_of(account)
            assert await books.identity_document(home, number) == TOWN.identity_document(index)


async def test_a_town_is_made_in_a_year_whose_holidays_are_not_known_yet() -> None:
    town = Town(size="S", seed=3, today=date(2099, 3, 3))
    account = town.dossier(0).accounts[0]
    home, number = institution_id(account.institution), town.number(account)
    found = await CoreSystem(lambda: datetime(2099, 3, 3, 4, tzinfo=UTC)).statement(home, number)
    assert found is not None
    assert date(2098, 1, 1) < found.as_of < town.today
    assert await CoreSystem(lambda: NOON).statement(home, number) is None, "it has not come yet"


async def test_the_core_system_keeps_nobody_elses_accounts() -> None:
    books, account = CoreSystem(lambda: NOON), TOWN.dossier(0).accounts[0]
    home, number = institution_id(account.institution), TOWN.number(account)
    assert await books.statement(institution_id("91310000324360627T"), number) is None
    other_days = [number.replace(f"{TODAY:%Y%m%d}", day) for day in ("20269999", "00010102")]
    other_days.append(number.replace("2026", "2099"))
    for wrong in (number.replace("POP-S", "POP-X"), number + "1", *other_days):
        assert await books.identity_document(home, wrong) is None
    assert await books.identity_document(home, "SIM-RICH-ann") == "TEST-ann"
