"""Copies leave custody in step with what the holder takes back (R31).

Laws: the wish and DELETION_PENDING are one transaction with what caused them, and from then on
nobody reads the copy; what the custodian does comes after, at once, and again by the job until its
signed receipt is here; a receipt that does not hold is no receipt; DELETED, receipt and event are
one transaction. A process that ends anywhere between is healed by the job.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from ledger_adapter.errors import LedgerError
from subgraphs.kit.errors import Busy, Refusal
from subgraphs.kit.idempotent import Call
from subgraphs.kit.ids import CredentialId, HolderId, InstitutionId, derived_id
from subgraphs.kit.mongo import PyMongoError, Session
from subgraphs.kit.offload import offload
from subgraphs.vc.deletion import DeletionReceipt, parse_deletion, verify_deletion
from subgraphs.vc.errors import VcError
from subgraphs.vc.proofs import Purpose
from subgraphs.vc.strict_json import JsonObject
from subgraphs.wallet import lifecycle, outgoing
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.records import CustodyId, CustodyObject, Deletion, DeletionId
from subgraphs.wallet.states import CustodyState

OPERATOR: Final = "CLOUD_OPERATOR"
EVERY_SECONDS: Final = 2.0
AT_ONCE: Final = 100
_FIRST_TRY: Final = timedelta(seconds=5)
_LONGEST_PAUSE: Final = timedelta(minutes=10)
_CALL: Final = Call(key=None, digest="")
log = logging.getLogger("credgraph.wallet.custody")


async def give_up_copies(
    parts: Parts,
    holder: HolderId,
    credentials: Sequence[CredentialId],
    session: Session,
    *,
    unless_covered: bool = False,
) -> list[CustodyId]:
    """Copies of these credentials (of all where none is named) become DELETION_PENDING.

    `unless_covered`: but for those that a consent still in force lets be shown.
    """
    now = parts.clock()
    items = await parts.store.kept_copies(holder, credentials, session=session)
    chosen = [
        item
        for item in items
        if not unless_covered
        or not await parts.store.covered(holder, item.credential, now, session=session)
    ]
    rows = [await parts.copies.one(CustodyId(str(one.custody)), session=session) for one in chosen]
    readable = [row for row in rows if row and row.state in lifecycle.READABLE]
    for row in readable:
        await give_up(parts, row, session)
    return [row.id for row in readable]


async def give_up(parts: Parts, row: CustodyObject, session: Session) -> None:
    """One copy becomes DELETION_PENDING; InvalidTransition when it is going, or gone, already."""
    now = parts.clock()
    after = replace(
        row,
        state=lifecycle.custody_step(row.state, CustodyState.DELETION_PENDING),
        version=row.version + 1,
        wrapped_key=None,
        retry_at=now + _FIRST_TRY,
    )
    if not await parts.copies.replace(after, session):
        raise Busy("the copy was changed meanwhile")
    await parts.outbox.put(session, outgoing.custody_given_up(after, now))


async def erase_now(parts: Parts, ids: Sequence[CustodyId]) -> None:
    """Have copies erased while the caller waits; what fails is left to the job."""
    for id_ in ids:
        try:
            await erase(parts, id_)
        except (Refusal, PyMongoError) as fault:
            log.warning("%s is erased later: %s", id_, fault)


async def erase(parts: Parts, id_: CustodyId) -> None:
    """One try: DELETED with the receipt, or DELETION_FAILED with the time of the next try."""
    row = await parts.copies.one(id_)
    if row is None or row.retry_at is None:
        return
    if row.state is CustodyState.DELETION_FAILED:
        row = await _moved(parts, row, CustodyState.DELETION_PENDING, retry_at=row.retry_at)
    try:
        document = await parts.custodian.erase(row.id, row.ciphertext_hash)
        receipt = await _checked(parts, row, document)
    except Refusal as fault:
        log.warning("%s is not erased yet: %s", id_, fault)
        failures = row.failures + 1
        pause = min(_FIRST_TRY * 2 ** min(failures, 10), _LONGEST_PAUSE)
        again = parts.clock() + pause
        await _moved(parts, row, CustodyState.DELETION_FAILED, retry_at=again, failures=failures)
        return
    await _deleted(parts, row, receipt)


async def erase_what_is_due(parts: Parts) -> int:
    """One round of the job; how many rows were looked at."""
    rows = await parts.copies.due(parts.clock(), AT_ONCE)
    await erase_now(parts, [row.id for row in rows])
    return len(rows)


async def keep_erasing(parts: Parts) -> None:
    """For ever; a database or custodian that is away is waited for."""
    while True:
        try:
            await erase_what_is_due(parts)
        except (PyMongoError, LedgerError) as fault:
            log.warning("erasures wait: %s", fault)
        await asyncio.sleep(EVERY_SECONDS)


async def _checked(parts: Parts, row: CustodyObject, document: JsonObject) -> Deletion:
    """The receipt, from a registered cloud operator and about this very copy."""
    now = parts.clock()
    try:
        receipt = parse_deletion(document)
    except VcError as fault:
        raise Busy("what the custodian signed is no receipt", code="RECEIPT_INVALID") from fault
    erased = receipt.erased
    custodian = await _custodian(parts, receipt, now)
    if (erased.object_id, erased.content_hash) != (row.id, row.ciphertext_hash):
        raise Busy("the receipt is about something else", code="RECEIPT_INVALID")
    return Deletion(
        id=DeletionId(derived_id("drec", row.id)),
        holder=row.holder,
        custody=row.id,
        custodian=custodian,
        document=document,
        received_at=now,
    )


async def _custodian(parts: Parts, receipt: DeletionReceipt, now: datetime) -> InstitutionId:
    known, method = await parts.institutions.by_did(receipt.erased.custodian), receipt.method
    if known is None or method is None or OPERATOR not in known.roles:
        raise Busy("the custodian is not on the register", code="CUSTODIAN_UNKNOWN")
    key = known.key_for(method, Purpose.ASSERTION, now)
    if key is None or not (await offload(verify_deletion, receipt, key)).ok:
        raise Busy("the custodian's receipt does not hold", code="RECEIPT_INVALID")
    return known.id


async def _deleted(parts: Parts, row: CustodyObject, receipt: Deletion) -> None:
    after = replace(
        row,
        state=lifecycle.custody_step(row.state, CustodyState.DELETED),
        version=row.version + 1,
        retry_at=None,
    )

    async def work(session: Session) -> dict[str, str]:
        if not await parts.copies.replace(after, session):
            raise Busy("the copy was changed meanwhile")
        await parts.copies.add_deletion(receipt, session)
        await parts.outbox.put(session, outgoing.custody_deleted(receipt))
        return {}

    await parts.idempotent.once(_CALL, work)


async def _moved(
    parts: Parts,
    row: CustodyObject,
    state: CustodyState,
    *,
    retry_at: datetime,
    failures: int | None = None,
) -> CustodyObject:
    after = replace(
        row,
        state=lifecycle.custody_step(row.state, state),
        version=row.version + 1,
        retry_at=retry_at,
        failures=row.failures if failures is None else failures,
    )

    async def work(session: Session) -> dict[str, str]:
        if not await parts.copies.replace(after, session):
            raise Busy("the copy was changed meanwhile")
        return {}

    await parts.idempotent.once(_CALL, work)
    return after
