"""`python -m bench.plan`: how long planning takes, how hard it can be made, how it compares.

The comparison with other planners needs AUDIT_DIR (see tests/federation_audit) and npm.
"""

import gc
import os
import statistics
import time
import tracemalloc
from collections.abc import Callable
from typing import Final

from graphql import parse

from bench.planners import Comparison, NotCompared, compare
from bench.stress import Stress, stresses
from bench.yardstick import HEAVY, LIGHT, supergraph
from gateway.access import NOBODY
from gateway.composition import Composed, SubgraphSource, compose
from gateway.engine import EngineOptions
from gateway.engine.graph import Graph
from gateway.executor.ports import NullTracer
from gateway.planner import Budget, World, plan_operation
from gateway.spec.names import SubgraphName
from gateway.supergraph.reader import read_supergraph
from tests.planner.golden import fetches

_TIMES: Final = 15
_LOOKUPS: Final = 20_000
_MOST_LISTED: Final = 12


def best_ms(work: Callable[[], object], times: int = _TIMES) -> float:
    """The shortest of several runs in milliseconds of CPU: others run on this machine too."""
    taken = []
    for _ in range(times):
        start = time.process_time_ns()
        work()
        taken.append(time.process_time_ns() - start)
    return min(taken) / 1e6


def planning_lines() -> list[str]:
    """The benchmark queries: planner alone, the cold path, the warm look-up."""
    graph = Graph.load(supergraph(), EngineOptions(), NullTracer())
    world = World.of(read_supergraph(graph.sdl))
    lines = []
    for name, query in (("heavy", HEAVY), ("light", LIGHT)):
        document = parse(query)
        count = len(list(fetches(plan_operation(world, document).node)))
        alone = best_ms(lambda document=document: plan_operation(world, document))  # type: ignore[misc]
        cold = best_ms(lambda query=query: graph.preparation.prepare(query, None, NOBODY))  # type: ignore[misc]
        graph.operation(query, None, NOBODY)
        warm = best_ms(lambda query=query: _look_up(graph, query), 5)  # type: ignore[misc]
        lines.append(
            f"{name} query: {count} fetches, planner alone {alone:.1f} ms, cold path {cold:.1f} ms,"
            f" warm look-up {warm * 1000 / _LOOKUPS:.2f} us"
        )
    return lines


def _look_up(graph: Graph, query: str) -> None:
    for _ in range(_LOOKUPS):
        graph.operation(query, None, NOBODY)


def stress_line(stress: Stress) -> str:
    """One hard case: seconds, memory at its highest, fetches."""
    composed = compose(
        [
            SubgraphSource(name=SubgraphName(name), url=f"http://{name}", sdl=sdl)
            for name, sdl in stress.sdls.items()
        ]
    )
    if not isinstance(composed, Composed):
        raise TypeError(composed)
    world = World.of(read_supergraph(composed.supergraph_sdl))
    document = parse(stress.operation)
    seconds = best_ms(lambda: plan_operation(world, document, budget=_clocked()), 1) / 1000
    gc.collect()
    tracemalloc.start()
    plan = plan_operation(world, document, budget=Budget())
    highest = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    count = len(list(fetches(plan.node)))
    return f"{stress.name}: {seconds:.2f} s, {highest:.0f} MB, {count} fetches"


def _clocked() -> Budget:
    return Budget(clock=time.monotonic)


def comparison_lines(found: Comparison) -> list[str]:
    """How often we ask more than the better of the two others, and where."""
    total = len(found.counts)
    worse = [each for each in found.counts if each.ours > each.best]
    better = sum(each.ours < each.best for each in found.counts)
    summary = (
        f"{total} operations over {found.graphs} supergraphs: fewer fetches than the better of the"
        f" two in {better}, as many in {total - better - len(worse)}, more in {len(worse)}"
        f" ({100 * (total - len(worse)) / max(total, 1):.1f} % not more);"
        f" mean ours {statistics.fmean(c.ours for c in found.counts):.2f},"
        f" the better of the two {statistics.fmean(c.best for c in found.counts):.2f}"
    )
    listed = [
        f"  more: {each.where}: ours {each.ours}, others {each.theirs}: {each.query}"
        for each in worse[:_MOST_LISTED]
    ]
    return [summary, *listed]


def main() -> None:
    """Prints every figure as it is taken."""
    for line in planning_lines():
        print(line, flush=True)
    print("  targets: <= 8 fetches, planner <= 15 ms, cold path <= 40 ms, look-up <= 30 us")
    for stress in stresses():
        print(stress_line(stress), flush=True)
    print(f"  targets: <= 3 s, <= 200 MB; load average {os.getloadavg()[0]:.2f}", flush=True)
    try:
        lines = comparison_lines(compare(os.environ.get("AUDIT_DIR")))
    except NotCompared as reason:
        lines = [f"planners not compared: {reason}"]
    print("\n".join([*lines, "  target: not more in 95 %"]), flush=True)


if __name__ == "__main__":
    main()
