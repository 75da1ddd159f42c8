"""The keys of an answer stand in the order in which one server would have met them."""

import json
from itertools import product

import pytest

from tests.engine.graphs import MEDIA, MEDIA_SDLS
from tests.engine.pair import Pair


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(
            "{ media { ... on Book { id } title id } }", id="a name first met on one type only"
        ),
        pytest.param(
            "query ($yes: Boolean!) { newest { id @include(if: $yes) title id } }",
            id="a first occurrence that may be skipped",
        ),
        pytest.param(
            "query ($yes: Boolean!, $no: Boolean!) { newest { a: id @include(if: $yes)"
            " b: title @include(if: $no) a: id @skip(if: $no) b: title a: id } }",
            id="several of them",
        ),
        pytest.param(
            "query ($yes: Boolean!, $no: Boolean!) { people @include(if: $yes) { name }"
            " newest { id } people @skip(if: $no) { id name } }",
            id="objects, whose own fields come in another order then",
        ),
        pytest.param(
            "query ($yes: Boolean!) { media { ...F @include(if: $yes) ... on Film { title id }"
            " ... on Book { id ...F } } } fragment F on Media { title rating }",
            id="fragments on types under conditions",
        ),
    ],
)
async def test_keys_come_in_the_order_of_one_server(query: str) -> None:
    pair = Pair(MEDIA_SDLS, MEDIA)
    for yes, no in product((True, False), repeat=2):
        variables = {"yes": yes, "no": no}
        body = await pair.ask(query, variables=variables)
        assert json.dumps(body) == json.dumps({"data": pair.whole(query, variables).data})


async def test_a_field_said_twice_is_blamed_once() -> None:
    pair = Pair(MEDIA_SDLS, MEDIA)
    pair.client.down.add("people")
    query = (
        "query ($yes: Boolean!) { people @include(if: $yes) { id } newest { id } people { id } }"
    )
    body = await pair.ask(query, variables={"yes": True})
    assert [error["path"] for error in body["errors"]] == [["people"]]
