"""The example operations ask for what clients see, and their variables are what they declare."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, parse, validate
from graphql.execution.values import get_variable_values
from graphql.utilities import get_operation_ast

from subgraphs.demo.client import Client
from subgraphs.demo.deployment import ROOT
from subgraphs.demo.journey import Actors, Journey, Person
from subgraphs.demo.operations import EXAMPLES
from subgraphs.demo.seed import variables_of, variables_of_case

TEXTS: Final = {path.stem: path.read_text("utf-8") for path in sorted(EXAMPLES.glob("*.graphql"))}
REFUSALS: Final = {
    "AgreementRequired": "{ missing { stage kind version } }",
    "ValidationFailed": "{ field }",
    "NotFound": "{ field }",
}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema((ROOT / "schema" / "api.graphql").read_text("utf-8"))


def operation_of(name: str) -> OperationDefinitionNode:
    found = get_operation_ast(parse(TEXTS[name]))
    assert found is not None, name
    return found


def coerced(schema: GraphQLSchema, name: str, given: Mapping[str, Any]) -> None:
    declared = operation_of(name).variable_definitions or ()
    values = get_variable_values(schema, declared, dict(given))
    assert not isinstance(values, list), (name, values)
    assert set(given) <= {one.variable.name.value for one in declared}, name


def test_each_asks_for_what_clients_see(schema: GraphQLSchema) -> None:
    found = {name: validate(schema, parse(text)) for name, text in TEXTS.items()}
    assert {name: errors for name, errors in found.items() if errors} == {}


def test_a_refusal_says_where_it_lies(schema: GraphQLSchema) -> None:
    """Each member of a result that tells more than code and message is asked for it."""
    for name, text in TEXTS.items():
        if operation_of(name).operation.value != "mutation":
            continue
        (field,) = (one for one in operation_of(name).selection_set.selections)
        assert schema.mutation_type is not None
        result: Any = schema.mutation_type.fields[field.name.value].type  # type: ignore[attr-defined]
        for member in result.of_type.types:
            if member.name in REFUSALS:
                assert f"... on {member.name} {REFUSALS[member.name]}" in text, name


def test_the_variables_beside_them_fit(schema: GraphQLSchema) -> None:
    for path in EXAMPLES.glob("*.json"):
        coerced(schema, path.stem, json.loads(path.read_bytes()))


async def test_the_variables_of_the_seed_fit(schema: GraphQLSchema) -> None:
    async with Client("http://127.0.0.1:1/graphql", None) as nobody:
        actors = Actors(holder=nobody, issuer=nobody, verifier=nobody)
        written = variables_of(Journey(actors, Person())) | variables_of_case("disp_1")
    for name, given in written.items():
        coerced(schema, name, given)
