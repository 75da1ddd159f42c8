"""`credgraph check` and `credgraph explain` as a team meets them."""

import json
from pathlib import Path

import pytest
from graphql import build_schema

from gateway.cli import explain
from gateway.cli.check import changes_between, run
from gateway.composition import Composed, ErrorCode, HintCode, compose
from tests.composition.case_files import subgraph

OLD = """
type Query { t(a: Int = 1): T e: E u: U }
type T { id: ID! x: Int }
type S { id: ID! }
union U = T
enum E { A B }
input I { a: Int }
"""


def sdl_file(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


@pytest.mark.parametrize(
    ("old", "new", "severity", "code"),
    [
        pytest.param("x: Int", "x: Int", None, 0, id="same"),
        pytest.param("x: Int", "x: Int y: Int", "safe", 0, id="field added"),
        pytest.param("x: Int", "x: Int!", "safe", 0, id="never null any more"),
        pytest.param("x: Int", "", "breaking", 3, id="field removed"),
        pytest.param("x: Int", "x: String", "breaking", 3, id="type changed"),
        pytest.param("id: ID! x", "id: ID x", "breaking", 3, id="null now possible"),
        pytest.param("a: Int = 1", "a: Int!", "breaking", 3, id="argument now required"),
        pytest.param("a: Int = 1", "a: Int = 2", "dangerous", 2, id="another default"),
        pytest.param("{ A B }", "{ A B C }", "dangerous", 2, id="enum value added"),
        pytest.param("{ A B }", "{ A }", "breaking", 3, id="enum value removed"),
        pytest.param("U = T", "U = T | S", "dangerous", 2, id="union member added"),
        pytest.param("I { a: Int }", "I { a: Int b: Int }", "dangerous", 2, id="optional input"),
        pytest.param("I { a: Int }", "I { a: Int b: Int! }", "breaking", 3, id="required input"),
    ],
)
def test_severity_is_the_exit_code(
    tmp_path: Path, old: str, new: str, severity: str | None, code: int
) -> None:
    before = sdl_file(tmp_path, "old.graphql", OLD)
    after = sdl_file(tmp_path, "new.graphql", OLD.replace(old, new))
    assert run(["--against", before, "--schema", after]) == code
    found = changes_between(build_schema(OLD), build_schema(OLD.replace(old, new)))
    assert [each.severity for each in found][:1] == ([severity] if severity else [])


def test_supergraphs_are_compared_by_what_clients_see(tmp_path: Path) -> None:
    def supergraph(field: str) -> str:
        result = compose([subgraph("a", "type Query { q: Int " + field + " }")])
        assert isinstance(result, Composed)
        return result.supergraph_sdl

    old = sdl_file(tmp_path, "old.graphql", supergraph("p: Int"))
    assert run(["--against", old, "--schema", old]) == 0
    new = sdl_file(tmp_path, "new.graphql", supergraph(""))
    assert run(["--against", old, "--schema", new]) == 3


def test_it_composes_what_the_config_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sdl_file(tmp_path, "a.graphql", "type Query { q: Int }")
    config = sdl_file(tmp_path, "s.yaml", "subgraphs: {a: {url: u, file: a.graphql}}")
    old = sdl_file(tmp_path, "old.graphql", "type Query { q: Int p: Int }")
    assert run(["--against", old, "--config", config]) == 3
    assert "breaking  FIELD_REMOVED: Field Query.p was removed." in capsys.readouterr().out
    sdl_file(tmp_path, "a.graphql", "type Query { q: Nope }")
    assert run(["--against", old, "--config", config]) == 1
    assert run(["--against", str(tmp_path / "no"), "--config", config]) == 1


def test_json_counts_and_lists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sdl_file(tmp_path, "old.graphql", OLD)
    after = sdl_file(tmp_path, "new.graphql", OLD.replace("x: Int", ""))
    run(["--against", before, "--schema", after, "--format", "json"])
    assert json.loads(capsys.readouterr().out) == {
        "counts": {"safe": 0, "dangerous": 0, "breaking": 1},
        "changes": [
            {
                "severity": "breaking",
                "kind": "FIELD_REMOVED",
                "message": "Field T.x was removed.",
            }
        ],
    }


def test_worst_changes_come_first() -> None:
    new = OLD.replace("x: Int", "").replace("{ A B }", "{ A B C }").replace("U = T", "U = T | S")
    found = changes_between(build_schema(OLD), build_schema(new))
    assert [each.severity for each in found] == ["breaking", "dangerous", "dangerous"]


@pytest.mark.parametrize("code", [*ErrorCode, *HintCode])
def test_every_code_is_explained(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain.run([code]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{code} (")
    assert "What to do: " in said


def test_an_unknown_code_has_neighbours(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain.run(["INVALID_SHARING"]) == 2
    assert "did you mean INVALID_FIELD_SHARING" in capsys.readouterr().err


def test_without_a_code_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain.run([]) == 0
    assert len(capsys.readouterr().out.splitlines()) >= len(ErrorCode) + len(HintCode)
