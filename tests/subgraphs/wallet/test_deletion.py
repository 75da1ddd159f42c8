"""Copies leave custody in step with what the holder takes back, and the receipt can be checked."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from subgraphs.holder.choose import HeldCredential
from subgraphs.kit.agreements import AgreementStage
from subgraphs.kit.errors import Busy
from subgraphs.kit.ids import institution_id, new_id
from subgraphs.simulators.custody import PLACES, USCC
from subgraphs.vc.deletion import deletion_digest, parse_deletion, verify_deletion
from subgraphs.vc.encoding import from_base64url, to_base64url
from subgraphs.vc.multikey import decode_key
from subgraphs.vc.strict_json import JsonObject
from subgraphs.wallet.ports import Kept, Loan
from subgraphs.wallet.steps.erase import erase_what_is_due
from tests.subgraphs.wallet.purse import REGULATOR, VERIFIER, Person, Purse, a_person, sign

COPY = HeldCredential(document={"id": "urn:credgraph:whole"}, disclosures=("one", "two"))
STATE = """custody { id state ciphertext wrappedKey replicas
  deletionReceipt { id keyDestroyedAt replicasErased deletedAt contentHash signature document
    custodian { id } } }"""


async def deposited(purse: Purse, person: Person, credential: str) -> str:
    """A copy in custody, sealed by the holder's software; its id."""
    await purse.agree(person, AgreementStage.CUSTODY)
    sealed = person.software.seal_credential(COPY)
    done = await purse.do(
        "depositToCustody",
        person.who,
        "custody { id state replicas }",
        walletItemId=(await purse.item_of(credential, person))["id"],
        ciphertext=to_base64url(sealed.ciphertext),
        wrappedKey=to_base64url(sealed.wrapped_key),
        keyId=sealed.key_id,
    )
    assert (done["custody"]["state"], done["custody"]["replicas"]) == ("STORED", 3), done
    return str(done["custody"]["id"])


async def kept(purse: Purse, person: Person, id_: str) -> dict[str, Any]:
    found = await purse.ask(
        f"query($id: ID!) {{ node(id: $id) {{ ... on CustodyObject {{ {STATE[10:-2]} }} }} }}",
        {"id": id_},
        who=person.who,
    )
    copy: dict[str, Any] = found.data["node"]
    return copy


async def with_copy(purse: Purse) -> tuple[Person, str, str]:
    ann = await purse.registered()
    credential = await purse.activate(ann.id)
    return ann, credential, await deposited(purse, ann, credential)


class Unreachable:
    """A custodian that is away for some calls, then the real one."""

    def __init__(self, purse: Purse, times: int) -> None:
        self._real, self.times = purse.parts.custodian, times

    async def keep(self, object_id: str, ciphertext: bytes, /) -> Kept:
        return await self._real.keep(object_id, ciphertext)

    async def fetch(self, object_id: str, /) -> bytes | None:
        return await self._real.fetch(object_id)

    async def lend(self, loan: Loan, /) -> None:
        await self._real.lend(loan)

    async def erase(self, object_id: str, content_hash: str, /) -> JsonObject:
        self.times -= 1
        if self.times >= 0:
            raise Busy("away", code="CUSTODIAN_UNAVAILABLE")
        return await self._real.erase(object_id, content_hash)


async def test_her_software_gets_the_copy_back_on_any_device_with_her_key(purse: Purse) -> None:
    ann, _, id_ = await with_copy(purse)
    found = await kept(purse, ann, id_)
    sealed, wrapped = (from_base64url(found[name]) for name in ("ciphertext", "wrappedKey"))
    assert ann.software.open_credential(sealed, wrapped) == COPY


async def test_withdrawn_consent_takes_the_copy_with_it_and_the_receipt_holds(purse: Purse) -> None:
    ann, credential, id_ = await with_copy(purse)
    scope = {"claims": [], "totalAtLeast": "3000000.00", "credentials": [credential]}
    consent = await purse.granted(ann, scope=scope)
    await purse.withdraw(ann, consent["id"])

    found = await kept(purse, ann, id_)
    receipt = found["deletionReceipt"]
    assert (found["state"], found["ciphertext"], found["wrappedKey"]) == ("DELETED", None, None)
    assert (receipt["replicasErased"], receipt["custodian"]["id"]) == (3, institution_id(USCC))
    assert receipt["keyDestroyedAt"] <= receipt["deletedAt"]
    read = parse_deletion(receipt["document"])
    row = await purse.parts.institutions.get(institution_id(USCC))
    assert row is not None
    assert verify_deletion(read, decode_key(row.public_key_multibase)).ok
    (told,) = [one.envelope for one in await purse.events("CUSTODY_DELETED")]
    assert told.body == {"receiptDigest": deletion_digest(receipt["document"])}
    assert told.subjects == (receipt["id"], id_, ann.id)
    for kind in ("CUSTODY_STORED", "CUSTODY_GIVEN_UP"):
        assert len(await purse.events(kind)) == 1
    places = purse.world.base.mongo.database(f"{purse.world.settings.database_prefix}custody")
    assert [await places[name].find_one({}) for name in PLACES] == [None] * 3


async def test_a_copy_stays_while_another_consent_lets_it_be_shown(purse: Purse) -> None:
    ann, _, id_ = await with_copy(purse)
    first, second = await purse.granted(ann), await purse.granted(ann)
    await purse.withdraw(ann, first["id"])
    assert (await kept(purse, ann, id_))["state"] == "STORED"
    await purse.withdraw(ann, second["id"])
    assert (await kept(purse, ann, id_))["state"] == "DELETED"


async def test_a_consent_for_another_credential_takes_nothing_away(purse: Purse) -> None:
    ann, _, id_ = await with_copy(purse)
    other = await purse.activate(ann.id)
    scope = {"claims": [], "totalAtLeast": "1.00", "credentials": [other]}
    await purse.withdraw(ann, (await purse.granted(ann, scope=scope))["id"])
    assert (await kept(purse, ann, id_))["state"] == "STORED"


async def test_a_custodian_that_is_away_is_asked_again(purse: Purse) -> None:
    ann, credential, id_ = await with_copy(purse)
    consent = await purse.granted(ann)
    away = Unreachable(purse, times=2)
    async with purse.with_custodian(away):
        await purse.withdraw(ann, consent["id"])
        found = await kept(purse, ann, id_)
        assert (found["state"], found["ciphertext"]) == ("DELETION_FAILED", None)
    later = replace(purse.parts, custodian=away, clock=lambda: purse.parts.clock() + timedelta(1))
    assert await erase_what_is_due(later) == 1
    assert (await kept(purse, ann, id_))["state"] == "DELETION_FAILED"
    assert (await purse.item_of(credential, ann))["custody"]["state"] == "DELETION_FAILED"
    much_later = replace(later, clock=lambda: purse.parts.clock() + timedelta(2))
    assert await erase_what_is_due(much_later) == 1
    assert (await kept(purse, ann, id_))["state"] == "DELETED"
    assert await erase_what_is_due(much_later) == 0


async def test_a_receipt_about_something_else_is_no_receipt(purse: Purse) -> None:
    class Liar(Unreachable):
        async def erase(self, object_id: str, content_hash: str, /) -> JsonObject:
            return await super().erase(new_id("cust"), content_hash)

    ann, _, id_ = await with_copy(purse)
    consent = await purse.granted(ann)
    async with purse.with_custodian(Liar(purse, times=0)):
        await purse.withdraw(ann, consent["id"])
    found = await kept(purse, ann, id_)
    assert (found["state"], found["deletionReceipt"]) == ("DELETION_FAILED", None)
    assert not await purse.events("CUSTODY_DELETED")


async def test_a_holder_takes_a_copy_out_at_her_own_wish(purse: Purse) -> None:
    ann, credential, id_ = await with_copy(purse)
    prepare = ("prepareCustodyWithdrawal", ann.who, "preparedId payload payloadToSign")
    ready = await purse.do(*prepare, custodyId=id_)
    done = await purse.do(
        "withdrawFromCustody",
        ann.who,
        "custody { state }",
        preparedId=ready["preparedId"],
        holderSignature=sign(ann, ready).as_input(),
    )
    assert done["custody"]["state"] == "DELETED", done
    again = await purse.do(*prepare, custodyId=id_)
    assert (again["__typename"], again["from"]) == ("InvalidTransitionError", "DELETED")
    await deposited(purse, ann, credential)  # a new one, sealed anew, may lie there


async def test_nobody_takes_another_holders_copy_out(purse: Purse) -> None:
    _, _, id_ = await with_copy(purse)
    ben = await purse.registered("ben")
    foreign = await purse.do("prepareCustodyWithdrawal", ben.who, custodyId=id_)
    unknown = await purse.do("prepareCustodyWithdrawal", ben.who, custodyId=new_id("cust"))
    assert foreign == unknown
    assert foreign["code"] == "NOT_FOUND"


async def test_the_regulator_sees_that_a_copy_is_gone_and_nothing_of_it(purse: Purse) -> None:
    ann, _, id_ = await with_copy(purse)
    await purse.withdraw(ann, (await purse.granted(ann))["id"])
    receipt = (await kept(purse, ann, id_))["deletionReceipt"]
    query = """query($r: ID!, $c: ID!) { receipt: node(id: $r) { ... on DeletionReceipt {
      replicasErased } } copy: node(id: $c) { ... on CustodyObject { state ciphertext } } }"""
    asked = {"r": receipt["id"], "c": id_}
    told = await purse.ask(query, asked, who=REGULATOR)
    assert told.data == {
        "receipt": {"replicasErased": 3},
        "copy": {"state": None, "ciphertext": None},
    }
    for who in (VERIFIER, a_person("ben").who):
        denied = await purse.ask(query, asked, who=who)
        assert denied.data["receipt"] == {"replicasErased": None}


async def test_two_devices_that_withdraw_at_once_make_one_receipt(purse: Purse) -> None:
    ann, _, id_ = await with_copy(purse)
    consents = [await purse.granted(ann) for _ in range(2)]
    await asyncio.gather(*(purse.withdraw(ann, one["id"]) for one in consents))
    await purse.settle()
    found = await kept(purse, ann, id_)
    assert found["state"] == "DELETED", "each saw the other's consent still in force"
    for kind in ("CUSTODY_GIVEN_UP", "CUSTODY_DELETED"):
        assert len(await purse.events(kind)) == 1


async def test_a_process_that_ended_in_between_is_healed_by_the_next_ones_job(purse: Purse) -> None:
    ann, _, id_ = await with_copy(purse)
    consent = await purse.granted(ann)
    erased = asyncio.Event()

    class Slow(Unreachable):
        async def erase(self, object_id: str, content_hash: str, /) -> JsonObject:
            receipt = await super().erase(object_id, content_hash)
            erased.set()
            await asyncio.Event().wait()  # the answer never arrives
            return receipt

    async with purse.with_custodian(Slow(purse, times=0)):
        asked = asyncio.create_task(purse.withdraw(ann, consent["id"]))
        async with asyncio.timeout(30):
            await erased.wait()
        asked.cancel()
    assert (await kept(purse, ann, id_))["state"] == "DELETION_PENDING"
    parts = replace(purse.parts, clock=lambda: purse.parts.clock() + timedelta(seconds=30))
    assert await erase_what_is_due(parts) == 1
    assert (await kept(purse, ann, id_))["state"] == "DELETED"
    assert len(await purse.events("CUSTODY_DELETED")) == 1
