"""What runs is told as it is, and paper stays open when checks do not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from ledger_adapter.errors import LedgerUnavailable
from subgraphs.kit.board import Board
from subgraphs.verifier.service import FAR_BEHIND, service_state
from tests.subgraphs.verifier.counter import EDGE, OWN, Counter, served

pytestmark = pytest.mark.asyncio(loop_scope="module")

STATUS = "{ verificationServiceStatus { function mode reasonCode fallbackEntry } }"
OFFERED = """query($id: ID!) { node(id: $id) { ... on Verification {
  qualification { fallbackOffered } } } }"""


@dataclass(slots=True)
class Behind:
    """A follower that is so many events behind, or whose log is away."""

    events: int | None
    applied: int = 0

    async def lag(self) -> int:
        if self.events is None:
            raise LedgerUnavailable("the log is away")
        return self.events


@pytest_asyncio.fixture(loop_scope="module")
async def counter(shared_counter: Counter) -> AsyncIterator[Counter]:
    app = shared_counter.world.gateway.app
    yield shared_counter
    shared_counter.world.gateway.app = app


@pytest.mark.parametrize(
    ("events", "mode", "reason", "fallback"),
    [
        pytest.param(0, "NORMAL", None, None, id="up to date"),
        pytest.param(
            FAR_BEHIND + 1, "DEGRADED", "LISTENER_LAGGING", "recordPaperEvidence", id="behind"
        ),
        pytest.param(None, "PAUSED", "LOG_AWAY", "recordPaperEvidence", id="without a log"),
    ],
)
async def test_what_runs_is_told(
    counter: Counter, events: int | None, mode: str, reason: str | None, fallback: str | None
) -> None:
    follower: Any = Behind(events)
    counter.world.gateway.app = served(counter.world, replace(counter.parts, follower=follower))
    told = (await counter.ask(STATUS, who=OWN)).only("verificationServiceStatus")
    found = {one["function"]: one for one in told}
    assert found["VERIFICATION"] == {
        "function": "VERIFICATION",
        "mode": mode,
        "reasonCode": reason,
        "fallbackEntry": fallback,
    }
    assert found["MONITORING"]["mode"] == mode
    assert found["PAPER"]["mode"] == "NORMAL"


CHANGED = """subscription { serviceStatusChanged {
  functions { function mode reasonCode fallbackEntry } } }"""


def checks(data: Any) -> tuple[str, str | None, str | None]:
    functions = data["serviceStatusChanged"]["functions"]
    found = {one["function"]: one for one in functions}
    assert found["PAPER"]["mode"] == "NORMAL"
    told = found["VERIFICATION"]
    return told["mode"], told["reasonCode"], told["fallbackEntry"]


async def test_a_holder_is_told_as_it_changes_and_of_the_way_that_stays_open(
    counter: Counter,
) -> None:
    person = await counter.customer("told")
    follower = Behind(0)
    board = Board(partial(service_state, follower), every=0.05)
    counter.world.gateway.app = served(counter.world, replace(counter.parts, board=board))
    gateway, paper = counter.world.gateway, "recordPaperEvidence"
    async with gateway.subscribe(CHANGED, who=person.who) as hers:
        assert checks(await hers.next()) == ("NORMAL", None, None)
        async with gateway.subscribe(CHANGED, who=OWN) as staffs:
            assert checks(await staffs.next()) == ("NORMAL", None, None)
            for events, told in (
                (None, ("PAUSED", "LOG_AWAY", paper)),
                (FAR_BEHIND + 1, ("DEGRADED", "LISTENER_LAGGING", paper)),
                (0, ("NORMAL", None, None)),
            ):
                follower.events = events
                assert checks(await hers.next()) == told
                assert checks(await staffs.next()) == told
        board.close()
        assert (await hers.receive())["type"] == "complete"
    assert board.watchers == 0


async def test_what_is_told_is_what_the_real_follower_says(counter: Counter) -> None:
    person = await counter.customer("told-for-real")
    await counter.settle()
    async with counter.world.gateway.subscribe(CHANGED, who=person.who) as stream:
        assert checks(await stream.next())[0] == "NORMAL"


async def test_paper_is_offered_to_who_does_not_qualify(counter: Counter) -> None:
    person = await counter.customer("offered")
    for lines, offered in ((EDGE, True), (None, False)):
        _, done = await (counter.accepted(person, lines) if lines else counter.accepted(person))
        told = (await counter.ask(OFFERED, {"id": done["id"]}, who=person.who)).only("node")
        assert told["qualification"] == {"fallbackOffered": offered}
