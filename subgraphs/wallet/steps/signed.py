"""What a holder signs here: a readable document prepared, and taken back with her proof on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from subgraphs.kit.errors import Invalid
from subgraphs.kit.ids import HolderId
from subgraphs.kit.mongo import Session
from subgraphs.kit.prepared import PreparedRow
from subgraphs.kit.signing import HolderSignatureInput, checked_signature, held_key
from subgraphs.vc import proofs
from subgraphs.vc.proofs import PreparedProof, ProofOptions, Purpose
from subgraphs.vc.strict_json import JsonObject
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.records import RootDid


@dataclass(frozen=True, slots=True)
class Submitted:
    """A prepared payload, what it was prepared for, and the holder's signature over it."""

    prepared_id: str
    purpose: str
    signature: HolderSignatureInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A prepared document with the holder's proof on it."""

    document: JsonObject
    facts: dict[str, Any]


def closed() -> Invalid:
    return Invalid("this wallet is closed", field="", code="WALLET_CLOSED")


async def refuse_closed(parts: Parts, holder: HolderId, session: Session | None = None) -> None:
    """Invalid once the holder has left."""
    if await parts.copies.closure(holder, session=session) is not None:
        raise closed()


async def root_of(parts: Parts, holder: HolderId) -> RootDid:
    row = await parts.store.root_did(holder)
    if row is None:
        raise Invalid("register a root DID first", field="", code="ROOT_DID_MISSING")
    return row


async def prepare_document(
    parts: Parts, root: RootDid, purpose: str, document: JsonObject, facts: dict[str, Any]
) -> PreparedRow:
    await refuse_closed(parts, root.holder)
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


async def read_signed(parts: Parts, root: RootDid, submitted: Submitted, now: datetime) -> Signed:
    """What `signed_document` would take, looked at and not used up: before anybody else is told."""
    await refuse_closed(parts, root.holder)
    row = await parts.prepared.find(
        submitted.prepared_id, holder=root.holder, purpose=submitted.purpose, now=now
    )
    return await _signed(root, submitted, row, now)


async def signed_document(
    parts: Parts, root: RootDid, submitted: Submitted, session: Session, now: datetime
) -> Signed:
    await parts.store.act(root.holder, session)
    await refuse_closed(parts, root.holder, session)
    row = await parts.prepared.use(
        session,
        submitted.prepared_id,
        holder=root.holder,
        purpose=submitted.purpose,
        now=now,
    )
    return await _signed(root, submitted, row, now)


async def _signed(root: RootDid, submitted: Submitted, row: PreparedRow, now: datetime) -> Signed:
    raw = await checked_signature(
        submitted.signature, payload=row.to_sign, held=held_key(root.history), now=now
    )
    payload = cast("dict[str, JsonObject]", row.payload)
    ready = PreparedProof(config=payload["proofConfig"], payload=row.to_sign)
    return Signed(document=proofs.attach(payload["document"], ready, raw), facts=dict(row.facts))
