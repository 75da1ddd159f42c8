"""Objects are named to subgraphs once each, and never when a part of the name is missing."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.executor.collect import Named, compile_collect
from gateway.executor.levels import Finds, Levels
from gateway.executor.paths import Tree
from gateway.plan.nodes import Representation, RepresentationField
from tests.executor.build import by_key, key, steps

USER = by_key("User", key("id"))


def _collect(tree: Tree, *path: str, representations: Sequence[Representation]) -> Named:
    return compile_collect(Levels().at(steps(*path)), representations)(Finds(tree))


NESTED = by_key(
    "Cart",
    RepresentationField(name="items", key="items", fields=(key("sku", "_cg_sku"),)),
)


@pytest.mark.parametrize(
    ("representation", "objects", "sent", "held"),
    [
        pytest.param(
            USER,
            [{"id": "1"}, {"id": "2"}, {"id": "1"}],
            [{"__typename": "User", "id": "1"}, {"__typename": "User", "id": "2"}],
            [[0, 2], [1]],
            id="equal ones once",
        ),
        pytest.param(
            USER,
            [{"id": 1}, {"id": True}, {"id": 1.0}, {"id": "1"}],
            [{"__typename": "User", "id": value} for value in (1, True, 1.0, "1")],
            [[0], [1], [2], [3]],
            id="1, true, 1.0 and '1' are four keys",
        ),
        pytest.param(
            USER,
            [{"id": None}, {}, {"id": "1"}],
            [{"__typename": "User", "id": "1"}],
            [[2]],
            id="a null or absent key",
        ),
        pytest.param(
            by_key("User", key("id"), requires=(key("price"), key("weight", non_null=True))),
            [
                {"id": "1", "price": None, "weight": 1},
                {"id": "2", "price": 1, "weight": None},
                {"id": "3", "weight": 1},
            ],
            [{"__typename": "User", "id": "1", "price": None, "weight": 1}],
            [[0]],
            id="a required null is sent if it may be null",
        ),
        pytest.param(
            by_key("User", key("id"), key("org")),
            [{"id": None, "org": "x"}, {"id": None, "org": None}],
            [{"__typename": "User", "id": None, "org": "x"}],
            [[0]],
            id="not all parts of a key are null",
        ),
        pytest.param(
            by_key("Media", key("id"), types=["Book", "Film"]),
            [
                {"id": "1", "__typename": "Book"},
                {"id": "2", "__typename": "Song"},
                {"id": "3"},
                {"id": "4", "__typename": {}},
            ],
            [{"__typename": "Media", "id": "1"}],
            [[0]],
            id="by runtime type, under the subgraph's name for it",
        ),
        pytest.param(
            NESTED,
            [
                {"items": [{"_cg_sku": 1, "more": 2}, None]},
                {"items": [{"_cg_sku": 1}, None]},
                {"items": [{}]},
                {"items": None},
                {"items": "?"},
            ],
            [{"__typename": "Cart", "items": [{"sku": 1}, None]}],
            [[0, 1]],
            id="of nested objects only what was asked",
        ),
        pytest.param(
            by_key(
                "Post",
                key("id"),
                RepresentationField(name="isbn", key="isbn", types=frozenset({"Book"})),
            ),
            [{"id": 1, "__typename": "Book", "isbn": 2}, {"id": 2, "__typename": "Film"}],
            [{"__typename": "Post", "id": 1, "isbn": 2}, {"__typename": "Post", "id": 2}],
            [[0], [1]],
            id="a field that only some types have",
        ),
        pytest.param(
            USER,
            [{"id": 2**70}] * 2,
            [{"__typename": "User", "id": 2**70}],
            [[0, 1]],
            id="an integer past 64 bits",
        ),
    ],
)
def test_representing(
    representation: Representation, objects: list[Any], sent: list[Any], held: list[list[int]]
) -> None:
    found = {"all": objects}
    got, holders = _collect(found, "all@", representations=(representation,))
    assert got == sent
    assert [[type(value) for value in item.values()] for item in got] == [
        [type(value) for value in item.values()] for item in sent
    ]
    assert [{id(holder) for holder in waiting} for waiting in holders] == [
        {id(found["all"][index]) for index in waiting} for waiting in held
    ]


def test_the_first_representation_that_fits_is_used() -> None:
    tree: Tree = {"all": [{"__typename": "Book", "isbn": 1, "id": 2}, {"id": 2}]}
    books, media = by_key("Book", key("isbn"), types=["Book"]), by_key("Media", key("id"))
    sent, _ = _collect(tree, "all@", representations=(books, media))
    assert sent == [{"__typename": "Book", "isbn": 1}, {"__typename": "Media", "id": 2}]


def test_objects_of_nothing_but_equal_keys_become_one() -> None:
    tree: Tree = {"all": [{"user": {"id": "1", **more}} for more in ({}, {}, {"name": "A"})]}
    _, holders = _collect(tree, "all@", "user", representations=(USER,))
    first, second, third = (item["user"] for item in tree["all"])
    assert first is second
    assert [[id(holder) for holder in waiting] for waiting in holders] == [[id(first), id(third)]]


def test_objects_that_are_equal_in_all_they_hold_become_one() -> None:
    user: Tree = {"id": "1", "posts": [{"title": "a", "likes": [1, 2]}]}
    other: Tree = {"id": "1", "posts": [{"title": "a", "likes": [1, 3]}]}
    tree: Tree = {"all": [{"user": deepcopy(each)} for each in (user, other, user, other)]}
    sent, holders = _collect(tree, "all@", "user", representations=(USER,))
    found = [item["user"] for item in tree["all"]]
    assert found == [user, other, user, other]
    assert found[0] is found[2]
    assert found[1] is not found[0]
    assert len(sent) == len(holders) == 1


LOOKALIKES: st.SearchStrategy[Any] = st.sampled_from(
    [0, 0.0, -0.0, False, 1, 1.0, True, "1", None, [], {}]
)
JSON: st.SearchStrategy[Any] = st.recursive(
    LOOKALIKES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(values=st.lists(JSON, min_size=2, max_size=4))
def test_no_value_changes_its_type_or_precision_by_becoming_one(values: list[object]) -> None:
    each = [{"user": {"id": "1", "of": value}} for value in values]
    tree: Tree = {"one": deepcopy(each), "two": [deepcopy(one["user"]) for one in each]}
    before = orjson.dumps(tree)
    _collect(tree, "one@", "user", representations=(USER,))
    _collect(tree, "two@", representations=(USER,))
    assert orjson.dumps(tree) == before


def test_values_nested_deeper_than_python_compares_are_no_problem() -> None:
    one, other = list[object](), list[object]()
    for _ in range(10_000):
        one, other = [one], [other]
    tree: Tree = {"all": [{"id": "1", "deep": one}, {"id": "1", "deep": other}]}
    _, (holders,) = _collect(tree, "all@", representations=(USER,))
    assert len(holders) == 2


def test_objects_of_different_types_stay_apart() -> None:
    media = by_key("Media", key("id"), types=["Book", "Film"])
    tree: Tree = {"all": [{"__typename": "Book", "id": "1"}, {"__typename": "Film", "id": "1"}]}
    sent, (holders,) = _collect(tree, "all@", representations=(media,))
    assert len(sent) == 1
    assert len(holders) == 2


def test_an_object_shared_by_several_becomes_its_twin_in_each_of_them() -> None:
    shared = {"id": "1"}
    tree: Tree = {"all": [{"one": {"id": "1"}}, {"one": shared}, {"one": shared}]}
    sent, holders = _collect(tree, "all@", "one", representations=(USER,))
    assert len(sent) == 1
    assert {id(item["one"]) for item in tree["all"]} == {id(holders[0][0])}
