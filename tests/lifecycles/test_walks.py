"""Walks over every machine: nothing forbidden succeeds, each step tells its event once."""

from datetime import timedelta
from enum import Enum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subgraphs.kit.errors import InvalidTransition
from subgraphs.verifier import records
from subgraphs.verifier.lifecycle import ACCEPTANCE
from subgraphs.verifier.reactions import Cause, react
from subgraphs.verifier.states import AcceptanceState, Effect, PermissionState
from subgraphs.verifier.watch import Sheet
from tests.lifecycles.machines import (
    AT,
    CREDENTIAL,
    HASH,
    HOLDER,
    ISSUER,
    MACHINES,
    VERIFIER,
    Machine,
)

ACCEPTED = records.Acceptance(
    id=records.AcceptanceId("accp_" + CREDENTIAL.removeprefix("cred_")),
    verifier=VERIFIER,
    holder=HOLDER,
    credential=CREDENTIAL,
    vc_hash=HASH,
    issuer=ISSUER,
    presentation=records.PresentationId("pres_" + CREDENTIAL.removeprefix("cred_")),
    verification=records.VerificationId("veri_" + CREDENTIAL.removeprefix("cred_")),
    qualification=records.QualificationId("qual_" + CREDENTIAL.removeprefix("cred_")),
    consent=records.ConsentId("cons_" + CREDENTIAL.removeprefix("cred_")),
    monitoring_until=AT + timedelta(days=30),
    state=AcceptanceState.MONITORED,
    accepted_at=AT,
    version=1,
)
CAUSES = st.lists(st.sampled_from([*Effect, *Cause]), max_size=12)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
@given(data=st.data())
@settings(deadline=None)
def test_a_walk_never_leaves_the_drawing(machine: Machine, data: st.DataObject) -> None:
    state, told = machine.start, []
    for version in range(2, 2 + data.draw(st.integers(0, 12))):
        target: Enum = data.draw(st.sampled_from(list(machine.table)))
        if target not in machine.table[state]:
            with pytest.raises(InvalidTransition) as refusal:
                machine.step(state, target)
            assert set(refusal.value.allowed) == {s.value for s in machine.table[state]}
            again = f"it is {state.value} already"
            assert (str(refusal.value) == again) is (target is state)
            continue
        event = machine.tell(state, target, version)
        state = machine.step(state, target)
        assert state is target
        if event is not None:
            told.append(event)
            assert event.body.get("state", target.value) == target.value
    assert len({event.event_id for event in told}) == len(told)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_state_can_be_reached_and_a_final_one_not_left(machine: Machine) -> None:
    reached, queue = {machine.start}, [machine.start]
    for state in queue:
        new = machine.table[state] - reached
        reached |= new
        queue += new
    assert reached == set(machine.table)


def test_each_step_of_a_credential_is_one_event() -> None:
    machine = MACHINES[0]
    for source, targets in machine.table.items():
        for target in targets:
            event = machine.tell(source, target, 2)
            assert event is not None, (source, target)


def test_each_step_of_a_permission_but_its_end_is_one_event() -> None:
    machine = next(one for one in MACHINES if one.name == "permission")
    kinds = {
        (source, target): event and event.kind
        for source, targets in machine.table.items()
        for target in targets
        for event in [machine.tell(source, target, 2)]
    }
    states = PermissionState
    assert kinds == {
        (states.PENDING, states.GRANTED): "PERMISSION_GRANTED",
        (states.GRANTED, states.SUSPENDED): "PERMISSION_SUSPENDED",
        (states.SUSPENDED, states.GRANTED): "PERMISSION_REINSTATED",
        (states.SUSPENDED, states.TERMINATED): None,
    }


@given(CAUSES)
@settings(deadline=None)
def test_life_after_acceptance_tells_each_end_and_each_request_once(
    causes: list[Effect | Cause],
) -> None:
    row, told, ends, asked = ACCEPTED, [], 0, 0
    for cause in causes:
        before, reaction = row.state, react(row.state, cause)
        sheet = Sheet(records.Known(acceptances=(row,)), due=lambda at: at + timedelta(days=10))
        sheet.apply(row, cause, at=AT)
        row = sheet.acceptances.get(row.id, row)
        told += [event.event_id for event in sheet.events]
        for source, target in zip((before, *reaction.steps), reaction.steps, strict=False):
            assert target in ACCEPTANCE[source]
        ended = row.state is not before and row.state.value in ("LAPSED", "ENDED")
        kinds = sorted(event.kind for event in sheet.events)
        prompted = reaction.prompt.value == "OPEN"
        assert kinds == ["ACCEPTANCE_ENDED"] * ended + ["SUPPLEMENT_REQUESTED"] * prompted
        ends, asked = ends + ended, asked + prompted
    assert len(set(told)) == len(told) == ends + asked
