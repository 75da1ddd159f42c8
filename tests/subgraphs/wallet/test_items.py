"""Items come from the log and follow it; copies go to the custodian as the holder's own act."""

import asyncio
import secrets
from typing import Any

from ledger_adapter.crypto import sm3
from subgraphs.demo.pilot import HUAAN_FUND
from subgraphs.kit.errors import Busy
from subgraphs.kit.ids import institution_id, new_id
from subgraphs.vc.encoding import to_base64url
from subgraphs.vc.sealed_copy import seal_parts
from subgraphs.vc.strict_json import JsonObject
from subgraphs.wallet.ports import Kept, Loan
from tests.subgraphs.wallet.purse import ISSUER, REGULATOR, VERIFIER, Purse, a_copy, a_person

ITEMS = "{ me { walletItems { totalCount edges { node { state credential { id } } } } } }"
ITEM = "query($id: ID!) { node(id: $id) { ... on WalletItem { label custody { id } } } }"
CUSTODY = "custody { id state replicas ciphertextHash keyId }"
CIPHERTEXT = seal_parts(bytes(16), [b"nobody here can read this"], secrets.token_bytes)


async def test_a_credential_in_force_lies_in_its_holders_wallet(purse: Purse) -> None:
    ann = a_person()
    credential = await purse.activate(ann.id)
    await purse.activate(a_person("ben").id)
    mine = (await purse.ask(ITEMS, who=ann.who)).only("me")["walletItems"]
    assert mine["totalCount"] == 1
    assert mine["edges"][0]["node"] == {"state": "ACTIVE", "credential": {"id": credential}}
    item = await purse.item_of(credential, ann)
    assert (item["label"], item["custody"]) == ("资产证明 2026-11-20", None)


async def test_an_item_follows_what_its_issuer_tells(purse: Purse) -> None:
    ann = a_person()
    credential = await purse.activate(ann.id)
    await purse.endorse(credential, ann.id)
    assert (await purse.item_of(credential, ann))["state"] == "SUSPENDED"
    await purse.endorse(credential, ann.id, effect="RESTORED", state="ACTIVE")
    assert (await purse.item_of(credential, ann))["state"] == "ACTIVE"
    other = institution_id(HUAAN_FUND.uscc)
    await purse.endorse(credential, ann.id, issuer=other, effect="REVOKE", state="REVOKED")
    assert (await purse.item_of(credential, ann))["state"] == "ACTIVE"
    await purse.endorse(credential, ann.id, effect="REVOKE", state="REVOKED")
    assert (await purse.item_of(credential, ann))["state"] == "REVOKED"


async def test_the_log_read_again_from_its_start_changes_nothing(purse: Purse) -> None:
    ann = a_person()
    credential = await purse.activate(ann.id)
    await purse.endorse(credential, ann.id)
    rows = purse.world.base.database["wallet_items"]
    before = await rows.find({}).to_list(None)
    log = await purse.world.base.ledger.read(0, await purse.settle())  # type: ignore[arg-type]
    for batch in (log, log[::-1]):
        await purse.world.base.mongo.transaction(
            lambda session, batch=batch: purse.replay(batch, session)  # type: ignore[misc]
        )
    assert await rows.find({}).to_list(None) == before
    await rows.delete_many({})  # a wallet that begins anew reads all of it as one batch
    await purse.world.base.mongo.transaction(lambda session: purse.replay(log, session))
    assert await rows.find({}).to_list(None) == before


async def test_a_wallet_is_its_holders_alone(purse: Purse) -> None:
    ann = await purse.keeper()
    credential = await purse.activate(ann.id)
    item = (await purse.item_of(credential, ann))["id"]
    for who in (ISSUER, VERIFIER, REGULATOR, a_person("ben").who):
        denied = await purse.ask(ITEM, {"id": item}, who=who)
        unknown = await purse.ask(ITEM, {"id": new_id("witm")}, who=who)
        assert denied == unknown
        assert denied.only("node") == {"label": None, "custody": None}


async def deposit(purse: Purse, who: Any, item: str, **changed: object) -> dict[str, Any]:
    arguments: dict[str, object] = {
        "walletItemId": item,
        "ciphertext": to_base64url(CIPHERTEXT),
        "keyId": "key-1",
        **changed,
    }
    return await purse.do("depositToCustody", who, CUSTODY, **arguments)


async def test_a_copy_is_kept_in_three_places_under_its_hash(purse: Purse) -> None:
    ann = await purse.keeper()
    credential = await purse.activate(ann.id)
    item = await purse.item_of(credential, ann)
    done = await deposit(purse, ann.who, item["id"])
    assert done["__typename"] == "DepositToCustodySuccess", done
    kept = done["custody"]
    assert kept["ciphertextHash"] == f"sm3:{sm3.digest(CIPHERTEXT).hex()}"
    assert (kept["state"], kept["replicas"], kept["keyId"]) == ("STORED", 3, "key-1")
    assert (await purse.item_of(credential, ann))["custody"] == kept
    again = await deposit(purse, ann.who, item["id"])
    assert again["custody"] == kept


async def test_a_second_copy_waits_for_the_first_to_be_erased(purse: Purse) -> None:
    ann = await purse.keeper()
    item = await purse.item_of(await purse.activate(ann.id), ann)
    await deposit(purse, ann.who, item["id"])
    other = await deposit(purse, ann.who, item["id"], ciphertext=a_copy(b"another"))
    assert (other["code"], other["field"]) == ("COPY_ALREADY_EXISTS", "walletItemId"), other
    assert other["message"] == "this credential has a copy in custody; delete it first"


async def test_a_repeat_with_another_wrapped_key_is_no_repeat(purse: Purse) -> None:
    ann = await purse.keeper()
    item = (await purse.item_of(await purse.activate(ann.id), ann))["id"]
    first = await deposit(purse, ann.who, item, wrappedKey=to_base64url(b"one"))
    assert first["custody"]["state"] == "STORED", first
    for other in ({"wrappedKey": to_base64url(b"two")}, {}):
        refused = await deposit(purse, ann.who, item, **other)
        assert refused.get("code") == "COPY_ALREADY_EXISTS", refused
    again = await deposit(purse, ann.who, item, wrappedKey=to_base64url(b"one"), keyId=None)
    assert again["custody"] == first["custody"]


async def test_a_copy_is_sealed_in_parts_for_the_key_in_force(purse: Purse) -> None:
    ann = await purse.keeper()
    item = (await purse.item_of(await purse.activate(ann.id), ann))["id"]
    cases: list[tuple[dict[str, object], str, str]] = [
        ({"keyId": "key-9"}, "KEY_ID_MISMATCH", "keyId"),
        ({"ciphertext": to_base64url(b"plain text" * 50)}, "CIPHERTEXT_INVALID", "ciphertext"),
        ({"ciphertext": to_base64url(CIPHERTEXT[:-1])}, "CIPHERTEXT_INVALID", "ciphertext"),
    ]
    for changed, code, field in cases:
        done = await deposit(purse, ann.who, item, **changed)
        assert (done.get("code"), done.get("field")) == (code, field), done
    assert await purse.world.base.database["custody"].count_documents({}) == 0


class BrokenCustodian:
    """Away for the first call, back for the second."""

    def __init__(self) -> None:
        self.calls = 0

    async def keep(self, object_id: str, ciphertext: bytes, /) -> Kept:
        self.calls += 1
        if self.calls == 1:
            raise Busy("away", code="CUSTODIAN_UNAVAILABLE")
        await asyncio.sleep(0)
        return Kept(ciphertext_hash=f"sm3:{sm3.digest(ciphertext).hex()}", replicas=2)

    async def fetch(self, object_id: str, /) -> bytes | None:
        raise Busy("away", code="CUSTODIAN_UNAVAILABLE")

    async def lend(self, loan: Loan, /) -> None:
        raise Busy("away", code="CUSTODIAN_UNAVAILABLE")

    async def erase(self, object_id: str, content_hash: str, /) -> JsonObject:
        raise Busy("away", code="CUSTODIAN_UNAVAILABLE")


async def test_a_deposit_that_broke_off_is_finished_by_the_same_call(purse: Purse) -> None:
    ann = await purse.keeper()
    credential = await purse.activate(ann.id)
    item = await purse.item_of(credential, ann)
    async with purse.with_custodian(BrokenCustodian()):
        first = await deposit(purse, ann.who, item["id"])
        assert (first["__typename"], first["code"]) == ("TryAgain", "CUSTODIAN_UNAVAILABLE")
        assert (await purse.item_of(credential, ann))["custody"]["state"] == "UPLOADING"
        second = await deposit(purse, ann.who, item["id"])
    assert (second["custody"]["state"], second["custody"]["replicas"]) == ("STORED", 2)


async def test_what_cannot_be_a_copy_is_refused_with_its_field(purse: Purse) -> None:
    ann, ben = a_person(), a_person("ben")
    item = (await purse.item_of(await purse.activate(ann.id), ann))["id"]
    too_large = to_base64url(bytes(1_000_001))
    cases: list[tuple[Any, dict[str, object], str, str]] = [
        (ann, {"ciphertext": ""}, "CIPHERTEXT_OUT_OF_RANGE", "ciphertext"),
        (ann, {"ciphertext": too_large}, "CIPHERTEXT_OUT_OF_RANGE", "ciphertext"),
        (ann, {"ciphertext": "A"}, "VALIDATION_FAILED", "ciphertext"),
        (ann, {"keyId": "x" * 65}, "VALIDATION_FAILED", "keyId"),
        (ann, {"walletItemId": new_id("witm")}, "NOT_FOUND", "walletItemId"),
        (ben, {}, "NOT_FOUND", "walletItemId"),
    ]
    for person, changed, code, field in cases:
        done = await deposit(purse, person.who, item, **changed)
        assert (done.get("code"), done.get("field")) == (code, field), done
    assert await purse.world.base.database["custody"].count_documents({}) == 0
