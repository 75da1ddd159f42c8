"""One played story for all who only ask about it."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.access.world import World, tell
from tests.e2e.conftest import started

HASTY = {"CREDGRAPH_RECOVERY_WAIT": "0", "CREDGRAPH_RECOVERY_LEAST": "0"}


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with started(tmp_path_factory.mktemp("story"), identity=HASTY, wallet=HASTY) as stack:
        yield asyncio.run(tell(stack))
