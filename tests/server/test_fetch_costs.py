"""What each fetch of a plan costs, told by the documents and answers of the fetches themselves."""

from collections.abc import Mapping

import pytest

from gateway.executor.ports import Fault, FetchCost, SubgraphReply, SubgraphRequest
from gateway.server.pricing import PriceBook
from gateway.spec.names import SubgraphName
from tests.limits.test_cost import SDL

BOOK = PriceBook(SDL)
STOCK = SubgraphName("stock")


def appraised(
    document: str, variables: Mapping[str, object], outcome: SubgraphReply | Fault
) -> FetchCost | None:
    request = SubgraphRequest(
        subgraph=STOCK,
        document=document,
        operation_name=None,
        variables=variables,
        kind="query",
        context=None,
        deadline=0.0,
    )
    return BOOK.appraise(request, outcome)


def reply(data: object) -> SubgraphReply:
    return SubgraphReply(data=data, errors=(), extensions={})


USER = "query($r: [_Any!]!) { _entities(representations: $r) { ... on User { secret } } }"
TWO = {"r": [{"__typename": "User", "id": "1"}, {"__typename": "User", "id": "2"}]}


@pytest.mark.parametrize(
    ("document", "variables", "data", "cost"),
    [
        pytest.param("{ me { id } }", {}, {"me": {"id": "1"}}, (1, 1), id="an object"),
        pytest.param("{ me { id } }", {}, {"me": None}, (1, 0), id="nothing came"),
        pytest.param(
            "query($n: Int) { a: search(first: $n) { id } }",
            {"n": 5},
            {"a": [{"id": "1"}, {"id": "2"}]},
            (5, 2),
            id="by the client's variables and the subgraph's own keys",
        ),
        pytest.param(
            USER, TWO, {"_entities": [{"secret": "x"}, {"secret": "y"}]}, (16, 16), id="entities"
        ),
        pytest.param(
            USER, TWO, {"_entities": [{"secret": "x"}, None]}, (16, 8), id="an entity is missing"
        ),
        pytest.param(
            "query($r: [_Any!]!, $s: [_Any!]!) {"
            " a: _entities(representations: $r) { ... on User { friends { id } } }"
            " b: _entities(representations: $s) { ... on Book { author { secret } } } }",
            {**TWO, "s": [{"__typename": "Book", "id": "3"}]},
            {"a": [{"friends": [{"id": "1"}] * 3}, None], "b": [{"author": {"secret": "x"}}]},
            (13, 13),
            id="two targets in one document",
        ),
    ],
)
def test_a_fetch_is_priced_by_what_is_sent_and_what_comes(
    document: str, variables: Mapping[str, object], data: object, cost: tuple[int, int]
) -> None:
    estimated, actual = cost
    assert appraised(document, variables, reply(data)) == FetchCost(
        estimated=estimated, actual=actual
    )


def test_a_fetch_that_failed_brought_nothing() -> None:
    fault = Fault(code="SUBREQUEST_TIMEOUT", message="too late", subgraph=STOCK)
    assert appraised(USER, TWO, fault) == FetchCost(estimated=16, actual=0)
