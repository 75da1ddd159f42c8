"""The whole system with a link between any two parts that speak over TCP, and what breaks it."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, Self

from ledger_adapter.errors import LedgerError
from ledger_adapter.port import EntryIndex, LoggedEvent
from subgraphs.demo.deployment import CONFIG, ROOT
from subgraphs.demo.seed import register_institutions
from subgraphs.kit.follow import open_log
from subgraphs.kit.main import load
from subgraphs.kit.mongo import Mongo, PyMongoError
from tests.kit.faults import Link
from tests.kit.stack import Stack

SUBGRAPHS: Final = ("issuer", "wallet", "verifier", "audit")
VICTIMS: Final = ("gateway", "verifier", "audit", "issuer", "ledger", "mongod")
_PAGE: Final = 1000


def end_on_sigterm() -> None:
    """A program that is asked to end leaves its blocks, and with them no process behind."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


class RoutedStack(Stack):
    """The gateway reaches its subgraphs through links, and has a supergraph file of its own."""

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        self.supergraph = self.deployment.data / "supergraph.graphql"
        shutil.copy(ROOT / "schema" / "supergraph.graphql", self.supergraph)

    def route(self, links: dict[str, Link]) -> None:
        """What the gateway is told about where its subgraphs and its supergraph are."""
        text = (ROOT / CONFIG).read_text(encoding="utf-8")
        config = self.deployment.data / "credgraph.yaml"
        config.write_text(
            text.replace("schema/supergraph.graphql", str(self.supergraph)).replace(
                "schema/examples", str(ROOT / "schema" / "examples")
            ),
            encoding="utf-8",
        )
        ports = {f"{name.upper()}_PORT": str(link.port) for name, link in links.items()}
        self.overrides["gateway"] = {"CREDGRAPH_CONFIG": str(config), **ports}


class System:
    """A running system; `links` has one to each subgraph from the gateway, and one to `gateway`
    from its clients."""

    def __init__(self, stack: RoutedStack, links: dict[str, Link], mongo: Mongo) -> None:
        self.stack, self.links, self.mongo = stack, links, mongo
        settings = load(stack.deployment.environment()).ledger
        self.shard = settings.shard
        self.ledger = open_log(mongo, database=settings.database, shard=settings.shard)
        self.database = mongo.database(settings.database)
        self._log: list[LoggedEvent] = []
        self._reloads = 0

    @classmethod
    @asynccontextmanager
    async def running(cls, data: Path) -> AsyncIterator[Self]:
        """Ready, with the institutions of the pilot on the register."""
        stack = RoutedStack(data)
        async with AsyncExitStack() as held:
            links = {
                name: await held.enter_async_context(Link.to(stack.deployment.ports[name]))
                for name in (*SUBGRAPHS, "gateway")
            }
            stack.route({name: links[name] for name in SUBGRAPHS})
            mongo = Mongo(stack.deployment.uri)
            held.push_async_callback(mongo.close)
            held.push_async_callback(asyncio.to_thread, stack.stop)
            await asyncio.to_thread(stack.start)
            await asyncio.to_thread(stack.wait_ready)
            await register_institutions(stack.deployment)
            yield cls(stack, links, mongo)

    async def kill(self, name: str, *, away: float) -> None:
        """kill -9, and a new start after `away` seconds; others that ended of it start as well."""
        self.stack.kill(name)
        await asyncio.sleep(away)
        await self.heal()

    async def pause(self, name: str, seconds: float) -> None:
        """The process is there and does nothing: SIGSTOP, then SIGCONT."""
        pid = self.stack.pid(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            os.kill(pid, signal.SIGCONT)

    async def restart(self, name: str, changes: Mapping[str, str]) -> None:
        """A subgraph killed and started with settings of its own: the demo's, with these texts in
        them replaced."""
        text = (ROOT / CONFIG).read_text(encoding="utf-8")
        for old, new in changes.items():
            assert old in text, old
            text = text.replace(old, new)
        config = self.stack.deployment.data / f"{name}.yaml"
        config.write_text(text, encoding="utf-8")
        self.stack.overrides[name] = {"CREDGRAPH_CONFIG": str(config)}
        self.stack.kill(name)
        await asyncio.to_thread(self.stack.start, name)

    def reload(self) -> None:
        """Another supergraph, with a type that nobody uses, and the signal to read it."""
        self._reloads += 1
        text = (ROOT / "schema" / "supergraph.graphql").read_text(encoding="utf-8")
        extra = f"scalar Reload{self._reloads} @join__type(graph: AUDIT)"
        self.stack.supergraph.write_text(f"{text}\n{extra}\n", encoding="utf-8")
        os.kill(self.stack.pid("gateway"), signal.SIGHUP)

    async def heal(self) -> None:
        """Every process runs and every link is open."""
        for link in self.links.values():
            link.heal()
        await asyncio.to_thread(self.stack.start)

    async def log(self) -> Sequence[LoggedEvent]:
        """The whole log so far; what was read once is not read again."""
        while True:
            page = await self.ledger.read(EntryIndex(len(self._log)), _PAGE)
            self._log.extend(page)
            if len(page) < _PAGE:
                return self._log

    async def queued(self) -> set[str]:
        """Ids of events that are committed and not yet sequenced."""
        return {str(row["_id"]) async for row in self.database["ledger_queue"].find({})}

    async def settled_log(self, seconds: float = 240.0) -> Sequence[LoggedEvent]:
        """The log when the queue is empty; what is away is waited for."""
        async with asyncio.timeout(seconds):
            while True:
                try:
                    if not await self.queued():
                        return await self.log()
                except (PyMongoError, LedgerError):
                    await self.heal()
                await asyncio.sleep(0.05)
