"""The federated graph answers as a monolith over the same data does, however a query is put."""

from collections.abc import Callable
from itertools import count

import pytest

from tests.differential.campaign import FIXED, Campaign, graph_of
from tests.differential.check import Shares, difference, uses_abstract_types
from tests.differential.normal_form import normal_form
from tests.differential.operations import VARIABLES
from tests.differential.shrink import shrunk
from tests.engine.graphs import MEDIA, MEDIA_SDLS
from tests.engine.pair import Pair

OPERATIONS = 170
EACH = 10
SEED = 20261


def times(number: int) -> Callable[[], bool]:
    passed = count()
    return lambda: next(passed) < number


async def test_random_operations_over_fixed_and_random_graphs() -> None:
    shares = Shares()
    campaign = Campaign(seed=SEED, each=EACH, goes_on=times(OPERATIONS))
    found = [f"{how}\n{difference}" async for how, difference in campaign.run(shares)]
    print(shares.line())
    assert not found, found[0]
    assert shares.graphs > len(FIXED)
    assert shares.crossing >= 0.6 * shares.operations
    assert shares.abstract >= 0.2 * shares.operations
    assert shares.conditional >= 0.2 * shares.operations


@pytest.fixture
def media() -> Pair:
    return Pair(MEDIA_SDLS, MEDIA)


@pytest.mark.parametrize(
    ("operation", "want"),
    [
        pytest.param(
            "{ people { id } people { ...P } } fragment P on Person { name id }",
            "{ people: people { id: id  name: name } }",
            id="fragments inlined, repeats merged",
        ),
        pytest.param(
            "query ($no: Boolean!) { people { id @include(if: $no) name } works @skip(if: true)"
            " { __typename } }",
            "{ people: people { name: name } }",
            id="conditions evaluated",
        ),
        pytest.param(
            "{ newest { id ... on Film { minutes } ... on Node { x: id } } }",
            "{ newest: newest { ... on Book { id: id  x: id }"
            "  ... on Film { id: id  minutes: minutes  x: id } } }",
            id="one condition for each object type",
        ),
        pytest.param(
            "query ($id: ID!) { node(id: $id) { ... on Film @skip(if: true) { id } } }",
            "query ($id: ID!) { node: node(id: $id) { _: __typename @skip(if: true) } }",
            id="nothing left to select",
        ),
    ],
)
def test_normal_form(media: Pair, operation: str, want: str) -> None:
    assert normal_form(media.schema, operation, VARIABLES) == want


@pytest.mark.parametrize(
    ("operation", "abstract"),
    [
        pytest.param("{ people { works { __typename } } }", True, id="a union"),
        pytest.param("{ people { ... on Person { id } } }", False, id="a condition on the type"),
        pytest.param(
            "{ people { ...N } } fragment N on Node { id }", True, id="a fragment on an interface"
        ),
    ],
)
def test_what_counts_as_abstract(media: Pair, operation: str, *, abstract: bool) -> None:
    assert uses_abstract_types(media.schema, operation) is abstract


@pytest.mark.parametrize(
    ("seed", "graph", "operation"),
    [
        pytest.param(
            16631, 23,
            "query ($yes: Boolean!) { ant0 { f1 { f0 { ... on Face @defer(if: $yes) { id } } } } }",
            id="a part about objects that can't be of one of the types",
        ),
        pytest.param(
            16631, 572,
            "query ($no: Boolean! = false) {"
            " bee0 { works: f0 @skip(if: $no) { id ...F0 @include(if: $no) } } }"
            " fragment F0 on E1 { id }",
            id="a condition that can't hold where its field stands",
        ),
        pytest.param(
            16631, 285, "{ dog0 { f1 { ... on E1 { name } } f5 } }",
            id="equal objects in containers that several objects share",
        ),
    ],
)  # fmt: skip
async def test_what_was_found_once_stays_mended(seed: int, graph: int, operation: str) -> None:
    pair = graph_of(seed, graph)
    assert pair is not None
    assert await difference(pair, operation, VARIABLES) is None


async def test_a_difference_is_seen_and_made_small(media: Pair) -> None:
    media.client.down.add("people")
    operation = "query ($yes: Boolean!) { media { id title } people { id ... on Person { name } } }"
    operation = operation.replace("media {", "media @include(if: $yes) {")

    async def shows(candidate: str) -> bool:
        return await difference(media, candidate, VARIABLES) is not None

    small = await shrunk(media.schema, operation, shows)
    assert " ".join(small.split()) == "{ people { ... on Person { name } } }"
