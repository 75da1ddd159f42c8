"""The verifier's counter as fixtures: one a test, and one a module for tables."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pymongo
import pytest
import pytest_asyncio

from tests.subgraphs.verifier.counter import Counter, counter_of


@pytest.fixture
async def counter(tmp_path: Path, mongo_uri: str, mongo_database: str) -> AsyncIterator[Counter]:
    async with counter_of(tmp_path, mongo_uri, mongo_database) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_counter(
    tmp_path_factory: pytest.TempPathFactory, mongo_uri: str
) -> AsyncIterator[Counter]:
    prefix = f"t{secrets.token_hex(5)}"
    async with counter_of(tmp_path_factory.mktemp("counter"), mongo_uri, prefix) as opened:
        yield opened
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(mongo_uri)
    with client:
        for name in client.list_database_names():
            if name.startswith(prefix):
                client.drop_database(name)
