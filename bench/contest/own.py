"""What only our gateway is asked: memory under long load, and CPU with two workers beside one."""

import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from bench.contest.contestants import GATEWAY_CORE, LOAD_CORE, OURS, Running, ours, started
from bench.contest.rounds import Work, check, measured, scene_of, subgraphs

_WARM_UP = 3.0
_LOOKS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """CPU seconds per 1000 requests by the number of workers, requests a second, and faults."""

    cpu: dict[int, float]
    rps: dict[int, float]
    bad: int

    @property
    def more(self) -> float:
        """How many times one worker's cost a request costs with the most workers."""
        return self.cpu[max(self.cpu)] / self.cpu[1]

    def lines(self) -> Iterator[str]:
        """In Markdown."""
        yield "| workers | CPU s/1000 | x | rps |\n|---|---|---|---|"
        for workers, cpu in self.cpu.items():
            yield f"| {workers} | {cpu:.2f} | {cpu / self.cpu[1]:.2f} | {self.rps[workers]:.0f} |"


@contextmanager
def served(work: Work, workers: int, cores: Sequence[int]) -> Iterator[tuple[Running, str]]:
    """Our gateway over the contest's subgraphs, right and warm; the subgraphs' address too."""
    with ExitStack() as stack:
        address = stack.enter_context(subgraphs(work.latency, "yardstick"))
        scene = stack.enter_context(scene_of(address))
        command = partial(ours, workers=workers)
        gateway = stack.enter_context(started(OURS, scene, command, cores))
        check(gateway.url, work.query, work.data)
        measured(gateway, work, _WARM_UP, address)
        yield gateway, address


def scaling(work: Work, *, rounds: int, seconds: float) -> Scaling:
    """One and two workers in turn, each free to use both cores."""
    both = (GATEWAY_CORE, LOAD_CORE)
    with ExitStack() as stack:
        running = {workers: stack.enter_context(served(work, workers, both)) for workers in (1, 2)}
        rows = [
            (workers, measured(gateway, work, seconds, address))
            for _ in range(rounds)
            for workers, (gateway, address) in running.items()
        ]
    found = {key: [row for workers, row in rows if workers == key] for key in running}
    return Scaling(
        cpu={key: statistics.median(each.cpu for each in of) for key, of in found.items()},
        rps={
            key: statistics.median(each.round.requests / each.round.seconds for each in of)
            for key, of in found.items()
        },
        bad=sum(row.round.bad for _, row in rows),
    )


def memory(work: Work, minutes: float) -> tuple[list[float], int]:
    """A worker's memory in MB at equal distances over so many minutes of load; faults."""
    marks, bad = [], 0
    with served(work, 1, (GATEWAY_CORE,)) as (gateway, address):
        for _ in range(_LOOKS):
            row = measured(gateway, work, minutes * 60 / _LOOKS, address)
            bad += row.round.bad
            marks.append(row.rss)
    return marks, bad
