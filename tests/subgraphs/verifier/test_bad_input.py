"""Ill arguments: a typed refusal with a stable code and the field, and nothing written."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from subgraphs.vc.strict_json import JsonObject
from tests.subgraphs.kit.world import Person
from tests.subgraphs.verifier.counter import OTHER, OWN, PURPOSE, Counter, present

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def customer(shared_counter: Counter) -> Person:
    return await shared_counter.customer("ann")


async def written(counter: Counter) -> tuple[int, ...]:
    store = counter.parts.store
    rows = (store.bindings, store.requests, store.presentations, store.verifications)
    return (
        *[await table.rows.count_documents({}) for table in rows],
        await counter.world.base.ledger.size(),
    )


@pytest.mark.parametrize(
    ("number", "did", "code"),
    [
        pytest.param("stranger", "", "CUSTOMER_UNKNOWN", id="no such customer"),
        pytest.param("ACCT-1", "", "CUSTOMER_UNKNOWN", id="no number of ours"),
        pytest.param("CUST-" + "x" * 5000, "", "CUSTOMER_UNKNOWN", id="over-long"),
        pytest.param("CUST-bob", "", "ROOT_DID_NOT_MATCHED", id="somebody else's DID"),
        pytest.param(
            "CUST-ann", "did:credgraph:another", "CUSTOMER_ALREADY_BOUND", id="bound to another DID"
        ),
    ],
)
async def test_binding(
    shared_counter: Counter, customer: Person, number: str, did: str, code: str
) -> None:
    await shared_counter.settle()
    before = await written(shared_counter)
    refused = await shared_counter.do(
        "bindCustomer", OWN, customerNo=number, did=did or customer.did
    )
    kind = "NotFound" if code == "CUSTOMER_UNKNOWN" else "ValidationFailed"
    assert (refused["__typename"], refused["code"]) == (kind, code)
    assert await written(shared_counter) == before


async def test_binding_again_answers_the_same(shared_counter: Counter, customer: Person) -> None:
    first = await shared_counter.bind(customer)
    assert first == await shared_counter.bind(customer)
    assert first["holder"]["id"] == customer.id
    bound = await shared_counter.events("CUSTOMER_BOUND", about=customer.id)
    assert len(bound) == 1


async def test_a_root_did_not_yet_on_the_log_is_asked_for_again(shared_counter: Counter) -> None:
    person = await shared_counter.world.person("early", on_the_log=False)
    refused = await shared_counter.bind(person)
    assert (refused["__typename"], refused["code"]) == ("TryAgain", "ROOT_DID_NOT_ON_LOG")


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        pytest.param({"customerNo": "CUST-bob"}, "customerNo", "CUSTOMER_NOT_BOUND", id="unbound"),
        pytest.param({"ruleSet": "LOTTERY"}, "ruleSet", "RULE_SET_UNKNOWN", id="no such rules"),
        pytest.param(
            {"ruleSet": "PRIVATE_FUND@9"}, "ruleSet", "RULE_SET_UNKNOWN", id="no such version"
        ),
        pytest.param(
            {"ruleSet": "PROFESSIONAL"}, "ruleSet", "RULE_SET_NOT_OFFERED", id="rules not offered"
        ),
        pytest.param({"purpose": "buy a fund"}, "purpose", "VALIDATION_FAILED", id="ill purpose"),
        pytest.param({"purpose": "ＡＢＣ"}, "purpose", "VALIDATION_FAILED", id="full-width"),
        pytest.param({"purpose": "A" * 65}, "purpose", "VALIDATION_FAILED", id="long purpose"),
        pytest.param({"purpose": ""}, "purpose", "VALIDATION_FAILED", id="no purpose"),
    ],
)
async def test_asking(
    shared_counter: Counter, customer: Person, changed: dict[str, str], field: str, code: str
) -> None:
    asked = {"customerNo": "CUST-ann", "ruleSet": "PRIVATE_FUND@1", "purpose": PURPOSE}
    before = await written(shared_counter)
    refused = await shared_counter.do("createPresentationRequest", OWN, **{**asked, **changed})
    assert (refused["__typename"], refused["field"]) == ("ValidationFailed", field)
    assert refused["code"] == code
    assert await written(shared_counter) == before


async def test_each_verifier_has_its_own_customers(
    shared_counter: Counter, customer: Person
) -> None:
    refused = await shared_counter.do(
        "createPresentationRequest",
        OTHER,
        customerNo="CUST-ann",
        ruleSet="PRIVATE_FUND",
        purpose=PURPOSE,
    )
    assert refused["code"] == "CUSTOMER_NOT_BOUND"


def without(document: JsonObject, name: str) -> JsonObject:
    return {key: value for key, value in document.items() if key != name}


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        pytest.param(lambda _: "text", "presentation", id="a text"),
        pytest.param(lambda _: [], "presentation", id="a list"),
        pytest.param(lambda _: {}, "presentation/@context", id="nothing"),
        pytest.param(lambda d: {**d, "extra": 1}, "presentation/extra", id="a member too many"),
        pytest.param(lambda d: without(d, "proof"), "presentation/proof", id="no proof"),
        pytest.param(
            lambda d: {**d, "verifiableCredential": []}, "presentation/shown", id="no credential"
        ),
        pytest.param(
            lambda d: {**d, "verifiableCredential": [{"id": "x"}]},
            "presentation/shown/0/credential",
            id="no credential at all",
        ),
        pytest.param(lambda d: {**d, "holder": 1.5}, "presentation", id="a float"),
        pytest.param(lambda d: {**d, "holder": "x" * 300_000}, "presentation", id="over-long"),
        pytest.param(lambda d: {**d, "receipt": deep(60)}, "presentation", id="too deep"),
        pytest.param(
            lambda d: {**d, "holder": "nobody"}, "presentation/holder", id="a holder that is no DID"
        ),
    ],
)
async def test_ill_formed_presentations(
    shared_counter: Counter, customer: Person, spoil: Any, field: str
) -> None:
    counter = shared_counter
    paper, grant = await counter.paper(customer), await counter.grant(customer)
    await counter.settle()
    request = await counter.request(customer)
    made = present(customer, request, [paper], grant)
    before = await written(counter)
    refused = await counter.submit(customer, request, spoil(made))
    assert refused["__typename"] == "ValidationFailed", refused
    assert refused["field"].startswith(field), refused
    assert await written(counter) == before
    right = await counter.submit(customer, request, made)
    assert right["__typename"] == "SubmitPresentationSuccess"


def deep(levels: int) -> JsonObject:
    document: JsonObject = {}
    for _ in range(levels):
        document = {"a": document}
    return document


@pytest.mark.parametrize(
    "product",
    [
        pytest.param("a fund", id="words"),
        pytest.param("$where", id="an operator"),
        pytest.param("P" * 65, id="over-long"),
        pytest.param("", id="nothing"),
    ],
)
async def test_ill_products(shared_counter: Counter, product: str) -> None:
    refused = await shared_counter.do(
        "grantPermission", OWN, qualificationId="qual_x", product=product
    )
    assert (refused["code"], refused["field"]) == ("VALIDATION_FAILED", "product")


async def test_an_idempotency_key_for_another_call_is_refused(
    shared_counter: Counter, customer: Person
) -> None:
    asked = {"customerNo": "CUST-ann", "ruleSet": "PRIVATE_FUND", "purpose": PURPOSE}
    first = await shared_counter.do(
        "createPresentationRequest", OWN, "__typename", **asked, clientMutationId="k"
    )
    assert first["__typename"].endswith("Success")
    changed = {**asked, "purpose": "ANOTHER"}
    refused = await shared_counter.do(
        "createPresentationRequest", OWN, **changed, clientMutationId="k"
    )
    assert (refused["code"], refused["field"]) == ("IDEMPOTENCY_KEY_REUSED", "clientMutationId")


@pytest.mark.parametrize("first", [0, -1, 101, 2_000_000_000])
async def test_unbounded_lists_are_refused(shared_counter: Counter, first: int) -> None:
    answer = await shared_counter.ask(
        "query($n: Int!) { acceptances(first: $n) { edges { cursor } } }", {"n": first}, who=OWN
    )
    assert answer.codes == ["FIRST_OUT_OF_RANGE"]
    answer = await shared_counter.ask(
        "query($n: Int!) { acceptedCredentialChangeEvents(first: $n) { cursor } }",
        {"n": first},
        who=OWN,
    )
    assert answer.codes == ["FIRST_OUT_OF_RANGE"]
