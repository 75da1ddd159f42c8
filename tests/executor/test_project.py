"""The answer is cut from the tree as GraphQL's own execution would cut it."""

import gc
from typing import Any

import pytest
from graphql import build_schema, execute_sync, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.executor.compile import compile_projection
from gateway.executor.failures import Failures
from gateway.executor.project import project
from gateway.plan.shape import ALWAYS, Guard, ObjectShape
from tests.executor.build import abstract, entry, enum, object_, typename

REQUIRED, LIST, STRICT_LIST = (True,), (False, False), (True, True)


def cut(shape: ObjectShape, tree: Any, **variables: object) -> tuple[Any, list[dict[str, Any]]]:
    """Project with the compiled functions and with care; both must say the same."""
    careful, compiled = Failures(10), Failures(10)
    data = project(shape, tree, variables, careful)
    assert compile_projection(shape).project(tree, variables, compiled) == data
    assert compiled.entries == careful.entries
    return data, careful.entries


def codes(errors: list[dict[str, Any]]) -> list[tuple[str, list[object]]]:
    return [(error["extensions"]["code"], error.get("path", [])) for error in errors]


NULL, MALFORMED = "UNEXPECTED_NULL", "SUBREQUEST_MALFORMED_RESPONSE"
USER = object_("User", entry("name", non_null=REQUIRED))
MEDIA = abstract("Media", ["Book", "Film"], typename(), entry("pages", "Int", types=["Book"]))


@pytest.mark.parametrize(
    ("field", "value", "seen", "errors"),
    [
        pytest.param(entry("x"), "a", "a", [], id="a string"),
        pytest.param(entry("x"), None, None, [], id="a null that may be"),
        pytest.param(entry("x"), ["a"], None, [(MALFORMED, ["x"])], id="a list for a scalar"),
        pytest.param(entry("x", "ID"), 7, "7", [], id="an integer for an ID"),
        pytest.param(entry("x", "Int"), 7.0, 7, [], id="a whole number for an Int"),
        pytest.param(entry("x", "Int"), "7", None, [(MALFORMED, ["x"])], id="a string for an Int"),
        pytest.param(entry("x", "Any"), [{"a": 1}], [{"a": 1}], [], id="a custom scalar"),
        pytest.param(entry("x", enum("RED")), "RED", "RED", [], id="an enum value"),
        pytest.param(entry("x", enum("RED")), "BLUE", None, [], id="a hidden enum value"),
        pytest.param(entry("x", enum("RED")), 3, None, [(MALFORMED, ["x"])], id="no enum value"),
        pytest.param(entry("x", non_null=LIST), ["a", None], ["a", None], [], id="a list"),
        pytest.param(entry("x", non_null=LIST), "a", None, [(MALFORMED, ["x"])], id="no list"),
        pytest.param(
            entry("x", non_null=(False, True)), ["a", None], None, [(NULL, ["x", 1])],
            id="a null item takes its list along",
        ),
        pytest.param(entry("x", USER), {"name": "A"}, {"name": "A"}, [], id="an object"),
        pytest.param(entry("x", USER), {}, None, [(NULL, ["x", "name"])], id="a required field"),
        pytest.param(entry("x", USER), "A", None, [(MALFORMED, ["x"])], id="no object"),
        pytest.param(entry("x", object_("User")), {}, {}, [], id="an object of nothing"),
        pytest.param(
            entry("x", MEDIA),
            {"__typename": "Book", "pages": 3},
            {"__typename": "Book", "pages": 3},
            [],
            id="a type's own field",
        ),
        pytest.param(
            entry("x", MEDIA), {"__typename": "Film", "pages": 3}, {"__typename": "Film"}, [],
            id="another type's field",
        ),
        pytest.param(entry("x", MEDIA), {"__typename": "Secret"}, None, [], id="a hidden type"),
        pytest.param(entry("x", MEDIA), {"pages": 3}, None, [(MALFORMED, ["x"])], id="untyped"),
        pytest.param(
            entry("x", MEDIA), {"__typename": ["Book"]}, None, [(MALFORMED, ["x"])],
            id="a type name that is none",
        ),
        pytest.param(
            entry("x", abstract("Media", ["Book"], entry("id"))), {"id": "1"}, {"id": "1"}, [],
            id="a type name nobody needs",
        ),
    ],
)  # fmt: skip
def test_a_nullable_field(field: Any, value: Any, seen: Any, errors: list[Any]) -> None:
    data, failures = cut(object_("Query", field), {"x": value})
    assert (data, codes(failures)) == ({"x": seen}, errors)


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        pytest.param({}, ["users"], id="the list itself"),
        pytest.param({"users": [None]}, ["users", 0], id="an item"),
        pytest.param({"users": [{"name": "A"}, {}]}, ["users", 1, "name"], id="deep in an item"),
    ],
)
def test_a_null_in_a_required_place_goes_up_to_the_root(tree: Any, path: list[object]) -> None:
    shape = object_("Query", entry("users", USER, non_null=STRICT_LIST))
    data, failures = cut(shape, tree)
    assert data is None
    assert codes(failures) == [(NULL, path)]


def test_the_names_and_their_order_are_those_of_the_request() -> None:
    shape = object_(
        "Query",
        entry("b", as_="z"),
        typename("Query", as_="kind"),
        entry("a", key="_cg0_a", as_="first"),
        entry("a"),
    )
    data, _ = cut(shape, {"a": "1", "_cg0_a": "2", "b": "3", "_cg1": "hidden"})
    assert list(data.items()) == [("z", "3"), ("kind", "Query"), ("first", "2"), ("a", "1")]


@pytest.mark.parametrize(("shown", "hidden"), [(True, True), (True, False), (False, False)])
def test_conditions(*, shown: bool, hidden: bool) -> None:
    shape = object_(
        "Query",
        entry("a", when=((Guard("shown", True), Guard("hidden", False)),)),  # noqa: FBT003
        entry("b", when=ALWAYS),
        entry("c", when=()),
        entry("d", when=((Guard("shown", True),), (Guard("hidden", True),))),  # noqa: FBT003
    )
    data, _ = cut(shape, {"a": "a", "b": "b", "d": "d"}, shown=shown, hidden=hidden)
    want = {"a": shown and not hidden, "b": True, "d": shown or hidden}
    assert list(data) == [name for name, there in want.items() if there]


@pytest.mark.parametrize("asked", [True, False])
def test_a_type_name_is_needed_only_where_it_is_used(*, asked: bool) -> None:
    when = ((Guard("asked", True),),)  # noqa: FBT003
    media = abstract("Media", ["Book"], entry("id"), entry("pages", types=["Book"], when=when))
    data, failures = cut(object_("Query", entry("x", media)), {"x": {"id": "1"}}, asked=asked)
    assert data == {"x": None if asked else {"id": "1"}}
    assert codes(failures) == ([(MALFORMED, ["x"])] if asked else [])


def test_a_null_that_an_error_explains_gets_no_second_error() -> None:
    failures = Failures(10)
    failures.add("a subgraph's own words", "CODE", path=("users", 0, "name"))
    shape = object_("Query", entry("users", USER, non_null=(False, True)))
    assert project(shape, {"users": [None]}, {}, failures) == {"users": None}
    assert len(failures.entries) == 1


def test_errors_are_bounded() -> None:
    failures = Failures(3)
    shape = object_("Query", entry("x", USER, non_null=LIST))
    assert project(shape, {"x": [{}] * 50}, {}, failures) == {"x": [None] * 50}
    assert len(failures.entries) == 3


SCHEMA = build_schema("""
type Query { leaf: Leaf  must: Leaf!  list: [Leaf!]  grid: [[Leaf]!]!  any: Any  anys: [Any!]! }
type Leaf { s: String!  i: Int  f: Float  b: Boolean  e: Color  es: [Color!]  id: ID  deep: Leaf }
type Other { s: String }
union Any = Leaf | Other
enum Color { RED GREEN }
""")
OPERATION = parse("""{
  leaf { ...l } must { ...l deep { ...l } } list { ...l } grid { ...l }
  any { __typename ...l ... on Other { s } } anys { ... on Leaf { i } ... on Other { s } }
}
fragment l on Leaf { s i f b e es id }""")
LEAF_FIELDS = (
    entry("s", non_null=REQUIRED),
    entry("i", "Int"),
    entry("f", "Float"),
    entry("b", "Boolean"),
    entry("e", enum("RED", "GREEN")),
    entry("es", enum("RED", "GREEN"), non_null=(False, True)),
    entry("id", "ID"),
)
LEAF = object_("Leaf", *LEAF_FIELDS)
ANY_FIELDS = [
    entry(f.response_key, f.content, non_null=f.non_null, types=["Leaf"]) for f in LEAF_FIELDS
]
SHAPE = object_(
    "Query",
    entry("leaf", LEAF),
    entry("must", object_("Leaf", *LEAF_FIELDS, entry("deep", LEAF)), non_null=REQUIRED),
    entry("list", LEAF, non_null=(False, True)),
    entry("grid", LEAF, non_null=(True, True, False)),
    entry(
        "any",
        abstract("Any", ["Leaf", "Other"], typename(), *ANY_FIELDS, entry("s", types=["Other"])),
    ),
    entry(
        "anys",
        abstract(
            "Any", ["Leaf", "Other"], entry("i", "Int", types=["Leaf"]), entry("s", types=["Other"])
        ),
        non_null=STRICT_LIST,
    ),
)


def rarely(strategy: st.SearchStrategy[Any], flaw: st.SearchStrategy[Any]) -> Any:
    return st.one_of(*[strategy] * 12, flaw)


def flawed(strategy: st.SearchStrategy[Any]) -> Any:
    return rarely(strategy, st.sampled_from([None, [], {}, "?"]))


def rows(**extra: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    color = st.sampled_from(["RED", "GREEN", "GREEN", "BLUE"])
    return st.fixed_dictionaries(
        {"__typename": st.just("Leaf"), "s": flawed(st.text("abc", max_size=2))},
        optional={
            "i": flawed(st.integers(0, 9)),
            "f": flawed(st.sampled_from([1.5, 2])),
            "b": flawed(st.booleans()),
            "e": flawed(color),
            "es": flawed(st.lists(flawed(color), max_size=2)),
            "id": flawed(st.sampled_from(["1", 2])),
            **extra,
        },
    )


OTHERS = st.fixed_dictionaries(
    {"__typename": rarely(st.just("Other"), st.sampled_from(["Leaf", "Hidden", None]))},
    optional={"s": flawed(st.text("xyz", max_size=2))},
)
TREES = st.fixed_dictionaries(
    {
        "leaf": flawed(rows()),
        "must": flawed(rows(deep=flawed(rows()))),
        "list": flawed(st.lists(flawed(rows()), max_size=2)),
        "grid": flawed(st.lists(flawed(st.lists(flawed(rows()), max_size=2)), max_size=2)),
        "any": flawed(rows() | OTHERS),
        "anys": flawed(st.lists(flawed(rows() | OTHERS), max_size=3)),
    }
)


@settings(max_examples=150, deadline=None)
@given(tree=TREES)
def test_nulls_go_where_graphql_core_puts_them(tree: Any) -> None:
    want = execute_sync(SCHEMA, OPERATION, root_value=tree)
    data, failures = cut(SHAPE, tree)
    assert data == want.data
    if failures:
        assert want.errors


def test_a_projected_answer_leaves_no_garbage_behind() -> None:
    projection = compile_projection(object_("Query", entry("x", USER), entry("y", MEDIA)))
    tree = {"x": {"name": "A"}, "y": {"__typename": "Book"}}
    gc.collect()
    gc.disable()
    try:
        data = projection.project(tree, {}, Failures(10))
        assert gc.collect() == 0
    finally:
        gc.enable()
    assert data == {"x": {"name": "A"}, "y": {"__typename": "Book", "pages": None}}
