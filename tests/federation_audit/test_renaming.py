"""A renamed graph is the same graph: its operations, answers and requests lead back and forth."""

import pytest
from graphql import parse, validate

from gateway.supergraph.api_schema import build_api_schema
from gateway.supergraph.reader import read_supergraph
from tests.engine.pair import composed
from tests.federation_audit.judge import agrees
from tests.federation_audit.renaming import Renaming

_LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"'
_SDLS = {
    "north": f"""{_LINK} "@shareable"])
      type Query {{ ship(with: Search = {{flag: RED}}): Ship  names: [String] }}
      input Search {{ flag: Flag }}
      enum Flag {{ RED BLUE }}
      interface Ship {{ id: ID! flag: Flag }}
      type Tug implements Ship @key(fields: "id port {{ code }}") {{
        id: ID! flag: Flag port: Port @shareable }}
      type Port @shareable {{ code: ID! }}
    """,
    "south": f"""{_LINK} "@external" "@requires" "@override" "@shareable"])
      type Tug @key(fields: "id port {{ code }}") {{
        id: ID! port: Port @shareable  flag: Flag @override(from: "north")
        north: Int @external  label: String @requires(fields: "north") }}
      type Port @shareable {{ code: ID! }}
      enum Flag {{ RED BLUE }}
    """,
    "east": f"""{_LINK} "@shareable"])
      type Tug @key(fields: "id port {{ code }}") {{ id: ID! port: Port @shareable  north: Int }}
      type Port @shareable {{ code: ID! }}
    """,
}
_SUPERGRAPH = composed(_SDLS)
_QUERY = """query ($s: Search) { id: ship(with: $s) { id ... on Tug { __typename flag north } }
  red: ship(with: {flag: RED}) @include(if: true) { flag } }"""


@pytest.fixture
def renaming() -> Renaming:
    return Renaming.of(_SUPERGRAPH, 3)


def test_nothing_keeps_its_name(renaming: Renaming) -> None:
    renamed = renaming.supergraph(_SUPERGRAPH, {name: f"http://x/{name}" for name in _SDLS})
    supergraph = read_supergraph(renamed)
    old = {*renaming.types, *renaming.members, *renaming.values, *renaming.subgraphs}
    assert not {name for name in old if f" {name} " in renamed or f'"{name}"' in renamed}
    assert {graph.url for graph in supergraph.subgraphs.values()} == {
        f"http://x/{name}" for name in _SDLS
    }
    assert not validate(build_api_schema(supergraph), parse(renaming.operation(_QUERY)))


def test_an_answer_leads_back_to_the_old_names(renaming: Renaming) -> None:
    new = {**renaming.types, **renaming.members, **renaming.values}
    answer = {new["id"]: {new["id"]: "id", new["flag"]: new["RED"], "x": new["Tug"]}}
    assert renaming.original(answer) == {"id": {"id": "id", "flag": "RED", "x": "Tug"}}


def test_a_request_is_asked_in_old_names_and_answered_under_the_given_ones(
    renaming: Renaming,
) -> None:
    asked, reading = renaming.request(renaming.operation("{ ship { __typename flag id k: id } }"))
    ship, flag, id_ = (renaming.members[name] for name in ("ship", "flag", "id"))
    assert " ".join(asked.split()) == (
        f"{{ {ship}: ship {{ __typename {flag}: flag {id_}: id k: id }} }}"
    )
    data = {ship: {"__typename": "Tug", flag: "BLUE", id_: "BLUE", "k": "Tug"}}
    assert reading.renamed(data) == {
        ship: {
            "__typename": renaming.types["Tug"],
            flag: renaming.values["BLUE"],
            id_: "BLUE",  # a text that happens to be the name of something stays a text
            "k": "Tug",
        }
    }


@pytest.mark.parametrize(
    ("got", "want", "agree"),
    [
        pytest.param({"data": {"a": 1, "b": 2}}, {"data": {"b": 2, "a": 1}}, True, id="order"),
        pytest.param({"data": {"a": None}}, {"data": {}}, False, id="null is not absent"),
        pytest.param({"data": [1]}, {"data": [True]}, False, id="one is not true"),
        pytest.param({"data": None, "errors": [1]}, {"data": None}, True, id="errors not judged"),
        pytest.param({"errors": [1]}, {"data": None, "errors": True}, True, id="errors wanted"),
        pytest.param({"data": 1, "errors": [1]}, {"data": 1, "errors": False}, False, id="unasked"),
    ],
)
def test_what_counts_as_the_same_answer(
    got: dict[str, object], want: dict[str, object], *, agree: bool
) -> None:
    assert agrees(got, want) == agree
