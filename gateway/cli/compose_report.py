"""Findings of composition for a terminal: sentence, place, the line itself, what to do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.composition import CompositionError, Hint, Place
from gateway.spec.names import SubgraphName

MAX_PLACES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Knows where each subgraph's text came from, so that editors can jump there."""

    files: Mapping[SubgraphName, Path]
    texts: Mapping[SubgraphName, str]

    def error(self, error: CompositionError) -> str:
        lines = [f"error {error.code}: {error.message}", *self._places(error.places)]
        if error.advice:
            lines.append(f"  what to do: {error.advice}")
        return "\n".join(lines)

    def hint(self, hint: Hint) -> str:
        return "\n".join([f"hint {hint.code}: {hint.message}", *self._places(hint.places)])

    def _places(self, places: tuple[Place, ...]) -> Iterator[str]:
        for place in places[:MAX_PLACES]:
            yield f"  {self.files.get(place.subgraph, place.subgraph)}:{place.line}:{place.column}"
            text = self._line(place)
            if text:
                yield f"    | {text}"
                yield f"    | {' ' * (place.column - 1)}^"
        if len(places) > MAX_PLACES:
            yield f"  and {len(places) - MAX_PLACES} more places"

    def _line(self, place: Place) -> str:
        lines = self.texts.get(place.subgraph, "").splitlines()
        return lines[place.line - 1].rstrip() if 0 < place.line <= len(lines) else ""
