"""Is the process alive, and can it serve: a graph is loaded and every subgraph answered lately."""

import asyncio
from dataclasses import dataclass

import orjson

from gateway.auth.context import CallContext
from gateway.executor.ports import SubgraphReply, SubgraphRequest
from gateway.server.exchange import Exchange
from gateway.spec.names import SubgraphName
from gateway.transport.client import NetworkClient

_PROBE = "query CredGraphProbe{__typename}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRules:
    """In seconds: an answer counts for `fresh`; after a failure the next probe comes sooner."""

    timeout: float = 2.0
    eager: float = 0.25
    calm: float = 5.0
    fresh: float = 12.0


class Health:
    """Probes every subgraph in the background and answers /health/*."""

    def __init__(self, client: NetworkClient, rules: ProbeRules) -> None:
        self._client, self._rules = client, rules
        self._answered: dict[SubgraphName, float] = {}
        self._problems: dict[SubgraphName, str] = {}
        self._draining = False

    def drain(self) -> None:
        """Not ready from now on, so that a load balancer sends nobody here."""
        self._draining = True

    async def watch(self) -> None:
        """Runs until cancelled."""
        while True:
            names = self._client.subgraphs
            async with asyncio.TaskGroup() as group:
                for name in names:
                    group.create_task(self._probe(name))
            await asyncio.sleep(self._rules.calm if self._missing() == {} else self._rules.eager)

    async def live(self, exchange: Exchange) -> None:
        """The process answers: that is all there is to say."""
        await exchange.answer(200, "application/json", b'{"status":"live"}', _NO_STORE)

    async def ready(self, exchange: Exchange) -> None:
        """200 when operations can be served, else 503 and what is missing."""
        missing = self._missing()
        status = "draining" if self._draining else "waiting" if missing else "ready"
        subgraphs = {name: missing.get(name, "ready") for name in self._client.subgraphs}
        body = orjson.dumps({"status": status, "subgraphs": subgraphs})
        code = 200 if status == "ready" else 503
        await exchange.answer(code, "application/json", body, _NO_STORE)

    def _missing(self) -> dict[SubgraphName, str]:
        oldest = asyncio.get_running_loop().time() - self._rules.fresh
        return {
            name: self._problems.get(name, "not asked yet")
            for name in self._client.subgraphs
            if self._answered.get(name, -1.0) < oldest or name in self._problems
        }

    async def _probe(self, name: SubgraphName) -> None:
        loop = asyncio.get_running_loop()
        outcome = await self._client.fetch(
            SubgraphRequest(
                subgraph=name,
                document=_PROBE,
                operation_name="CredGraphProbe",
                variables={},
                kind="query",
                context=CallContext(),
                deadline=loop.time() + self._rules.timeout,
            )
        )
        if isinstance(outcome, SubgraphReply) and not outcome.errors:
            self._answered[name] = loop.time()
            self._problems.pop(name, None)
        elif isinstance(outcome, SubgraphReply):
            self._problems[name] = "refused the probe"
        else:
            self._problems[name] = outcome.message


_NO_STORE = ((b"cache-control", b"no-store"),)
