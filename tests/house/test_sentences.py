"""What subgraphs write for callers reaches them in the deployment that `make up` runs; what goes
wrong inside stays inside, at the edge of the subgraph already (`FaultMask`)."""

from pathlib import Path
from typing import Final

import yaml

from gateway.config import load_settings
from gateway.server.rules import telling_rules
from subgraphs.kit.errors import Invalid
from tests.house.test_codes import codes

FILE: Final = Path(__file__).parents[2] / "subgraphs/demo/credgraph.yaml"
SUBGRAPHS: Final = tuple(yaml.safe_load(FILE.read_text(encoding="utf-8"))["gateway"]["subgraphs"])
TELLING: Final = telling_rules(load_settings(FILE, {}))


def test_every_refusal_of_every_subgraph_is_told_in_its_own_words() -> None:
    assert len(SUBGRAPHS) == 4
    silent = {
        (service, code)
        for service in SUBGRAPHS
        for code in codes()
        if "words" not in told(service, Invalid("words", field="first", code=code).extensions)
    }
    assert not silent


def test_the_field_at_fault_is_told() -> None:
    error = {"message": "m", "extensions": {**Invalid("m", field="to").extensions, "service": "a"}}
    assert TELLING.of(error, "r-1", suggest=False)["extensions"]["field"] == "to"


def test_whoever_is_no_subgraph_of_ours_is_not_trusted() -> None:
    assert "words" not in told("elsewhere", {"code": "MONTHS_TOO_MANY"})
    assert TELLING.mask


def told(service: str, extensions: dict[str, object]) -> str:
    error = {"message": "words", "extensions": {**extensions, "service": service}}
    return str(TELLING.of(error, "r-1", suggest=False)["message"])
