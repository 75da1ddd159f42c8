"""The wallet over real parts as a fixture."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.subgraphs.wallet.purse import Purse, purse_of


@pytest.fixture
async def purse(tmp_path: Path, mongo_uri: str, mongo_database: str) -> AsyncIterator[Purse]:
    async with purse_of(tmp_path, mongo_uri, mongo_database) as opened:
        yield opened
