"""The short form: every kind of fault once, with events in flight, and the proof that the oracle
would have noticed. `make chaos` plays it for an hour, in an order that Hypothesis chooses."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.oracle.campaign import Campaign
from tests.oracle.expired import behind
from tests.oracle.listeners import WAYS
from tests.oracle.machine import Machine, Stage, play
from tests.oracle.paused import Outage, outage
from tests.oracle.system import System

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A running system with every audience over every way."""
    with Stage(tmp_path_factory.mktemp("oracle"), crowd=1, people=3) as running:
        yield running


def test_every_kind_of_fault_once_and_nothing_is_lost(stage: Stage) -> None:
    class Here(Machine):
        """The machine over this stage, played by hand."""

    Here.stage, stage.bulk = stage, 20
    machine = Here()
    for victim in ("verifier", "ledger", "mongod", "gateway"):
        machine.kill(victim=victim, away=0.0)
    machine.pause(victim="audit", seconds=0.3)
    machine.cut(name="gateway", seconds=0.3)
    machine.cut(name="verifier", seconds=0.3)
    machine.stall(name="gateway", seconds=0.3)
    machine.half_open(name="audit", seconds=0.3)
    machine.reload()
    machine.withdraw()
    machine.drop(numbers=[0, 4, 8, 12])
    machine.teardown()
    campaign = stage.campaign
    print(campaign.summary())
    assert campaign.counted == len(campaign.faults) == 12
    assert campaign.publishers.refusals == []


def test_an_order_that_hypothesis_chooses(stage: Stage) -> None:
    play(stage, steps=4, rounds=2, bulk=20)


def test_with_the_resume_code_removed_the_oracle_sees_the_gap(stage: Stage) -> None:
    failure = stage.run(_failure_of_the_forgetful(stage.campaign.system))
    assert "missing=(" in failure
    assert "missing=()" not in failure


def test_a_place_too_far_behind_is_refused_over_every_way_and_its_pages_read_on(
    stage: Stage,
) -> None:
    found = stage.run(behind(stage.campaign, 120))
    way_on = {"snapshot": "auditEvents", "pages": "supervisionFeedEvents"}
    assert found.told == {way: {"code": "CURSOR_EXPIRED", **way_on} for way in WAYS}
    assert len(found.missed) >= 120
    assert found.read == found.missed


def test_while_no_node_of_the_chain_is_there_nothing_new_begins_and_it_is_told(
    stage: Stage,
) -> None:
    found = stage.run(outage(stage.campaign.system))
    assert found == Outage(
        before="CUSTOMER_UNKNOWN", during="SERVICE_PAUSED", after="CUSTOMER_UNKNOWN"
    )


async def _failure_of_the_forgetful(system: System) -> str:
    async with Campaign.running(system, crowd=1, people=1, forgetful=True) as campaign:
        campaign.publish(single=4, bulk=100)
        system.links["gateway"].refuse()
        await campaign.publishers.finished(system.heal)
        await asyncio.sleep(0.2)
        await campaign.settle(patience=3.0)
        return campaign.failure
