"""Match an own customer to her root DID by the identity provider's signed word (R77, R78)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from subgraphs.kit.errors import Busy, Invalid
from subgraphs.kit.identity import IdentityProvider
from subgraphs.kit.institutions import Institutions
from subgraphs.kit.offload import offload
from subgraphs.vc import proofs
from subgraphs.vc.did import MethodId
from subgraphs.vc.did_versions import Authority
from subgraphs.vc.multikey import VerificationKey
from subgraphs.vc.proofing import Proofing, verify_proofing
from subgraphs.vc.proofs import Purpose
from subgraphs.vc.receipt import RootDidReceipt, verify_receipt
from subgraphs.vc.recovery import RecoveryNotice, verify_notice

PROVIDER: Final = "IDENTITY_PROVIDER"


async def matched(
    identity: IdentityProvider, institutions: Institutions, *, did: str, document: str
) -> RootDidReceipt:
    """The receipt of a DID that is the document's person's; Invalid when it is not."""
    receipt = await identity.match(did, document)
    if receipt is None:
        raise Invalid(
            "this root DID is not the customer's", field="did", code="ROOT_DID_NOT_MATCHED"
        )
    if receipt.did != did or not await vouched_for(institutions, receipt):
        raise Busy("the identity provider's receipt does not hold", code="RECEIPT_INVALID")
    return receipt


async def proofed_by(institutions: Institutions, proofing: Proofing, now: datetime) -> bool:
    """Whether a registered identity provider signed the proofing, with its key of now."""
    provider = await institutions.by_did(proofing.issuer)
    method = proofs.method_by(proofing.raw, proofing.issuer)
    if provider is None or PROVIDER not in provider.roles or method is None:
        return False
    key = provider.key_for(method, Purpose.ASSERTION, now)
    if key is None:
        return False
    outcome = await offload(verify_proofing, proofing, method=MethodId(method), key=key)
    return outcome.ok


async def noticed_by(institutions: Institutions, notice: RecoveryNotice) -> bool:
    """Whether a registered identity provider signed the notice of a recovery."""
    provider = await institutions.by_did(notice.issuer)
    method = proofs.method_by(notice.raw, notice.issuer)
    if provider is None or PROVIDER not in provider.roles or method is None:
        return False
    key = provider.key_for(method, Purpose.ASSERTION, notice.started_at)
    if key is None:
        return False
    return (await offload(verify_notice, notice, method=MethodId(method), key=key)).ok


async def authority_of(institutions: Institutions, receipt: RootDidReceipt) -> Authority | None:
    """Whose signature may stand in place of a lost key: the provider's that registered the DID."""
    provider = await institutions.by_did(receipt.issuer)
    if provider is None or PROVIDER not in provider.roles:
        return None

    def key_at(method: MethodId, at: datetime) -> VerificationKey | None:
        return provider.key_for(method, Purpose.AUTHENTICATION, at)

    return Authority(did=receipt.issuer, key_at=key_at)


async def vouched_for(institutions: Institutions, receipt: RootDidReceipt) -> bool:
    """Whether a registered identity provider signed the receipt, with a key of its of that day."""
    provider = await institutions.by_did(receipt.issuer)
    method = proofs.method_by(receipt.raw, receipt.issuer)
    if provider is None or PROVIDER not in provider.roles or method is None:
        return False
    key = provider.key_for(method, Purpose.ASSERTION, receipt.registered_at)
    if key is None:
        return False
    outcome = await offload(verify_receipt, receipt, method=MethodId(method), key=key)
    return outcome.ok
