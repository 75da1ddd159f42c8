"""docs/settings.md and docs/errors.md say what the code says; the schema takes what we take."""

import json
import re
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.cli.errors import errors_page
from gateway.config.reference import json_schema, setting_names, settings_page
from gateway.errors import VALUE_CODES, GatewayError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("file", "page", "command"),
    [
        pytest.param("settings.md", settings_page, "config docs", id="settings"),
        pytest.param("errors.md", errors_page, "errors", id="errors"),
    ],
)
def test_the_page_is_what_the_code_says(file: str, page: object, command: str) -> None:
    assert callable(page)
    text = (ROOT / "docs" / file).read_text(encoding="utf-8")
    assert text == page(), f"stale: credgraph {command} > docs/{file}"


def test_every_setting_says_what_it_is_for() -> None:
    page = settings_page()
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", page, re.MULTILINE)
    assert len(rows) == len(list(setting_names()))
    assert all(meaning.strip() for _, meaning in rows)


def families(root: type[GatewayError]) -> list[type[GatewayError]]:
    return [root, *(inner for each in root.__subclasses__() for inner in families(each))]


def test_every_code_that_is_raised_is_in_the_list() -> None:
    page = errors_page()
    raised = {each.code for each in families(GatewayError) if not each.__subclasses__()}
    assert [code for code in sorted(raised | set(VALUE_CODES)) if f"`{code}`" not in page] == []


def test_the_schema_refuses_what_nobody_reads() -> None:
    gateway = json.loads(json.dumps(json_schema()))["properties"]["gateway"]
    assert gateway["additionalProperties"] is False
    assert gateway["required"] == ["supergraph"]
    port = gateway["properties"]["listen"]["properties"]["port"]
    assert port["anyOf"][0] == {"type": "integer", "maximum": 65_535}


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        pytest.param("gateway: {supergraph: g}", 0, "is good", id="good"),
        pytest.param("gateway: {supergraph: g, limts: {}}", 1, "did you mean 'limits'", id="bad"),
    ],
)
def test_a_file_is_checked_without_being_served(
    tmp_path: Path, text: str, code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.yaml").write_text(text)
    assert main(["config", "check", "--config", str(tmp_path / "c.yaml")]) == code
    out = capsys.readouterr()
    assert told in out.out + out.err
