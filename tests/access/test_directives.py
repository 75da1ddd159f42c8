"""`@authenticated`, `@requiresScopes` and `@policy`, case by case (cases/*.yaml): what is answered,
what is told as refused, and which subgraphs are asked at all."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from gateway.access import Grants
from gateway.engine import Engine, EngineOptions
from tests.access.graph import GUARDED, GUARDED_SDLS
from tests.engine.pair import asking, composed
from tests.kit.federated import LocalClient, local_client

Case = Mapping[str, Any]
CASES: Final[list[Case]] = [
    {"file": path.stem, **case}
    for path in sorted((Path(__file__).parent / "cases").glob("*.yaml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]
_INTERFACE_GUARD: Final = re.compile(r"^interface .*?^\}", re.MULTILINE | re.DOTALL)


@cache
def graphs() -> dict[str, str]:
    """The graph as we compose it, as it was composed when interfaces stayed without guards, and
    with a guard on a root type."""
    sdl = composed(GUARDED_SDLS)
    return {
        "composed": sdl,
        "older": _INTERFACE_GUARD.sub(lambda m: m[0].replace("@authenticated", ""), sdl),
        "root": sdl.replace("type Mutation", "type Mutation @authenticated"),
    }


@cache
def server(graph: str, refusals: Any = "filter") -> tuple[Engine, LocalClient]:
    client = local_client(GUARDED_SDLS, GUARDED)
    options = EngineOptions(refusals=refusals)
    return Engine.from_supergraph(graphs()[graph], client=client, options=options), client


def held(given: Mapping[str, Any]) -> Grants:
    return Grants(
        authenticated=bool(given.get("token")),
        scopes=frozenset(given.get("scopes", ())),
        policies=frozenset(given.get("policies", ())),
    )


def told(errors: list[dict[str, Any]]) -> list[str]:
    for error in errors:
        assert error["message"] == "Unauthorized field or type"
        assert error["extensions"]["code"] == "UNAUTHORIZED_FIELD_OR_TYPE"
    return [
        ".".join(error["path"])
        + (f" on {on}" if (on := error["extensions"].get("typeCondition")) else "")
        for error in errors
    ]


@pytest.mark.parametrize("case", [pytest.param(c, id=f"{c['file']}: {c['name']}") for c in CASES])
async def test_case(case: Case) -> None:
    engine, client = server(case.get("graph", "composed"))
    client.requests.clear()
    request = asking(case["ask"], case.get("variables"), grants=held(case.get("as", {})))
    body: Any = (await engine.execute(request)).body
    assert body["data"] == case["data"]
    assert told(body.get("errors", [])) == case.get("refused", [])
    assert sorted({str(each.subgraph) for each in client.requests}) == sorted(case["asks"])


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 80
    assert len({(case["file"], case["name"]) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", [pytest.param(c, id=f"{c['file']}: {c['name']}") for c in CASES])
async def test_nothing_is_refused_to_whoever_holds_everything(case: Case) -> None:
    engine, _ = server(case.get("graph", "composed"))
    everything = Grants(
        authenticated=True,
        scopes=frozenset(["read:users", "a", "b", "c", "moods", "cats", "read:email"])
        | {"read:reviews", "prices", "admin", "cause"},
        policies=frozenset(["read_card", "p1", "p2", "p3", "stamps", "hr"]),
    )
    request = asking(case["ask"], case.get("variables"), grants=everything)
    assert "errors" not in (await engine.execute(request)).body
