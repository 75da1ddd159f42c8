"""The issuer's desk as a fixture."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.subgraphs.issuer.desk import Desk, desk_of


@pytest.fixture
async def desk(tmp_path: Path, mongo_uri: str, mongo_database: str) -> AsyncIterator[Desk]:
    async with desk_of(tmp_path, mongo_uri, mongo_database) as opened:
        yield opened
