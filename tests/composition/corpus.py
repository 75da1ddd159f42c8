"""The corpus: random splits with mistakes in them, judged by us and by @apollo/composition.

`python -m tests.composition.corpus [SETS]` judges a large one and lists every difference.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.composition import Composed, CompositionFailure, SubgraphSource, compose
from gateway.graphiql.node import Node
from tests.composition.mutations import mutated_set
from tests.composition.random_sets import random_set
from tests.composition.semantics import differences
from tests.js.compose_oracle import Verdict, ask, oracle

FULL: Final = 1500
STOPS_APOLLO: Final = "PROVIDES_ON_NON_OBJECT_FIELD"
EXPLAINED: Final = {
    "stops": f"{STOPS_APOLLO} makes Apollo's composer say nothing else of that subgraph; we do",
    "kinds": "where a name is an input here and an object there, Apollo's composer goes on to "
    "merge the object into the input and finds that empty; we stop at the kinds",
    "crash": "Apollo's composer threw instead of reporting",
}


@dataclass(slots=True)
class Judged:
    """What became of a corpus."""

    sets: int = 0
    failing: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    explained: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)

    @property
    def equal(self) -> float:
        """Share of the sets with the same verdict, codes, hints and supergraph; explained or not,
        what differs differs."""
        return 1 - (len(self.explained) + len(self.unlike)) / max(self.sets, 1)

    def line(self) -> str:
        return (
            f"{self.sets} sets, {self.failing} fail to compose over {len(self.codes)} codes; "
            f"{100 * self.equal:.2f} % judged as @apollo/composition does, "
            f"{len(self.explained)} differ for known reasons, {len(self.unlike)} for unknown ones"
        )


def corpus(sets: int) -> dict[str, tuple[SubgraphSource, ...]]:
    """A quarter are splits with any mistakes (or none), the others have one aimed at a code."""
    named = {f"random {seed}": random_set(seed, mistakes=seed % 4) for seed in range(sets // 4)}
    aimed = {f"aimed {seed}": mutated_set(seed) for seed in range(sets - len(named))}
    return {**named, **aimed}


def judge(node: Node, sets: int) -> Judged:
    """Compose all sets both ways."""
    judged = Judged()
    named = corpus(sets)
    verdicts = ask(node, list(named.values()))
    for (name, sources), theirs in zip(named.items(), verdicts, strict=True):
        _judge_one(judged, name, sources, theirs)
    return judged


def _judge_one(
    judged: Judged, name: str, sources: Sequence[SubgraphSource], theirs: Verdict
) -> None:
    ours = compose(sources)
    errors = ours.errors if isinstance(ours, CompositionFailure) else ()
    codes = sorted({error.code.value for error in errors})
    judged.sets += 1
    judged.failing += bool(codes)
    judged.codes.update(codes)
    reason = _known_reason(codes, theirs)
    if theirs.crashed or codes != list(theirs.errors):
        told = judged.explained if reason else judged.unlike
        told.append(f"{name}: {codes} != {list(theirs.errors)} {EXPLAINED.get(reason, '')}")
    elif isinstance(ours, Composed):
        hints = {hint.code.value for hint in ours.hints}
        unlike = differences(ours.supergraph_sdl, theirs.supergraph or "type Query { none: Int }")
        if unlike or hints != set(theirs.hints):
            judged.unlike.append(f"{name}: {unlike} {sorted(hints)} != {list(theirs.hints)}")


def _known_reason(codes: Sequence[str], theirs: Verdict) -> str:
    if theirs.crashed:
        return "crash"
    if STOPS_APOLLO in theirs.errors and STOPS_APOLLO in codes:
        return "stops"
    more = set(theirs.errors) - set(codes)
    return "kinds" if more == {"EMPTY_MERGED_INPUT_TYPE"} and "TYPE_KIND_MISMATCH" in codes else ""


def main(arguments: Sequence[str]) -> int:
    """0 where at least 99 % are judged alike."""
    node = oracle()
    if not isinstance(node, Node):
        print(node, file=sys.stderr)
        return 1
    judged = judge(node, int(arguments[0]) if arguments else FULL)
    for line in [*judged.explained, *judged.unlike]:
        print(line)
    for code, count in judged.codes.most_common():
        print(f"{count:6} {code}")
    print(judged.line())
    return 0 if judged.equal >= 0.99 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
