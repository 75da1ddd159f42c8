"""From the customer's binding to a credential in force, and what each side sees of it."""

import pytest
import pytest_asyncio

from subgraphs.demo.pilot import GUOTAI_JUNAN
from subgraphs.kit.viewer import Role
from subgraphs.vc import model, proofs
from subgraphs.vc.did import institution_did, method_id
from subgraphs.vc.proofs import Expectation, Purpose
from tests.subgraphs.issuer.desk import OWN, Desk
from tests.subgraphs.kit.gateway import Who

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def desk(shared_desk: Desk) -> Desk:
    """Each test has people of its own, so one desk serves them all."""
    return shared_desk


SHOWN = """query($id: ID!) { credential(id: $id) {
  id vcHash credentialNo state issuer { name uscc kind roles participation } subject { id }
  assetLines { category amount { amount currency } } total { amount currency } asOf
  document disclosures issuerSignature holderSignature schema { name version categories }
  endorsements { totalCount edges { node { effect } } } } }"""


async def test_a_credential_comes_to_be_in_force(desk: Desk) -> None:
    person = await desk.customer()
    credential = await desk.active(person)

    shown = (await desk.ask(SHOWN, {"id": credential}, who=person.who)).only("credential")

    assert shown["state"] == "ACTIVE"
    assert shown["issuer"]["name"] == GUOTAI_JUNAN.name
    assert shown["issuer"]["roles"] == ["ISSUER", "VERIFIER", "LEAD"]
    assert shown["subject"]["id"] == person.id
    assert shown["total"] == {"amount": "3200000.00", "currency": "CNY"}
    assert [line["category"] for line in shown["assetLines"]] == [
        "BANK_DEPOSIT",
        "STOCK",
        "FUND_UNIT",
    ]
    assert shown["endorsements"] == {"totalCount": 0, "edges": []}


async def test_the_document_carries_both_signatures_and_its_hash(desk: Desk) -> None:
    person = await desk.customer()
    credential = await desk.active(person)
    shown = (await desk.ask(SHOWN, {"id": credential}, who=person.who)).only("credential")
    document, expected = shown["document"], Expectation(purpose=Purpose.ASSERTION)

    issuer = method_id(institution_did(str(OWN.institution)))
    assert proofs.verify_by(document, issuer, desk.issuer_key(GUOTAI_JUNAN), expected).ok
    held = person.software.hold(
        document, shown["disclosures"], issuer_key=desk.issuer_key(GUOTAI_JUNAN)
    )
    assert model.read_whole(held.document, tuple(shown["disclosures"])).total == 320_000_000
    assert model.vc_hash(document) == shown["vcHash"]


async def test_each_step_is_one_event_in_order(desk: Desk) -> None:
    person = await desk.customer()
    credential = await desk.active(person)

    about = await desk.events(credential)

    assert [one.kind for one in about] == [
        "CREDENTIAL_REQUESTED",
        "CREDENTIAL_DRAFTED",
        "CREDENTIAL_OFFERED",
        "CREDENTIAL_ACTIVATED",
    ]
    assert [one.event_id for one in about] == [
        f"{credential}:{one.kind}:{version}" for version, one in enumerate(about, 1)
    ]
    assert all(one.institutions == (OWN.institution,) for one in about)
    assert not any("3200000" in str(one.body) for one in about)


async def test_the_signed_request_is_kept_as_evidence(desk: Desk) -> None:
    person = await desk.customer()
    credential = await desk.request(person)

    row = await desk.parts.store.credential(credential)

    assert row is not None
    expected = Expectation(purpose=Purpose.ASSERTION)
    key = person.receipt.document.keys[person.software.method]
    assert proofs.verify_by(row.request, person.software.method, key, expected).ok


async def test_the_regulator_sees_the_state_and_no_amount(desk: Desk) -> None:
    person = await desk.customer()
    credential = await desk.active(person)
    asked = "query($id: ID!) { credential(id: $id) { state total { amount } document } }"

    answer = await desk.ask(asked, {"id": credential}, who=Who(role=Role.REGULATOR))

    assert answer.data == {"credential": {"state": "ACTIVE", "total": None, "document": None}}
    assert answer.codes == ["FORBIDDEN", "FORBIDDEN"]
