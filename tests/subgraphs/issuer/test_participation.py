"""Who takes part, and by which licence: the lead institution decides, the log tells, and from that
moment on who does not stand does not issue (R79)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from subgraphs.demo.pilot import CAITONG_FUND, GUOTAI_JUNAN, HUAAN_FUND
from subgraphs.kit.events import event
from subgraphs.kit.ids import institution_id, new_id
from subgraphs.kit.viewer import Role
from subgraphs.rules.calendar import SHANGHAI, day_of
from subgraphs.vc.uscc import check_digit
from tests.subgraphs.issuer.desk import OTHER, OWN, Desk
from tests.subgraphs.kit.gateway import NOBODY, Who, a_holder, an_institution

LEAD = an_institution(Role.VERIFIER, GUOTAI_JUNAN.uscc)
HUAAN = institution_id(HUAAN_FUND.uscc)
NEW = "9199000" + "0MAXYN900"
NEW_USCC = f"{NEW}2"[:17] + check_digit(f"{NEW}2"[:17])
SHOWN = """institution { id participation licences { kind number validFrom validUntil }
    frozenBusinesses }"""
together = pytest.mark.asyncio(loop_scope="module")


async def moved(desk: Desk, state: str, *, who: Who = OWN, of: str = HUAAN) -> dict[str, Any]:
    done = await desk.do(
        "moveInstitution", who, SHOWN, institutionId=of, state=state, reasonCode="DECIDED"
    )
    await desk.settle()
    return done


async def licensed(desk: Desk, *licences: dict[str, object], of: str = HUAAN) -> dict[str, Any]:
    done = await desk.do("licenseInstitution", OWN, SHOWN, institutionId=of, licences=licences)
    await desk.settle()
    return done


def licence(kind: str = "SECURITIES_AND_FUTURES", **changed: object) -> dict[str, object]:
    return {"kind": kind, "number": "SH-1", "validFrom": "2024-01-01", **changed}


async def seen(desk: Desk, id_: str) -> dict[str, Any]:
    ask = f"query($id: ID!) {{ node(id: $id) {{ ... on Institution {{ {SHOWN[14:-2]} }} }} }}"
    found: dict[str, Any] = (await desk.ask(ask, {"id": id_}, who=NOBODY)).only("node")
    return found


def candidate(desk: Desk, **changed: object) -> dict[str, object]:
    return {
        "uscc": NEW_USCC,
        "name": "某基金 (合成)",
        "kind": "FUND_COMPANY",
        "roles": ["ISSUER"],
        "publicKeyMultibase": desk.world.public_key(HUAAN_FUND),
        **changed,
    }


async def test_from_applicant_to_member_each_step_an_event(desk: Desk) -> None:
    done = await desk.do("registerInstitution", LEAD, SHOWN, **candidate(desk))
    assert done["__typename"] == "RegisterInstitutionSuccess", done
    await desk.settle()
    id_ = done["institution"]["id"]
    assert (await seen(desk, id_))["participation"] == "CANDIDATE"

    assert (await moved(desk, "ACTIVE", of=id_))["code"] == "TRANSITION_INVALID"
    await moved(desk, "ADMITTED", of=id_)
    assert (await moved(desk, "ACTIVE", of=id_))["code"] == "LICENCE_MISSING"
    await licensed(desk, licence("BANKING"), of=id_)
    assert (await moved(desk, "ACTIVE", of=id_))["code"] == "LICENCE_MISSING"
    await licensed(desk, licence(), of=id_)
    await moved(desk, "ACTIVE", of=id_)

    told = await seen(desk, id_)
    assert told["participation"] == "ACTIVE"
    assert told["licences"] == [licence(validUntil=None)]
    kinds = [one.kind for one in await desk.events(id_)]
    assert kinds == [
        "INSTITUTION_REGISTERED",
        "INSTITUTION_MOVED",
        "INSTITUTION_LICENSED",
        "INSTITUTION_LICENSED",
        "INSTITUTION_MOVED",
    ]
    again = await desk.do("registerInstitution", OWN, SHOWN, **candidate(desk))
    assert (again["code"], again["field"]) == ("INSTITUTION_REGISTERED", "uscc")


@together
@pytest.mark.parametrize(
    "who",
    [OTHER, an_institution(Role.VERIFIER, CAITONG_FUND.uscc), a_holder(), NOBODY],
    ids=["another issuer", "a verifier", "a holder", "nobody"],
)
async def test_only_the_lead_decides(shared_desk: Desk, who: Who) -> None:
    desk = shared_desk
    for state in ("SUSPENDED", "no state"):  # who may not decide learns nothing else
        assert (await moved(desk, state, who=who))["__typename"] == "Forbidden"
    for name, asked in (
        ("registerInstitution", candidate(desk)),
        ("licenseInstitution", {"institutionId": HUAAN, "licences": []}),
    ):
        assert (await desk.do(name, who, **asked))["__typename"] == "Forbidden"
    assert (await seen(desk, HUAAN))["participation"] == "ACTIVE"


@together
async def test_the_lead_does_not_decide_about_itself(shared_desk: Desk) -> None:
    own = str(OWN.institution)
    assert (await moved(shared_desk, "SUSPENDED", of=own))["__typename"] == "Forbidden"


async def test_the_lead_leaves_last_and_then_decides_no_more(desk: Desk) -> None:
    own = str(OWN.institution)
    for state in ("EXITING", "EXITED"):
        done = await moved(desk, state, of=own)
        assert done["__typename"] == "MoveInstitutionSuccess", done
        assert (await seen(desk, own))["participation"] == state
        assert (await moved(desk, "SUSPENDED"))["code"] == "INSTITUTION_NOT_ACTIVE"
    left = await moved(desk, "EXITING", of=HUAAN, who=OTHER)
    assert left["__typename"] == "Forbidden"


BAD = {
    "an unknown state": ("moveInstitution", {"state": "BEST"}, "STATE_UNKNOWN", "state"),
    "no code for a reason": (
        "moveInstitution",
        {"reasonCode": "because"},
        "VALIDATION_FAILED",
        "reasonCode",
    ),
    "an unknown institution": (
        "moveInstitution",
        {"institutionId": institution_id("nobody")},
        "NOT_FOUND",
        "institutionId",
    ),
    "no id": ("moveInstitution", {"institutionId": '{"$gt": 0}'}, "NOT_FOUND", "institutionId"),
    "an unknown licence": (
        "licenseInstitution",
        {"licences": [licence("DRIVING")]},
        "KIND_UNKNOWN",
        "licences[0].kind",
    ),
    "a licence over before it begins": (
        "licenseInstitution",
        {"licences": [licence(), licence(validUntil="2023-12-31")]},
        "VALIDATION_FAILED",
        "licences[1].validUntil",
    ),
    "a number of other letters": (
        "licenseInstitution",
        {"licences": [licence(number="号码")]},
        "VALIDATION_FAILED",
        "licences[0].number",
    ),
    "too many": (
        "licenseInstitution",
        {"licences": [licence()] * 9},
        "VALIDATION_FAILED",
        "licences",
    ),
    "a code with a wrong check digit": (
        "registerInstitution",
        {"uscc": "91310000630888761A"},
        None,
        "uscc",
    ),
    "a key that is none": (
        "registerInstitution",
        {"publicKeyMultibase": "zKey"},
        None,
        "publicKeyMultibase",
    ),
    "a role that is not asked for": (
        "registerInstitution",
        {"roles": ["LEAD"]},
        "ROLE_UNKNOWN",
        "roles",
    ),
    "no role": ("registerInstitution", {"roles": []}, "ROLE_UNKNOWN", "roles"),
    "an unknown kind": ("registerInstitution", {"kind": "SHOP"}, "KIND_UNKNOWN", "kind"),
    "no name": ("registerInstitution", {"name": "  "}, "VALIDATION_FAILED", "name"),
    "a long name": ("registerInstitution", {"name": "n" * 61}, "VALIDATION_FAILED", "name"),
}


@together
@pytest.mark.parametrize(("name", "changed", "code", "field"), BAD.values(), ids=BAD)
async def test_bad_input_is_told(
    shared_desk: Desk, name: str, changed: dict[str, object], code: str | None, field: str
) -> None:
    given: dict[str, dict[str, object]] = {
        "moveInstitution": {"institutionId": HUAAN, "state": "SUSPENDED", "reasonCode": "X"},
        "licenseInstitution": {"institutionId": HUAAN},
        "registerInstitution": candidate(shared_desk),
    }
    done = await shared_desk.do(name, OWN, **(given[name] | changed))
    assert done["field"] == field, done
    assert code in (None, done["code"])
    assert (await seen(shared_desk, HUAAN))["participation"] == "ACTIVE"


async def test_of_two_decisions_at_once_one_is_taken(desk: Desk) -> None:
    asked = {"institutionId": HUAAN, "reasonCode": "DECIDED"}
    both = await asyncio.gather(
        desk.do("moveInstitution", OWN, state="SUSPENDED", **asked),
        desk.do("moveInstitution", LEAD, state="SUSPENDED", **asked),
    )
    await desk.settle()
    names = [one["__typename"] for one in both]
    names.remove("MoveInstitutionSuccess")
    assert names in (["InvalidTransitionError"], ["TryAgain"])
    told = [one for one in await desk.events(HUAAN) if one.kind == "INSTITUTION_MOVED"]
    assert len(told) == 1
    assert (await seen(desk, HUAAN))["participation"] == told[0].body["participation"]


async def test_the_same_call_again_decides_once(desk: Desk) -> None:
    asked = {"institutionId": HUAAN, "reasonCode": "DECIDED", "clientMutationId": "once"}
    for _ in range(2):
        done = await desk.do("moveInstitution", OWN, state="SUSPENDED", **asked)
        assert done["__typename"] == "MoveInstitutionSuccess"
        await desk.settle()
    kinds = [one.kind for one in await desk.events(HUAAN)]
    assert kinds.count("INSTITUTION_MOVED") == 1


async def test_who_is_suspended_issues_nothing_and_goes_on_afterwards(desk: Desk) -> None:
    person = await desk.somebody("ann")
    bound = await desk.bind(person, who=OTHER)
    assert bound["__typename"] == "BindCustomerAccountSuccess"
    asked, compiled = [await desk.request(person, issuerId=HUAAN) for _ in range(2)]
    steps = ("compileCredentialDraft", "issueCredential")
    done = await desk.do(steps[0], OTHER, "credential { state }", credentialId=compiled)
    assert done["__typename"].endswith("Success"), done

    await moved(desk, "SUSPENDED")
    refused = await desk.do(steps[0], OTHER, credentialId=asked)
    assert (refused["__typename"], refused["code"]) == ("Forbidden", "INSTITUTION_NOT_ACTIVE")
    refused = await desk.do(steps[1], OTHER, credentialId=compiled)
    assert (refused["__typename"], refused["code"]) == ("Forbidden", "INSTITUTION_NOT_ACTIVE")
    wish = {"issuerId": HUAAN, "categories": ["STOCK"], "purpose": "QUALIFIED_INVESTOR"}
    told = await desk.do("prepareCredentialRequest", person.who, **wish)
    assert (told["code"], told["field"]) == ("INSTITUTION_NOT_ACTIVE", "issuerId")

    await moved(desk, "ACTIVE")
    for step, credential in ((steps[0], asked), (steps[1], compiled)):
        done = await desk.do(step, OTHER, "credential { state }", credentialId=credential)
        assert done["__typename"].endswith("Success"), done


async def test_an_offer_of_who_was_suspended_since_does_not_come_into_force(desk: Desk) -> None:
    person = await desk.somebody("bea")
    await desk.bind(person, who=OTHER)
    credential = await desk.request(person, issuerId=HUAAN)
    for step in ("compileCredentialDraft", "issueCredential"):
        await desk.do(step, OTHER, "credential { state }", credentialId=credential)
    await moved(desk, "SUSPENDED")
    refused = await desk.countersign(person, credential, issuer=HUAAN_FUND)
    assert (refused["__typename"], refused["code"]) == ("Forbidden", "INSTITUTION_NOT_ACTIVE")
    await moved(desk, "ACTIVE")
    assert (await desk.countersign(person, credential, issuer=HUAAN_FUND))["credential"][
        "state"
    ] == "ACTIVE"


async def test_who_leaves_issuing_issues_nothing_and_looks_after_what_it_issued(desk: Desk) -> None:
    person = await desk.customer("dee")
    old, compiled = await desk.active(person), await desk.request(person)
    await desk.do("compileCredentialDraft", OWN, credentialId=compiled)
    own, entity = institution_id(GUOTAI_JUNAN.uscc), new_id("exit")
    assert (await seen(desk, own))["frozenBusinesses"] == []
    told = {"scope": "BUSINESS", "state": "FROZEN", "business": "ASSET_PROOF"}
    now = datetime.now(UTC)
    await desk.world.tell(
        event(
            "EXIT_MOVED", entity=entity, version=3, subjects=[entity], institutions=[own], at=now,
            body={**told, "evidenceDigest": "sm3:" + "ab" * 32},
        )
    )  # fmt: skip
    await desk.settle()
    shown = await seen(desk, own)
    assert (shown["participation"], shown["frozenBusinesses"]) == ("ACTIVE", ["ASSET_PROOF"])
    assert (await seen(desk, HUAAN))["frozenBusinesses"] == []
    refused = await desk.do("issueCredential", OWN, credentialId=compiled)
    assert (refused["__typename"], refused["code"]) == ("Forbidden", "BUSINESS_FROZEN")
    wish = {"issuerId": own, "categories": ["STOCK"], "purpose": "QUALIFIED_INVESTOR"}
    asked = await desk.do("prepareCredentialRequest", person.who, **wish)
    assert (asked["__typename"], asked["code"]) == ("Forbidden", "BUSINESS_FROZEN")
    words = "ASSET_PROOF of this institution is frozen for good"
    assert [refused["message"], asked["message"]] == [words, words]
    ended = {"credentialId": old, "effect": "REVOKE", "reasonCode": "ACCOUNT_CLOSED"}
    done = await desk.do("endorseCredential", OWN, "endorsement { id }", **ended)
    assert done["__typename"] == "EndorseCredentialSuccess", done


async def test_a_licence_holds_to_its_last_day_in_china(desk: Desk) -> None:
    person = await desk.somebody("cat")
    await desk.bind(person, who=OTHER)
    last = day_of(datetime.now(UTC)) + timedelta(days=1)  # as today may be over before she asks
    await licensed(desk, licence(validUntil=last.isoformat()))
    asked = await desk.request(person, issuerId=HUAAN)
    end = datetime.combine(last + timedelta(days=1), time(), SHANGHAI)

    desk.turn_clock(lambda: end)
    refused = await desk.do("compileCredentialDraft", OTHER, credentialId=asked)
    assert (refused["__typename"], refused["code"]) == ("Forbidden", "LICENCE_MISSING")
    desk.turn_clock(lambda: end - timedelta(seconds=1))
    done = await desk.do("compileCredentialDraft", OTHER, credentialId=asked)
    assert done["__typename"] == "CompileCredentialDraftSuccess", done
