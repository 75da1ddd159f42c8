"""What the SDL of a supergraph says, and what is refused."""

import pytest

from gateway.errors import BadSupergraph
from gateway.spec.field_set import render
from gateway.spec.names import SubgraphName, TypeName
from gateway.supergraph.faults import UnsupportedFeature
from gateway.supergraph.model import TypeRef
from gateway.supergraph.reader import read_supergraph
from tests.supergraph.texts import JOIN_01, JOIN_03, with_feature

A, B = SubgraphName("a"), SubgraphName("b-b")
USER = TypeName("User")


def test_subgraphs_go_by_the_names_they_were_composed_under() -> None:
    found = read_supergraph(JOIN_03).subgraphs
    assert {name: each.url for name, each in found.items()} == {A: "http://a", B: "http://b"}


def test_the_machinery_is_no_part_of_the_model() -> None:
    names = set(read_supergraph(JOIN_03).types)
    assert names == {
        *("Query", "User", "Mail", "Hidden", "Named", "Film", "Book", "Media", "Role", "Url")
    }


def test_keys_are_by_subgraph_and_say_whether_they_can_be_entered_by() -> None:
    joins = read_supergraph(JOIN_03).types[USER].joins
    assert [(key.text, key.resolvable) for key in joins[A].keys] == [
        ("id", False),
        ("mail { box }", True),
    ]
    assert [key.text for key in joins[B].keys] == ["id"]


def test_a_field_says_what_each_subgraph_has_of_it() -> None:
    fields = read_supergraph(JOIN_03).types[USER].fields
    assert fields["id"].joins.keys() == {A, B}
    assert fields["name"].joins[A].external
    assert fields["name"].joins[B].type == TypeRef(TypeName("String"), (True,))
    assert fields["rank"].joins[B].needs == "name"
    assert fields["moved"].joins[B].override
    assert {join.label for join in fields["moved"].joins.values()} == {"percent(5)"}


def test_types_of_fields_are_flags_from_outside_in() -> None:
    query = read_supergraph(JOIN_03).types[TypeName("Query")]
    users = query.fields["users"]
    assert users.type == TypeRef(USER, (True, True))
    assert users.type.lists == 1
    assert render(users.joins[A].provides) == "name"


def test_members_interfaces_and_interface_objects_are_by_subgraph() -> None:
    types = read_supergraph(JOIN_03).types
    assert types[TypeName("Media")].members == {A: {"Book"}, B: {"Film"}}
    assert types[USER].interfaces == {A: {"Named"}}
    assert types[TypeName("Named")].joins[B].interface_object


def test_what_is_hidden_is_marked() -> None:
    types = read_supergraph(JOIN_03).types
    assert types[TypeName("Hidden")].inaccessible
    assert types[USER].fields["hidden"].inaccessible
    assert types[TypeName("Role")].values == {"USER"}


def test_the_oldest_join_has_owners_and_value_types_everywhere() -> None:
    types = read_supergraph(JOIN_01).types
    user = types[USER].fields
    assert user["id"].joins.keys() == {"users", "posts"}  # a key field, though only implied
    assert user["name"].joins.keys() == {"users"}
    assert user["posts"].joins[SubgraphName("posts")].needs == "name"
    assert types[TypeName("Post")].fields["title"].joins.keys() == {"users", "posts"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("type Query {", "is not GraphQL", id="no GraphQL"),
        pytest.param("type Query { a: Int }", "links no join", id="a plain schema"),
        pytest.param(JOIN_03.replace("join__Graph {", "Other {"), "no enum", id="no subgraphs"),
        pytest.param(
            JOIN_03.replace("(graph: A, provides", "(graph: C, provides"),
            "'C' it does not list",
            id="a subgraph that is not listed",
        ),
        pytest.param(
            JOIN_03.replace('key: "mail { box }"', 'key: "mail {"'),
            "bad field set",
            id="a key that is no field set",
        ),
        pytest.param(
            JOIN_03.replace("{ query: Query }", "{ query: Nothing }"),
            "no query type",
            id="no query type",
        ),
    ],
)
def test_what_is_no_supergraph_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadSupergraph, match=reason):
        read_supergraph(text)


@pytest.mark.parametrize("purpose", ["EXECUTION", "SECURITY"])
def test_an_unknown_feature_that_matters_is_refused_by_name(purpose: str) -> None:
    url = "https://specs.example/fence/v1.0"
    with pytest.raises(UnsupportedFeature) as caught:
        read_supergraph(with_feature(url, purpose))
    assert (caught.value.url, caught.value.purpose) == (url, purpose)


def test_an_unknown_feature_that_does_not_matter_is_ignored() -> None:
    assert read_supergraph(with_feature("https://specs.example/notes/v1.0", "")).types


def test_a_feature_the_caller_enforces_is_accepted() -> None:
    text = with_feature("https://specs.example/fence/v1.0", "SECURITY")
    assert read_supergraph(text, understood=frozenset({"https://specs.example/fence"})).types


def test_a_join_version_from_the_future_is_refused() -> None:
    with pytest.raises(UnsupportedFeature, match=r"join/v0\.9"):
        read_supergraph(JOIN_03.replace("join/v0.3", "join/v0.9"))
