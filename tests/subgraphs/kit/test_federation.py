"""Entities in batches, the shared roots, and what leaves of a fault."""

from typing import Any

import pytest

from subgraphs.kit.context import RequestContext
from subgraphs.kit.ids import NODE_TYPES, HolderId, new_id
from subgraphs.kit.sdl import reviewed
from subgraphs.kit.viewer import ANONYMOUS, Role, Viewer
from tests.subgraphs.kit.toy import Toy, schema

ENTITIES = """query($r: [_Any!]!) { _entities(representations: $r) {
  __typename ... on Consent { id purpose } } }"""


async def ask(
    document: str, toy: Toy | None = None, viewer: Viewer = ANONYMOUS, **variables: object
) -> tuple[Any, list[Any]]:
    context = RequestContext(parts=toy or Toy(), viewer=viewer)
    result = await schema.execute(document, variable_values=variables, context_value=context)
    return result.data, result.errors or []


def consents(count: int) -> list[dict[str, object]]:
    return [{"__typename": "Consent", "id": new_id("cons")} for _ in range(count)]


async def test_all_references_of_a_type_are_one_call() -> None:
    asked = consents(5)
    toy = Toy(known={str(one["id"]) for one in asked[:3]})

    data, errors = await ask(
        ENTITIES, toy, r=[*asked, {"__typename": "Presentation", "id": new_id("pres")}]
    )

    assert errors == []
    assert toy.calls == [5]
    assert [one and one.get("purpose", one["__typename"]) for one in data["_entities"]] == [
        *["TEST"] * 3,
        None,
        None,
        "Presentation",
    ]


async def test_two_aliases_may_share_their_representations() -> None:
    asked = consents(2)
    toy = Toy(known={str(one["id"]) for one in asked})
    document = """query($r: [_Any!]!) { a: _entities(representations: $r) { __typename }
      b: _entities(representations: $r) { __typename } }"""

    data, errors = await ask(document, toy, r=asked)

    assert errors == []
    assert data["a"] == data["b"] == [{"__typename": "Consent"}] * 2
    assert all("__typename" in one for one in asked)


@pytest.mark.parametrize(
    "ill",
    [
        pytest.param({"__typename": "Nothing", "id": "x"}, id="unknown type"),
        pytest.param({"id": new_id("cons")}, id="no type"),
        pytest.param({"__typename": "Consent", "id": "cons_1"}, id="malformed id"),
        pytest.param({"__typename": "Consent", "id": new_id("pres")}, id="an id of another type"),
        pytest.param({"__typename": "Consent", "id": {"$ne": None}}, id="an operator for an id"),
        pytest.param("Consent", id="no object"),
        pytest.param(None, id="nothing"),
    ],
)
async def test_an_ill_representation_empties_its_own_slot(ill: object) -> None:
    good = consents(1)
    toy = Toy(known={str(good[0]["id"])})

    data, _ = await ask(ENTITIES, toy, r=[good[0], ill, good[0]] if ill else good)

    found = [one["purpose"] if one else None for one in data["_entities"]] if data else ["TEST"]
    assert found in (["TEST", None, "TEST"], ["TEST"])


@pytest.mark.parametrize(
    "ill",
    [
        pytest.param({"__typename": "Consent"}, id="no key at all"),
        pytest.param({"__typename": "Consent", "id": None}, id="nothing for a key"),
        pytest.param({"__typename": "Consent", "uscc": "1"}, id="what is no key"),
        pytest.param({"__typename": "Presentation"}, id="a stub without its key"),
    ],
)
async def test_a_missing_key_is_the_callers_fault_and_nobody_elses(ill: object) -> None:
    good = consents(1)
    toy = Toy(known={str(good[0]["id"])})

    data, errors = await ask(ENTITIES, toy, r=[good[0], ill])

    assert [bool(one) for one in data["_entities"]] == [True, False]
    assert [(error.path, error.extensions["code"]) for error in errors] == [
        (["_entities", 1], "BAD_USER_INPUT")
    ]


async def test_one_types_fault_stays_in_its_slots(caplog: pytest.LogCaptureFixture) -> None:
    good = consents(1)
    toy = Toy(known={str(good[0]["id"])})
    ill = {"__typename": "WalletItem", "id": new_id("witm")}

    data, errors = await ask(ENTITIES, toy, r=[good[0], ill])

    assert [bool(one) for one in data["_entities"]] == [True, False]
    assert [error.extensions["code"] for error in errors] == ["INTERNAL"]
    assert "the store is away" in caplog.text


def test_every_subgraph_knows_every_node_type() -> None:
    text = reviewed(schema)

    for name in NODE_TYPES:
        assert f"type {name} implements Node @key(" in text
    assert 'type Presentation implements Node @key(fields: "id", resolvable: false)' in text
    assert 'type Consent implements Node @key(fields: "id") {' in text
    assert "_entities" not in text
    assert "_Service" not in text
    assert "federation/v2.9" in text


@pytest.mark.parametrize(
    ("node", "want"),
    [
        pytest.param(new_id("cons"), "Consent", id="an own type, absent"),
        pytest.param(new_id("pres"), "Presentation", id="a foreign type"),
        pytest.param("cons_1", None, id="malformed"),
        pytest.param(new_id("inci"), None, id="a type nobody serves yet"),
    ],
)
async def test_node_answers_from_the_id_alone(node: str, want: str | None) -> None:
    data, errors = await ask(
        "query($id: ID!) { node(id: $id) { __typename id ... on Consent { purpose } } }", id=node
    )

    assert errors == []
    assert (data["node"] and data["node"]["__typename"]) == want


async def test_me_is_the_holder_who_asks() -> None:
    holder = HolderId(new_id("hold"))

    data, _ = await ask("{ me { id } }", viewer=Viewer(role=Role.HOLDER, holder=holder))
    nobody, _ = await ask("{ me { id } }", viewer=Viewer(role=Role.REGULATOR))

    assert data == {"me": {"id": holder}}
    assert nobody == {"me": None}


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("invalid", "VALIDATION_FAILED"),
        ("absent", "NOT_FOUND"),
        ("denied", "FORBIDDEN"),
        ("order", "TRANSITION_INVALID"),
        ("busy", "TRY_AGAIN"),
    ],
)
async def test_a_refusal_is_an_error_with_its_code_and_in_a_mutation_data(
    how: str, code: str
) -> None:
    data, errors = await ask("query($how: String!) { fails(how: $how) }", how=how)
    member, none = await ask(
        "mutation($how: String!) { attempt(input: {how: $how}) { ... on DomainError { code } } }",
        how=how,
    )

    assert data == {"fails": None}
    assert [error.extensions["code"] for error in errors] == [code]
    assert member == {"attempt": {"code": code}}
    assert none == []


async def test_a_fault_inside_says_nothing_but_its_id(caplog: pytest.LogCaptureFixture) -> None:
    for document in (
        'query { fails(how: "bug") }',
        'mutation { attempt(input: {how: "bug"}) { __typename } }',
        "query { broken }",
    ):
        _, errors = await ask(document)
        (error,) = errors
        assert error.message == "internal error"
        assert error.extensions["code"] == "INTERNAL"
        assert error.extensions["id"] in caplog.text
        assert error.path


async def test_a_mistake_in_the_document_is_told_as_it_is() -> None:
    _, errors = await ask("query { nothing }")

    assert "nothing" in errors[0].message


async def test_a_value_that_graphql_itself_refuses_has_a_code() -> None:
    result = await schema.execute(
        "query ($id: ID!) { node(id: $id) { id } }", variable_values={"id": {"$ne": None}}
    )
    assert result.errors is not None
    assert [error.extensions["code"] for error in result.errors] == ["BAD_USER_INPUT"]  # type: ignore[index]
