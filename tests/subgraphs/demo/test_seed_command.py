"""What `make seed` says where there is nothing to load into."""

from pathlib import Path

import pytest

from subgraphs.demo.__main__ import main


def test_without_a_system_it_says_what_to_start_and_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CREDGRAPH_DATA", str(tmp_path / "none"))
    assert main(["seed", "--size", "S"]) == 1
    assert "start `make up` first" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
