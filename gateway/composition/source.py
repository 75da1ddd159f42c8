"""What goes into composition."""

from dataclasses import dataclass

from gateway.spec.names import SubgraphName


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgraphSource:
    """One subgraph as its team hands it in."""

    name: SubgraphName
    url: str
    sdl: str
