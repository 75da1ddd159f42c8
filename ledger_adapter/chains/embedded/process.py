"""The nodes as processes of their own, below one process that starts a dead one again.

Each node is a fork with its own port, key and files; it ends when the process above it is gone,
however that ended. A node's number stands in `<state>.pid`, for whoever wants to kill it.
"""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from ledger_adapter.chains.embedded.app import node_app
from ledger_adapter.chains.embedded.node import Node
from ledger_adapter.chains.embedded.peers import Peer
from ledger_adapter.chains.embedded.state import VoterState
from ledger_adapter.chains.embedded.voter import Voter
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.errors import BadSettings, LedgerFault
from ledger_adapter.evidence.block import TrustedBlocks
from ledger_adapter.evidence.trust import TrustedLog
from ledger_adapter.serving import listening, served

logger = logging.getLogger("credgraph.chain")

REST_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSpec:
    """One node: `voters` are the addresses of all voters, `nodes` those that may propose."""

    name: str
    url: str
    key: PrivateKey
    state: Path
    chain: TrustedBlocks
    logs: Sequence[TrustedLog]
    voters: Mapping[str, str]
    nodes: Sequence[str]
    block_seconds: float


async def run_node(spec: NodeSpec) -> None:
    """Serve one node until a signal."""
    state = VoterState(spec.state)
    voter = Voter(name=spec.name, key=spec.key, chain=spec.chain, logs=spec.logs, state=state)
    place = urlsplit(spec.url)
    if place.hostname is None or place.port is None:
        raise BadSettings(f"node {spec.name}: {spec.url} has no port")
    async with httpx.AsyncClient(trust_env=False) as http:
        node = Node(
            voter,
            peers=[Peer(n, url, http) for n, url in spec.voters.items() if n != spec.name],
            nodes=spec.nodes,
            block_seconds=spec.block_seconds,
        )
        listener = listening(place.hostname, place.port)
        logger.info("node %s of %s listens on %s", spec.name, spec.chain.chain_id, spec.url)
        await served(node_app(node), listener, job=node.run)


class _Children:
    """The running forks, by process id."""

    def __init__(self, specs: Sequence[NodeSpec]) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._names: dict[int, str] = {}
        self._due: dict[str, float] = dict.fromkeys(self._specs, 0.0)
        self._alive, self._hold = os.pipe()

    def tend(self) -> None:
        """Notice who died, start who is due."""
        while self._names:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            name = self._names.pop(pid, None)
            if name is not None:
                logger.warning(
                    "node %s ended (%d); started again in %g s", name, status, REST_SECONDS
                )
                self._due[name] = time.monotonic() + REST_SECONDS
        for name in [name for name, at in self._due.items() if at <= time.monotonic()]:
            del self._due[name]
            self._names[self._fork(self._specs[name])] = name

    def _fork(self, spec: NodeSpec) -> int:
        pid = os.fork()
        if pid:
            spec.state.with_suffix(".pid").write_text(str(pid), encoding="ascii")
            return pid
        os.close(self._hold)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        code = 0
        try:
            asyncio.run(_until_orphaned(spec, self._alive))
        except LedgerFault as fault:
            logger.error("%s", fault)  # noqa: TRY400  # a sentence for the operator, no traceback
            code = 1
        finally:
            sys.stderr.flush()
            os._exit(code)

    def stop(self) -> None:
        """End every node and wait for it."""
        for pid in self._names:
            os.kill(pid, signal.SIGTERM)
        for pid in self._names:
            os.waitpid(pid, 0)


async def _until_orphaned(spec: NodeSpec, alive: int) -> None:
    """The pipe from above closes when the process above ends, by kill -9 too."""
    loop = asyncio.get_running_loop()
    loop.add_reader(alive, lambda: os.kill(os.getpid(), signal.SIGTERM))
    try:
        await run_node(spec)
    finally:
        loop.remove_reader(alive)


def run_nodes(specs: Sequence[NodeSpec]) -> None:
    """Keep all nodes running until a signal."""
    ending: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _frame: ending.append(got))
    for spec in specs:
        spec.state.parent.mkdir(parents=True, exist_ok=True)
    children = _Children(specs)
    try:
        while not ending:
            children.tend()
            time.sleep(0.2)
    finally:
        children.stop()
