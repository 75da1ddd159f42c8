"""From request to offer: compile from the institution's own records, sign, or refuse."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ledger_adapter.crypto.multikey import multibase58
from subgraphs.issuer import lifecycle
from subgraphs.issuer.desk.change import for_desk, move
from subgraphs.issuer.desk.customer import tag_key_of
from subgraphs.issuer.desk.keys import signing_key
from subgraphs.issuer.parts import Parts
from subgraphs.issuer.ports import Places, Statement
from subgraphs.issuer.records import Credential, Draft, Offer
from subgraphs.issuer.tagging import tagged
from subgraphs.kit.errors import Busy, Invalid
from subgraphs.kit.idempotent import Call
from subgraphs.kit.ids import CredentialId, InstitutionId
from subgraphs.kit.mongo import DuplicateKeyError, Session
from subgraphs.kit.offload import offload
from subgraphs.kit.statuses import Place
from subgraphs.kit.viewer import Viewer
from subgraphs.kit.vocabulary import CredentialState as State
from subgraphs.vc import model
from subgraphs.vc.asset_proof import AssetCategory, AssetProof
from subgraphs.vc.consent import CODE
from subgraphs.vc.did import institution_did, parse_did
from subgraphs.vc.disclosure import Concealed
from subgraphs.vc.encoding import Hash
from subgraphs.vc.guard import GuardFacts
from subgraphs.vc.proofs import ProofOptions, Purpose, attach, prepare
from subgraphs.vc.status_list import LEAST_ENTRIES, StatusEntry

_DRAWS: Final = 16


async def compile_draft(
    parts: Parts, viewer: Viewer, *, credential: str, client_id: str | None
) -> CredentialId:
    """Snapshot the positions of the categories asked for; REQUESTED becomes DRAFT."""
    call = Call.of(viewer, "compileCredentialDraft", client_id, [credential])
    if (known := await parts.idempotent.recall(call)) is not None:
        return CredentialId(known["credential"])
    asked = await for_desk(parts, viewer, credential)
    await parts.institutions.acting(asked.issuer, "ISSUER", parts.clock())
    # the core system is asked outside the transaction: it may be slow, and it is not ours
    statement = await parts.core_system.statement(asked.issuer, asked.account_no)
    guard = await _guard(parts, asked, statement)

    async def work(session: Session) -> dict[str, str]:
        row = await for_desk(parts, viewer, credential, session)
        lifecycle.step(row.state, State.DRAFT)
        await move(parts, row, State.DRAFT, session, draft=_draft(row, statement, guard))
        return {"credential": row.id}

    return CredentialId((await parts.idempotent.once(call, work))["credential"])


async def issue(
    parts: Parts, viewer: Viewer, *, credential: str, client_id: str | None
) -> CredentialId:
    """Sign with the institution's own key; DRAFT becomes OFFERED, waiting for the holder."""
    call = Call.of(viewer, "issueCredential", client_id, [credential])
    if (known := await parts.idempotent.recall(call)) is not None:
        return CredentialId(known["credential"])
    row = await for_desk(parts, viewer, credential)
    await parts.institutions.acting(row.issuer, "ISSUER", parts.clock())
    signed = await _offer(parts, row) if row.state is State.DRAFT else None

    async def work(session: Session) -> dict[str, str]:
        now = await for_desk(parts, viewer, credential, session)
        offer = signed if now.version == row.version else None
        lifecycle.step(now.state, State.OFFERED)
        await move(parts, now, State.OFFERED, session, offer=offer or await _offer(parts, now))
        return {"credential": now.id}

    try:
        return CredentialId((await parts.idempotent.once(call, work))["credential"])
    except DuplicateKeyError:
        raise Busy("its place on the status list was taken meanwhile") from None


async def reject(
    parts: Parts, viewer: Viewer, *, credential: str, reason_code: str, client_id: str | None
) -> CredentialId:
    """Refuse a request that is not offered yet."""
    reason = checked_reason(reason_code)
    call = Call.of(viewer, "rejectCredentialRequest", client_id, [credential, reason])

    async def work(session: Session) -> dict[str, str]:
        row = await for_desk(parts, viewer, credential, session)
        await move(parts, row, State.REJECTED, session, reason_code=reason)
        return {"credential": row.id}

    return CredentialId((await parts.idempotent.once(call, work))["credential"])


def checked_reason(text: str) -> str:
    if not CODE.fullmatch(text):
        raise Invalid("a reason is a code in capitals", field="reasonCode")
    return text


async def _guard(parts: Parts, row: Credential, statement: Statement | None) -> GuardFacts | None:
    """The tags of what the books say; None for a core system that tells no books."""
    if statement is None or statement.books is None:
        return None
    return tagged(
        statement.books,
        frozenset(AssetCategory(one) for one in row.categories),
        key=await tag_key_of(parts, row),
        issuer=row.issuer,
        account_no=row.account_no,
    )


def _draft(row: Credential, statement: Statement | None, guard: GuardFacts | None) -> Draft:
    lines = tuple(
        line
        for line in (statement.lines if statement else ())
        if line.category.value in row.categories
    )
    if statement is None or not lines:
        raise Invalid(
            "the account holds nothing of the categories asked for",
            field="credentialId",
            code="POSITIONS_MISSING",
        )
    return Draft(
        system=statement.system,
        snapshot_at=statement.snapshot_at,
        as_of=statement.as_of,
        lines=lines,
        in_transit=statement.in_transit,
        trading_experience=statement.trading_experience,
        guard=guard,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """The unsigned body with its hash; building it is CPU work and runs off the loop."""

    concealed: Concealed
    vc_hash: Hash


async def _offer(parts: Parts, row: Credential) -> Offer:
    now = parts.clock().replace(microsecond=0)
    place = await free_place(parts.store, row.issuer)
    status = place.entries(parts.status_base, row.issuer)
    proof = replace(_proof(row, now, status), schema_base=parts.schema_base)
    body = await offload(_body, proof)
    key = await signing_key(parts, row.issuer)
    options = ProofOptions(verification_method=key.method, purpose=Purpose.ASSERTION, created=now)
    prepared = prepare(body.concealed.document, options)
    signature = await parts.keys.sign(row.issuer, key.id, prepared.payload)
    return Offer(
        credential_no=proof.credential_no,
        valid_from=proof.valid_from,
        valid_until=proof.valid_until,
        offered_until=now + lifecycle.OFFER_LASTS,
        issued_at=now,
        vc_hash=body.vc_hash,
        document=attach(body.concealed.document, prepared, signature),
        disclosures=tuple(one.encoded for one in body.concealed.disclosures),
        issuer_signature=multibase58(signature),
        place=place,
    )


async def free_place(store: Places, issuer: InstitutionId) -> Place:
    """A place by chance on the newest list, so that neighbours tell nothing; a full one is left."""
    number = await store.newest_list(issuer)
    while True:
        drawn = [secrets.randbelow(LEAST_ENTRIES) for _ in range(_DRAWS)]
        taken = await store.taken(issuer, number, drawn)
        free = next((index for index in drawn if index not in taken), None)
        if free is not None:
            return Place(number=number, index=free)
        number += 1


def _proof(row: Credential, now: datetime, status: tuple[StatusEntry, ...]) -> AssetProof:
    if row.draft is None:
        raise TypeError(f"{row.id} in {row.state.value} carries no draft")
    return AssetProof(
        credential_id=row.id,
        credential_no=f"AP-{now:%Y%m%d}-{row.id[-10:]}",
        issuer=institution_did(row.issuer),
        subject=parse_did(row.did),
        as_of=row.draft.as_of,
        valid_from=now,
        valid_until=now + lifecycle.VALID_FOR,
        lines=row.draft.lines,
        in_transit=row.draft.in_transit,
        trading_experience=row.draft.trading_experience,
        guard=row.draft.guard,
        schema=row.draft.schema,
        status=status,
    )


def _body(proof: AssetProof) -> _Body:
    concealed = model.build(proof, seed=secrets.token_bytes(32), salts=_salt)
    return _Body(concealed=concealed, vc_hash=model.vc_hash(concealed.document))


def _salt() -> bytes:
    return secrets.token_bytes(16)
