"""The embedded chain for tests: two nodes and two witnesses, each on a socket of its own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from ledger_adapter.asgi import App, Receive, Scope, Send, answer
from ledger_adapter.chains.embedded.app import node_app
from ledger_adapter.chains.embedded.client import EmbeddedChain, NodePlace
from ledger_adapter.chains.embedded.node import Node
from ledger_adapter.chains.embedded.peers import Peer
from ledger_adapter.chains.embedded.state import VoterState
from ledger_adapter.chains.embedded.voter import Voter, VoterDoor
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.evidence.block import TrustedBlocks
from ledger_adapter.evidence.block import Voter as TrustedVoter
from ledger_adapter.evidence.trust import TrustedKey, TrustedLog
from ledger_adapter.log.checkpoint import key_id
from ledger_adapter.serving import listening, served
from tests.kit.stack import free_ports
from tests.ledger_adapter.chains.kit import ChainRoom
from tests.ledger_adapter.kit import KEY, ORIGIN

NODES = ("node.one", "node.two")
WITNESSES = ("w.one", "w.two")
BLOCK_SECONDS = 0.2
LOG = TrustedLog(
    ORIGIN, "SM3", (TrustedKey(key_id(ORIGIN, KEY.public_key), KEY.public_key, 0, None),)
)


def keys_of(names: tuple[str, ...]) -> dict[str, PrivateKey]:
    """A key each, the same in every run."""
    return {name: PrivateKey.from_scalar(7_000_003 + at) for at, name in enumerate(names)}


KEYS = keys_of((*NODES, *WITNESSES))
CHAIN = TrustedBlocks(tuple(TrustedVoter(name, key.public_key) for name, key in KEYS.items()), 3)


@dataclass(slots=True)
class EmbeddedStage:
    """All voters of one chain, to be stopped and started one by one."""

    folder: Path
    http: httpx.AsyncClient
    block_seconds: float = BLOCK_SECONDS
    ports: Mapping[str, int] = field(default_factory=lambda: free_ports(KEYS))
    nodes: dict[str, Node] = field(default_factory=dict)
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    states: dict[str, VoterState] = field(default_factory=dict)

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    def voter(self, name: str) -> Voter:
        self.states[name] = VoterState(self.folder / f"{name}.jsonl")
        return Voter(name=name, key=KEYS[name], chain=CHAIN, logs=[LOG], state=self.states[name])

    def start(self, name: str) -> None:
        """A node or a witness, from its files."""
        voter = self.voter(name)
        if name in NODES:
            peers = [Peer(n, self.url(n), self.http) for n in KEYS if n != name]
            node = self.nodes[name] = Node(
                voter, peers=peers, nodes=NODES, block_seconds=self.block_seconds
            )
            app, job = node_app(node), node.run
        else:
            app, job = voter_app(VoterDoor(voter)), _nothing
        listener = listening("127.0.0.1", self.ports[name])
        self.tasks[name] = asyncio.ensure_future(served(app, listener, job=job))

    async def stop(self, name: str) -> None:
        """As kill -9 would: nothing is said to anybody."""
        task = self.tasks.pop(name)
        task.cancel()
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        finally:
            self.states.pop(name).close()
            self.nodes.pop(name, None)

    async def settle(self) -> None:
        await asyncio.sleep(self.block_seconds / 4)

    async def leader(self) -> str:
        """Waits for one."""
        async with asyncio.timeout(30):
            while True:
                for name, node in self.nodes.items():
                    if node.leads:
                        return name
                await asyncio.sleep(0.02)

    async def stop_primary(self) -> None:
        await self.stop(await self.leader())


async def _nothing() -> None:
    await asyncio.Event().wait()


def voter_app(door: VoterDoor) -> App:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await answer(send, await door.reply(scope, receive))

    return app


@asynccontextmanager
async def embedded_stage(
    folder: Path, *, block_seconds: float = BLOCK_SECONDS
) -> AsyncIterator[tuple[EmbeddedStage, EmbeddedChain]]:
    async with httpx.AsyncClient(trust_env=False) as http:
        stage = EmbeddedStage(folder, http, block_seconds)
        for name in KEYS:
            stage.start(name)
        chain = EmbeddedChain(
            "embedded",
            chain=CHAIN,
            nodes=[NodePlace(name, stage.url(name)) for name in NODES],
            writer=LOG.keys[0].key_id,
            http=http,
        )
        try:
            await stage.leader()
            yield stage, chain
        finally:
            for name in list(stage.tasks):
                await stage.stop(name)


@asynccontextmanager
async def embedded_room(folder: Path) -> AsyncIterator[ChainRoom]:
    async with embedded_stage(folder) as (stage, chain):
        yield ChainRoom(chain=chain, trusted=CHAIN, steer=stage)
