"""Put an encrypted copy of a wallet item into cloud custody, at the holder's own wish (R30).

The ciphertext comes from the holder's side; the key that opens it is never here. A deposit that
broke off after UPLOADING is finished by the same call again.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from subgraphs.kit.errors import Busy, Invalid, InvalidTransition, NotFound
from subgraphs.kit.idempotent import Call
from subgraphs.kit.ids import derived_id
from subgraphs.kit.mongo import Session
from subgraphs.kit.offload import offload
from subgraphs.kit.viewer import Viewer
from subgraphs.vc.encoding import from_base64url, sm3_hash
from subgraphs.vc.errors import VcError
from subgraphs.wallet import lifecycle
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.records import CustodyId, CustodyObject, WalletItem
from subgraphs.wallet.states import CustodyState
from subgraphs.wallet.steps.refuse import as_refusal

DEFAULT_KEY: Final = "holder-key-1"
_KEY_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")


async def deposit_to_custody(
    parts: Parts,
    viewer: Viewer,
    *,
    item_id: str,
    ciphertext: str,
    key_id: str | None,
    client_id: str | None,
) -> CustodyId:
    """The custody object, stored; the same ciphertext again is the same object."""
    holder = viewer.require_holder()
    named = _key_id(key_id)
    data = _ciphertext(parts, ciphertext)
    item = await parts.store.item(item_id, holder)
    if item is None:
        raise NotFound("wallet item", field="walletItemId")
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
    )
    call = Call.of(viewer, "depositToCustody", client_id, [item.id, digest, named])

    async def begin(session: Session) -> dict[str, str]:
        await _make_room(parts, item, row, session)
        await parts.store.put_custody(row, session)
        return {"custody": row.id}

    held = await parts.store.custody_object(row.id)
    if held is None:
        await parts.idempotent.once(call, begin)
    elif held.state is not CustodyState.UPLOADING:
        _only_stored(held)
        return held.id
    return await _finish(parts, row, data)


async def _make_room(parts: Parts, item: WalletItem, row: CustodyObject, session: Session) -> None:
    """One copy an item: an older one has to be erased first."""
    present = await parts.store.item(item.id, item.holder, session=session)
    if present is None or present.custody in {None, row.id}:
        return
    held = await parts.store.custody_object(CustodyId(str(present.custody)), session=session)
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
        await parts.store.put_custody(stored, session)
        return {}

    await parts.idempotent.once(Call(key=None, digest=""), end)
    return row.id


def _only_stored(held: CustodyObject) -> None:
    if held.state is not CustodyState.STORED:
        allowed = (state.value for state in lifecycle.CUSTODY[held.state])
        raise InvalidTransition(
            source=held.state.value, target=CustodyState.UPLOADING.value, allowed=allowed
        )


def _key_id(text: str | None) -> str:
    named = DEFAULT_KEY if text is None else text
    if _KEY_ID.fullmatch(named) is None:
        raise Invalid("1 to 64 letters, digits or ._:-", field="keyId")
    return named


def _ciphertext(parts: Parts, text: str) -> bytes:
    largest = parts.terms.largest_ciphertext
    try:
        data = from_base64url(text)
    except VcError as fault:
        raise as_refusal(fault, "ciphertext") from fault
    if not 0 < len(data) <= largest:
        raise Invalid(f"1 to {largest} bytes", field="ciphertext", code="CIPHERTEXT_SIZE")
    return data
