"""The holder asks for a credential: prepare answers what she signs, submit keeps the request."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from subgraphs.issuer import outgoing
from subgraphs.issuer.desk.admission import check_admission, take_place
from subgraphs.issuer.desk.change import for_holder, move
from subgraphs.issuer.desk.customer import current_key, shown_versions
from subgraphs.issuer.parts import Parts
from subgraphs.issuer.records import Binding, Credential, Json
from subgraphs.kit.agreements import AgreementStage
from subgraphs.kit.errors import Invalid, NotFound
from subgraphs.kit.idempotent import Call
from subgraphs.kit.ids import CredentialId, HolderId, InstitutionId, new_id
from subgraphs.kit.institutions import ISSUING
from subgraphs.kit.mongo import Session
from subgraphs.kit.prepared import PreparedRow
from subgraphs.kit.signing import HolderSignatureInput, checked_signature
from subgraphs.kit.viewer import Viewer
from subgraphs.kit.vocabulary import AssetCategory, CredentialState, member
from subgraphs.vc.consent import CODE
from subgraphs.vc.encoding import to_base64url, to_time
from subgraphs.vc.proofs import PreparedProof, ProofOptions, Purpose, attach, prepare

PURPOSE: Final = "CREDENTIAL_REQUEST"
MOST_CATEGORIES: Final = len(AssetCategory)


async def prepare_request(
    parts: Parts,
    viewer: Viewer,
    *,
    issuer: str,
    categories: Sequence[str],
    purpose: str,
    did_versions: object = None,
) -> PreparedRow:
    """What the holder signs to ask one issuer; only a matched customer of that issuer may ask.

    AgreementsMissing unless she has agreed to the texts of the stage (R10).
    """
    holder = viewer.require_holder()
    asked = _categories(categories)
    if CODE.fullmatch(purpose) is None:
        raise Invalid("a purpose is a code in capitals", field="purpose")
    now = parts.clock()
    binding = await _customer(parts, await _issuer(parts, issuer, now), holder)
    await check_admission(parts, holder, now)
    await parts.agreed.require(holder, AgreementStage.ISSUANCE, now)
    held = await current_key(parts, await shown_versions(parts, binding, did_versions))
    document: Json = {
        "type": "CredentialRequest",
        "issuer": binding.institution,
        "holder": holder,
        "did": binding.did,
        "categories": asked,
        "purpose": purpose,
        "nonce": to_base64url(secrets.token_bytes(16)),
        "createdAt": to_time(now),
    }
    options = ProofOptions(verification_method=held.method, purpose=Purpose.ASSERTION, created=now)
    proof = prepare(document, options)
    return await parts.prepared.put(
        holder=holder,
        purpose=PURPOSE,
        payload={"document": document, "proofConfig": proof.config},
        to_sign=proof.payload,
        now=now,
    )


async def submit_request(
    parts: Parts,
    viewer: Viewer,
    *,
    prepared: str,
    signature: HolderSignatureInput,
    client_id: str | None,
) -> CredentialId:
    """Keep the signed request as a credential in REQUESTED."""
    holder = viewer.require_holder()
    call = Call.of(viewer, "requestCredential", client_id, [prepared, signature.value])

    async def work(session: Session) -> dict[str, str]:
        now = parts.clock()
        row = await parts.prepared.use(session, prepared, holder=holder, purpose=PURPOSE, now=now)
        document = row.payload["document"]
        binding = await _customer(parts, await _issuer(parts, document["issuer"], now), holder)
        raw = await checked_signature(
            signature, payload=row.to_sign, held=await current_key(parts, binding), now=now
        )
        await take_place(parts, holder, now, session)
        credential = _requested(signed_document(row, document, raw), binding, now)
        await parts.store.insert(credential, session)
        await parts.outbox.put(session, outgoing.moved(credential, now))
        return {"credential": credential.id}

    return CredentialId((await parts.idempotent.once(call, work))["credential"])


async def withdraw_request(
    parts: Parts, viewer: Viewer, *, credential: str, client_id: str | None
) -> CredentialId:
    """The holder steps back before she has countersigned."""
    call = Call.of(viewer, "withdrawCredentialRequest", client_id, [credential])

    async def work(session: Session) -> dict[str, str]:
        row = await for_holder(parts, viewer, credential, session)
        await move(parts, row, CredentialState.WITHDRAWN, session)
        return {"credential": row.id}

    return CredentialId((await parts.idempotent.once(call, work))["credential"])


async def _issuer(parts: Parts, issuer: str, now: datetime) -> InstitutionId:
    row = await parts.institutions.get(InstitutionId(issuer))
    if row is None or "ISSUER" not in row.roles:
        raise NotFound("issuer", field="issuerId")
    row.begins(ISSUING)
    if (lacks := row.lacks("ISSUER", now)) is not None:
        raise Invalid("the institution does not issue now", field="issuerId", code=lacks)
    return row.id


async def _customer(parts: Parts, issuer: InstitutionId, holder: HolderId) -> Binding:
    binding = await parts.store.binding_of_holder(issuer, holder)
    if binding is None:
        raise Invalid(
            "the issuer has not matched a customer account to this root DID",
            field="issuerId",
            code="ROOT_DID_NOT_MATCHED",
        )
    return binding


def _categories(texts: Sequence[str]) -> list[str]:
    if not 0 < len(texts) <= MOST_CATEGORIES:
        raise Invalid(f"1 to {MOST_CATEGORIES} categories", field="categories")
    named = [
        member(AssetCategory, text, field=f"categories[{at}]", code="CATEGORY_UNKNOWN")
        for at, text in enumerate(texts)
    ]
    if len(set(named)) != len(named):
        raise Invalid("one category twice", field="categories")
    return [category.value for category in named]


def signed_document(row: PreparedRow, document: Json, raw: bytes) -> Json:
    """The prepared document with the holder's proof attached."""
    proof = PreparedProof(config=dict(row.payload["proofConfig"]), payload=row.to_sign)
    return attach(document, proof, raw)


def _requested(request: Json, binding: Binding, now: datetime) -> Credential:
    return Credential(
        id=CredentialId(new_id("cred")),
        version=1,
        state=CredentialState.REQUESTED,
        issuer=binding.institution,
        holder=binding.holder,
        did=binding.did,
        account_no=binding.account_no,
        categories=tuple(request["categories"]),
        purpose=request["purpose"],
        request=request,
        requested_at=now,
    )
