"""Findings of composition, for a terminal (sentence, place, the line itself, what to do) and as
JSON for programs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.cli.compose_config import ComposeConfig
from gateway.cli.compose_sources import Gathered
from gateway.composition import CompositionError, Hint, Place
from gateway.composition.catalogue import advice_for

MAX_PLACES: Final = 6
_WIDEST: Final = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What one run found, hints sorted by what the config makes of them."""

    config: ComposeConfig
    gathered: Gathered
    errors: Sequence[CompositionError]
    hints: Sequence[Hint]

    @property
    def failing(self) -> list[Hint]:
        return [hint for hint in self.hints if self.config.fails(hint)]

    @property
    def refused(self) -> bool:
        return bool(self.errors or self.failing)

    def as_text(self) -> Iterator[str]:
        """One block for each finding; hints that somebody allowed are left out."""
        for hint in self.hints:
            if self.config.reason(hint) is None:
                yield self._block("hint", hint, advice_for(hint.code))
        for error in self.errors:
            yield self._block("error", error, error.advice)
        if self.refused:
            yield (
                f"credgraph: nothing written: {len(self.errors)} error(s), "
                f"{len(self.failing)} hint(s) not allowed by the config"
            )
            return
        for entry in self.config.unused(self.hints):
            yield f"credgraph: allowed_hints: {entry} matches nothing any more"

    def as_json(self, written: Sequence[str], stale: Sequence[str]) -> str:
        """One document: verdict, errors, hints, and the files that were or would be written."""
        said = {
            "composes": not self.errors,
            "refused": self.refused,
            "errors": [
                {
                    "code": error.code.value,
                    "message": error.message,
                    "subgraphs": sorted({place.subgraph for place in error.places}),
                    "places": [self._place(place) for place in error.places],
                    "suggestion": error.advice or None,
                }
                for error in self.errors
            ],
            "hints": [self._hint(hint) for hint in self.hints],
            "written": list(written),
            "stale": list(stale),
        }
        return json.dumps(said, ensure_ascii=False)

    def _hint(self, hint: Hint) -> dict[str, object]:
        return {
            "code": hint.code.value,
            "message": hint.message,
            "subgraphs": sorted({place.subgraph for place in hint.places}),
            "places": [self._place(place) for place in hint.places],
            "suggestion": advice_for(hint.code) or None,
            "fails": self.config.fails(hint),
            "allowed": self.config.reason(hint),
        }

    def _place(self, place: Place) -> dict[str, object]:
        origin, line, _ = self.gathered.locate(place)
        return {
            "subgraph": place.subgraph,
            "file": origin,
            "line": line,
            "column": place.column,
        }

    def _block(self, kind: str, found: CompositionError | Hint, advice: str) -> str:
        lines = [f"{kind} {found.code}: {found.message}", *self._excerpts(found.places)]
        if advice:
            lines.append(f"  what to do: {advice}")
        return "\n".join(lines)

    def _excerpts(self, places: Sequence[Place]) -> Iterator[str]:
        for place in places[:MAX_PLACES]:
            origin, line, text = self.gathered.locate(place)
            yield f"  {origin}:{line}:{place.column}"
            if text:
                shown, caret = _cut(text, place.column)
                yield f"    | {shown}"
                yield f"    | {' ' * (caret - 1)}^"
        if len(places) > MAX_PLACES:
            yield f"  and {len(places) - MAX_PLACES} more places"


def _cut(text: str, column: int) -> tuple[str, int]:
    """A long line around its column, so that the caret still stands below the word it means."""
    text = text.replace("\t", " ")
    if len(text) <= _WIDEST:
        return text, column
    start = max(0, column - 1 - _WIDEST // 2)
    return text[start : start + _WIDEST], column - start
