"""What a credential was at a moment: the edges of time, the clock's say, and who may know."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from subgraphs.kit.events import event
from tests.subgraphs.audit.desk import AT, HASH, ISSUER, ISSUER_DESK, VERIFIER_DESK, Case, Desk

CASE = Case("status-at")
HOUR = timedelta(hours=1)
STATUS = """... on Credential { statusAt(time: "%s") {
  state event { sequence chainProof { verified leafIndex } } checkpoint { treeSize } } }"""


def told(kind: str, hours: int, **body: Any) -> Any:
    subjects = [CASE.id("cred"), CASE.id("hold")]
    if kind == "CREDENTIAL_ENDORSED":
        subjects.insert(1, CASE.id("endo"))
        body |= {"effect": "NOTE", "reasonCode": "TOLD", "vcHash": HASH}
    return event(
        kind,
        entity=CASE.id("cred"),
        version=hours + 10,
        subjects=subjects,
        institutions=[ISSUER],
        at=AT + hours * HOUR,
        body={"issuer": ISSUER, **body},
    )


STORY = (
    told("CREDENTIAL_OFFERED", 0, vcHash=HASH),
    told(
        "CREDENTIAL_ACTIVATED",
        1,
        vcHash=HASH,
        validUntil=(AT + 9 * HOUR).isoformat().replace("+00:00", "Z"),
        asOf="2026-11-22",
    ),
    told("CREDENTIAL_ENDORSED", 2, state="SUSPENDED"),
    told("CREDENTIAL_ENDORSED", 3, state="ACTIVE"),
)


async def asked(desk: Desk, time: datetime, who: Any) -> Any:
    text = time.isoformat().replace("+00:00", "Z")
    references: list[dict[str, object]] = [{"__typename": "Credential", "id": CASE.id("cred")}]
    (found,) = await desk.entities(references, STATUS % text, who)
    return found["statusAt"]


async def test_each_moment_has_its_state_and_its_proof(desk: Desk) -> None:
    await desk.tell(*STORY)
    await desk.signed()
    second = timedelta(seconds=1)
    moments = [
        (AT - second, None),
        (AT, "OFFERED"),
        (AT + HOUR - second, "OFFERED"),
        (AT + HOUR, "ACTIVE"),
        (AT + 2 * HOUR, "SUSPENDED"),
        (AT + 3 * HOUR - second, "SUSPENDED"),
        (AT + 3 * HOUR, "ACTIVE"),
        (AT + 9 * HOUR - second, "ACTIVE"),
        (AT + 9 * HOUR, "EXPIRED"),
    ]
    for time, want in moments:
        found = await asked(desk, time, ISSUER_DESK)
        assert (found and found["state"]) == want, time
        if found:
            proof = found["event"]["chainProof"]
            assert proof["verified"] is True
            assert int(found["checkpoint"]["treeSize"]) > found["event"]["sequence"]


async def test_who_may_not_see_the_event_learns_no_state(desk: Desk) -> None:
    await desk.tell(*STORY)
    await desk.signed()
    assert await asked(desk, AT + 2 * HOUR, VERIFIER_DESK) is None
    assert (await asked(desk, AT + 2 * HOUR, CASE.who))["state"] == "SUSPENDED"


@pytest.mark.parametrize("text", ["2026-11-22T10:00:00"])
async def test_a_time_needs_its_zone(desk: Desk, text: str) -> None:
    references: list[dict[str, object]] = [{"__typename": "Credential", "id": CASE.id("cred")}]
    document = """query($r: [_Any!]!) { _entities(representations: $r) { %s } }"""
    answer = await desk.ask(document % (STATUS % text), {"r": references}, who=ISSUER_DESK)
    assert answer.codes == ["TIME_WITHOUT_OFFSET"]
