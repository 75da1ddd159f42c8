"""Consents: prepared here, signed by the holder elsewhere, kept and withdrawn here."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from subgraphs.kit.agreements import AgreementStage
from subgraphs.kit.errors import Busy, NotFound
from subgraphs.kit.idempotent import Call
from subgraphs.kit.ids import CredentialId, HolderId, InstitutionId
from subgraphs.kit.mongo import Session
from subgraphs.kit.prepared import PreparedRow
from subgraphs.kit.signing import HolderSignatureInput
from subgraphs.kit.viewer import Viewer
from subgraphs.vc import consent as artefacts
from subgraphs.vc.encoding import to_time
from subgraphs.vc.model import URN
from subgraphs.vc.money import format_amount
from subgraphs.vc.strict_json import JsonObject
from subgraphs.wallet import lifecycle, outgoing
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.records import Consent, ConsentId, CustodyId
from subgraphs.wallet.states import ConsentState
from subgraphs.wallet.steps.agree import require_agreed
from subgraphs.wallet.steps.erase import erase_now, give_up_copies
from subgraphs.wallet.steps.signed import (
    Signed,
    Submitted,
    prepare_document,
    root_of,
    signed_document,
)
from subgraphs.wallet.steps.terms import Wanted, consent_of

GRANT: Final = "consent"
WITHDRAW: Final = "consent-withdrawal"
WITHDRAWAL_TYPE: Final = "ConsentWithdrawal"


async def prepare_consent(parts: Parts, viewer: Viewer, wanted: Wanted) -> PreparedRow:
    """The artefact to sign, kept for ten minutes; nothing is granted yet."""
    root = await root_of(parts, viewer.require_holder())
    consent = await consent_of(parts, root, wanted)
    await require_agreed(parts, root.holder, AgreementStage.USE)
    document = artefacts.build_consent(consent)
    facts = {"granted_to": wanted.granted_to}
    return await prepare_document(parts, root, GRANT, document, facts)


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
        signed = await signed_document(
            parts, root, Submitted(prepared_id, GRANT, signature), session, now
        )
        row = _row(holder, signed, now)
        await parts.store.add_consent(row, session)
        await parts.outbox.put(session, outgoing.consent_granted(row))
        return {"consent": row.id}

    call = Call.of(viewer, "grantConsent", client_id, [prepared_id])
    return ConsentId((await parts.idempotent.once(call, work))["consent"])


async def prepare_withdrawal(parts: Parts, viewer: Viewer, consent_id: str) -> PreparedRow:
    """The withdrawal to sign; refused for a consent that is over and lets nothing be watched."""
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
    return await prepare_document(parts, root, WITHDRAW, document, {"consent": row.id})


async def withdraw_consent(
    parts: Parts,
    viewer: Viewer,
    prepared_id: str,
    signature: HolderSignatureInput,
    *,
    client_id: str | None,
) -> ConsentId:
    """End the consent and tell the log; what rests on it ends where the log is followed.

    Copies in custody go in step: those of its credentials that no other consent lets be shown.
    """
    holder = viewer.require_holder()
    root = await root_of(parts, holder)
    gone: list[CustodyId] = []

    async def work(session: Session) -> dict[str, str]:
        now = parts.clock()
        submitted = Submitted(prepared_id, WITHDRAW, signature)
        signed = await signed_document(parts, root, submitted, session, now)
        held = await _own(parts, str(signed.facts["consent"]), holder, session)
        row = _withdrawn(held, now)
        if not await parts.store.replace_consent(row, session):
            raise Busy("the consent was changed meanwhile")
        await parts.outbox.put(session, outgoing.consent_withdrawn(row))
        gone[:] = await give_up_copies(parts, holder, row.credentials, session, unless_covered=True)
        return {"consent": row.id}

    call = Call.of(viewer, "withdrawConsent", client_id, [prepared_id])
    done = await parts.idempotent.once(call, work)
    await erase_now(parts, gone)
    return ConsentId(done["consent"])


async def _own(
    parts: Parts, consent_id: str, holder: HolderId, session: Session | None = None
) -> Consent:
    row = await parts.store.consent(consent_id, holder, session=session)
    if row is None:
        raise NotFound("consent", field="consentId")
    return row


def _row(holder: HolderId, signed: Signed, now: datetime) -> Consent:
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
        uses=consent.uses,
    )


def _withdrawn(row: Consent, now: datetime) -> Consent:
    present = lifecycle.consent_at(row.state, now, valid_until=row.valid_until)
    state = lifecycle.withdraw(present, now, watched_until=row.monitoring_until)
    return replace(row, state=state, withdrawn_at=now, version=row.version + 1)
