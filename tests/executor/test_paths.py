"""Objects of the internal tree are found by their path, whatever stands in the way."""

from typing import Any

import pytest

from gateway.executor.levels import Finds, Levels
from gateway.executor.paths import places
from gateway.plan.nodes import Path, Step
from tests.executor.build import steps

BOOK = {"__typename": "Book", "id": 1}
FILM = {"__typename": "Film", "id": 2}


@pytest.mark.parametrize(
    ("path", "tree", "found"),
    [
        pytest.param((), {"a": 1}, [((), {"a": 1})], id="the root"),
        pytest.param(steps("a"), {"a": {"b": 1}}, [(("a",), {"b": 1})], id="one key"),
        pytest.param(steps("a"), {}, [], id="a key that is absent"),
        pytest.param(steps("a"), {"a": None}, [], id="a null"),
        pytest.param(
            steps("a@"), {"a": [{}, None, {}]}, [(("a", 0), {}), (("a", 2), {})], id="a list"
        ),
        pytest.param(steps("a@@"), {"a": [[{}], None]}, [(("a", 0, 0), {})], id="a list of lists"),
        pytest.param(steps("a@"), {"a": {}}, [], id="an object where a list belongs"),
        pytest.param(steps("a"), {"a": [{}]}, [], id="a list where an object belongs"),
        pytest.param(
            steps("a@", "b"), {"a": [{"b": {}}]}, [(("a", 0, "b"), {})], id="through a list"
        ),
        pytest.param(
            (Step(key="a", lists=1, types=frozenset({"Book"})),),
            {"a": [BOOK, FILM, {"__typename": ["Book"]}]},
            [(("a", 0), BOOK)],
            id="only objects of one type",
        ),
        pytest.param(
            (Step(key="a", lists=1, types=frozenset({"Book", "Film"})),),
            {"a": [BOOK, FILM, {"__typename": ["Book"]}, {"id": 3}]},
            [(("a", 0), BOOK), (("a", 1), FILM)],
            id="only objects of some types",
        ),
    ],
)
def test_finding(path: Path, tree: Any, found: list[Any]) -> None:
    assert Finds(tree).at(Levels().at(path)) == [here for _, here in found]
    assert list(places(path, tree)) == found


def test_a_very_long_path_is_no_problem() -> None:
    tree: dict[str, Any] = {"leaf": True}
    for _ in range(300):
        tree = {"next": [tree]}
    assert Finds(tree).at(Levels().at(steps(*["next@"] * 300))) == [{"leaf": True}]
