"""What clients see of a supergraph."""

from graphql import GraphQLScalarType, GraphQLSchema, print_schema, validate_schema

from gateway.supergraph.api_schema import build_api_schema
from gateway.supergraph.reader import read_supergraph
from tests.supergraph.texts import JOIN_01, JOIN_03


def api(text: str) -> GraphQLSchema:
    schema = build_api_schema(read_supergraph(text))
    assert not validate_schema(schema)
    return schema


def test_nothing_of_the_join_is_left() -> None:
    for text in (JOIN_03, JOIN_01):
        shown = print_schema(api(text))
        assert "join__" not in shown
        assert "link__" not in shown
        assert "@core" not in shown


def test_what_is_inaccessible_is_gone() -> None:
    shown = print_schema(api(JOIN_03))
    for hidden in ("Hidden", "hidden", "ADMIN", "secret"):
        assert hidden not in shown


def test_descriptions_deprecations_and_specified_by_stay() -> None:
    schema = api(JOIN_03)
    assert schema.query_type
    assert schema.query_type.description == "All there is."
    shown = print_schema(schema)
    assert '"""Never changes."""' in shown
    assert '@deprecated(reason: "use rank")' in shown
    url = schema.type_map["Url"]
    assert isinstance(url, GraphQLScalarType)
    assert url.specified_by_url == "https://url.spec.whatwg.org/"


def test_only_directives_a_client_may_write_are_offered() -> None:
    names = {directive.name for directive in api(JOIN_03).directives}
    assert "live" in names
    assert not names & {"tag", "inaccessible", "link", "join__type"}


def test_members_of_unions_and_roots_are_those_that_are_visible() -> None:
    hidden = JOIN_03.replace("type Book @join__type", "type Book @inaccessible @join__type")
    assert "union Media = Film" in print_schema(api(hidden))
