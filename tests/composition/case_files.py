"""Reads the text files that hold subgraph sets and what is to become of them.

=== title: CODE CODE        only in files that hold several cases
--- name                    SDL of a subgraph; the federation @link is put before it
--- name (as it stands)     SDL that links federation itself, or is federation 1
>>> supergraph              what composition must print (golden files)
>>> hints                   codes it must hint at, a line each
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.composition import SubgraphSource
from gateway.spec.names import SubgraphName

HERE: Final = Path(__file__).parent
LINK: Final = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", '
    '"@shareable", "@tag", "@inaccessible", "@authenticated", "@requiresScopes", "@policy", '
    '"@cost", "@listSize", "@override", "@external", "@requires", "@provides", '
    '"@interfaceObject", "@composeDirective", "@context", "@fromContext"])\n'
)
_SECTION: Final = re.compile(r"^--- (\S+)( \(as it stands\))?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Case:
    """One set of subgraphs; `codes` are of errors or hints, by the file they stand in."""

    title: str
    codes: tuple[str, ...]
    sources: tuple[SubgraphSource, ...]


def cases_in(folder: str) -> list[Case]:
    """All cases of all files of a folder that hold several each."""
    found: list[Case] = []
    for path in sorted((HERE / folder).glob("*.txt")):
        for text in path.read_text(encoding="utf-8").split("=== ")[1:]:
            head, _, body = text.partition("\n")
            title, _, codes = head.partition(": ")
            found.append(Case(title, tuple(sorted(codes.split())), subgraphs_in(body)))
    return found


def subgraphs_in(text: str) -> tuple[SubgraphSource, ...]:
    pieces = _SECTION.split(text)[1:]
    return tuple(
        subgraph(name, sdl if as_it_stands else LINK + sdl)
        for name, as_it_stands, sdl in zip(*(iter(pieces),) * 3, strict=True)
    )


def subgraph(name: str, sdl: str) -> SubgraphSource:
    return SubgraphSource(name=SubgraphName(name), url=f"http://{name}.example/graphql", sdl=sdl)
