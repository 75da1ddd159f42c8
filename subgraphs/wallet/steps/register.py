"""Register the root DID: once for a person, and once for an account.

Laws: the identity provider alone says which DID a person has; the wallet checks the provider's
signatures before it keeps anything; no registration without every step of proofing passed for this
very payload, her own will among them, nor without the texts that belong before it; a crash after
the provider's answer heals, because the same request again finds the same DID and the wallet then
takes it over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from subgraphs.kit.agreements import AgreementStage, Template
from subgraphs.kit.errors import Busy, Invalid, Refusal, SignatureRefused
from subgraphs.kit.idempotent import Call
from subgraphs.kit.identity import Application, Registration
from subgraphs.kit.ids import HolderId
from subgraphs.kit.matching import PROVIDER, proofed_by, vouched_for
from subgraphs.kit.mongo import DuplicateKeyError, Session
from subgraphs.kit.offload import offload
from subgraphs.kit.viewer import Viewer
from subgraphs.vc.encoding import sm3_hash, to_base64url
from subgraphs.vc.errors import BadKey, VcError
from subgraphs.vc.face import FaceAssertion, face_refusal
from subgraphs.vc.multikey import encode_key
from subgraphs.vc.proofing import Proofing
from subgraphs.vc.receipt import RootDidReceipt
from subgraphs.vc.registration import Registration as Checked
from subgraphs.vc.registration import check_registration
from subgraphs.vc.strict_json import JsonObject
from subgraphs.wallet import outgoing
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.records import RootDid
from subgraphs.wallet.states import RootDidState
from subgraphs.wallet.steps.agree import keep, require_named, rows_of
from subgraphs.wallet.steps.refuse import as_refusal


class AlreadyRegistered(Refusal):
    """The person has a root DID. `receipt` only where it is this account's own."""

    code = "ROOT_DID_ALREADY_EXISTS"

    def __init__(self, did: str, receipt: JsonObject | None) -> None:
        super().__init__("this person has a root DID already, and there is never a second")
        self.did, self.receipt = did, receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A registration as the holder's software prepared and signed it."""

    identity_document: str
    public_key_multibase: str
    payload: bytes
    proof_of_possession: str
    face_assertion: FaceAssertion

    def application(self) -> Application:
        """The same as the identity provider takes it."""
        return Application(
            identity_document=self.identity_document,
            public_key_multibase=self.public_key_multibase,
            proof_of_possession=self.proof_of_possession,
            payload=self.payload,
            face_assertion=self.face_assertion.as_json(),
        )

    def as_evidence(self) -> JsonObject:
        """What shows that the key agreed to the texts that its payload names."""
        return {
            "type": "RootDidRegistration",
            "payload": to_base64url(self.payload),
            "publicKeyMultibase": self.public_key_multibase,
            "proofOfPossession": self.proof_of_possession,
            "faceAssertion": self.face_assertion.as_json(),
        }


async def register_root_did(
    parts: Parts, viewer: Viewer, asked: Asked, *, client_id: str | None
) -> RootDid:
    """The new root DID; AlreadyRegistered when account or person have one."""
    holder = viewer.require_holder()
    receipt, registration, texts = None, None, list[Template]()
    if await parts.store.root_did(holder) is None:
        checked = await offload(_check, asked, parts.clock())
        texts = require_named(parts, AgreementStage.ROOT_DID, checked.agreed)
        registration = await parts.identity.register(asked.application())
        receipt = await _vouched(parts, registration.receipt)
        await require_proofed(parts, registration.proofing, checked.did, asked)
        await _refuse_anothers(parts, holder, asked, registration)

    async def work(session: Session) -> dict[str, str]:
        held = await parts.store.root_did(holder, session=session)
        if held is not None or receipt is None or registration is None:
            raise _already(held)
        now, proofing = parts.clock(), registration.proofing
        row = RootDid(
            holder=holder,
            did=receipt.did,
            state=RootDidState.ACTIVE,
            receipt=receipt.raw,
            registered_at=now.replace(microsecond=0),
            proofing=proofing.raw,
        )
        await parts.store.add_root_did(row, session)
        await keep(parts, rows_of(parts, holder, texts, asked.as_evidence()), session)
        steps = outgoing.identity_proofed(holder, proofing, now)
        await parts.outbox.put(session, *steps, outgoing.root_did_registered(row, receipt))
        return {"holder": holder}

    facts = [asked.identity_document, asked.public_key_multibase]
    call = Call.of(viewer, "registerRootDid", client_id, facts)
    try:
        await parts.idempotent.once(call, work)
    except DuplicateKeyError:
        raise _already(await parts.store.root_did(holder), receipt) from None
    return await _held(parts, holder)


def _check(asked: Asked, now: datetime) -> Checked:
    """The key signed for this identity, and somebody looked into the camera for it."""
    try:
        checked = check_registration(
            asked.payload,
            public_key_multibase=asked.public_key_multibase,
            proof_of_possession=asked.proof_of_possession,
            identity_document=asked.identity_document,
            now=now,
        )
    except BadKey as fault:
        if fault.place == "/proofOfPossession":
            raise SignatureRefused("the key did not sign the payload") from fault
        raise as_refusal(fault) from fault
    except VcError as fault:
        raise as_refusal(fault) from fault
    require_face(asked, now)
    return checked


def require_face(asked: Asked, now: datetime) -> None:
    """Refused unless somebody looked into the camera for this very payload, just now."""
    refusal = face_refusal(asked.face_assertion, asked.payload, now)
    if refusal is not None:
        raise SignatureRefused("the face assertion does not stand for this", code=refusal.value)


async def _vouched(parts: Parts, receipt: RootDidReceipt) -> RootDidReceipt:
    provider = await parts.institutions.by_did(receipt.issuer)
    if provider is None or PROVIDER not in provider.roles:
        raise Busy("the identity provider is not on the register yet", code="PROVIDER_UNKNOWN")
    if not await vouched_for(parts.institutions, receipt):
        raise Busy("the identity provider's receipt does not hold", code="RECEIPT_INVALID")
    return receipt


async def require_proofed(parts: Parts, proofing: Proofing, did: str, asked: Asked) -> None:
    """Refused unless the provider's proofing is whole, and of this payload and this DID."""
    if proofing.missing:
        steps = ", ".join(proofing.missing)
        raise Invalid(f"not passed: {steps}", field="", code="PROOFING_INCOMPLETE")
    bound = (proofing.did, proofing.payload_digest) == (did, sm3_hash(asked.payload))
    if not bound or not await proofed_by(parts.institutions, proofing, parts.clock()):
        raise Busy("the identity provider's proofing does not hold", code="PROOFING_INVALID")


async def _refuse_anothers(
    parts: Parts, holder: HolderId, asked: Asked, registration: Registration
) -> None:
    """A DID found, not made: taken over only when it stands on the very key that asked now, and no
    account has it (the wallet ended between the provider's answer and its own write)."""
    if registration.created:
        return
    receipt = registration.receipt
    owner = await parts.store.holder_of(receipt.did)
    if owner is not None:
        raise AlreadyRegistered(receipt.did, receipt.raw if owner.holder == holder else None)
    keys = {encode_key(key) for key in receipt.document.keys.values()}
    if asked.public_key_multibase not in keys:
        raise AlreadyRegistered(receipt.did, None)


def _already(held: RootDid | None, receipt: RootDidReceipt | None = None) -> Refusal:
    if held is not None:
        return AlreadyRegistered(held.did, held.receipt)
    if receipt is not None:
        return AlreadyRegistered(receipt.did, None)
    return Busy("the registration was taken back meanwhile")


async def _held(parts: Parts, holder: HolderId) -> RootDid:
    row = await parts.store.root_did(holder)
    if row is None:
        raise Invalid("no root DID", field="", code="ROOT_DID_MISSING")
    return row
