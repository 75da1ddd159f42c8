"""A holder leaves (R32): consents taken back, copies given up, in one signed step.

Laws: consents, copies, the closure and their events are one transaction; what the custodian has to
do comes after it, as always; nothing is prepared or deposited in a closed wallet, and everything in
it can still be read and taken along (`exportMyData`). The root DID is the identity provider's and
stays; WALLET_CLOSED on the log is what an exit of the whole pilot goes on from.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from subgraphs.kit.errors import Busy
from subgraphs.kit.idempotent import Call
from subgraphs.kit.mongo import DuplicateKeyError, Session
from subgraphs.kit.prepared import PreparedRow
from subgraphs.kit.viewer import Viewer
from subgraphs.vc.consent import CONTEXT
from subgraphs.vc.encoding import to_time
from subgraphs.vc.strict_json import JsonObject
from subgraphs.wallet import lifecycle, outgoing
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.records import Closure, CustodyId
from subgraphs.wallet.steps.erase import erase_now, give_up_copies
from subgraphs.wallet.steps.signed import (
    Submitted,
    closed,
    prepare_document,
    root_of,
    signed_document,
)

CLOSE: Final = "wallet-closure"
TYPE: Final = "WalletClosure"


async def prepare_closure(parts: Parts, viewer: Viewer) -> PreparedRow:
    """The wish to leave, to sign."""
    root = await root_of(parts, viewer.require_holder())
    document: JsonObject = {
        "@context": [CONTEXT],
        "type": TYPE,
        "holder": root.did,
        "closedAt": to_time(parts.clock()),
    }
    return await prepare_document(parts, root, CLOSE, document, {})


async def close_wallet(
    parts: Parts, viewer: Viewer, given: Submitted, *, client_id: str | None
) -> Closure:
    """The wallet, closed; `consents` and `copies` say what ended with it."""
    holder = viewer.require_holder()
    root = await root_of(parts, holder)
    gone: list[CustodyId] = []

    async def work(session: Session) -> dict[str, str]:
        now = parts.clock()
        signed = await signed_document(parts, root, given, session, now)
        consents = await parts.store.withdrawable(holder, now, session=session)
        for row in consents:
            state = lifecycle.withdraw(row.state, now, watched_until=row.monitoring_until)
            over = replace(row, state=state, withdrawn_at=now, version=row.version + 1)
            if not await parts.store.replace_consent(over, session):
                raise Busy("a consent was changed meanwhile")
            await parts.outbox.put(session, outgoing.consent_withdrawn(over))
        gone[:] = await give_up_copies(parts, holder, [], session)
        closure = Closure(
            holder=holder,
            document=signed.document,
            consents=len(consents),
            copies=len(gone),
            at=now,
        )
        await parts.copies.add_closure(closure, session)
        await parts.outbox.put(session, outgoing.wallet_closed(closure))
        return {"holder": holder}

    call = Call.of(viewer, "closeWallet", client_id, [given.prepared_id])
    try:
        await parts.idempotent.once(call, work)
    except DuplicateKeyError:
        raise closed() from None
    await erase_now(parts, gone)
    found = await parts.copies.closure(holder)
    if found is None:
        raise Busy("the closure was taken back meanwhile")
    return found
