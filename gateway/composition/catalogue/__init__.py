"""Every code of composition explained: what it means, what to do, and an example that gives it.

The entries are text, written like this:

    ### CODE
    What it means.
    -> What to do.
    --- a                    an example: SDL of subgraph "a", federation's @link put before it
    --- b (as it stands)     SDL that links federation itself, or is federation 1
    => Why it can't occur in composition here (instead of an example).

The examples are composed by the tests, so none of them lies.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from gateway.composition.catalogue import (
    contexts,
    elsewhere,
    guards,
    hints,
    inaccessible,
    keys,
    overrides,
    reading,
    requirements,
    sharing,
    whole,
)
from gateway.composition.findings import ErrorCode, HintCode

_ERRORS: Final = (
    reading,
    keys,
    requirements,
    overrides,
    sharing,
    inaccessible,
    guards,
    contexts,
    whole,
    elsewhere,
)
OURS: Final = frozenset(
    {ErrorCode.SUBGRAPH_NOT_READ.value, HintCode.DIRECTIVE_NOT_COMPOSED_EVERYWHERE.value}
)
"""Codes that no other composer has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One code; `example` is empty where `never` says why composition can't give it."""

    code: str
    is_hint: bool
    meaning: str
    remedy: str
    example: str
    never: str


@cache
def explanations() -> tuple[Explanation, ...]:
    """Errors by topic, then hints."""
    errors = [each for module in _ERRORS for each in _read(module.TEXT, is_hint=False)]
    return (*errors, *_read(hints.TEXT, is_hint=True))


def explained(code: str) -> tuple[Explanation, ...]:
    """What is known of a code: as an error, as a hint, seldom both."""
    return tuple(each for each in explanations() if each.code == code)


def advice_for(code: HintCode) -> str:
    """What to do about a hint."""
    return next(each.remedy for each in explanations() if each.is_hint and each.code == code)


def _read(text: str, *, is_hint: bool) -> Iterator[Explanation]:
    for block in text.split("### ")[1:]:
        code, _, body = block.strip("\n").partition("\n")
        meaning, _, rest = body.partition("\n-> ")
        remedy, example, never = rest, "", ""
        if "\n--- " in rest:
            remedy, _, example = rest.partition("\n--- ")
            example = f"--- {example}"
        elif "\n=> " in rest:
            remedy, _, never = rest.partition("\n=> ")
        yield Explanation(
            code=code,
            is_hint=is_hint,
            meaning=_one_line(meaning),
            remedy=_one_line(remedy),
            example=example,
            never=_one_line(never),
        )


def _one_line(text: str) -> str:
    return " ".join(text.split())
