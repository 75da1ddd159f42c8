"""Codes of refusals have one mould: what it is about, then what is the matter (AMOUNT_INVALID)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from subgraphs.rules.scenarios import AdmissionReason
from subgraphs.vc.face import FaceReason

ROOT: Final = Path(__file__).parents[2] / "subgraphs"
GENERAL: Final = frozenset(
    # one for a whole kind of refusal (subgraphs/kit/errors.py): what it is about is its field
    {"REFUSED", "VALIDATION_FAILED", "NOT_FOUND", "FORBIDDEN", "TRY_AGAIN"}
    # roots of the trees of two libraries, which nobody raises
    | {"VC_ERROR", "HOLDER_ERROR"}
    # Apollo's word for a variable of the wrong type
    | {"BAD_USER_INPUT"}
)
STATES: Final = (
    *("INVALID", "UNKNOWN", "MISSING", "MISMATCH", "REQUIRED", "NEEDED", "REFUSED", "EMPTY"),
    *("EXPIRED", "EXHAUSTED", "USED", "REUSED", "SPENT", "PAUSED", "FROZEN", "CLOSED", "ENDED"),
    *(
        "ERASED",
        "FULL",
        "GIVEN",
        "GONE",
        "RECORDED",
        "REGISTERED",
        "REPLAYED",
        "REPEATED",
        "ALTERED",
    ),
    *("ALREADY_BOUND", "ALREADY_EXISTS", "ALREADY_SIGNED", "HAS_CHANGED", "HAS_LEFT"),
    *("UNAVAILABLE", "UNREACHABLE", "UNSUPPORTED", "UNSEALABLE", "UNAUTHENTICATED", "KEYLESS"),
    *(
        "ALTERED",
        "INCOMPLETE",
        "INSUFFICIENT",
        "LAGGING",
        "COOLING",
        "UNDER_WAY",
        "NO_LONGER_STANDS",
    ),
    *("OUT_OF_RANGE", "IN_THE_PAST", "TOO_LONG", "TOO_LARGE", "TOO_MANY", "TOO_OLD", "TOO_SHORT"),
    *("TOO_WIDE", "WITHOUT_OFFSET", "WITHOUT_LAST", "WITH_AFTER", "OTHER_PAYLOAD", "ROLLBACK"),
)


def is_of_the_mould(code: str) -> bool:
    """A subject and then a state: one of the list, or that it is NOT something."""
    ends = any(code.endswith(f"_{state}") and code != f"_{state}" for state in STATES)
    about, told, what = code.partition("_NOT_")
    return (ends and not code.startswith(("NOT_", "NO_"))) or bool(told and about and what)


@cache
def codes() -> dict[str, str]:
    """Every code that is written as text in the four subgraphs and in what they share."""
    enums = {one.value: cls.__name__ for cls in (AdmissionReason, FaceReason) for one in cls}
    return enums | {
        code: str(path.relative_to(ROOT))
        for path in sorted(ROOT.rglob("*.py"))
        for code in written(ast.parse(path.read_text(encoding="utf-8")))
    }


def written(tree: ast.AST) -> Iterator[str]:
    """`code="…"` of a call, `code = "…"` of a class, the first argument of `Refused("…")`."""
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="code", value=ast.Constant(value=str(code))):
                yield code
            case ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=str(code))):
                yield code
            case ast.AnnAssign(target=ast.Name(id="code"), value=ast.Constant(value=str(code))):
                yield code
            case ast.Call(func=ast.Name(id="Refused"), args=[ast.Constant(value=str(code)), *_]):
                yield code


def test_every_code_says_first_what_it_is_about() -> None:
    odd = {
        code: where
        for code, where in codes().items()
        if code not in GENERAL and not is_of_the_mould(code)
    }
    assert not odd, f"name the thing, then its state, as AMOUNT_INVALID or CLAIM_UNKNOWN: {odd}"


def test_general_codes_are_in_use() -> None:
    assert codes().keys() >= GENERAL
    assert len(codes()) > len(GENERAL) + 100


@pytest.mark.parametrize(
    "code",
    ["BAD_AMOUNT", "UNKNOWN_CATEGORY", "TOO_MANY_NOTES", "NOT_IN_FORCE", "NO_CHANNEL", "INVALID"],
)
def test_what_the_mould_refuses(code: str) -> None:
    assert not is_of_the_mould(code)
