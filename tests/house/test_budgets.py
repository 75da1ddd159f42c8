"""The house's budgets of size: calm code has short tails. The limits are never raised to fit."""

import ast
import statistics
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_FILE = 500
LONGEST_FUNCTION = 60
P90_FILE = 350
DUMPING_GROUNDS = {"util", "utils", "helper", "helpers", "common", "misc"}
MOCKS = "unittest" + ".mock"


def tracked(*patterns: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listing.stdout.splitlines() if (ROOT / line).is_file()]


SOURCES = tracked("gateway/*.py", "subgraphs/*.py", "ledger_adapter/*.py", "bench/*.py")
TESTS = tracked("tests/*.py")


def line_count(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_no_file_is_longer_than_the_budget() -> None:
    long = {
        str(p.relative_to(ROOT)): n for p in SOURCES + TESTS if (n := line_count(p)) > LONGEST_FILE
    }
    assert not long, f"split these files by noun: {long}"


def test_no_function_is_longer_than_the_budget() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}": length
        for path in SOURCES + TESTS
        for function in functions(path)
        if (length := (function.end_lineno or function.lineno) - function.lineno + 1)
        > LONGEST_FUNCTION
    }
    assert not long, f"say these functions in smaller words: {long}"


def test_nine_files_in_ten_fit_on_a_few_screens() -> None:
    sizes = sorted(n for p in SOURCES if (n := line_count(p)) > 3)
    p90 = sizes[int(len(sizes) * 0.9)]
    assert p90 <= P90_FILE, f"p90 of file lengths is {p90}, median {statistics.median(sizes)}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_dumping_ground(path: Path) -> None:
    words = set(path.relative_to(ROOT).with_suffix("").parts)
    assert not words & DUMPING_GROUNDS, "a helper lives with its noun"


@pytest.mark.parametrize("path", SOURCES + TESTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_mocks(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert f"import {MOCKS}" not in text, "write a fake in tests/kit"
    assert f"from {MOCKS}" not in text, "write a fake in tests/kit"


def test_the_top_level_holds_only_what_was_agreed() -> None:
    agreed = {
        *(
            "gateway",
            "subgraphs",
            "ledger_adapter",
            "schema",
            "tests",
            "Procfile",
            "pyproject.toml",
        ),
        *(
            "README.md",
            "README.zh-CN.md",
            "CHANGELOG.md",
            "LICENSE",
            "Makefile",
            "requirements.lock",
        ),
        *("docs", "bench"),
    }
    found = {p.relative_to(ROOT).parts[0] for p in tracked(".")}
    assert {name for name in found if not name.startswith(".")} <= agreed
