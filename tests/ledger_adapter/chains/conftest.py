"""One chain room for each backend; a test that takes `room` runs for all of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.ledger_adapter.chains.kit import BACKENDS, ChainRoom


@pytest.fixture(params=sorted(BACKENDS))
async def room(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ChainRoom]:
    async with BACKENDS[request.param](tmp_path) as opened:
        yield opened
