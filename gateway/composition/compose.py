"""Subgraph SDLs -> supergraph SDL, or every reason why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.composition.findings import CompositionError, ErrorCode, Findings, Hint
from gateway.composition.merging.merge import merge_subgraphs
from gateway.composition.printer import print_supergraph
from gateway.composition.reading.read import check_bases, read_subgraphs
from gateway.composition.rules import check_subgraph
from gateway.composition.source import SubgraphSource
from gateway.composition.whole import check_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """Subgraphs that fit together."""

    supergraph_sdl: str
    hints: tuple[Hint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositionFailure:
    """Subgraphs that don't; `errors` holds everything found, not just the first."""

    errors: tuple[CompositionError, ...]
    hints: tuple[Hint, ...]


def compose(
    subgraphs: Sequence[SubgraphSource], *, unread: Sequence[CompositionError] = ()
) -> Composed | CompositionFailure:
    """Compose subgraphs of federation 1 and 2; never raises for what is in their SDL.

    The order of `subgraphs` has no influence: they are taken by name. `unread` tells why the SDL
    of others is missing: nothing is composed then, but the faults of these are found as well.
    """
    findings = Findings(errors=list(unread))
    supergraph = _compose(subgraphs, findings) if _names_are_fine(subgraphs, findings) else None
    hints = tuple(findings.hints)
    if supergraph is None or findings.errors:
        return CompositionFailure(errors=tuple(findings.errors), hints=hints)
    return Composed(supergraph_sdl=supergraph, hints=hints)


def _names_are_fine(subgraphs: Sequence[SubgraphSource], findings: Findings) -> bool:
    names = [each.name for each in subgraphs]
    twice = sorted({name for name in names if names.count(name) > 1})
    for name in twice:
        findings.error(
            ErrorCode.INVALID_SUBGRAPH_NAME,
            f'two subgraphs are called "{name}"',
            advice="names tell subgraphs apart: rename one",
        )
    if not names and not findings.errors:
        findings.error(ErrorCode.NO_QUERIES, "there is no subgraph", advice="name at least one")
    return bool(names) and not twice


def _compose(sources: Sequence[SubgraphSource], findings: Findings) -> str | None:
    subgraphs = read_subgraphs(sources, findings)
    for each in subgraphs:
        check_subgraph(each, findings)
    if findings.errors:
        return None
    check_bases(subgraphs, findings)
    supergraph, merge = merge_subgraphs(subgraphs, findings)
    check_whole(supergraph, merge)
    return None if findings.errors else print_supergraph(supergraph)
