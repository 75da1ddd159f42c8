"""Whole systems for the tests: one for those that only talk to it, one for those that stop or kill
processes and leave it as it was, all running; who needs more has a system of its own."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from gateway.graphiql import build
from subgraphs.demo.seed import register_institutions
from tests.kit.stack import Stack


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A ready system with the pilot's institutions on its trust register, and GraphiQL: the gateway
    looks for the page when it starts. Others tell their stories in it too."""
    build.main()
    with started(tmp_path_factory.mktemp("system")) as running:
        yield running


@pytest.fixture(scope="package")
def breakable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A system whose processes may be killed; who does starts them again."""
    with started(tmp_path_factory.mktemp("breakable")) as running:
        yield running


def whole_again(stack: Stack) -> None:
    """Starts what was stopped, and the gateway anew: one that knew nobody before is ready when all
    have answered it."""
    stack.stop("gateway")
    stack.start()
    stack.wait_ready()


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
