"""One chain room for each backend; a test that takes `room` runs for all of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.ledger_adapter.chains.embedded_room import embedded_room
from tests.ledger_adapter.chains.kit import ChainRoom, Open
from tests.ledger_adapter.evm.rooms import EVM_ROOMS

ROOMS: dict[str, Open] = {"embedded": embedded_room, **EVM_ROOMS}


@pytest.fixture(params=sorted(ROOMS))
async def room(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ChainRoom]:
    async with ROOMS[request.param](tmp_path) as opened:
        yield opened
