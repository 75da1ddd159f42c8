"""What Hypothesis chooses depends on nothing but its own choices, so that a long run can't end of
anything but a fault of the system. The system here answers differently each time, as one does that
is broken on purpose; what it does is not looked at."""

import itertools
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from types import CoroutineType
from typing import Any, TypeVar, cast

import pytest

from tests.oracle.campaign import Campaign
from tests.oracle.machine import Stage, play
from tests.oracle.system import SUBGRAPHS

T = TypeVar("T")


@dataclass(slots=True)
class _Link:
    delay: float = 0.0


@dataclass(slots=True)
class _System:
    links: dict[str, _Link] = field(
        default_factory=lambda: {name: _Link() for name in (*SUBGRAPHS, "gateway")}
    )

    async def kill(self, name: str, *, away: float) -> None: ...

    async def pause(self, name: str, seconds: float) -> None: ...


@dataclass(slots=True)
class _Campaign:
    """Never twice the same; from round `wrong_from` on something was lost."""

    wrong_from: int = 1_000_000
    failure: str = ""
    system: _System = field(default_factory=_System)
    settled: int = 0
    faults: list[str] = field(default_factory=list)
    _asked: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def may_withdraw(self) -> bool:
        return next(self._asked) % 3 > 0

    async def fault(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        work.close()
        self.faults.append(name)

    async def drop(self, numbers: list[int]) -> None: ...

    async def settle(self) -> None:
        self.settled += 1
        if self.settled >= self.wrong_from:
            self.failure = "one is missing"


class _Stage(Stage):
    """Publishing is refused at every seventh try, by something nobody thought of."""

    def __init__(self, campaign: _Campaign, breaks: bool) -> None:
        super().__init__(Path())
        self.campaign, self._breaks = cast("Campaign", campaign), breaks
        self._runs = itertools.count(1)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        if isinstance(work, CoroutineType) and work.__name__ == "work":
            work.close()
            if self._breaks and next(self._runs) % 7 == 0:
                raise OSError("no route")
            return cast("T", None)
        return self._loop.run_until_complete(work)


def test_many_rounds_over_a_system_that_is_never_twice_the_same() -> None:
    campaign = _Campaign()
    play(_Stage(campaign, breaks=False), steps=5, rounds=300)
    assert campaign.settled >= 300
    assert {name.split(":")[0] for name in campaign.faults} >= {"kill", "cut", "reload", "drop"}


def test_what_was_lost_ends_the_run_and_is_what_is_told() -> None:
    campaign = _Campaign(wrong_from=120)
    with pytest.raises(AssertionError, match="one is missing"):
        play(_Stage(campaign, breaks=False), steps=5)


def test_what_breaks_in_the_campaign_itself_is_told_as_that() -> None:
    with pytest.raises(AssertionError, match="the campaign itself broke: OSError"):
        play(_Stage(_Campaign(), breaks=True), steps=5)


def test_the_same_seed_is_the_same_order() -> None:
    orders = []
    for begin in (7, 7, 8):
        campaign = _Campaign()
        play(_Stage(campaign, breaks=False), steps=5, rounds=20, begin=begin)
        orders.append([name for name in campaign.faults if not name.startswith("withdraw")])
    assert orders[0] == orders[1] != orders[2]
