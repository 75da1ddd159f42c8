"""Put an encrypted copy of a wallet item into cloud custody, at the holder's own wish (R30), and
take it out again.

The ciphertext comes from the holder's side, sealed in parts, and with it her data key as her own
software wrapped it for the key in force: what opens the copy is never here. A deposit that broke
off after UPLOADING is finished by the same call again; the same call is the same in all it says.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from subgraphs.kit.agreements import AgreementStage
from subgraphs.kit.errors import Busy, Invalid, NotFound
from subgraphs.kit.idempotent import Call
from subgraphs.kit.ids import HolderId, derived_id
from subgraphs.kit.mongo import Session
from subgraphs.kit.offload import offload
from subgraphs.kit.prepared import PreparedRow
from subgraphs.kit.signing import held_key
from subgraphs.kit.viewer import Viewer
from subgraphs.vc.consent import CONTEXT
from subgraphs.vc.encoding import from_base64url, sm3_hash, to_time
from subgraphs.vc.errors import VcError
from subgraphs.vc.model import URN
from subgraphs.vc.sealed_copy import read_parts
from subgraphs.vc.strict_json import JsonObject
from subgraphs.wallet import lifecycle, outgoing
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.records import CustodyId, CustodyObject, WalletItem
from subgraphs.wallet.states import CustodyState
from subgraphs.wallet.steps.agree import require_agreed
from subgraphs.wallet.steps.erase import erase_now, give_up
from subgraphs.wallet.steps.refuse import as_refusal
from subgraphs.wallet.steps.signed import (
    Submitted,
    prepare_document,
    refuse_closed,
    root_of,
    signed_document,
)

LARGEST_WRAPPED: Final = 512
WITHDRAW: Final = "custody-withdrawal"
WITHDRAWAL_TYPE: Final = "CustodyWithdrawal"
_KEY_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")


async def deposit_to_custody(
    parts: Parts,
    viewer: Viewer,
    *,
    item_id: str,
    ciphertext: str,
    key_id: str | None,
    wrapped_key: str | None,
    client_id: str | None,
) -> CustodyId:
    """The custody object, stored; the same copy for the same key again is the same object."""
    holder = viewer.require_holder()
    await refuse_closed(parts, holder)
    _check_key_id(key_id)
    data = _ciphertext(parts, ciphertext)
    check_wrapped(wrapped_key, "wrappedKey")
    item = await parts.store.item(item_id, holder)
    if item is None:
        raise NotFound("wallet item", field="walletItemId")
    await require_agreed(parts, holder, AgreementStage.CUSTODY)
    named = await _key_in_force(parts, holder, key_id)
    _check_parts(data)
    digest = await offload(sm3_hash, data)
    row = CustodyObject(
        id=CustodyId(derived_id("cust", item.id, digest)),
        holder=holder,
        item=item.id,
        ciphertext_hash=digest,
        key_id=named,
        replicas=0,
        state=CustodyState.UPLOADING,
        deposited_at=parts.clock(),
        wrapped_key=wrapped_key,
    )
    call = Call.of(viewer, "depositToCustody", client_id, [item.id, digest, named, wrapped_key])

    async def begin(session: Session) -> dict[str, str]:
        await _make_room(parts, item, row, session)
        await parts.copies.add(row, session)
        return {"custody": row.id}

    held = await parts.copies.one(row.id)
    if held is None:
        await parts.idempotent.once(call, begin)
    else:
        _may_repeat(held, row)
        if held.state is CustodyState.STORED:
            return held.id
    return await _finish(parts, held or row, data)


async def prepare_withdrawal(parts: Parts, viewer: Viewer, custody_id: str) -> PreparedRow:
    """The wish to have a copy erased, to sign; refused for one that is going already."""
    holder = viewer.require_holder()
    root = await root_of(parts, holder)
    row = await _own(parts, custody_id, holder)
    lifecycle.custody_step(row.state, CustodyState.DELETION_PENDING)
    document: JsonObject = {
        "@context": [CONTEXT],
        "type": WITHDRAWAL_TYPE,
        "object": f"{URN}{row.id}",
        "contentHash": row.ciphertext_hash,
        "holder": root.did,
        "withdrawnAt": to_time(parts.clock()),
    }
    return await prepare_document(parts, root, WITHDRAW, document, {"custody": row.id})


async def withdraw_from_custody(
    parts: Parts, viewer: Viewer, given: Submitted, *, client_id: str | None
) -> CustodyId:
    """The copy, on its way out or erased already."""
    holder = viewer.require_holder()
    root = await root_of(parts, holder)

    async def work(session: Session) -> dict[str, str]:
        signed = await signed_document(parts, root, given, session, parts.clock())
        row = await _own(parts, str(signed.facts["custody"]), holder, session)
        await give_up(parts, row, session)
        return {"custody": row.id}

    call = Call.of(viewer, "withdrawFromCustody", client_id, [given.prepared_id])
    id_ = CustodyId((await parts.idempotent.once(call, work))["custody"])
    await erase_now(parts, [id_])
    return id_


async def read_copy(parts: Parts, row: CustodyObject) -> bytes:
    """What was handed in; NotFound from DELETION_PENDING on."""
    data = await parts.custodian.fetch(row.id) if row.state in lifecycle.READABLE else None
    if data is None:
        raise NotFound("copy", field=None)
    return data


async def _own(
    parts: Parts, custody_id: str, holder: HolderId, session: Session | None = None
) -> CustodyObject:
    row = await parts.copies.one(CustodyId(custody_id), session=session)
    if row is None or row.holder != holder:
        raise NotFound("custody object", field="custodyId")
    return row


async def _make_room(parts: Parts, item: WalletItem, row: CustodyObject, session: Session) -> None:
    """One copy an item: an older one has to be erased first."""
    present = await parts.store.item(item.id, item.holder, session=session)
    if present is None or present.custody in {None, row.id}:
        return
    held = await parts.copies.one(CustodyId(str(present.custody)), session=session)
    if held is not None and held.state in lifecycle.READABLE:
        raise _already_there()
    if held is not None and held.state is not CustodyState.DELETED:
        lifecycle.custody_step(held.state, CustodyState.UPLOADING)


async def _finish(parts: Parts, row: CustodyObject, data: bytes) -> CustodyId:
    kept = await parts.custodian.keep(row.id, data)
    if kept.ciphertext_hash != row.ciphertext_hash:
        raise Busy("the custodian keeps something else", code="CUSTODY_HASH_MISMATCH")
    stored = replace(
        row,
        state=lifecycle.custody_step(row.state, CustodyState.STORED),
        replicas=kept.replicas,
        version=row.version + 1,
    )

    async def end(session: Session) -> dict[str, str]:
        if not await parts.copies.replace(stored, session):
            raise Busy("the copy was changed meanwhile")
        await parts.outbox.put(session, outgoing.custody_stored(stored))
        return {}

    await parts.idempotent.once(Call(key=None, digest=""), end)
    return row.id


def _may_repeat(held: CustodyObject, asked: CustodyObject) -> None:
    """The same ciphertext came before: the same call only when its key is the same too."""
    if held.state not in lifecycle.READABLE:
        lifecycle.custody_step(held.state, CustodyState.UPLOADING)
    if (held.key_id, held.wrapped_key) != (asked.key_id, asked.wrapped_key):
        raise _already_there()


def _already_there() -> Invalid:
    return Invalid(
        "this credential has a copy in custody; delete it first",
        field="walletItemId",
        code="COPY_ALREADY_EXISTS",
    )


def _check_key_id(text: str | None) -> None:
    if text is not None and _KEY_ID.fullmatch(text) is None:
        raise Invalid("1 to 64 letters, digits or ._:-", field="keyId")


async def _key_in_force(parts: Parts, holder: HolderId, asked: str | None) -> str:
    """The fragment of the key of today, under which a copy is kept; whoever names one means it."""
    named = held_key((await root_of(parts, holder)).history).method.rpartition("#")[2]
    if asked not in {None, named}:
        raise Invalid(f"the key in force is {named}", field="keyId", code="KEY_ID_MISMATCH")
    return named


def _check_parts(data: bytes) -> None:
    try:
        read_parts(data)
    except VcError as fault:
        raise Invalid(
            f"a copy is sealed in parts: {fault}", field="ciphertext", code="CIPHERTEXT_INVALID"
        ) from fault


def check_wrapped(text: str | None, field: str) -> None:
    """Invalid unless it may be a wrapped data key, in base64url."""
    if text is None:
        return
    try:
        data = from_base64url(text)
    except VcError as fault:
        raise as_refusal(fault, field) from fault
    if not 0 < len(data) <= LARGEST_WRAPPED:
        raise Invalid(f"1 to {LARGEST_WRAPPED} bytes", field=field)


def _ciphertext(parts: Parts, text: str) -> bytes:
    largest = parts.terms.largest_ciphertext
    try:
        data = from_base64url(text)
    except VcError as fault:
        raise as_refusal(fault, "ciphertext") from fault
    if not 0 < len(data) <= largest:
        raise Invalid(f"1 to {largest} bytes", field="ciphertext", code="CIPHERTEXT_OUT_OF_RANGE")
    return data
