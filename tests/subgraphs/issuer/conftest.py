"""The issuer's desk as fixtures: one a test, and one a module for tables of refusals."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pymongo
import pytest
import pytest_asyncio

from tests.subgraphs.issuer.desk import Desk, desk_of


@pytest.fixture
async def desk(tmp_path: Path, mongo_uri: str, mongo_database: str) -> AsyncIterator[Desk]:
    async with desk_of(tmp_path, mongo_uri, mongo_database) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_desk(
    tmp_path_factory: pytest.TempPathFactory, mongo_uri: str
) -> AsyncIterator[Desk]:
    prefix = f"t{secrets.token_hex(5)}"
    async with desk_of(tmp_path_factory.mktemp("desk"), mongo_uri, prefix) as opened:
        yield opened
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(mongo_uri)
    with client:
        for name in client.list_database_names():
            if name.startswith(prefix):
                client.drop_database(name)
