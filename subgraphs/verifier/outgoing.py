"""The events this subgraph puts on the log: ids, codes and digests, never a name or an amount."""

from datetime import datetime

from ledger_adapter.port import Envelope, JsonValue
from subgraphs.kit.events import event
from subgraphs.vc.encoding import to_time
from subgraphs.verifier.records import (
    Acceptance,
    Binding,
    ConsentId,
    Permission,
    Presentation,
    Qualification,
    Supplement,
    Verification,
)
from subgraphs.verifier.states import PermissionState


def customer_bound(row: Binding) -> Envelope:
    """A customer is known under her root DID."""
    return event(
        "CUSTOMER_BOUND",
        entity=row.id,
        version=1,
        subjects=(row.holder,),
        institutions=(row.verifier,),
        at=row.matched_at,
        body={"role": "VERIFIER"},
    )


def presentation_submitted(row: Presentation, used: ConsentId | None) -> Envelope:
    """Proofs arrived; which ones, by id. `used`: the consent that this counts as a use of."""
    counted = () if used is None else (used,)
    return event(
        "PRESENTATION_SUBMITTED",
        entity=row.id,
        version=1,
        subjects=(row.id, row.holder, *(item.credential for item in row.shown), *counted),
        institutions=(row.verifier,),
        at=row.submitted_at,
        body={"presentationDigest": row.digest},
    )


def presentation_verified(row: Verification, shown: Presentation) -> Envelope:
    """All checks were made; on which evidence, by its digest."""
    credentials = tuple(item.credential for item in shown.shown)
    body: dict[str, JsonValue] = {"result": row.result.value}
    if row.evidence is not None:
        body["evidenceDigest"] = row.evidence
    return event(
        "PRESENTATION_VERIFIED",
        entity=row.id,
        version=1,
        subjects=(row.id, row.presentation, row.holder, *credentials),
        institutions=(row.verifier,),
        at=row.checked_at,
        body=body,
    )


def fraud_signal(
    shown: Presentation, check: str, reason: str, at: datetime, *, version: int = 1
) -> Envelope:
    """A failed integrity or issuer check, a sum that counts money twice, a presentation shown
    again: told to the supervisor at once."""
    return event(
        "FRAUD_SIGNAL",
        entity=f"{shown.id}.{check}",
        version=version,
        subjects=(shown.id, shown.holder),
        institutions=(shown.verifier,),
        at=at,
        body={"check": check, "reasonCode": reason},
    )


def credential_accepted(row: Acceptance) -> Envelope:
    """From here on this verifier watches the credential."""
    return event(
        "CREDENTIAL_ACCEPTED",
        entity=row.id,
        version=row.version,
        subjects=(row.id, row.credential, row.holder),
        institutions=(row.verifier,),
        at=row.accepted_at,
        body={"vcHash": row.vc_hash, "verifier": row.verifier},
    )


def acceptance_ended(row: Acceptance, reason: str, at: datetime) -> Envelope:
    """The proof carries nothing more: lapsed or ended, and why."""
    return event(
        "ACCEPTANCE_ENDED",
        entity=row.id,
        version=row.version,
        subjects=(row.id, row.credential, row.holder),
        institutions=(row.verifier,),
        at=at,
        body={"reasonCode": reason},
    )


def supplement_requested(row: Supplement) -> Envelope:
    """The customer is asked for further proof by a date."""
    return event(
        "SUPPLEMENT_REQUESTED",
        entity=row.id,
        version=row.version,
        subjects=(row.id, row.acceptance, row.credential, row.holder),
        institutions=(row.verifier,),
        at=row.requested_at,
        body={"dueAt": to_time(row.due_at)},
    )


def qualification_decided(row: Qualification) -> Envelope:
    """A decision under one version of the rules, on credentials or paper, by rule or a person."""
    return event(
        "QUALIFICATION_DECIDED",
        entity=row.id,
        version=row.version,
        subjects=(row.id, row.holder),
        institutions=(row.verifier,),
        at=row.decided_at if row.review is None else row.review.at,
        body={
            "outcome": row.outcome.value,
            "ruleSet": row.rule_set,
            "basis": row.basis,
            "reviewed": row.review is not None,
        },
    )


def permission_changed(row: Permission, *credentials: str) -> Envelope:
    """Granted, suspended with the reason, or reinstated; the row's state and version tell which."""
    body: dict[str, JsonValue] = {"product": row.product, "state": row.state.value}
    if row.state is PermissionState.SUSPENDED:
        kind = "PERMISSION_SUSPENDED"
        body["reasonCode"] = row.suspended_reason
    elif row.state is PermissionState.GRANTED:
        kind = "PERMISSION_GRANTED" if row.version == 1 else "PERMISSION_REINSTATED"
    else:
        raise ValueError(f"no event tells that a permission is {row.state.value}")
    return event(
        kind,
        entity=row.id,
        version=row.version,
        subjects=(row.id, row.holder, *credentials),
        institutions=(row.verifier,),
        at=row.changed_at,
        body=body,
    )
