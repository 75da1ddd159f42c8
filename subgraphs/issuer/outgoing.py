"""The events the issuer writes: kinds, subjects and bodies; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger_adapter.port import Envelope, JsonValue
from subgraphs.issuer.records import Binding, Credential, Endorsement, InForce, Offer
from subgraphs.kit.events import event
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.statuses import ENDORSED, STATE_OF
from subgraphs.kit.vocabulary import CredentialState as State
from subgraphs.vc.encoding import to_time

KIND_OF: Final[Mapping[State, str]] = {state: kind for kind, state in STATE_OF.items()}


def moved(row: Credential, at: datetime) -> Envelope:
    """The one event of a step that led to `row.state`."""
    body: dict[str, JsonValue] = {"issuer": row.issuer}
    if row.state is State.OFFERED:
        body["vcHash"] = offered(row).vc_hash
    if row.state is State.REJECTED:
        body["reasonCode"] = row.reason_code
    if row.state is State.ACTIVE:
        body |= _in_force(row)
    if row.state is State.SUPERSEDED:
        body |= {"vcHash": offered(row).vc_hash, "supersededBy": row.superseded_by}
    return event(
        KIND_OF[row.state],
        entity=row.id,
        version=row.version,
        subjects=[row.id, row.holder],
        institutions=[row.issuer],
        at=at,
        body=body,
    )


def endorsed(row: Credential | InForce, endorsement: Endorsement) -> Envelope:
    """A change endorsement carries the state it led to: one event for both."""
    body: dict[str, JsonValue] = {
        "issuer": row.issuer,
        "vcHash": row.vc_hash,
        "effect": endorsement.effect.value,
        "reasonCode": endorsement.reason_code,
        "state": row.state.value,
    }
    if endorsement.new_total_band is not None:
        body["newTotalBand"] = endorsement.new_total_band
    return event(
        ENDORSED,
        entity=row.id,
        version=row.version,
        subjects=[row.id, endorsement.id, row.holder],
        institutions=[row.issuer],
        at=endorsement.at,
        body=body,
    )


def rechecked(row: Credential, at: datetime) -> Envelope:
    """Its issuer looked at the assets again and has nothing to endorse (R25)."""
    return event(
        "CREDENTIAL_RECHECKED",
        entity=row.id,
        version=row.version,
        subjects=[row.id, row.holder],
        institutions=[row.issuer],
        at=at,
        body={"issuer": row.issuer},
    )


def bound(row: Binding) -> Envelope:
    return event(
        "CUSTOMER_BOUND",
        entity=row.id,
        version=1,
        subjects=[row.holder],
        institutions=[row.institution],
        at=row.matched_at,
        body={"role": "ISSUER"},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What the lead institution decided about another, by kind and body of its event."""

    kind: str
    lead: InstitutionId
    body: Mapping[str, JsonValue]


def institution_decided(
    institution: InstitutionId, told: Decided, version: int, at: datetime
) -> Envelope:
    """Public, and it names who decided."""
    return event(
        told.kind,
        entity=institution,
        version=version,
        subjects=[institution],
        institutions=[told.lead, institution],
        at=at,
        body=told.body,
    )


def offered(row: Credential) -> Offer:
    """The offer of a row whose state says it has one."""
    if row.offer is None:
        raise TypeError(f"{row.id} in {row.state.value} carries no offer")
    return row.offer


def _in_force(row: Credential) -> dict[str, JsonValue]:
    offer = offered(row)
    if row.draft is None:
        raise TypeError(f"{row.id} carries no draft")
    body: dict[str, JsonValue] = {
        "vcHash": offer.vc_hash,
        "validUntil": to_time(offer.valid_until),
        "asOf": row.draft.as_of.isoformat(),
    }
    if offer.place is not None:
        body |= {"statusList": offer.place.number, "statusIndex": offer.place.index}
    return body
