"""What runs is told as it is, and paper stays open when checks do not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from ledger_adapter.chains.port import NodeHealth, NodeReport
from ledger_adapter.errors import LedgerUnavailable
from ledger_adapter.port import Shard
from ledger_adapter.store.mongo import MongoAnchors
from subgraphs.kit.base import wire
from subgraphs.kit.board import Board
from subgraphs.verifier.parts import Parts
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
    board = Board(partial(service_state, follower, counter.parts.gate), every=0.05, silence=3600.0)
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


class Chain:
    """The two nodes of a chain as the ledger writes down that it saw them."""

    def __init__(self, counter: Counter) -> None:
        log = counter.world.settings.ledger
        database = counter.world.base.mongo.database(log.database)
        self._kept = MongoAnchors(database, Shard(log.shard))

    async def is_(self, one: NodeHealth, two: NodeHealth, *, seen: datetime) -> None:
        primary = NodeReport(
            node="one", role="PRIMARY", health=one, height=7, lag=0, epoch=1, seen_at=seen
        )
        nodes = [primary, replace(primary, node="two", role="STANDBY", health=two)]
        await self._kept.see_nodes("embedded", nodes, [])


def open_for(counter: Counter, seconds: int) -> Parts:
    """A verifier's parts where a chain may be stopped so long, as a deployment wires them."""
    settings = replace(counter.world.settings, pause_after=seconds)
    base = wire("verifier", settings, counter.world.base.mongo)
    return replace(counter.parts, gate=base.gate, idempotent=base.idempotent)


async def test_nothing_new_begins_while_node_and_standby_are_down_and_it_is_told(
    counter: Counter,
) -> None:
    chain, person = Chain(counter), await counter.world.person("paused")
    await counter.settle()
    parts = open_for(counter, 300)
    board = Board(partial(service_state, parts.follower, parts.gate), every=0.05, silence=3600.0)
    counter.world.gateway.app = served(counter.world, replace(parts, board=board))
    await chain.is_("UP", "UP", seen=datetime.now(UTC))
    try:
        async with counter.world.gateway.subscribe(CHANGED, who=person.who) as stream:
            assert checks(await stream.next())[0] == "NORMAL"
            await chain.is_("DOWN", "DOWN", seen=datetime.now(UTC) - timedelta(minutes=6))
            told = checks(await stream.next())
            refused = await counter.bind(person, clientMutationId="paused-1")
            read = await counter.ask(STATUS, who=OWN)
            await chain.is_("UP", "DOWN", seen=datetime.now(UTC))  # one is enough
            assert checks(await stream.next())[0] == "NORMAL"
            bound = await counter.bind(person, clientMutationId="paused-1")
    finally:
        board.close()
        await chain.is_("UP", "UP", seen=datetime.now(UTC))
    assert told == ("PAUSED", "CHAIN_STOPPED", "recordPaperEvidence")
    assert (refused["__typename"], refused["code"]) == ("TryAgain", "SERVICE_PAUSED")
    modes = {one["function"]: one["mode"] for one in read.only("verificationServiceStatus")}
    assert modes == {"VERIFICATION": "PAUSED", "MONITORING": "NORMAL", "PAPER": "NORMAL"}
    assert bound["__typename"] == "BindCustomerSuccess"


async def test_paper_is_offered_to_who_does_not_qualify(counter: Counter) -> None:
    person = await counter.customer("offered")
    for lines, offered in ((EDGE, True), (None, False)):
        _, done = await (counter.accepted(person, lines) if lines else counter.accepted(person))
        told = (await counter.ask(OFFERED, {"id": done["id"]}, who=person.who)).only("node")
        assert told["qualification"] == {"fallbackOffered": offered}
