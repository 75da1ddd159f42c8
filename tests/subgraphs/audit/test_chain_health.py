"""How the chains are, told at once and at each change; what follows for the service."""

from __future__ import annotations

from datetime import UTC, datetime

from ledger_adapter.chains.port import Failover, NodeHealth, NodeReport, NodeRole
from ledger_adapter.port import Shard
from ledger_adapter.store.mongo import MongoAnchors
from subgraphs.demo.operations import operation
from tests.subgraphs.audit.desk import REGULATOR, Desk

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)


def node(name: str, role: NodeRole, health: NodeHealth, epoch: int = 1) -> NodeReport:
    height = None if health == "DOWN" else 7
    lag = None if health == "DOWN" else 0
    return NodeReport(
        node=name, role=role, health=health, height=height, lag=lag, epoch=epoch, seen_at=AT
    )


async def test_a_switch_is_told_as_it_happens(desk: Desk) -> None:
    settings = desk.world.settings.ledger
    database = desk.world.base.mongo.database(settings.database)
    kept = MongoAnchors(database, Shard(settings.shard))
    well = [node("one", "PRIMARY", "UP"), node("two", "STANDBY", "UP")]
    await kept.see_nodes("embedded", well, [])
    async with desk.world.gateway.subscribe(operation("chain-health"), who=REGULATOR) as stream:
        told = (await stream.next())["chainHealth"]
        assert told["serviceStatus"] == {"mode": "NORMAL", "unwell": []}
        assert told["lastFailover"] is None
        lost = [node("one", "PRIMARY", "DOWN"), node("two", "STANDBY", "UP")]
        await kept.see_nodes("embedded", lost, [])
        told = (await stream.next())["chainHealth"]
        assert told["serviceStatus"] == {"mode": "PAUSED", "unwell": ["embedded: one"]}
        switch = Failover(
            chain="embedded", epoch=2, from_node="one", to_node="two", reason="DOWN", at=AT
        )
        after = [node("one", "STANDBY", "DOWN", 1), node("two", "PRIMARY", "UP", 2)]
        await kept.see_nodes("embedded", after, [switch])
        told = (await stream.next())["chainHealth"]
        again = desk.world.gateway.subscribe(operation("chain-health"), who=REGULATOR)
        async with again as other:
            assert (await other.next())["chainHealth"] == told
            assert desk.parts.chains.watchers == 2, "one look serves both"
    assert told["serviceStatus"] == {"mode": "DEGRADED", "unwell": ["embedded: one"]}
    assert (told["lastFailover"]["fromNode"], told["lastFailover"]["toNode"]) == ("one", "two")
    assert [(one["name"], one["role"]) for one in told["nodes"]] == [
        ("two", "PRIMARY"),
        ("one", "STANDBY"),
    ]
    twin = await desk.ask("{ chainHealth { serviceStatus { mode } } }", who=REGULATOR)
    assert twin.only("chainHealth") == {"serviceStatus": {"mode": "DEGRADED"}}
