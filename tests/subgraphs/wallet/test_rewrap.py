"""After a change of key the copies in custody open with the next one, and with the old no more."""

from __future__ import annotations

from typing import Any

import pytest

from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.errors import DecryptionFailed
from subgraphs.vc.encoding import from_base64url, sm3_hash, to_base64url
from tests.subgraphs.wallet.losing import at_another_time, completed, new_device, pass_time, started
from tests.subgraphs.wallet.purse import PREPARED, Person, Purse, sign
from tests.subgraphs.wallet.test_deletion import COPY, deposited, kept
from tests.subgraphs.wallet.test_rotation import rotated


async def with_copy(purse: Purse) -> tuple[Person, str]:
    ann = await purse.registered()
    return ann, await deposited(purse, ann, await purse.activate(ann.id))


async def prepared(purse: Purse, person: Person, keys: dict[str, bytes]) -> dict[str, Any]:
    given = [
        {"custodyId": id_, "wrappedKey": to_base64url(wrapped)} for id_, wrapped in keys.items()
    ]
    return await purse.do("prepareCustodyKeysRewrap", person.who, PREPARED, keys=given)


async def rewrapped(purse: Purse, before: Person, after: Person, id_: str) -> dict[str, Any]:
    """Her software has both keys: unwrapped with the one, wrapped for the other."""
    found = await kept(purse, before, id_)
    hash_ = sm3_hash(from_base64url(found["ciphertext"]))
    old = from_base64url(found["wrappedKey"])
    ready = await prepared(
        purse, after, {id_: before.software.rewrapped(hash_, old, by=after.software)}
    )
    return await purse.do(
        "rewrapCustodyKeys",
        after.who,
        "copies { id keyId wrappedKey }",
        preparedId=ready["preparedId"],
        holderSignature=sign(after, ready).as_input(),
    )


async def test_her_copies_open_with_the_next_key(purse: Purse) -> None:
    before, id_ = await with_copy(purse)
    after = await rotated(purse, before, PrivateKey.generate())

    done = await rewrapped(purse, before, after, id_)

    assert [(one["id"], one["keyId"]) for one in done["copies"]] == [(id_, "key-2")], done
    found = await kept(purse, after, id_)
    sealed, wrapped = (from_base64url(found[name]) for name in ("ciphertext", "wrappedKey"))
    assert after.software.open_credential(sealed, wrapped) == COPY
    with pytest.raises(DecryptionFailed):
        before.software.open_credential(sealed, wrapped)


async def test_after_a_recovery_who_still_has_the_old_key_takes_her_copies_along(
    purse: Purse,
) -> None:
    """And who has it no more is told so by her software: nobody else could open them."""
    before, id_ = await with_copy(purse)
    device = new_device(before)
    await started(purse, device)
    clock = await pass_time(purse, days=3, seconds=10)
    after = await completed(purse, device)
    found = await kept(purse, after, id_)
    sealed, wrapped = (from_base64url(found[name]) for name in ("ciphertext", "wrappedKey"))
    with pytest.raises(DecryptionFailed):
        after.software.open_credential(sealed, wrapped)
    after = at_another_time(after, clock)

    await rewrapped(purse, before, after, id_)

    found = await kept(purse, after, id_)
    assert after.software.open_credential(sealed, from_base64url(found["wrappedKey"])) == COPY


async def test_what_is_not_hers_or_not_there_is_not_wrapped(purse: Purse) -> None:
    ann, id_ = await with_copy(purse)
    bea = await purse.registered("bea")
    foreign = await prepared(purse, bea, {id_: b"x"})
    assert (foreign["code"], foreign["field"]) == ("NOT_FOUND", "keys[0].custodyId")
    assert (await prepared(purse, ann, {}))["field"] == "keys"
    large = await prepared(purse, ann, {id_: b"x" * 513})
    assert large["field"] == "keys[0].wrappedKey"


async def test_a_copy_on_its_way_out_keeps_no_key(purse: Purse) -> None:
    ann, id_ = await with_copy(purse)
    ready = await prepared(purse, ann, {id_: b"x"})
    out = await purse.do("prepareCustodyWithdrawal", ann.who, PREPARED, custodyId=id_)
    await purse.do(
        "withdrawFromCustody",
        ann.who,
        preparedId=out["preparedId"],
        holderSignature=sign(ann, out).as_input(),
    )
    late = await purse.do(
        "rewrapCustodyKeys",
        ann.who,
        preparedId=ready["preparedId"],
        holderSignature=sign(ann, ready).as_input(),
    )
    assert late["__typename"] == "InvalidTransitionError"
    assert (await kept(purse, ann, id_))["wrappedKey"] is None
