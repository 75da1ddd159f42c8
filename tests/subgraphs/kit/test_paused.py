"""Nothing new begins while a chain has nobody who writes, after as long as a deployment bears."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from graphql import GraphQLObjectType

from ledger_adapter.errors import LedgerUnavailable
from ledger_adapter.port import ChainNode
from subgraphs.kit.errors import ServicePaused
from subgraphs.kit.paused import BEGINS, Gate, stopped
from tests.access.matrix import api

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
ONE = ChainNode(
    chain="embedded",
    node="one",
    role="PRIMARY",
    health="UP",
    height=7,
    lag=0,
    epoch=1,
    seen_at=AT,
)
TWO = replace(ONE, node="two", role="STANDBY")
DOWN = [replace(one, role="STANDBY", health="DOWN") for one in (ONE, TWO)]
"""As a ledger tells of a chain of which no node answers: nobody leads."""


@dataclass(slots=True)
class Watch:
    """Nodes as the log would tell them, and the time."""

    nodes: Sequence[ChainNode] | None = field(default_factory=lambda: [ONE, TWO])
    now: datetime = AT
    looks: int = 0

    async def look(self) -> Sequence[ChainNode]:
        self.looks += 1
        if self.nodes is None:
            raise LedgerUnavailable("the log is away")
        return self.nodes

    def gate(self, after: int) -> Gate:
        return Gate(self.look, after=after, clock=lambda: self.now)

    def later(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)


async def test_it_closes_after_the_time_and_opens_with_the_first_node_that_writes() -> None:
    watch = Watch(nodes=DOWN)
    gate = watch.gate(60)
    watch.later(59)
    await gate.ask("issueCredential")
    watch.later(1)
    with pytest.raises(ServicePaused, match="no node of embedded writes"):
        await gate.ask("issueCredential")
    watch.nodes = [replace(ONE, health="DOWN", role="STANDBY"), replace(TWO, role="PRIMARY")]
    watch.later(1)
    await gate.ask("issueCredential")


async def test_what_ends_or_restricts_goes_on() -> None:
    watch = Watch(nodes=DOWN)
    gate = watch.gate(60)
    watch.later(600)
    for mutation in ("revokeCredential", "endorseCredential", "withdrawConsent", "closeWallet"):
        await gate.ask(mutation)
    await gate.ask("recordPaperEvidence")
    await gate.ask("reportIncident")


@pytest.mark.parametrize(
    "nodes",
    [
        pytest.param([replace(one, seen_at=None) for one in DOWN], id="never seen"),
        pytest.param([replace(ONE, health="DOWN"), TWO], id="not taken over"),
        pytest.param([replace(ONE, health="FENCED"), TWO], id="nobody leads"),
    ],
)
async def test_what_nobody_can_date_counts_from_the_first_look(nodes: list[ChainNode]) -> None:
    watch = Watch(nodes=nodes)
    watch.later(600)
    gate = watch.gate(60)
    assert await gate.late() == []
    watch.later(59)
    assert await gate.late() == []
    watch.later(1)
    assert await gate.late() == ["embedded"]


async def test_without_the_setting_nothing_is_looked_at() -> None:
    watch = Watch(nodes=DOWN)
    gate = watch.gate(0)
    watch.later(6_000)
    await gate.ask("issueCredential")
    assert watch.looks == 0


async def test_one_look_a_second_serves_all_and_a_log_that_is_away_changes_nothing() -> None:
    watch = Watch(nodes=DOWN)
    gate = watch.gate(60)
    watch.later(60)
    for _ in range(5):
        assert await gate.late() == ["embedded"]
    assert watch.looks == 1
    watch.nodes = None
    watch.later(1)
    assert await gate.late() == ["embedded"]
    assert watch.looks == 2


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        pytest.param([], set(), id="no chain"),
        pytest.param([("a", "PRIMARY", "UP")], set(), id="well"),
        pytest.param([("a", "PRIMARY", "LAGGING")], set(), id="slow"),
        pytest.param(
            [("a", "PRIMARY", "DOWN"), ("a", "STANDBY", "UP")], {"a"}, id="not taken over"
        ),
        pytest.param([("a", "PRIMARY", "FENCED"), ("b", "PRIMARY", "UP")], {"a"}, id="one of two"),
    ],
)
def test_which_chains_are_stopped(nodes: list[tuple[str, str, str]], expected: set[str]) -> None:
    assert stopped(nodes) == expected


def test_what_begins_something_is_a_mutation_that_there_is() -> None:
    root = api().mutation_type
    assert isinstance(root, GraphQLObjectType)
    assert set(root.fields) >= BEGINS
