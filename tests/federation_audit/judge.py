"""Asks the gateway what a suite asks, and compares as the audit's own runner does.

`data` must be equal, whatever the order of keys; `errors` counts only where the suite says whether
there are any.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from gateway.composition import Composed, SubgraphSource, compose
from gateway.spec.names import SubgraphName
from tests.federation_audit import servers
from tests.federation_audit.renaming import Renaming
from tests.federation_audit.translator import Translator


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one suite went; `failures` say what was asked, wanted and got."""

    suite: str
    cases: int
    failures: tuple[str, ...]

    @property
    def passed(self) -> int:
        return self.cases - len(self.failures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One suite as the subgraph server tells it, with the graph perhaps under other names."""

    name: str
    supergraph: str
    cases: list[dict[str, Any]]
    renaming: Renaming | None

    @classmethod
    async def fetch(
        cls, name: str, url: str, client: httpx.AsyncClient, *, own: bool = False
    ) -> "Suite":
        """`own`: with a supergraph of our composer instead of the one that is served."""
        if own:
            supergraph = composed((await client.get(f"{url}/{name}/subgraphs")).json())
        else:
            supergraph = (await client.get(f"{url}/{name}/supergraph")).text
        cases = (await client.get(f"{url}/{name}/tests")).json()
        return cls(name=name, supergraph=supergraph, cases=cases, renaming=None)

    async def renamed(
        self, seed: int, url: str, client: httpx.AsyncClient, translator: tuple[Translator, str]
    ) -> "Suite":
        """The same suite under other names, its subgraphs behind the translator."""
        renaming = Renaming.of(self.supergraph, seed)
        addresses: dict[str, str] = {}
        for subgraph in (await client.get(f"{url}/{self.name}/subgraphs")).json():
            path = f"/{self.name}/{renaming.subgraphs[subgraph['name']]}"
            translator[0].routes[path] = (renaming, subgraph["url"])
            addresses[subgraph["name"]] = translator[1] + path
        return Suite(
            name=self.name,
            supergraph=renaming.supergraph(self.supergraph, addresses),
            cases=self.cases,
            renaming=renaming,
        )

    async def judge(self, folder: Path, client: httpx.AsyncClient) -> Verdict:
        """Start a gateway on the supergraph and ask everything once."""
        supergraph = folder / f"{self.name}.graphql"
        supergraph.write_text(self.supergraph, encoding="utf-8")
        with servers.gateway(supergraph, folder / f"{self.name}.log") as running:
            await running.wait(client, "/health/live")
            found = [await self._fault(case, running.url, client) for case in self.cases]
        failures = tuple(fault for fault in found if fault)
        return Verdict(suite=self.name, cases=len(self.cases), failures=failures)

    async def _fault(self, case: dict[str, Any], url: str, client: httpx.AsyncClient) -> str:
        query = case["query"]
        asked = self.renaming.operation(query) if self.renaming else query
        response = await client.post(f"{url}/graphql", json={"query": asked})
        got = response.json()
        if self.renaming and "data" in got:
            got["data"] = self.renaming.original(got["data"])
        if agrees(got, case["expected"]):
            return ""
        return f"{query.strip()}\n  want {case['expected']}\n  got  {got}"


def composed(subgraphs: list[dict[str, str]]) -> str:
    """The supergraph of the subgraphs as served; what does not compose is told by an assertion."""
    sources = [
        SubgraphSource(name=SubgraphName(each["name"]), url=each["url"], sdl=each["sdl"])
        for each in subgraphs
    ]
    outcome = compose(sources)
    assert isinstance(outcome, Composed), outcome
    return outcome.supergraph_sdl


def agrees(got: Mapping[str, Any], want: Mapping[str, Any]) -> bool:
    """Whether an answer is what the suite expects."""
    errors = want.get("errors")
    told = not isinstance(errors, bool) or errors == bool(got.get("errors"))
    return told and _same(got.get("data"), want.get("data"))


def _same(left: Any, right: Any) -> bool:
    """Equal as JSON: Python alone would take 1 for true."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)
