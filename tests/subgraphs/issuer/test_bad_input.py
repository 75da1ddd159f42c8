"""What is refused, with which code and field; and that nothing was written."""

import pytest
import pytest_asyncio

from subgraphs.demo.pilot import CAITONG_FUND, HUAAN_FUND, ZHENGTONG
from subgraphs.kit.ids import institution_id, new_id
from subgraphs.kit.viewer import Role
from tests.subgraphs.issuer.desk import OTHER, OWN, PREPARED, Desk
from tests.subgraphs.kit.gateway import NOBODY, a_holder, an_institution

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def desk(shared_desk: Desk) -> Desk:
    """Refusals write nothing, so one desk serves them all."""
    return shared_desk


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        pytest.param(
            {"categories": ["GOLD"]},
            "CATEGORY_UNKNOWN",
            "categories[0]",
            id="unknown category",
        ),
        pytest.param(
            {"categories": ["STOCK", "stock"]},
            "CATEGORY_UNKNOWN",
            "categories[1]",
            id="category in small letters",
        ),
        pytest.param({"categories": []}, "VALIDATION_FAILED", "categories", id="no category"),
        pytest.param(
            {"categories": ["STOCK", "STOCK"]}, "VALIDATION_FAILED", "categories", id="one twice"
        ),
        pytest.param({"purpose": ""}, "VALIDATION_FAILED", "purpose", id="no purpose"),
        pytest.param({"purpose": "X" * 65}, "VALIDATION_FAILED", "purpose", id="long purpose"),
        pytest.param({"purpose": "x y"}, "VALIDATION_FAILED", "purpose", id="purpose in words"),
        pytest.param({"issuerId": new_id("inst")}, "NOT_FOUND", "issuerId", id="unknown issuer"),
        pytest.param({"issuerId": "x"}, "NOT_FOUND", "issuerId", id="malformed issuer"),
        pytest.param(
            {"issuerId": institution_id(ZHENGTONG.uscc)},
            "NOT_FOUND",
            "issuerId",
            id="an institution that issues nothing",
        ),
        pytest.param(
            {"issuerId": institution_id(HUAAN_FUND.uscc)},
            "ROOT_DID_NOT_MATCHED",
            "issuerId",
            id="an issuer she is no customer of",
        ),
    ],
)
async def test_a_request_is_refused(
    desk: Desk, changed: dict[str, object], code: str, field: str
) -> None:
    person = await desk.customer()
    asked = {"issuerId": OWN.institution, "categories": ["STOCK"], "purpose": "P", **changed}

    refused = await desk.do("prepareCredentialRequest", person.who, PREPARED, **asked)

    assert (refused["code"], refused["field"]) == (code, field)


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        pytest.param({"effect": "DELETE"}, "EFFECT_UNKNOWN", "effect", id="unknown effect"),
        pytest.param(
            {"reasonCode": "because"}, "VALIDATION_FAILED", "reasonCode", id="reason in words"
        ),
        *(
            pytest.param(
                {"newTotalBand": f"{amount}..3000000.00"},
                "AMOUNT_INVALID",
                "newTotalBand",
                id=f"amount {amount!r}",
            )
            for amount in ("3e6", "3,000,000", "-1", "1.234", "１００００００", "", " 1", "01")
        ),
        pytest.param(
            {"newTotalBand": "3000000"}, "AMOUNT_INVALID", "newTotalBand", id="not a band"
        ),
        pytest.param(
            {"newTotalBand": "2999999.99..4000000.00"},
            "BAND_INVALID",
            "newTotalBand",
            id="an end that shows a balance",
        ),
        pytest.param(
            {"newTotalBand": "2000000.00..1000000.00"},
            "BAND_INVALID",
            "newTotalBand",
            id="a band that falls",
        ),
        pytest.param(
            {"effect": "NOTE", "newTotalBand": "0..10000.00"},
            "VALIDATION_FAILED",
            "newTotalBand",
            id="a note with a band",
        ),
    ],
)
async def test_an_endorsement_is_refused(
    desk: Desk, changed: dict[str, object], code: str, field: str
) -> None:
    credential = await desk.active(await desk.customer())
    before = await desk.settle()
    asked = {"effect": "REDUCED", "reasonCode": "MATERIAL_DECREASE", **changed}

    refused = await desk.do("endorseCredential", OWN, credentialId=credential, **asked)

    assert (refused["code"], refused["field"]) == (code, field)
    assert await desk.settle() == before


@pytest.mark.parametrize(
    "name", ["compileCredentialDraft", "issueCredential", "rejectCredentialRequest"]
)
async def test_a_foreign_credential_answers_like_an_unknown_one(desk: Desk, name: str) -> None:
    credential = await desk.request(await desk.customer())
    before = await desk.settle()
    more = {"reasonCode": "NO"} if name == "rejectCredentialRequest" else {}

    foreign = await desk.do(name, OTHER, credentialId=credential, **more)
    unknown = await desk.do(name, OTHER, credentialId=new_id("cred"), **more)
    malformed = await desk.do(name, OTHER, credentialId="' OR 1=1", **more)

    assert foreign == unknown == malformed
    assert (foreign["code"], foreign["field"]) == ("NOT_FOUND", "credentialId")
    assert await desk.settle() == before


async def test_a_query_tells_foreign_and_unknown_credentials_apart_for_nobody(desk: Desk) -> None:
    credential = await desk.active(await desk.customer())
    asked = "query($id: ID!) { credential(id: $id) { state } node(id: $id) { id } }"
    strangers = [
        NOBODY,
        a_holder(),
        OTHER,
        an_institution(Role.VERIFIER, CAITONG_FUND.uscc),
        an_institution(Role.ANALYST, CAITONG_FUND.uscc),
    ]

    for who in strangers:
        foreign = await desk.ask(asked, {"id": credential}, who=who)
        other = new_id("cred")
        unknown = await desk.ask(asked, {"id": other}, who=who)
        assert foreign.codes == unknown.codes == ["NOT_FOUND"]
        assert foreign.data == {"credential": None, "node": {"id": credential}}
        assert unknown.data == {"credential": None, "node": {"id": other}}


async def test_the_roles_mutations_ask_for(desk: Desk) -> None:
    person = await desk.customer()
    credential = await desk.request(person)
    verifier = an_institution(Role.VERIFIER, CAITONG_FUND.uscc)

    for name, who in [
        ("compileCredentialDraft", person.who),
        ("compileCredentialDraft", verifier),
        ("compileCredentialDraft", NOBODY),
        ("withdrawCredentialRequest", OWN),
    ]:
        refused = await desk.do(name, who, credentialId=credential)
        assert refused["__typename"] == "Forbidden", (name, who)


@pytest.mark.parametrize(
    ("first", "code"),
    [
        pytest.param(0, "FIRST_OUT_OF_RANGE", id="none"),
        pytest.param(-5, "FIRST_OUT_OF_RANGE", id="less than none"),
        pytest.param(101, "FIRST_OUT_OF_RANGE", id="one too many"),
        pytest.param(2_000_000_000, "FIRST_OUT_OF_RANGE", id="all there is"),
    ],
)
async def test_a_list_is_bounded(desk: Desk, first: int, code: str) -> None:
    asked = "query($n: Int!) { issuedCredentials(first: $n) { edges { node { id } } } }"

    answer = await desk.ask(asked, {"n": first}, who=OWN)

    assert answer.codes == [code]
