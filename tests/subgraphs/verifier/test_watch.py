"""What entries of the log make of a verifier's rows; odd ones change and stop nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger_adapter.port import Envelope, EventId, JsonValue, LoggedEvent
from subgraphs.kit.ids import (
    CredentialId,
    HolderId,
    InstitutionId,
    derived_id,
    institution_id,
)
from subgraphs.rules import Evidence, Outcome, ReasonCode
from subgraphs.verifier import records
from subgraphs.verifier.codec import from_document, to_document
from subgraphs.verifier.states import (
    AcceptanceState,
    CredentialStatus,
    PermissionState,
)
from subgraphs.verifier.watch import Sheet
from tests.subgraphs.kit.logged import at_place

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ISSUER, OTHER_ISSUER = institution_id("9131000063159284XQ"), institution_id("91310000630888761K")
VERIFIER = institution_id("91310000577433812A")
CREDENTIAL = CredentialId(derived_id("cred", "1"))
HOLDER = HolderId(derived_id("hold", "1"))
ENDORSEMENT = derived_id("endo", "1")
HASH = "sm3:" + "0" * 64

HELD = records.CredentialOnLog(
    id=CREDENTIAL,
    vc_hash=HASH,
    issuer=ISSUER,
    holder=HOLDER,
    status=CredentialStatus.ACTIVE,
    valid_until=AT + timedelta(days=1),
    at_index=3,
)
ACCEPTED = records.Acceptance(
    id=records.AcceptanceId(derived_id("accp", "1")),
    verifier=VERIFIER,
    holder=HOLDER,
    credential=CREDENTIAL,
    vc_hash=HASH,
    issuer=ISSUER,
    presentation=records.PresentationId(derived_id("pres", "1")),
    verification=records.VerificationId(derived_id("veri", "1")),
    qualification=records.QualificationId(derived_id("qual", "1")),
    consent=records.ConsentId(derived_id("cons", "1")),
    monitoring_until=AT + timedelta(days=30),
    state=AcceptanceState.MONITORED,
    accepted_at=AT,
    version=1,
)
GRANTED = records.Permission(
    id=records.PermissionId(derived_id("perm", "1")),
    verifier=VERIFIER,
    holder=HOLDER,
    product="PRIVATE_FUND",
    qualification=ACCEPTED.qualification,
    acceptances=(ACCEPTED.id,),
    state=PermissionState.GRANTED,
    suspended_by=None,
    suspended_reason=None,
    changed_at=AT,
    version=1,
)


def sheet_after(
    *events: LoggedEvent, accepted: records.Acceptance = ACCEPTED, held: bool = True
) -> Sheet:
    known = records.Known(
        credentials={CREDENTIAL: HELD} if held else {},
        acceptances=[accepted],
        permissions=[GRANTED],
    )
    sheet = Sheet(known, due=lambda at: at + timedelta(days=10))
    for event in events:
        sheet.take(event)
    return sheet


def endorsed(
    effect: str = "REVOKE",
    *,
    issuer: str = ISSUER,
    index: int = 10,
    state: str = "REVOKED",
) -> LoggedEvent:
    body: dict[str, JsonValue] = {
        "issuer": issuer,
        "vcHash": HASH,
        "effect": effect,
        "reasonCode": "X",
        "state": state,
    }
    return logged("CREDENTIAL_ENDORSED", (CREDENTIAL, ENDORSEMENT, HOLDER), body, index)


def logged(
    kind: str, subjects: tuple[str, ...], body: dict[str, JsonValue], index: int
) -> LoggedEvent:
    envelope = Envelope(
        event_id=EventId(f"{index}"),
        kind=kind,
        subjects=subjects,
        institutions=(),
        at=AT,
        body=body,
    )
    return at_place(index, envelope)


def test_a_revocation_is_projected_told_and_acted_on() -> None:
    sheet = sheet_after(endorsed())
    assert sheet.credentials[CREDENTIAL].status is CredentialStatus.REVOKED
    assert sheet.credentials[CREDENTIAL].at_index == 10
    assert sheet.acceptances[ACCEPTED.id].state is AcceptanceState.LAPSED
    suspended = sheet.permissions[GRANTED.id]
    assert (suspended.state, suspended.suspended_by) == (PermissionState.SUSPENDED, ENDORSEMENT)
    assert [event.kind for event in sheet.events] == ["ACCEPTANCE_ENDED", "PERMISSION_SUSPENDED"]
    (change,) = sheet.changes
    assert (change.audience, change.state, change.acceptance, change.permission) == (
        VERIFIER,
        "REVOKED",
        ACCEPTED.id,
        GRANTED.id,
    )


def test_a_supplement_is_due_by_the_logs_time_not_the_clocks() -> None:
    sheet = sheet_after(endorsed("REDUCED", state="ACTIVE"))
    (supplement,) = sheet.supplements.values()
    assert supplement.due_at == AT + timedelta(days=10)
    assert supplement == next(
        iter(sheet_after(endorsed("REDUCED", state="ACTIVE")).supplements.values())
    )


def test_an_event_leaves_once_however_many_reductions_come() -> None:
    reductions = [endorsed("REDUCED", state="ACTIVE", index=index) for index in range(10, 20)]
    sheet = sheet_after(*reductions)
    assert [event.kind for event in sheet.events] == ["SUPPLEMENT_REQUESTED"]
    assert len(sheet.changes) == 10


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(endorsed(issuer=OTHER_ISSUER), id="an issuer it is not of"),
        pytest.param(endorsed("EXPLODE", state="NO_STATE"), id="an unknown effect"),
        pytest.param(logged("CREDENTIAL_ENDORSED", (), {}, 10), id="no subjects"),
        pytest.param(logged("SOMETHING_NEW", (CREDENTIAL,), {}, 10), id="a kind of tomorrow"),
        pytest.param(
            logged("CREDENTIAL_ACTIVATED", (CREDENTIAL,), {"issuer": 5}, 10), id="ill members"
        ),
        pytest.param(
            logged("CONSENT_WITHDRAWN", (ACCEPTED.consent, HOLDER), {}, 10),
            id="a consent never granted",
        ),
        pytest.param(
            logged("CREDENTIAL_EXPIRED", ("not an id",), {"issuer": ISSUER}, 10), id="ill ids"
        ),
    ],
)
def test_odd_entries_change_nothing(event: LoggedEvent) -> None:
    sheet = sheet_after(event)
    written = sheet.written()
    assert [*written.credentials, *written.acceptances, *written.permissions] == []
    assert sheet.events == []
    assert sheet.changes == []


def test_what_ended_is_not_told_of() -> None:
    ended = replace(ACCEPTED, state=AcceptanceState.ENDED)
    assert sheet_after(endorsed(), accepted=ended).changes == []


def test_an_expired_credential_asks_for_another() -> None:
    expired = logged("CREDENTIAL_EXPIRED", (CREDENTIAL, HOLDER), {"issuer": ISSUER}, 10)
    sheet = sheet_after(expired)
    assert sheet.credentials[CREDENTIAL].status is CredentialStatus.EXPIRED
    assert sheet.acceptances[ACCEPTED.id].state is AcceptanceState.SUPPLEMENT_REQUESTED


EFFECTS = st.sampled_from(["NOTE", "REDUCED", "RESTORED", "SUSPEND", "REVOKE"])


@given(st.lists(EFFECTS, max_size=10), st.integers(0, 10))
def test_how_entries_are_cut_into_batches_makes_no_difference(effects: list[str], cut: int) -> None:
    events = [endorsed(effect, index=index) for index, effect in enumerate(effects, start=10)]
    whole = sheet_after(*events)
    first = sheet_after(*events[:cut])
    known = records.Known(
        credentials={CREDENTIAL: HELD} | first.credentials,
        acceptances=[first.acceptances.get(ACCEPTED.id, ACCEPTED)],
        permissions=[first.permissions.get(GRANTED.id, GRANTED)],
        supplements=[row for row in first.supplements.values() if row.state == "OPEN"],
    )
    second = Sheet(known, due=lambda at: at + timedelta(days=10))
    for event in events[cut:]:
        second.take(event)
    assert first.changes + second.changes == whole.changes
    assert first.events + second.events == whole.events
    assert first.acceptances | second.acceptances == whole.acceptances
    assert first.permissions | second.permissions == whole.permissions


QUALIFICATIONS = st.builds(
    records.Qualification,
    id=st.just(ACCEPTED.qualification),
    verifier=st.just(InstitutionId(VERIFIER)),
    holder=st.just(HOLDER),
    verification=st.just(ACCEPTED.verification),
    rule_set=st.text(max_size=8),
    outcome=st.sampled_from(Outcome),
    reasons=st.lists(
        st.builds(
            records.DecisionReason,
            code=st.sampled_from(ReasonCode),
            metric=st.text(max_size=4),
            required=st.integers(),
            shown=st.none() | st.integers(),
            short_by=st.integers(),
        ),
        max_size=3,
    ).map(tuple),
    evidence=st.none() | st.sampled_from(Evidence),
    as_of=st.none() | st.dates(min_value=date(2000, 1, 1)),
    basis=st.just("VC"),
    decided_at=st.datetimes(timezones=st.just(UTC)),
    valid_until=st.datetimes(timezones=st.just(UTC)),
)


@given(QUALIFICATIONS)
def test_a_record_comes_back_from_its_document_as_it_was(row: records.Qualification) -> None:
    document = to_document(row)
    assert document["_id"] == row.id
    assert from_document(records.Qualification, document) == row
