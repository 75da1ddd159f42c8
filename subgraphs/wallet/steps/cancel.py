"""The holder ends a credential, at any time, whether its issuer is there or not (R28).

Laws: her signature over bytes that follow from credential and key alone is all it takes; the event
goes on the log from here, and everybody, the issuer too, follows it from there; the copy in custody
goes in the same transaction. What the wallet shows as the credential's state stays the log's word:
of a revocation and a cancellation at once, the first on the log counts for all.
"""

from __future__ import annotations

from datetime import datetime

from subgraphs.kit.errors import InvalidTransition, NotFound
from subgraphs.kit.idempotent import Call
from subgraphs.kit.ids import HolderId
from subgraphs.kit.mongo import DuplicateKeyError, Session
from subgraphs.kit.signing import HolderSignatureInput, checked_signature, held_key
from subgraphs.kit.viewer import Viewer
from subgraphs.kit.vocabulary import CredentialState
from subgraphs.vc import proofs
from subgraphs.vc.cancellation import build_cancellation, prepare_cancellation
from subgraphs.vc.did import Did
from subgraphs.vc.proofs import PreparedProof
from subgraphs.vc.strict_json import JsonObject
from subgraphs.wallet import outgoing
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.records import Cancellation, CustodyId, RootDid, WalletItem
from subgraphs.wallet.steps.erase import erase_now, give_up_copies
from subgraphs.wallet.steps.signed import root_of

LIVE = frozenset({CredentialState.ACTIVE, CredentialState.SUSPENDED})


async def prepare(
    parts: Parts, viewer: Viewer, credential: str
) -> tuple[JsonObject, PreparedProof]:
    """The document and the bytes to sign; nothing is kept, the same is asked again at any time."""
    holder = viewer.require_holder()
    root = await root_of(parts, holder)
    await _live(parts, holder, credential)
    return _to_sign(root, credential)


async def cancel_credential(
    parts: Parts,
    viewer: Viewer,
    credential: str,
    signature: HolderSignatureInput,
    *,
    client_id: str | None,
) -> Cancellation:
    """The kept cancellation, on its way to the log."""
    holder = viewer.require_holder()
    root = await root_of(parts, holder)
    gone: list[CustodyId] = []

    async def work(session: Session) -> dict[str, str]:
        now = parts.clock()
        item = await _live(parts, holder, credential, session)
        document, ready = _to_sign(root, credential)
        raw = await checked_signature(
            signature, payload=ready.payload, held=held_key(root.history), now=now
        )
        row = _row(item, proofs.attach(document, ready, raw), now)
        await parts.copies.add_cancellation(row, session)
        await parts.outbox.put(session, outgoing.credential_cancelled(row))
        gone[:] = await give_up_copies(parts, holder, [item.credential], session)
        return {"credential": row.credential}

    call = Call.of(viewer, "cancelCredential", client_id, [credential])
    try:
        await parts.idempotent.once(call, work)
    except DuplicateKeyError:
        raise _over(CredentialState.CANCELLED) from None
    await erase_now(parts, gone)
    return (await parts.copies.cancellations([credential]))[credential]


async def _live(
    parts: Parts, holder: HolderId, credential: str, session: Session | None = None
) -> WalletItem:
    found = await parts.store.items_of([credential], session=session)
    item = found.get(credential)
    if item is None or item.holder != holder:
        raise NotFound("credential", field="id")
    if credential in await parts.copies.cancellations([credential], session=session):
        raise _over(CredentialState.CANCELLED)
    if item.state not in LIVE:
        raise _over(item.state)
    return item


def _over(state: CredentialState) -> InvalidTransition:
    return InvalidTransition(
        source=state.value,
        target=CredentialState.CANCELLED.value,
        allowed=(),
        message=f"a credential that is {state.value} is not cancelled",
    )


def _to_sign(root: RootDid, credential: str) -> tuple[JsonObject, PreparedProof]:
    document = build_cancellation(credential, Did(root.did))
    return document, prepare_cancellation(document, held_key(root.history).method)


def _row(item: WalletItem, document: JsonObject, now: datetime) -> Cancellation:
    return Cancellation(
        credential=item.credential,
        holder=item.holder,
        issuer=item.issuer,
        vc_hash=item.vc_hash,
        document=document,
        at=now,
    )
