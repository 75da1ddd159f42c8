"""`python -m bench.compose`: how long composition takes, how much memory, and how it grows.

Each figure is taken in a process of its own, so that peak memory is that of one composition.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from gateway.cli.compose_config import read_compose_config
from gateway.cli.compose_sources import read_sources
from gateway.composition import Composed, SubgraphSource, compose
from gateway.graphiql.node import Node
from gateway.spec.names import SubgraphName
from tests.js.compose_oracle import FOLDER, oracle

OWN_SCHEMA: Final = Path(__file__).parents[1] / "schema" / "supergraph.yaml"
SIZES: Final = (25, 50, 100, 200)
TYPES_EACH: Final = 50
SHARED_BY: Final = 3
"""How many subgraphs know each shared entity."""
_LINK: Final = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", '
    'import: ["@key", "@shareable"])\n'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One composition: what went in, how long it took, how much memory the process held."""

    subgraphs: int
    fields: int
    seconds: float
    cpu: float
    """Seconds of processor time: what counts on a machine that others use as well."""
    megabytes: float

    def line(self, who: str) -> str:
        each = 1e6 * self.cpu / self.fields if self.fields else 0
        return (
            f"{who:8}{self.subgraphs:5} subgraphs {self.fields:7} fields "
            f"{self.seconds:7.2f} s (processor {self.cpu:.2f} s, {each:.0f} us a field) "
            f"{self.megabytes:5.0f} MB"
        )


def large_set(subgraphs: int, types: int = TYPES_EACH) -> list[SubgraphSource]:
    """Subgraphs of `types` types each, a third of them entities that others know as well."""
    return [
        SubgraphSource(
            name=SubgraphName(f"s{number:03}"),
            url=f"http://s{number:03}.example/graphql",
            sdl=_LINK + "\n".join(_definitions(number, subgraphs, types)),
        )
        for number in range(subgraphs)
    ]


def _definitions(number: int, subgraphs: int, types: int) -> Iterator[str]:
    shared = types // 3
    roots = [f"  entity{number}: S{number}x0", f"  own{number}: T{number}x0"]
    yield "type Query {\n" + "\n".join(roots) + "\n}"
    for near in range(SHARED_BY):
        owner = (number + near) % subgraphs
        for index in range(near, shared, SHARED_BY):
            yield _entity(f"S{owner}x{index - near}", number)
    for index in range(types - shared):
        yield _plain(number, index, types - shared)


def _entity(name: str, number: int) -> str:
    owner = int(name[1:].partition("x")[0])
    index = int(name.partition("x")[2])
    other = f"S{owner}x{(index + SHARED_BY) % (TYPES_EACH // 3 // SHARED_BY * SHARED_BY)}"
    lines = [
        "  id: ID!",
        f"  by{number}: String",
        f"  count{number}: Int",
        f"  next{number}: {other}",
    ]
    return f'type {name} @key(fields: "id") {{\n' + "\n".join(lines) + "\n}"


def _plain(number: int, index: int, count: int) -> str:
    target = f"T{number}x{(index + 1) % count}"
    lines = ["  name: String", "  amount: Float", "  flag: Boolean!", f"  next: {target}"]
    return f"type T{number}x{index} {{\n" + "\n".join(lines) + "\n}"


def field_count(sources: Sequence[SubgraphSource]) -> int:
    return sum(line.startswith("  ") for source in sources for line in source.sdl.splitlines())


def measure(subgraphs: int) -> Figure:
    """Compose here and now; peak memory is the whole process's."""
    sources = (
        large_set(subgraphs) if subgraphs else read_sources(read_compose_config(OWN_SCHEMA, None))
    )
    start, start_cpu = time.perf_counter(), time.process_time()
    result = compose(sources)
    seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    assert isinstance(result, Composed), result.errors[:3]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Figure(
        subgraphs=len(sources),
        fields=field_count(sources),
        seconds=seconds,
        cpu=cpu,
        megabytes=peak,
    )


def apart(argument: str) -> str:
    """What `python -m bench.compose ARGUMENT` prints, from a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.compose", argument],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def figure(text: str) -> Figure:
    return Figure(**json.loads(text))


def measure_apollo(node: Node, subgraphs: int) -> Figure:
    """The same input through @apollo/composition, parsing included as it is with us."""
    sources = large_set(subgraphs)
    given = [{"name": s.name, "url": s.url, "sdl": s.sdl} for s in sources]
    done = node.run("time.mjs", folder=FOLDER, stdin=json.dumps(given))
    assert done.returncode == 0, done.stderr[-500:]
    told = json.loads(done.stdout)
    return Figure(subgraphs=subgraphs, fields=field_count(sources), **told)


def main(arguments: Sequence[str]) -> int:
    """Prints all figures; with a number, one as JSON (0: our own schema)."""
    if arguments:
        print(json.dumps(asdict(measure(int(arguments[0])))))
        return 0
    print(figure(apart("0")).line("own"))
    ours = {size: figure(apart(str(size))) for size in SIZES}
    for each in ours.values():
        print(each.line("large"))
    first, last = ours[SIZES[0]], ours[SIZES[-1]]
    growth = (last.cpu / first.cpu) / (last.fields / first.fields)
    print(f"processor time grows {growth:.2f} times as fast as the number of fields")
    node = oracle()
    if isinstance(node, Node):
        theirs = measure_apollo(node, SIZES[-1])
        print(theirs.line("apollo"))
        print(f"ours takes {last.cpu / theirs.cpu:.2f} times the processor time of theirs")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
