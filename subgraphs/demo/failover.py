"""The chapter in which the chain's primary node is killed and the standby takes its place."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from typing import TypeAlias

from subgraphs.demo.answers import at, items, text
from subgraphs.demo.client import Client, Json
from subgraphs.demo.deployment import DemoError, Deployment
from subgraphs.demo.operations import operation

SECONDS = 30.0
PAUSE = 0.25
Holds: TypeAlias = Callable[[Json], bool]


async def killed_primary(client: Client, deployment: Deployment) -> list[str]:
    """kill -9 to the node that leads; the lines to tell once the standby leads."""
    before = await _until(client, lambda _: True)
    primary = _primary(before)
    if primary is None:
        raise DemoError("no node of the embedded chain leads")
    known = {text(row, "toNode") + str(at(row, "epoch")) for row in items(before, "failoverEvents")}
    number = _process_of(deployment, text(primary, "name"))
    os.kill(number, signal.SIGKILL)
    after = await _until(client, lambda data: _switched(data, known))
    switch = next(
        row
        for row in items(after, "failoverEvents")
        if text(row, "toNode") + str(at(row, "epoch")) not in known
    )
    lines = [f"kill -9 {number} ({text(primary, 'name')})"]
    lines.append(
        f"epoch {at(switch, 'epoch')}: {text(switch, 'toNode')} leads ({switch['reason']})"
    )
    lines += [
        f"{text(node, 'name'):<28} {text(node, 'role'):<8} {text(node, 'health')}"
        for node in items(after, "chainNodes")
    ]
    return lines


def _switched(data: Mapping[str, object], known: set[str]) -> bool:
    rows = items(data, "failoverEvents")
    return any(text(row, "toNode") + str(at(row, "epoch")) not in known for row in rows)


def _primary(data: Mapping[str, object]) -> Json | None:
    nodes = [node for node in items(data, "chainNodes") if text(node, "role") == "PRIMARY"]
    return nodes[0] if nodes else None


def _process_of(deployment: Deployment, node: str) -> int:
    """The number that the node's own process left in the data folder."""
    name = f"node-{node.rsplit('/', 1)[-1]}.pid"
    try:
        return int((deployment.data / "chain" / name).read_text(encoding="ascii"))
    except (OSError, ValueError):
        raise DemoError(f"{name} is not in the data folder: does `make up` run?") from None


async def _until(client: Client, good: Holds) -> Json:
    deadline = asyncio.get_running_loop().time() + SECONDS
    while True:
        data = await client.ask(operation("chain-nodes"), {})
        if _primary(data) is not None and good(data):
            return data
        if asyncio.get_running_loop().time() > deadline:
            raise DemoError("the chain's nodes did not settle in time")
        await asyncio.sleep(PAUSE)
