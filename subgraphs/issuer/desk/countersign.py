"""The holder's signature on the offer: two signatures make a credential ACTIVE (R21)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from subgraphs.issuer import lifecycle, outgoing
from subgraphs.issuer.desk.change import for_holder, move, state_now
from subgraphs.issuer.desk.customer import binding_of, current_key, shown_versions
from subgraphs.issuer.desk.request import signed_document
from subgraphs.issuer.parts import Parts
from subgraphs.issuer.records import Credential, Offer
from subgraphs.kit.errors import Busy
from subgraphs.kit.idempotent import Call
from subgraphs.kit.ids import CredentialId
from subgraphs.kit.mongo import Session
from subgraphs.kit.prepared import PreparedRow
from subgraphs.kit.signing import HolderSignatureInput, checked_signature
from subgraphs.kit.viewer import Viewer
from subgraphs.kit.vocabulary import CredentialState as State
from subgraphs.vc.proofs import ProofOptions, Purpose, prepare

PURPOSE: Final = "COUNTERSIGNATURE"


async def prepare_countersignature(
    parts: Parts, viewer: Viewer, *, credential: str, did_versions: object = None
) -> PreparedRow:
    """The offer in full with its disclosures, and the bytes of the holder's proof over it."""
    row = await for_holder(parts, viewer, credential)
    lifecycle.step(row.state, State.ACTIVE)
    offer = outgoing.offered(row)
    binding = await shown_versions(parts, await binding_of(parts, row), did_versions)
    held = await current_key(parts, binding)
    now = parts.clock().replace(microsecond=0)
    options = ProofOptions(
        verification_method=held.method,
        purpose=Purpose.ASSERTION,
        created=now,
    )
    proof = prepare(offer.document, options)
    payload = {
        "document": offer.document,
        "disclosures": list(offer.disclosures),
        "proofConfig": proof.config,
    }
    return await parts.prepared.put(
        holder=row.holder,
        purpose=PURPOSE,
        payload=payload,
        to_sign=proof.payload,
        now=now,
        facts={"credential": row.id, "version": row.version},
    )


async def countersign(
    parts: Parts,
    viewer: Viewer,
    *,
    prepared: str,
    signature: HolderSignatureInput,
    client_id: str | None,
) -> CredentialId:
    """OFFERED becomes ACTIVE with the holder's proof in the document's proof set."""
    holder = viewer.require_holder()
    call = Call.of(viewer, "countersignCredential", client_id, [prepared, signature.value])

    async def work(session: Session) -> dict[str, str]:
        now = parts.clock()
        taken = await parts.prepared.use(session, prepared, holder=holder, purpose=PURPOSE, now=now)
        row = await for_holder(parts, viewer, taken.facts["credential"], session)
        lifecycle.step(row.state, State.ACTIVE)
        await parts.institutions.acting(row.issuer, "ISSUER", now)
        if row.version != taken.facts["version"]:
            raise Busy("the offer changed since it was prepared")
        held = await current_key(parts, await binding_of(parts, row))
        raw = await checked_signature(signature, payload=taken.to_sign, held=held, now=now)
        signed = _signed(row, taken, raw, signature.value)
        due = now + parts.recheck.every
        former = await _superseded(parts, row, session)
        newest = former[-1] if former else None
        changed = {"offer": signed, "recheck_due": due, "supersedes": newest}
        await move(parts, row, State.ACTIVE, session, **changed)
        return {"credential": row.id}

    return CredentialId((await parts.idempotent.once(call, work))["credential"])


async def _superseded(parts: Parts, new: Credential, session: Session) -> list[CredentialId]:
    """End what the new credential takes the place of: former ones of the same account and schema
    that state nothing it does not state; in the same write, one event each."""
    over = []
    for row in await parts.store.in_force(new.issuer, new.holder, session):
        covered = set(row.categories) <= set(new.categories)
        if covered and state_now(parts, row) in lifecycle.LIVE:
            await move(parts, row, State.SUPERSEDED, session, superseded_by=new.id)
            over.append(row.id)
    return over


def _signed(row: Credential, taken: PreparedRow, raw: bytes, text: str) -> Offer:
    offer = outgoing.offered(row)
    document = signed_document(taken, offer.document, raw)
    return replace(offer, document=document, holder_signature=text)
