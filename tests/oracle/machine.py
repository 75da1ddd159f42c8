"""The campaign as a state machine: Hypothesis chooses what happens, and in which order.

What it may choose never depends on the system. Hypothesis draws a beginning that it has drawn
before again, and ends with `FlakyStrategyDefinition` when something else can be chosen then: so
preconditions ask for the rules before them only, no rule raises, and what is wrong is told
at the end of a round.
"""

import asyncio
import random
import threading
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.oracle.campaign import Campaign
from tests.oracle.system import SUBGRAPHS, VICTIMS, System

T = TypeVar("T")
LINKS = ("gateway", "verifier", "audit", "issuer")
CHUNK = 50
AWAY = st.sampled_from([0.0, 0.3, 1.0])
NUMBERS = st.lists(st.integers(0, 999), min_size=1, max_size=6)


class Stage:
    """A campaign on an event loop of its own thread, so that rules can be plain calls."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self._folder, self._options = folder, options
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._held = AsyncExitStack()
        self.campaign: Campaign
        self.bulk = 40
        self.chance = random.Random()
        """Of its own: Hypothesis begins the common one anew in each round."""
        self.enough: Callable[[], bool] = lambda: False
        self.over = False
        """Whether it was enough: what Hypothesis plays of its last rounds then does nothing."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine of the campaign."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self.campaign = self.run(self._open())
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    async def _open(self) -> Campaign:
        system = await self._held.enter_async_context(System.running(self._folder))
        opened = Campaign.running(system, **self._options)
        return await self._held.enter_async_context(opened)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.run(self._held.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Machine(RuleBasedStateMachine):
    """Every rule first puts events in flight, then breaks something under them."""

    stage: ClassVar[Stage]

    def __init__(self) -> None:
        super().__init__()
        self.reloaded = self.withdrew = False

    def _publish(self, spread: float) -> None:
        campaign, stage = self.stage.campaign, self.stage
        self.reloaded = False

        async def work() -> None:
            campaign.publish(single=4, bulk=stage.bulk)
            await asyncio.sleep(stage.chance.uniform(0, spread))

        self._play(work())

    def _fault(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        if self._play(self.stage.campaign.fault(name, work)):
            return
        work.close()

    def _play(self, work: Coroutine[Any, Any, None]) -> bool:
        """Whether it was done. After a failure nothing more is done to the system."""
        campaign = self.stage.campaign
        if campaign.failure or self.stage.over:
            work.close()
            return False
        try:
            self.stage.run(work)
        except Exception as broken:  # noqa: BLE001 - all of it is told at the judgement
            campaign.failure = f"the campaign itself broke: {broken!r}"
        return True

    @rule(victim=st.sampled_from(VICTIMS), away=AWAY)
    def kill(self, victim: str, away: float) -> None:
        """kill -9."""
        self._publish(0.15)
        self._fault(f"kill: {victim}", self.stage.campaign.system.kill(victim, away=away))

    @rule(victim=st.sampled_from(VICTIMS), seconds=st.sampled_from([0.3, 1.0, 2.5]))
    def pause(self, victim: str, seconds: float) -> None:
        """A process that hangs for a while."""
        self._publish(0.15)
        self._fault(f"pause: {victim}", self.stage.campaign.system.pause(victim, seconds))

    @rule(name=st.sampled_from(LINKS), seconds=AWAY)
    def cut(self, name: str, seconds: float) -> None:
        """A network that resets connections, and takes none for a while."""
        link = self.stage.campaign.system.links[name]

        async def work() -> None:
            link.refuse()
            await asyncio.sleep(seconds)
            link.heal()

        self._publish(0.15)
        self._fault(f"cut: {name}", work())

    @rule(name=st.sampled_from(LINKS), seconds=st.sampled_from([0.3, 1.0, 4.0]))
    def stall(self, name: str, seconds: float) -> None:
        """A network that has gone silent."""
        link = self.stage.campaign.system.links[name]

        async def work() -> None:
            link.stall()
            await asyncio.sleep(seconds)
            link.heal()

        self._publish(0.15)
        self._fault(f"stall: {name}", work())

    @rule(name=st.sampled_from(LINKS), seconds=AWAY)
    def half_open(self, name: str, seconds: float) -> None:
        """One end has vanished and the other has not been told."""
        link = self.stage.campaign.system.links[name]

        async def work() -> None:
            link.leave_half_open()
            await asyncio.sleep(seconds)
            link.heal()

        self._publish(0.15)
        self._fault(f"half open: {name}", work())

    @rule(name=st.sampled_from(SUBGRAPHS), delay=st.sampled_from([0.01, 0.1]))
    def slow(self, name: str, delay: float) -> None:
        """A slow network; healed by the next fault that heals."""
        self.stage.campaign.system.links[name].delay = delay
        self._publish(0.15)

    @rule(numbers=NUMBERS)
    def drop(self, numbers: list[int]) -> None:
        """Subscribers die."""
        self._publish(0.3)
        self._fault(f"drop: {len(set(numbers))} subscribers", self.stage.campaign.drop(numbers))

    @precondition(lambda self: not self.reloaded)  # many at once are no more than one
    @rule()
    def reload(self) -> None:
        """Another supergraph under running subscriptions."""

        async def work() -> None:
            self.stage.campaign.system.reload()

        self._publish(0.15)
        self._fault("reload: supergraph", work())
        self.reloaded = True

    @precondition(lambda self: not self.withdrew)  # or the first rounds would take all there are
    @rule()
    def withdraw(self) -> None:
        """A permission to see ends while events are in flight, as long as there is one."""
        self._publish(0.15)
        self.withdrew = True
        if not self.stage.campaign.may_withdraw:
            return

        async def work() -> None:
            self.stage.campaign.withdraw()

        self._fault("withdraw: consent", work())
        self._publish(0.0)

    def teardown(self) -> None:
        """Everybody has all, and nothing else."""
        campaign = self.stage.campaign
        if self.stage.over:
            return
        self.stage.run(campaign.settle())
        assert not campaign.failure, campaign.failure
        self.stage.over = self.stage.enough()


def play(
    stage: Stage,
    *,
    steps: int,
    rounds: int = 1_000_000,
    bulk: int = 40,
    enough: Callable[[], bool] = lambda: False,
    begin: int = 0,
) -> None:
    """Rounds of so many steps until it is enough; AssertionError with what was wrong.

    The order is that of the seed `begin`.
    """
    stage.bulk, stage.enough, stage.over = bulk, enough, False
    stage.chance.seed(begin)
    while rounds > 0 and not stage.over:

        @seed(begin)
        class Here(Machine):
            """The machine over this stage."""

        Here.stage = stage
        run_state_machine_as_test(
            Here,
            settings=settings(
                max_examples=min(rounds, CHUNK),
                stateful_step_count=steps,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
        rounds -= CHUNK
        begin += 1
