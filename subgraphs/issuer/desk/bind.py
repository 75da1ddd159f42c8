"""Match a customer account to its root DID before anything is compiled for it (R77)."""

from __future__ import annotations

from subgraphs.issuer import outgoing
from subgraphs.issuer.parts import Parts
from subgraphs.issuer.records import Binding
from subgraphs.kit.errors import Busy, Invalid, NotFound
from subgraphs.kit.idempotent import Call
from subgraphs.kit.ids import InstitutionId, derived_id
from subgraphs.kit.matching import matched
from subgraphs.kit.mongo import DuplicateKeyError, Session
from subgraphs.kit.viewer import Role, Viewer
from subgraphs.vc.receipt import RootDidReceipt, document_digest


async def bind_customer_account(
    parts: Parts, viewer: Viewer, *, account_no: str, did: str, client_id: str | None
) -> Binding:
    """Bind, or find the same binding made before; one account has one root DID, and one only."""
    issuer = viewer.require_institution(Role.ISSUER)
    held = await parts.store.binding_of_account(issuer, account_no)
    if held is not None:
        return _same(held, did)
    receipt = await _matched(parts, issuer, account_no, did)
    holder = await parts.roots.holder(document_digest(receipt))
    if holder is None:
        raise Busy("the root DID is not on the log yet", code="ROOT_DID_NOT_ON_LOG")
    row = Binding(
        id=derived_id("bind", "issuer", issuer, holder),
        institution=issuer,
        account_no=account_no,
        holder=holder,
        did=receipt.did,
        receipt=receipt.raw,
        matched_at=parts.clock(),
    )

    async def work(session: Session) -> dict[str, str]:
        await parts.store.add_binding(row, session)
        await parts.outbox.put(session, outgoing.bound(row))
        return {"holder": holder}

    call = Call.of(viewer, "bindCustomerAccount", client_id, [account_no, did])
    try:
        await parts.idempotent.once(call, work)
    except DuplicateKeyError as fault:
        raced = await parts.store.binding_of_account(issuer, account_no)
        if raced is None:
            raise _taken("another account is bound to this root DID") from fault
        return _same(raced, did)
    return row


async def _matched(
    parts: Parts, issuer: InstitutionId, account_no: str, did: str
) -> RootDidReceipt:
    document = await parts.core_system.identity_document(issuer, account_no)
    if document is None:
        raise NotFound("account", field="accountNo", code="ACCOUNT_UNKNOWN")
    return await matched(parts.identity, parts.institutions, did=did, document=document)


def _same(held: Binding, did: str) -> Binding:
    if held.did != did:
        raise _taken("the account is bound to another root DID")
    return held


def _taken(message: str) -> Invalid:
    return Invalid(message, field="did", code="CUSTOMER_ALREADY_BOUND")
