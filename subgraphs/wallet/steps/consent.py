"""Consents: prepared here, signed by the holder elsewhere, kept and withdrawn here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, cast

from subgraphs.kit.errors import Busy, Invalid, NotFound
from subgraphs.kit.idempotent import Call
from subgraphs.kit.ids import CredentialId, HolderId, InstitutionId
from subgraphs.kit.mongo import Session
from subgraphs.kit.prepared import PreparedRow
from subgraphs.kit.signing import HolderSignatureInput, checked_signature, held_key
from subgraphs.kit.viewer import Viewer
from subgraphs.vc import consent as artefacts
from subgraphs.vc import proofs
from subgraphs.vc.encoding import to_time
from subgraphs.vc.model import URN
from subgraphs.vc.money import format_amount
from subgraphs.vc.proofs import PreparedProof, ProofOptions, Purpose
from subgraphs.vc.strict_json import JsonObject
from subgraphs.wallet import lifecycle, outgoing
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.records import Consent, ConsentId, RootDid
from subgraphs.wallet.states import ConsentState
from subgraphs.wallet.steps.terms import Wanted, consent_of

GRANT: Final = "consent"
WITHDRAW: Final = "consent-withdrawal"
WITHDRAWAL_TYPE: Final = "ConsentWithdrawal"


async def prepare_consent(parts: Parts, viewer: Viewer, wanted: Wanted) -> PreparedRow:
    """The artefact to sign, kept for ten minutes; nothing is granted yet."""
    root = await root_of(parts, viewer.require_holder())
    consent = await consent_of(parts, root, wanted)
    document = artefacts.build_consent(consent)
    facts = {"granted_to": wanted.granted_to}
    return await _prepare(parts, root, GRANT, document, facts)


async def grant_consent(
    parts: Parts,
    viewer: Viewer,
    prepared_id: str,
    signature: HolderSignatureInput,
    *,
    client_id: str | None,
) -> ConsentId:
    """Keep the signed artefact and tell the log."""
    holder = viewer.require_holder()
    root = await root_of(parts, holder)

    async def work(session: Session) -> dict[str, str]:
        now = parts.clock()
        signed = await _signed(parts, root, Submitted(prepared_id, GRANT, signature), session, now)
        row = _row(holder, signed, now)
        await parts.store.add_consent(row, session)
        await parts.outbox.put(session, outgoing.consent_granted(row))
        return {"consent": row.id}

    call = Call.of(viewer, "grantConsent", client_id, [prepared_id])
    return ConsentId((await parts.idempotent.once(call, work))["consent"])


async def prepare_withdrawal(parts: Parts, viewer: Viewer, consent_id: str) -> PreparedRow:
    """The withdrawal to sign; refused for a consent that is over already."""
    holder = viewer.require_holder()
    root = await root_of(parts, holder)
    now = parts.clock()
    row = _withdrawn(await _own(parts, consent_id, holder), now)
    document: JsonObject = {
        "@context": [artefacts.CONTEXT],
        "type": WITHDRAWAL_TYPE,
        "consent": f"{URN}{row.id}",
        "consentDigest": row.digest,
        "holder": root.did,
        "withdrawnAt": to_time(now),
    }
    return await _prepare(parts, root, WITHDRAW, document, {"consent": row.id})


async def withdraw_consent(
    parts: Parts,
    viewer: Viewer,
    prepared_id: str,
    signature: HolderSignatureInput,
    *,
    client_id: str | None,
) -> ConsentId:
    """End the consent and tell the log; what rests on it ends where the log is followed."""
    holder = viewer.require_holder()
    root = await root_of(parts, holder)

    async def work(session: Session) -> dict[str, str]:
        now = parts.clock()
        submitted = Submitted(prepared_id, WITHDRAW, signature)
        signed = await _signed(parts, root, submitted, session, now)
        held = await _own(parts, str(signed.facts["consent"]), holder, session)
        row = _withdrawn(held, now)
        if not await parts.store.replace_consent(row, session):
            raise Busy("the consent was changed meanwhile")
        await parts.outbox.put(session, outgoing.consent_withdrawn(row))
        return {"consent": row.id}

    call = Call.of(viewer, "withdrawConsent", client_id, [prepared_id])
    return ConsentId((await parts.idempotent.once(call, work))["consent"])


@dataclass(frozen=True, slots=True)
class Submitted:
    """A prepared payload, what it was prepared for, and the holder's signature over it."""

    prepared_id: str
    purpose: str
    signature: HolderSignatureInput


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signed:
    """A prepared document with the holder's proof on it."""

    document: JsonObject
    facts: dict[str, Any]


async def root_of(parts: Parts, holder: HolderId) -> RootDid:
    row = await parts.store.root_did(holder)
    if row is None:
        raise Invalid("register a root DID first", field="", code="ROOT_DID_MISSING")
    return row


async def _own(
    parts: Parts, consent_id: str, holder: HolderId, session: Session | None = None
) -> Consent:
    row = await parts.store.consent(consent_id, holder, session=session)
    if row is None:
        raise NotFound("consent", field="consentId")
    return row


async def _prepare(
    parts: Parts, root: RootDid, purpose: str, document: JsonObject, facts: dict[str, Any]
) -> PreparedRow:
    now = parts.clock()
    options = ProofOptions(
        verification_method=held_key(root.history).method, purpose=Purpose.ASSERTION, created=now
    )
    ready = proofs.prepare(document, options)
    return await parts.prepared.put(
        holder=root.holder,
        purpose=purpose,
        payload={"document": document, "proofConfig": ready.config},
        to_sign=ready.payload,
        now=now,
        facts=facts,
    )


async def _signed(
    parts: Parts, root: RootDid, submitted: Submitted, session: Session, now: datetime
) -> _Signed:
    row = await parts.prepared.use(
        session,
        submitted.prepared_id,
        holder=root.holder,
        purpose=submitted.purpose,
        now=now,
    )
    raw = await checked_signature(
        submitted.signature, payload=row.to_sign, held=held_key(root.history), now=now
    )
    payload = cast("dict[str, JsonObject]", row.payload)
    ready = PreparedProof(config=payload["proofConfig"], payload=row.to_sign)
    return _Signed(document=proofs.attach(payload["document"], ready, raw), facts=dict(row.facts))


def _row(holder: HolderId, signed: _Signed, now: datetime) -> Consent:
    consent = artefacts.read_consent(signed.document)
    bound = next(iter(consent.predicates), None)
    return Consent(
        id=ConsentId(consent.consent_id),
        holder=holder,
        granted_to=InstitutionId(str(signed.facts["granted_to"])),
        purpose=consent.purpose,
        claims=consent.claims,
        total_at_least=None if bound is None else format_amount(bound.amount),
        credentials=tuple(CredentialId(uri.removeprefix(URN)) for uri in consent.credentials),
        monitoring_until=consent.monitoring.until,
        valid_from=consent.valid_from,
        valid_until=consent.valid_until,
        state=ConsentState.GRANTED,
        document=signed.document,
        digest=artefacts.consent_digest(signed.document),
        granted_at=now,
    )


def _withdrawn(row: Consent, now: datetime) -> Consent:
    present = lifecycle.consent_at(row.state, now, valid_until=row.valid_until)
    state = lifecycle.consent_step(present, ConsentState.WITHDRAWN)
    return replace(row, state=state, withdrawn_at=now, version=row.version + 1)
