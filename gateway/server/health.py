"""Is the process alive, and can it serve: a graph is loaded, every subgraph that is needed answers,
and none of those with an event feed has fallen behind.

A subgraph is down at its first failed probe and up at its next good one. Probes are regular, and a
request that found a subgraph gone brings the next one forward.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import orjson

from gateway.auth.context import CallContext
from gateway.errors import SUBREQUEST_CONNECTION_ERROR, SUBREQUEST_TIMEOUT
from gateway.executor.ports import Fault, SubgraphReply, SubgraphRequest
from gateway.server.exchange import Exchange
from gateway.server.siblings import Siblings
from gateway.spec.names import SubgraphName
from gateway.transport.client import NetworkClient
from gateway.transport.endpoint import Endpoint
from gateway.transport.knock import knock

_PROBE = "query CredGraphProbe{__typename}"
_DOUBTS = frozenset({SUBREQUEST_CONNECTION_ERROR, SUBREQUEST_TIMEOUT})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRules:
    """In seconds: a probe each `calm`, each `eager` while something is missing; an answer counts
    for `fresh`. Without an `optional` subgraph the gateway is ready all the same. `feeds` are
    pages that tell in JSON how many events a subgraph `lag`s behind."""

    timeout: float = 2.0
    eager: float = 0.25
    calm: float = 2.0
    fresh: float = 12.0
    optional: frozenset[str] = frozenset()
    feeds: Mapping[SubgraphName, Endpoint] | None = None
    lag: int = 1_000


class Health:
    """Probes every subgraph in the background and answers /health/*. A `Tracer` too: it hears of
    every request that failed. With siblings, it is ready when every worker that lives is."""

    def __init__(
        self, client: NetworkClient, rules: ProbeRules, siblings: Siblings | None = None
    ) -> None:
        self._client, self._rules, self._siblings = client, rules, siblings
        if siblings is not None:
            siblings.tell("status", lambda: self._status().encode())
        self.looked = asyncio.Event()
        self.needs: dict[str, Callable[[], bool]] = {}  # what else must be there, by its name
        self._answered: dict[SubgraphName, float] = {}
        self._problems: dict[SubgraphName, str] = {}
        self._doubt = asyncio.Event()
        self._draining = False

    def drain(self) -> None:
        """Not ready from now on, so that a load balancer sends nobody here."""
        self._draining = True

    def phase(self, name: str, started: float, ended: float, /) -> None:
        """See `Tracer`."""

    def fetched(
        self, _request: SubgraphRequest, outcome: SubgraphReply | Fault, _started: float, /
    ) -> None:
        """See `Tracer`."""
        if isinstance(outcome, Fault) and outcome.code in _DOUBTS:
            self._doubt.set()

    async def watch(self) -> None:
        """Runs until cancelled."""
        rules = self._rules
        while True:
            async with asyncio.TaskGroup() as group:
                for name in self._client.subgraphs:
                    group.create_task(self._probe(name))
            self._doubt.clear()
            self.looked.set()
            await asyncio.sleep(min(rules.eager, rules.calm))
            if not self._missing():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, rules.calm - rules.eager)):
                        await self._doubt.wait()

    async def live(self, exchange: Exchange) -> None:
        """The process answers: that is all there is to say."""
        await exchange.answer(200, "application/json", b'{"status":"live"}', _NO_STORE)

    async def ready(self, exchange: Exchange) -> None:
        """200 when operations can be served, else 503; what is missing either way."""
        missing, status = self._missing(), self._status()
        subgraphs = {name: missing.get(name, "ready") for name in self._client.subgraphs}
        told: dict[str, object] = {"status": status, "subgraphs": subgraphs}
        told |= {name: "ready" if there() else "not read yet" for name, there in self.needs.items()}
        if self._siblings is not None:
            workers = {self._siblings.crew.number: status, **await self._of_siblings()}
            told["workers"] = {str(number): workers[number] for number in sorted(workers)}
            told["status"] = status = _of_all(workers.values())
        code = 200 if status == "ready" else 503
        await exchange.answer(code, "application/json", orjson.dumps(told), _NO_STORE)

    def is_ready(self) -> bool:
        """Whether this worker can serve operations now."""
        return self._status() == "ready"

    def _status(self) -> str:
        needed = self._missing().keys() - self._rules.optional
        if self._draining:
            return "draining"
        whole = not needed and all(there() for there in self.needs.values())
        return "ready" if whole else "waiting"

    async def _of_siblings(self) -> dict[int, str]:
        if self._siblings is None:
            return {}
        said = await self._siblings.ask("status")
        return {number: (told or b"gone").decode() for number, told in said.items()}

    def _missing(self) -> dict[SubgraphName, str]:
        oldest = asyncio.get_running_loop().time() - self._rules.fresh
        return {
            name: self._problems.get(name, "not asked yet")
            for name in self._client.subgraphs
            if self._answered.get(name, -1.0) < oldest or name in self._problems
        }

    async def _probe(self, name: SubgraphName) -> None:
        problem = await self._illness(name) or await self._lag(name)
        if problem is None:
            self._answered[name] = asyncio.get_running_loop().time()
            self._problems.pop(name, None)
        else:
            self._problems[name] = problem

    async def _illness(self, name: SubgraphName) -> str | None:
        outcome = await self._client.fetch(
            SubgraphRequest(
                subgraph=name,
                document=_PROBE,
                operation_name="CredGraphProbe",
                variables={},
                kind="query",
                context=CallContext(),
                deadline=asyncio.get_running_loop().time() + self._rules.timeout,
            )
        )
        if isinstance(outcome, SubgraphReply):
            return "refused the probe" if outcome.errors else None
        return outcome.message

    async def _lag(self, name: SubgraphName) -> str | None:
        page = (self._rules.feeds or {}).get(name)
        if page is None:
            return None
        status, told = await knock(page, self._rules.timeout)
        if status != 200 or not isinstance(told, dict):
            return f"event feed: {told if isinstance(told, str) else f'status {status}'}"
        lag = told.get("lag", 0)
        current = isinstance(lag, int) and lag <= self._rules.lag
        return None if current else f"event feed: {lag} events behind"


def _of_all(statuses: Iterable[str]) -> str:
    """Whoever is gone gets no requests; any other worker may be the one that does."""
    return next((each for each in statuses if each not in {"ready", "gone"}), "ready")


_NO_STORE = ((b"cache-control", b"no-store"),)
