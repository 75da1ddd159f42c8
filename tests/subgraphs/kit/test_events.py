"""Only events of a known shape reach the log."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from subgraphs.kit.events import KINDS, BadEvent, event
from subgraphs.kit.ids import BY_TYPE, InstitutionId, new_id

AT = datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
INSTITUTION = InstitutionId(new_id("inst"))
CREDENTIAL, HOLDER = new_id("cred"), new_id("hold")
BODY = {"issuer": INSTITUTION, "vcHash": "sm3:" + "0" * 64}


def offered(**changed: object) -> object:
    given: dict[str, object] = {
        "kind": "CREDENTIAL_OFFERED",
        "entity": CREDENTIAL,
        "version": 3,
        "subjects": [CREDENTIAL, HOLDER],
        "institutions": [INSTITUTION],
        "at": AT,
        "body": BODY,
        **changed,
    }
    kind = str(given.pop("kind"))
    return event(kind, **given)  # type: ignore[arg-type]


def test_an_events_id_is_the_fact_and_its_time_is_to_the_second_in_utc() -> None:
    made = event(
        "CREDENTIAL_OFFERED",
        entity=CREDENTIAL,
        version=3,
        subjects=[CREDENTIAL, HOLDER, HOLDER],
        institutions=[INSTITUTION],
        at=AT,
        body=BODY,
    )

    assert made.event_id == f"{CREDENTIAL}:CREDENTIAL_OFFERED:3"
    assert made.at == datetime(2026, 11, 22, 2, 0, 0, tzinfo=UTC)
    assert made.subjects == (CREDENTIAL, HOLDER)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"kind": "CREDENTIAL_SOLD"}, id="unknown kind"),
        pytest.param({"subjects": [new_id("pres")]}, id="a subject of another type"),
        pytest.param({"subjects": ["ann"]}, id="a name as subject"),
        pytest.param({"body": {"issuer": INSTITUTION}}, id="a missing key"),
        pytest.param({"body": {**BODY, "total": "3200000.00"}}, id="an amount in clear"),
        pytest.param({"body": {**BODY, "vcHash": "0" * 64}}, id="a hash without its name"),
        pytest.param({"body": {**BODY, "vcHash": 7}}, id="a number for a hash"),
    ],
)
def test_what_may_not_enter(changed: dict[str, object]) -> None:
    with pytest.raises(BadEvent):
        offered(**changed)


def test_every_kind_speaks_of_registered_types() -> None:
    assert {name for kind in KINDS.values() for name in kind.subjects} <= set(BY_TYPE)
    assert [name for name, kind in KINDS.items() if kind.public] == [
        "INSTITUTION_REGISTERED",
        "INSTITUTION_MOVED",
        "INSTITUTION_LICENSED",
        "INSTITUTION_DID_CHANGED",
    ]
