"""Match an own real-name customer to her root DID."""

from ledger_adapter.crypto import sm3
from subgraphs.kit.errors import Busy, Invalid, NotFound
from subgraphs.kit.ids import HolderId, InstitutionId, derived_id
from subgraphs.kit.matching import matched
from subgraphs.kit.mongo import DuplicateKeyError, Session
from subgraphs.vc.receipt import document_digest
from subgraphs.verifier import outgoing
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.records import Binding, BindingId


def customer_digest(verifier: InstitutionId, customer_no: str) -> str:
    """The number itself is kept in the institution's own register only."""
    return f"sm3:{sm3.digest(f'customer|{verifier}|{customer_no}'.encode()).hex()}"


def binding_id(verifier: InstitutionId, holder: HolderId) -> BindingId:
    """A verifier has one binding of each holder."""
    return BindingId(derived_id("bind", verifier, holder))


async def bind_customer(
    parts: Parts, verifier: InstitutionId, *, customer_no: str, did: str, session: Session
) -> Binding:
    """Idempotent for the same pair; a customer bound to another root DID stays with that one."""
    digest = customer_digest(verifier, customer_no)
    held = await parts.store.bindings.one({"verifier": verifier, "customer_digest": digest})
    if held is not None:
        return _same(held, did)
    document = await parts.customers.identity_document(verifier, customer_no)
    if document is None:
        raise NotFound("customer", field="customerNo", code="CUSTOMER_UNKNOWN")
    receipt = await matched(parts.identity, parts.institutions, did=did, document=document)
    holder = await parts.roots.holder(document_digest(receipt))
    if holder is None:
        raise Busy("the root DID is not on the log yet", code="ROOT_DID_NOT_ON_LOG")
    binding = Binding(
        id=binding_id(verifier, holder),
        verifier=verifier,
        customer_digest=digest,
        holder=holder,
        did=receipt.did,
        matched_at=parts.clock(),
    )
    try:
        await parts.store.bindings.insert(binding, session=session)
    except DuplicateKeyError:
        raise _taken("this root DID belongs to another customer") from None
    await parts.outbox.put(session, outgoing.customer_bound(binding))
    return binding


def _same(held: Binding, did: str) -> Binding:
    if held.did != did:
        raise _taken("the customer is bound to another root DID")
    return held


def _taken(message: str) -> Invalid:
    return Invalid(message, field="did", code="CUSTOMER_ALREADY_BOUND")
