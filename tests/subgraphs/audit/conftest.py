"""One audit for a whole module of tests that only read, and a fresh one for those that change."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pymongo
import pytest
import pytest_asyncio

from tests.subgraphs.audit.desk import Case, Desk, desk_of


@pytest.fixture
async def desk(tmp_path: Path, mongo_uri: str, mongo_database: str) -> AsyncIterator[Desk]:
    async with desk_of(tmp_path, mongo_uri, mongo_database) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(tmp_path_factory: pytest.TempPathFactory, mongo_uri: str) -> AsyncIterator[Desk]:
    """Ann's and Ben's whole stories are on the log, and signed."""
    prefix = f"t{secrets.token_hex(5)}"
    async with desk_of(tmp_path_factory.mktemp("audit"), mongo_uri, prefix) as opened:
        await opened.tell(*Case("ann").whole(), *Case("ben").whole())
        await opened.signed()
        yield opened
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(mongo_uri)
    with client:
        for name in client.list_database_names():
            if name.startswith(prefix):
                client.drop_database(name)
