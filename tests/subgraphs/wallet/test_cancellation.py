"""The holder ends a credential by herself; everybody follows from the log."""

import asyncio
from typing import Any

import pytest

from subgraphs.holder.holder import HolderSignature
from subgraphs.vc import proofs
from subgraphs.vc.cancellation import cancellation_digest
from subgraphs.vc.encoding import from_base64url
from subgraphs.vc.multikey import decode_key
from subgraphs.vc.proofs import Expectation, Purpose
from subgraphs.vc.strict_json import JsonObject
from tests.subgraphs.wallet.purse import ISSUER, Person, Purse
from tests.subgraphs.wallet.test_deletion import deposited, kept

DONE = """credential { id walletItem { state cancellation { at }
  custody { state deletionReceipt { keyDestroyedAt replicasErased } } } }
  cancellation { state at document }"""


async def cancel(
    purse: Purse,
    person: Person,
    credential: str,
    *,
    signature: HolderSignature | None = None,
    client_id: str | None = None,
) -> dict[str, Any]:
    signed = signature or person.software.cancel(credential)
    given: dict[str, object] = {
        "id": credential,
        "signature": signed.as_input(),
        "clientMutationId": client_id,
    }
    return await purse.do("cancelCredential", person.who, DONE, **given)


async def state_of(purse: Purse, person: Person, credential: str) -> str:
    await purse.settle()
    return str((await purse.item_of(credential, person))["state"])


async def test_her_signature_is_all_it_takes_and_the_copy_goes_in_step(purse: Purse) -> None:
    ann = await purse.registered()
    credential = await purse.activate(ann.id)
    copy = await deposited(purse, ann, credential)
    done = await cancel(purse, ann, credential)
    assert done["__typename"] == "CancelCredentialSuccess", done
    custody = done["credential"]["walletItem"]["custody"]
    assert (custody["state"], custody["deletionReceipt"]["replicasErased"]) == ("DELETED", 3)
    assert done["cancellation"]["state"] == "CANCELLED"
    assert (await kept(purse, ann, copy))["ciphertext"] is None
    document = done["cancellation"]["document"]
    key = decode_key(ann.software.public_key_multibase)
    method = ann.software.method
    assert proofs.verify_by(document, method, key, Expectation(purpose=Purpose.ASSERTION)).ok
    (told,) = [one.envelope for one in await purse.events("CREDENTIAL_CANCELLED")]
    assert told.institutions == (ISSUER.institution,)
    assert told.body["cancellationDigest"] == cancellation_digest(document)
    assert await state_of(purse, ann, credential) == "CANCELLED"


async def test_the_bytes_to_sign_are_those_her_software_makes_by_itself(purse: Purse) -> None:
    ann = await purse.registered()
    credential = await purse.activate(ann.id)
    ready = await purse.do("prepareCancellation", ann.who, "payload payloadToSign", id=credential)
    asked: JsonObject = {
        "type": "CredentialCancellation",
        "credential": f"urn:credgraph:{credential}",
    }
    signed = ann.software.sign_prepared(ready["payload"], ready["payloadToSign"], asked=asked)
    own = ann.software.cancel(credential)
    assert signed.face_assertion.bound_to == own.face_assertion.bound_to
    assert from_base64url(ready["payloadToSign"])
    done = await cancel(purse, ann, credential, signature=signed)
    assert done["__typename"] == "CancelCredentialSuccess", done


async def test_a_suspended_credential_may_be_cancelled(purse: Purse) -> None:
    ann = await purse.registered()
    credential = await purse.activate(ann.id)
    await purse.endorse(credential, ann.id)
    assert (await cancel(purse, ann, credential))["cancellation"]["state"] == "CANCELLED"
    assert await state_of(purse, ann, credential) == "CANCELLED"
    await purse.endorse(credential, ann.id, effect="RESTORED", state="ACTIVE")
    assert await state_of(purse, ann, credential) == "CANCELLED"


async def test_a_revoked_one_is_over_already(purse: Purse) -> None:
    ann = await purse.registered()
    credential = await purse.activate(ann.id)
    await purse.endorse(credential, ann.id, effect="REVOKE", state="REVOKED")
    done = await cancel(purse, ann, credential)
    assert (done["__typename"], done["from"]) == ("InvalidTransitionError", "REVOKED")
    assert done["message"] == "a credential that is REVOKED is not cancelled"


async def test_of_two_devices_at_once_one_cancels(purse: Purse) -> None:
    ann = await purse.registered()
    credential = await purse.activate(ann.id)
    found = await asyncio.gather(*(cancel(purse, ann, credential) for _ in range(3)))
    kinds = sorted(str(one["__typename"]) for one in found)
    assert kinds.count("CancelCredentialSuccess") == 1
    assert set(kinds) <= {"CancelCredentialSuccess", "InvalidTransitionError", "TryAgain"}
    assert len(await purse.events("CREDENTIAL_CANCELLED")) == 1


async def test_the_same_call_again_answers_the_same(purse: Purse) -> None:
    ann = await purse.registered()
    credential = await purse.activate(ann.id)
    signed = ann.software.cancel(credential)
    for _ in range(2):
        done = await cancel(purse, ann, credential, signature=signed, client_id="once")
        assert done["__typename"] == "CancelCredentialSuccess", done
    again = await cancel(purse, ann, credential, signature=signed)
    assert (again["__typename"], again["from"]) == ("InvalidTransitionError", "CANCELLED")
    assert len(await purse.events("CREDENTIAL_CANCELLED")) == 1


@pytest.mark.parametrize("other", ["credential", "person"])
async def test_a_signature_for_something_else_ends_nothing(purse: Purse, other: str) -> None:
    ann, ben = await purse.registered(), await purse.registered("ben")
    credential, elsewhere = await purse.activate(ann.id), await purse.activate(ann.id)
    wrong = (
        ann.software.cancel(elsewhere) if other == "credential" else ben.software.cancel(credential)
    )
    done = await cancel(purse, ann, credential, signature=wrong)
    assert done["__typename"] == "InvalidSignature", done
    assert not await purse.events("CREDENTIAL_CANCELLED")


async def test_nobody_else_ends_it_and_learns_nothing_by_trying(purse: Purse) -> None:
    ann, ben = await purse.registered(), await purse.registered("ben")
    credential = await purse.activate(ann.id)
    denied = await cancel(purse, ben, credential)
    unknown = await cancel(purse, ben, credential[:-1] + ("0" if credential[-1] != "0" else "1"))
    assert denied == unknown
    assert (denied["__typename"], denied["field"]) == ("NotFound", "id")
