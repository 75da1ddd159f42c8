"""Many waits behind one timer."""

import asyncio

import pytest

from gateway.errors import TooSlow
from gateway.server.waits import Waits


async def never() -> None:
    await asyncio.Event().wait()


async def test_who_waits_in_vain_is_told_and_others_wait_on() -> None:
    waits = Waits(0.05, "the parcel")
    come = asyncio.Event()

    async def second() -> str:
        await asyncio.sleep(0.03)
        return await waits.wait(third())

    async def third() -> str:
        await come.wait()
        return "here"

    later = asyncio.create_task(second())
    with pytest.raises(TooSlow, match=r"the parcel did not arrive within 0.05 s"):
        await waits.wait(never())
    come.set()
    assert await later == "here"


async def test_each_wait_in_vain_ends_though_they_share_a_timer() -> None:
    waits = Waits(0.01, "it")
    outcomes = await asyncio.gather(
        *(waits.wait(never()) for _ in range(3)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [TooSlow] * 3
    with pytest.raises(TooSlow):
        await waits.wait(never())


async def test_a_cancellation_from_elsewhere_stays_one() -> None:
    waiting = asyncio.create_task(Waits(60, "it").wait(never()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
