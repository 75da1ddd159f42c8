"""Answers flow together: objects by key, lists by index."""

from typing import Any

import pytest

from gateway.executor.merge import merge_object


@pytest.mark.parametrize(
    ("tree", "answer", "merged"),
    [
        pytest.param({}, {"a": 1}, {"a": 1}, id="what was absent is taken"),
        pytest.param({"a": None}, {"a": {"b": 1}}, {"a": {"b": 1}}, id="an object wins over null"),
        pytest.param({"a": {"b": 1}}, {"a": None}, {"a": {"b": 1}}, id="null wins over nothing"),
        pytest.param({"a": 1}, {"a": 2}, {"a": 1}, id="a scalar that is there stays"),
        pytest.param(
            {"a": {"b": {"c": 1}}},
            {"a": {"b": {"d": 2}}},
            {"a": {"b": {"c": 1, "d": 2}}},
            id="deep",
        ),
        pytest.param(
            {"a": [{"b": 1}, None]},
            {"a": [{"c": 1}, {"c": 2}]},
            {"a": [{"b": 1, "c": 1}, {"c": 2}]},
            id="lists by index",
        ),
        pytest.param(
            {"a": [[{"b": 1}]]},
            {"a": [[{"c": 2}]]},
            {"a": [[{"b": 1, "c": 2}]]},
            id="lists of lists",
        ),
        pytest.param({"a": [1]}, {"a": [1, 2]}, {"a": [1, 2]}, id="the longer list has the rest"),
        pytest.param({"a": {}}, {"a": [1]}, {"a": {}}, id="an object is no list"),
    ],
)
def test_merging(tree: Any, answer: Any, merged: Any) -> None:
    merge_object(tree, answer)
    assert tree == merged
