"""`credgraph plan` prints a plan, or one sentence saying why not."""

import json
from pathlib import Path

import pytest

from gateway.cli.plan import run
from tests.supergraph.texts import JOIN_03


@pytest.fixture
def supergraph(tmp_path: Path) -> str:
    path = tmp_path / "supergraph.graphql"
    path.write_text(JOIN_03)
    return str(path)


def planned(tmp_path: Path, supergraph: str, operation: str, *more: str) -> int:
    path = tmp_path / "operation.graphql"
    path.write_text(operation)
    return run(["--supergraph", supergraph, "--operation", str(path), *more])


def test_the_plan_is_printed(
    tmp_path: Path, supergraph: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert planned(tmp_path, supergraph, "{ media { ... on Film { title } } }") == 0
    assert "Fetch(b-b) { media { __typename" in capsys.readouterr().out


def test_the_plan_is_printed_as_json(
    tmp_path: Path, supergraph: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert planned(tmp_path, supergraph, "{ users { id } }", "--json") == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "query"


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        pytest.param("{ users {", "Syntax Error", id="no GraphQL"),
        pytest.param("{ nobody }", "Cannot query field 'nobody'", id="not valid"),
    ],
)
def test_a_bad_operation_is_told_in_one_sentence(
    tmp_path: Path,
    supergraph: str,
    capsys: pytest.CaptureFixture[str],
    operation: str,
    reason: str,
) -> None:
    assert planned(tmp_path, supergraph, operation) == 1
    assert reason in capsys.readouterr().err


def test_a_file_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert planned(tmp_path, str(tmp_path / "none.graphql"), "{ a }") == 1
    assert "cannot read" in capsys.readouterr().err
