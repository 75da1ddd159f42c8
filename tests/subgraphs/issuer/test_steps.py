"""The order of steps, their repeats and their races."""

import asyncio

import pytest
import pytest_asyncio

from subgraphs.kit.ids import new_id
from subgraphs.vc.encoding import from_base64url
from tests.subgraphs.issuer.desk import OWN, PREPARED, Desk
from tests.subgraphs.kit.gateway import a_holder
from tests.subgraphs.kit.world import Person

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def desk(shared_desk: Desk) -> Desk:
    """Each test has people of its own, so one desk serves them all."""
    return shared_desk


async def test_steps_out_of_order_name_what_would_be_allowed(desk: Desk) -> None:
    credential = await desk.request(await desk.customer())
    before = await desk.settle()

    for name, arguments, want in [
        ("issueCredential", {}, ("REQUESTED", "OFFERED", ["DRAFT", "REJECTED", "WITHDRAWN"])),
        ("revokeCredential", {"reasonCode": "X"}, ("REQUESTED", "REVOKED", [])),
    ]:
        refused = await desk.do(name, OWN, credentialId=credential, **arguments)
        assert refused["__typename"] == "InvalidTransitionError"
        assert refused["code"] == "TRANSITION_INVALID"
        assert (refused["from"], refused["to"], refused["allowed"]) == want
    assert await desk.settle() == before


async def test_the_same_call_again_answers_the_same_and_writes_once(desk: Desk) -> None:
    credential = await desk.request(await desk.customer())
    call = {"credentialId": credential, "clientMutationId": credential}
    shown = "credential { id state }"

    first = await desk.do("compileCredentialDraft", OWN, shown, **call)
    size = await desk.settle()
    again = await desk.do("compileCredentialDraft", OWN, shown, **call)
    reused = await desk.do(
        "compileCredentialDraft", OWN, credentialId=new_id("cred"), clientMutationId=credential
    )

    assert first == again
    assert await desk.settle() == size
    assert (reused["code"], reused["field"]) == ("IDEMPOTENCY_KEY_REUSED", "clientMutationId")


async def test_of_two_devices_that_countersign_at_once_one_does(desk: Desk) -> None:
    person = await desk.customer()
    credential = await desk.offer(person)
    before = await desk.settle()

    done = await asyncio.gather(
        desk.countersign(person, credential), desk.countersign(person, credential)
    )

    kinds = sorted(one["__typename"] for one in done)
    assert kinds[0] == "CountersignCredentialSuccess"
    assert kinds[1] in {"InvalidTransitionError", "TryAgain"}
    assert await desk.settle() == before + 1


async def test_equal_calls_at_once_get_one_result(desk: Desk) -> None:
    credential = await desk.active(await desk.customer())
    before = await desk.settle()
    call = {
        "credentialId": credential,
        "effect": "REDUCED",
        "reasonCode": "MATERIAL_DECREASE",
        "clientMutationId": credential,
    }

    done = await asyncio.gather(
        *[desk.do("endorseCredential", OWN, "endorsement { id }", **call) for _ in range(4)]
    )

    assert len({one["endorsement"]["id"] for one in done}) == 1
    assert await desk.settle() == before + 1


async def test_endorsements_move_the_credential_in_the_same_write(desk: Desk) -> None:
    person = await desk.customer()
    credential = await desk.active(person)
    shown = "credential { state } endorsement { effect state newTotalBand signature }"

    for effect, state in [
        ("NOTE", "ACTIVE"),
        ("REDUCED", "ACTIVE"),
        ("SUSPEND", "SUSPENDED"),
        ("RESTORED", "ACTIVE"),
        ("REVOKE", "REVOKED"),
    ]:
        arguments = {"newTotalBand": "1000000.00..2000000"} if effect == "REDUCED" else {}
        done = await desk.do(
            "endorseCredential",
            OWN,
            shown,
            credentialId=credential,
            effect=effect,
            reasonCode="CHECKED",
            **arguments,
        )
        assert done["credential"]["state"] == done["endorsement"]["state"] == state
    refused = await desk.do(
        "endorseCredential", OWN, credentialId=credential, effect="NOTE", reasonCode="LATE"
    )
    events = await desk.events(credential)
    told = [one.body for one in events if one.kind == "CREDENTIAL_ENDORSED"]

    assert refused["__typename"] == "InvalidTransitionError"
    assert [(one["effect"], one["state"]) for one in told][-1] == ("REVOKE", "REVOKED")
    assert [one.get("newTotalBand") for one in told] == [
        None,
        "1000000.00..2000000.00",
        None,
        None,
        None,
    ]


async def test_a_request_can_be_withdrawn_by_its_holder_until_it_is_in_force(desk: Desk) -> None:
    person = await desk.customer()
    offered, active = await desk.offer(person), await desk.active(person)

    done = await desk.do(
        "withdrawCredentialRequest", person.who, "credential { state }", credentialId=offered
    )
    late = await desk.do("withdrawCredentialRequest", person.who, credentialId=active)
    foreign = await desk.do("withdrawCredentialRequest", a_holder(), credentialId=offered)

    assert done["credential"]["state"] == "WITHDRAWN"
    assert late["__typename"] == "InvalidTransitionError"
    assert foreign["code"] == "NOT_FOUND"


async def sign_and_send(desk: Desk, person: Person, signer: Person, **changed: object) -> str:
    credential = await desk.offer(person)
    ready = await desk.do("prepareCountersignature", person.who, PREPARED, credentialId=credential)
    payload = (
        bytes.fromhex("00") if "payload" in changed else from_base64url(ready["payloadToSign"])
    )
    signature = {**signer.software.sign(payload).as_input(), **changed.get("signature", {})}  # type: ignore[dict-item]
    done = await desk.do(
        "countersignCredential",
        person.who,
        preparedId=ready["preparedId"],
        holderSignature=signature,
    )
    row = await desk.parts.store.credential(credential)
    assert row is not None
    assert row.state.value == "OFFERED"
    return f"{done['__typename']}:{done['code']}"


@pytest.mark.parametrize(
    ("case", "want"),
    [
        pytest.param("friend", "VERIFICATION_METHOD_MISMATCH", id="a friend's key"),
        pytest.param("forged", "SIGNATURE_INVALID", id="a friend's key under her name"),
        pytest.param("other bytes", "FACE_OTHER_PAYLOAD", id="her key over other bytes"),
        pytest.param("no text", "SIGNATURE_INVALID", id="no signature at all"),
    ],
)
async def test_a_signature_that_does_not_hold_changes_nothing(
    desk: Desk, case: str, want: str
) -> None:
    ann, bob = await desk.customer("ann"), await desk.world.person("bob")
    method = {"signature": {"verificationMethod": ann.software.method}}
    tried = {
        "friend": (bob, {}),
        "forged": (bob, method),
        "other bytes": (ann, {"payload": b""}),
        "no text": (ann, {"signature": {"value": "zzz"}}),
    }
    signer, changed = tried[case]

    assert await sign_and_send(desk, ann, signer, **changed) == f"InvalidSignature:{want}"  # type: ignore[arg-type]


async def test_a_prepared_payload_serves_its_own_holder_once(desk: Desk) -> None:
    ann, bob = await desk.customer("ann"), await desk.customer("bob")
    credential = await desk.offer(ann)
    ready = await desk.do("prepareCountersignature", ann.who, PREPARED, credentialId=credential)
    signature = ann.software.sign(from_base64url(ready["payloadToSign"])).as_input()
    call = {"preparedId": ready["preparedId"], "holderSignature": signature}

    stolen = await desk.do("countersignCredential", bob.who, **call)
    done = await desk.do("countersignCredential", ann.who, **call)
    again = await desk.do("countersignCredential", ann.who, **call)

    assert (stolen["code"], stolen["field"]) == ("NOT_FOUND", "preparedId")
    assert done["__typename"] == "CountersignCredentialSuccess"
    assert again["code"] == "NOT_FOUND"
