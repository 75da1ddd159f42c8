"""The holder agrees to the texts of a stage, before the stage (R10).

Laws: what is signed names each text by its digest and version; a version is signed once; a newer
version in force counts as not signed, so it is asked for again. The texts of the root DID's own
stage are bound by the registration itself, which the new key signs; a newer version of them is
asked for with the next stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from subgraphs.kit.agreements import (
    AgreementsMissing,
    AgreementStage,
    Template,
    asked_before,
    in_force,
)
from subgraphs.kit.errors import Busy, Invalid
from subgraphs.kit.idempotent import Call
from subgraphs.kit.ids import HolderId
from subgraphs.kit.mongo import DuplicateKeyError, Session
from subgraphs.kit.prepared import PreparedRow
from subgraphs.kit.viewer import Viewer
from subgraphs.rules.calendar import day_of
from subgraphs.vc.consent import CONTEXT
from subgraphs.vc.encoding import Hash, to_time
from subgraphs.vc.strict_json import JsonObject, JsonValue
from subgraphs.wallet import outgoing
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.records import SignedAgreement
from subgraphs.wallet.steps.signed import Submitted, prepare_document, root_of, signed_document

AGREE: Final = "agreements"
TYPE: Final = "AgreementAcceptance"


async def require_agreed(parts: Parts, holder: HolderId, stage: AgreementStage) -> None:
    """AgreementsMissing unless every text of the stage, and of the root DID's, is agreed to."""
    missing = await _missing(parts, holder, stage)
    if missing:
        raise AgreementsMissing(missing)


def require_named(parts: Parts, stage: AgreementStage, agreed: Sequence[Hash]) -> list[Template]:
    """The texts of a stage, each of which these digests name; AgreementsMissing otherwise."""
    asked = in_force(stage, on=day_of(parts.clock()), among=parts.terms.agreements)
    missing = [one for one in asked if one.digest not in agreed]
    if missing:
        raise AgreementsMissing(missing)
    return asked


async def prepare_agreements(parts: Parts, viewer: Viewer, stage: AgreementStage) -> PreparedRow:
    """What is still to be agreed to before a stage, in one document to sign."""
    root = await root_of(parts, viewer.require_holder())
    missing = await _missing(parts, root.holder, stage)
    if not missing:
        raise Invalid("all of them are signed", field="stage", code="AGREEMENTS_ALREADY_SIGNED")
    texts: list[JsonValue] = [_named(one) for one in missing]
    document: JsonObject = {
        "@context": [CONTEXT],
        "type": TYPE,
        "holder": root.did,
        "agreements": texts,
        "agreedAt": to_time(parts.clock()),
    }
    facts = {"texts": [one.key for one in missing]}
    return await prepare_document(parts, root, AGREE, document, facts)


async def sign_agreements(
    parts: Parts, viewer: Viewer, given: Submitted, *, client_id: str | None
) -> list[SignedAgreement]:
    """All that she agreed to so far, these included; each told to the log."""
    holder = viewer.require_holder()
    root = await root_of(parts, holder)

    async def work(session: Session) -> dict[str, str]:
        now = parts.clock()
        signed = await signed_document(parts, root, given, session, now)
        wanted = set(signed.facts["texts"])
        texts = [one for one in parts.terms.agreements if one.key in wanted]
        held = await parts.store.agreements(holder, session=session)
        new = _unsigned(texts, held)
        await keep(parts, rows_of(parts, holder, new, signed.document), session)
        return {"holder": holder}

    call = Call.of(viewer, "signAgreements", client_id, [given.prepared_id])
    try:
        await parts.idempotent.once(call, work)
    except DuplicateKeyError:
        raise Busy("they were signed meanwhile") from None
    return await parts.store.agreements(holder)


async def keep(parts: Parts, rows: Sequence[SignedAgreement], session: Session) -> None:
    """Keep what was agreed to and tell the log, one event a text."""
    await parts.store.add_agreements(rows, session)
    for row in rows:
        await parts.outbox.put(session, outgoing.agreement_signed(row))


def rows_of(
    parts: Parts, holder: HolderId, texts: Sequence[Template], document: JsonObject
) -> list[SignedAgreement]:
    """One row a text, all of the same signed document."""
    now = parts.clock()
    return [
        SignedAgreement(
            holder=holder,
            stage=one.stage,
            kind=one.kind,
            version=one.version,
            text_digest=one.digest,
            document=document,
            signed_at=now,
        )
        for one in texts
    ]


async def _missing(parts: Parts, holder: HolderId, stage: AgreementStage) -> list[Template]:
    on, among = day_of(parts.clock()), parts.terms.agreements
    return _unsigned(asked_before(stage, on=on, among=among), await parts.store.agreements(holder))


def _unsigned(texts: Sequence[Template], held: Sequence[SignedAgreement]) -> list[Template]:
    signed = {(row.stage, row.kind, row.version, row.text_digest) for row in held}
    return [one for one in texts if (one.stage, one.kind, one.version, one.digest) not in signed]


def _named(one: Template) -> JsonObject:
    return {
        "stage": one.stage.value,
        "kind": one.kind.value,
        "version": one.version,
        "textDigest": one.digest,
    }
