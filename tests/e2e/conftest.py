"""One whole system for the tests that only talk to it; those that break it start their own."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from subgraphs.demo.seed import register_institutions
from tests.kit.stack import Stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A ready system with the pilot's institutions on its trust register."""
    with started(tmp_path_factory.mktemp("system")) as running:
        yield running


def started(folder: Path, **told: dict[str, str]) -> "StartedStack":
    """A context manager over a ready system with registered institutions; `told` is what a process
    alone has in its environment."""
    return StartedStack(folder, told)


class StartedStack:
    """Starts on entering, stops on leaving."""

    def __init__(self, folder: Path, told: Mapping[str, dict[str, str]]) -> None:
        self._stack = Stack(folder, quick=True)
        self._stack.overrides.update(told)

    def __enter__(self) -> Stack:
        try:
            self._stack.start()
            self._stack.wait_ready()
            asyncio.run(register_institutions(self._stack.deployment))
        except BaseException:
            self._stack.stop()
            raise
        return self._stack

    def __exit__(self, *_: object) -> None:
        self._stack.stop()
