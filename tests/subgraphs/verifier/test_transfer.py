"""A request says what is asked; the answer takes any of four ways, and the checks are the same."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
import pytest_asyncio

from subgraphs.vc import model
from tests.subgraphs.kit.world import Person
from tests.subgraphs.verifier.counter import OWN, PURPOSE, Counter, present
from tests.subgraphs.verifier.lending import lender_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASKED = """presentationRequest { id nonce audience expiresAt state link claims
  atLeast { amount } }"""
CAME = "query($id: ID!) { node(id: $id) { ... on Presentation { state transferMode } } }"
WAYS = ("QR", "DEEPLINK", "FILE", "CUSTODY_LINK", None)


@pytest_asyncio.fixture(loop_scope="module")
async def counter(shared_counter: Counter) -> Counter:
    return shared_counter


async def asked(counter: Counter, person: Person, **more: object) -> dict[str, Any]:
    return await counter.do(
        "createPresentationRequest",
        OWN,
        ASKED,
        customerNo=f"CUST-{person.name}",
        ruleSet="PRIVATE_FUND",
        purpose=PURPOSE,
        **more,
    )


async def test_four_ways_end_in_the_same_checks(counter: Counter) -> None:
    person = await counter.customer("ways")
    paper, grant = await counter.paper(person), await counter.grant(person)
    lender = lender_of(counter, person)
    await lender.deposit(paper)
    await counter.settle()
    found = []
    for way in WAYS:
        request = await counter.request(person)
        made: object = present(person, request, [paper], grant)
        if way == "CUSTODY_LINK":
            made, _ = await lender.transfer(request, grant)
        sent = json.dumps(made, ensure_ascii=False) if way == "FILE" else made
        said = {} if way is None else {"transferMode": way}
        submitted = await counter.submit(person, request, sent, **said)
        done = (await counter.verify(submitted))["verification"]
        told = await counter.ask(CAME, {"id": submitted["presentation"]["id"]}, who=person.who)
        assert told.only("node") == {"state": "ACCEPTED", "transferMode": way}
        found.append([(one["kind"], one["outcome"]) for one in done["checks"]])
    assert all(one == found[0] for one in found)
    assert [outcome for _, outcome in found[0]] == ["PASSED"] * 5


async def test_a_file_is_read_as_strictly(counter: Counter) -> None:
    person = await counter.customer("file")
    paper, grant = await counter.paper(person), await counter.grant(person)
    await counter.settle()
    request = await counter.request(person)
    text = json.dumps(present(person, request, [paper], grant))
    for bad in (text[:-1], text[:-1] + ', "type": []}', "[]", '"text"'):
        answer = await counter.submit(person, request, bad, transferMode="FILE")
        assert answer["__typename"] == "ValidationFailed", answer


async def test_a_request_says_what_is_asked_and_where_to_answer(counter: Counter) -> None:
    person = await counter.customer("query")
    plain = (await asked(counter, person))["presentationRequest"]
    assert (plain["claims"], plain["atLeast"]) == ([], {"amount": "3000000.00"})
    link = urlparse(plain["link"])
    assert (link.scheme, link.netloc) == ("credgraph", "present")
    assert parse_qs(link.query) == {
        "request": [plain["id"]],
        "nonce": [plain["nonce"]],
        "audience": [plain["audience"]],
    }
    named = (await asked(counter, person, claims=[model.TOTAL]))["presentationRequest"]
    assert named["claims"] == [model.TOTAL]


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param([model.SEED], id="the holder's secret"),
        pytest.param(["/credentialSubject/salary"], id="no claim"),
    ],
)
async def test_what_may_not_be_asked_for(counter: Counter, claims: list[str]) -> None:
    person = await counter.customer(f"nosy{len(claims[0])}")
    answer = await asked(counter, person, claims=claims)
    assert (answer["__typename"], answer["code"]) == ("ValidationFailed", "CLAIM_UNKNOWN")
