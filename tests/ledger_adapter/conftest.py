"""One log room for each store; a test that takes `room` runs for memory and motor.

Those that are marked `every_driver` run for pymongo's client as well: each call that differs
between the drivers (sessions, transactions, cursors, streams) is in one of them.
"""

from collections.abc import AsyncIterator

import pytest

from tests.ledger_adapter.kit import Room, memory_room, mongo_room


@pytest.fixture(params=["memory", "motor"])
async def room(request: pytest.FixtureRequest) -> AsyncIterator[Room]:
    if request.param == "memory":
        yield memory_room()
        return
    uri = request.getfixturevalue("mongo_uri")
    name = request.getfixturevalue("mongo_database")
    async with mongo_room(uri, name, request.param) as opened:
        yield opened


@pytest.fixture
async def mongo(mongo_uri: str, mongo_database: str) -> AsyncIterator[Room]:
    """A room for what only a real database can show."""
    async with mongo_room(mongo_uri, mongo_database, "pymongo") as opened:
        yield opened
