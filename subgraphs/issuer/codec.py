"""Rows to MongoDB documents and back; amounts as text, dates as ISO text."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from subgraphs.issuer.codec_guard import guard_document, guard_facts
from subgraphs.issuer.lifecycle import LIVE
from subgraphs.issuer.recheck import POLICY
from subgraphs.issuer.records import (
    Binding,
    Credential,
    Draft,
    Endorsement,
    InForce,
    Offer,
    Update,
)
from subgraphs.kit.mongo import Document
from subgraphs.kit.statuses import Place
from subgraphs.kit.vocabulary import CredentialState, EndorsementEffect
from subgraphs.vc.asset_proof import AssetCategory, AssetLine, TradingExperience
from subgraphs.vc.money import Fen, format_amount, parse_amount
from subgraphs.vc.tags import TagKey

IN_SHORT: Final = dict.fromkeys(
    ("version", "state", "issuer", "holder", "vc_hash", "offer.valid_until"), 1
)
NO_MORE_DUE: Final = dict.fromkeys(("due", "recheck_due", "recheck_at"), "")
"""What is taken from a row that is over."""


def credential_document(row: Credential) -> Document:
    """`due` is what the clock's job looks for: an offer's or a validity's end."""
    return {
        "_id": row.id,
        "version": row.version,
        "state": row.state.value,
        "issuer": row.issuer,
        "holder": row.holder,
        "did": row.did,
        "account_no": row.account_no,
        "categories": list(row.categories),
        "purpose": row.purpose,
        "request": row.request,
        "requested_at": row.requested_at,
        "reason_code": row.reason_code,
        "draft": _draft_document(row.draft) if row.draft else None,
        "offer": _offer_document(row.offer) if row.offer else None,
        **_optional(vc_hash=row.offer.vc_hash if row.offer else None, due=_due(row)),
        **_place_document(row.offer.place if row.offer else None),
        **_recheck_document(row),
        **_optional(supersedes=row.supersedes, superseded_by=row.superseded_by),
    }


def credential(found: Document) -> Credential:
    return Credential(
        id=found["_id"],
        version=found["version"],
        state=CredentialState(found["state"]),
        issuer=found["issuer"],
        holder=found["holder"],
        did=found["did"],
        account_no=found["account_no"],
        categories=tuple(found["categories"]),
        purpose=found["purpose"],
        request=found["request"],
        requested_at=found["requested_at"],
        reason_code=found["reason_code"],
        draft=_draft(found["draft"]) if found["draft"] else None,
        offer=_offer(found["offer"], _place(found)) if found["offer"] else None,
        rechecked_at=found.get("rechecked_at"),
        recheck_due=found.get("recheck_due"),
        told_total=_told(found),
        supersedes=found.get("supersedes"),
        superseded_by=found.get("superseded_by"),
    )


def _told(found: Document) -> Fen | None:
    """`told_low`, the low end of a band told of many at once, goes with the next whole write."""
    told = found.get("told_low") or found.get("told_total")
    return parse_amount(told) if told else None


def in_force(found: Document) -> InForce:
    return InForce(
        id=found["_id"],
        version=found["version"],
        state=CredentialState(found["state"]),
        issuer=found["issuer"],
        holder=found["holder"],
        vc_hash=found["vc_hash"],
        valid_until=found["offer"]["valid_until"],
    )


def endorsement_document(row: Endorsement) -> Document:
    return {
        "_id": row.id,
        "credential": row.credential,
        "issuer": row.issuer,
        "holder": row.holder,
        "effect": row.effect.value,
        "reason_code": row.reason_code,
        "new_total_band": row.new_total_band,
        "state": row.state.value,
        "at": row.at,
        "signature": row.signature,
    }


def endorsement(found: Document) -> Endorsement:
    return Endorsement(
        id=found["_id"],
        credential=found["credential"],
        issuer=found["issuer"],
        holder=found["holder"],
        effect=EndorsementEffect(found["effect"]),
        reason_code=found["reason_code"],
        new_total_band=found["new_total_band"],
        state=CredentialState(found["state"]),
        at=found["at"],
        signature=found["signature"],
    )


def binding_document(row: Binding) -> Document:
    return {
        "_id": row.id,
        "institution": row.institution,
        "account_no": row.account_no,
        "holder": row.holder,
        "did": row.did,
        "receipt": row.receipt,
        "matched_at": row.matched_at,
        "later": list(row.later),
        **({} if row.tag_key is None else {"tag_key": row.tag_key.hex()}),
    }


def binding(found: Document) -> Binding:
    return Binding(
        id=found["_id"],
        institution=found["institution"],
        account_no=found["account_no"],
        holder=found["holder"],
        did=found["did"],
        receipt=found["receipt"],
        matched_at=found["matched_at"],
        later=tuple(found.get("later", ())),
        tag_key=TagKey(bytes.fromhex(key)) if (key := found.get("tag_key")) else None,
    )


def update_document(row: Update) -> Document:
    return {
        "_id": row.position,
        "credential": row.credential,
        "issuer": row.issuer,
        "holder": row.holder,
        "kind": row.kind,
        "state": row.state.value,
        "at": row.at,
    }


def update(found: Document) -> Update:
    return Update(
        position=found["_id"],
        credential=found["credential"],
        issuer=found["issuer"],
        holder=found["holder"],
        kind=found["kind"],
        state=CredentialState(found["state"]),
        at=found["at"],
    )


def _due(row: Credential) -> object:
    if row.offer is None:
        return None
    match row.state:
        case CredentialState.OFFERED:
            return row.offer.offered_until
        case CredentialState.ACTIVE | CredentialState.SUSPENDED:
            return row.offer.valid_until
        case _:
            return None


def _recheck_document(row: Credential) -> Document:
    """`recheck_at` is what the job looks for; only what is in force is looked at."""
    told = None if row.told_total is None else format_amount(row.told_total)
    live = row.state in LIVE and row.recheck_due is not None
    return _optional(
        rechecked_at=row.rechecked_at,
        told_total=told,
        recheck_due=row.recheck_due if live else None,
        recheck_at=row.recheck_due - POLICY.ahead if live and row.recheck_due else None,
    )


def _optional(**values: object) -> dict[str, Any]:
    # left out, not null: the indexes over them are sparse
    return {name: value for name, value in values.items() if value is not None}


def _draft_document(draft: Draft) -> Document:
    experience = draft.trading_experience
    return {
        "system": draft.system,
        "snapshot_at": draft.snapshot_at,
        "as_of": draft.as_of.isoformat(),
        "lines": [
            {"category": line.category.value, "amount": format_amount(line.amount)}
            for line in draft.lines
        ],
        "in_transit": format_amount(draft.in_transit),
        "first_trade_date": experience.first_trade_date.isoformat() if experience else None,
        "markets": list(experience.markets) if experience else [],
        "guard": guard_document(draft.guard) if draft.guard else None,
    }


def _draft(found: Document) -> Draft:
    first = found["first_trade_date"]
    return Draft(
        system=found["system"],
        snapshot_at=found["snapshot_at"],
        as_of=date.fromisoformat(found["as_of"]),
        lines=tuple(
            AssetLine(category=AssetCategory(line["category"]), amount=parse_amount(line["amount"]))
            for line in found["lines"]
        ),
        in_transit=parse_amount(found["in_transit"]),
        trading_experience=TradingExperience(
            first_trade_date=date.fromisoformat(first), markets=tuple(found["markets"])
        )
        if first
        else None,
        guard=guard_facts(found["guard"]) if found.get("guard") else None,
    )


def _offer_document(offer: Offer) -> Document:
    return {
        "credential_no": offer.credential_no,
        "valid_from": offer.valid_from,
        "valid_until": offer.valid_until,
        "offered_until": offer.offered_until,
        "issued_at": offer.issued_at,
        "vc_hash": offer.vc_hash,
        "document": offer.document,
        "disclosures": list(offer.disclosures),
        "issuer_signature": offer.issuer_signature,
        "holder_signature": offer.holder_signature,
    }


def _place_document(place: Place | None) -> Document:
    return {"status_list": place.number, "status_index": place.index} if place else {}


def _place(found: Document) -> Place | None:
    if "status_list" not in found:
        return None
    return Place(number=found["status_list"], index=found["status_index"])


def _offer(found: Document, place: Place | None) -> Offer:
    return Offer(
        credential_no=found["credential_no"],
        valid_from=found["valid_from"],
        valid_until=found["valid_until"],
        offered_until=found["offered_until"],
        issued_at=found["issued_at"],
        vc_hash=found["vc_hash"],
        document=found["document"],
        disclosures=tuple(found["disclosures"]),
        issuer_signature=found["issuer_signature"],
        holder_signature=found["holder_signature"],
        place=place,
    )
