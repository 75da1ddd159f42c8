"""Graphs and operations without end, each known by two numbers, compared until time is up."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from random import Random

from gateway.composition import CompositionFailure, SubgraphSource, compose
from gateway.spec.names import SubgraphName
from tests.differential.check import Difference, Shares, difference, seeded
from tests.differential.operations import assignments, random_operation
from tests.differential.shrink import shrunk
from tests.differential.worlds import World, random_world
from tests.engine.graphs import GRAPHS
from tests.engine.pair import Pair

FIXED = tuple(GRAPHS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """`each` operations are tried on a graph; `goes_on` is asked before every operation."""

    seed: int
    each: int
    goes_on: Callable[[], bool]

    async def run(self, shares: Shares) -> AsyncIterator[tuple[str, Difference]]:
        """The differences, each with what it takes to see it again."""
        graph = 0
        while self.goes_on():
            pair = graph_of(self.seed, graph)
            if pair is not None:
                shares.graphs += 1
                async for found in self._on(pair, graph, shares):
                    yield found
            graph += 1

    async def _on(
        self, pair: Pair, graph: int, shares: Shares
    ) -> AsyncIterator[tuple[str, Difference]]:
        for number in range(self.each):
            if not self.goes_on():
                return
            chance = seeded(self.seed, graph, number)
            operation, variables = random_operation(pair.schema, chance), assignments(chance)
            _hold_up_some(pair, chance)
            found = await difference(pair, operation, variables, shares)
            if found is not None:
                yield f"--seed {self.seed} --graph {graph} --operation {number}", found


async def seen_again(seed: int, graph: int, number: int) -> str:
    """The difference once more, with an operation as small as it can be, and the plan."""
    pair = graph_of(seed, graph)
    if pair is None:
        return "this graph does not compose"
    chance = seeded(seed, graph, number)
    operation, variables = random_operation(pair.schema, chance), assignments(chance)
    _hold_up_some(pair, chance)
    first = await difference(pair, operation, variables)
    if first is None:
        return "no difference"

    async def shows(candidate: str) -> bool:
        found = await difference(pair, candidate, variables)
        return found is not None and found.about[:20] == first.about[:20]

    operation = await shrunk(pair.schema, operation, shows)
    plan = pair.engine.plan_text(operation, None)
    return f"{await difference(pair, operation, variables)}\n{plan}\n{pair.supergraph}"


def _hold_up_some(pair: Pair, chance: Random) -> None:
    """Have some subgraphs answer long after the others: what must wait for them is found out."""
    pair.client.late = {name: chance.choice((0, 0, 40)) for name in pair.client.subgraphs}


def graph_of(seed: int, number: int) -> Pair | None:
    """The fixed graphs first, random ones after; None for a draw that does not compose."""
    if number < len(FIXED):
        return Pair(*GRAPHS[FIXED[number]])
    world = random_world(seed * 1_000_003 + number)
    return Pair(world.sdls, world.universe) if _composes(world) else None


def _composes(world: World) -> bool:
    sources = [
        SubgraphSource(name=SubgraphName(name), url=f"http://{name}", sdl=sdl)
        for name, sdl in world.sdls.items()
    ]
    return not isinstance(compose(sources), CompositionFailure)
