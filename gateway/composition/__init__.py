"""Composition: the SDLs of several subgraphs become one supergraph SDL.

match compose([SubgraphSource(name=..., url=..., sdl=...), ...]):
    case Composed(supergraph_sdl=sdl): ...
    case CompositionFailure(errors=errors): ...
"""

from gateway.composition.compose import Composed, CompositionFailure, compose
from gateway.composition.findings import CompositionError, ErrorCode, Hint, HintCode, Place
from gateway.composition.source import SubgraphSource

__all__ = [
    "Composed",
    "CompositionError",
    "CompositionFailure",
    "ErrorCode",
    "Hint",
    "HintCode",
    "Place",
    "SubgraphSource",
    "compose",
]
