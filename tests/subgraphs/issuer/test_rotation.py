"""An institution changes its key while it works: what the old key signed stays good."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from subgraphs.demo.pilot import GUOTAI_JUNAN, HUAAN_FUND
from subgraphs.kit.events import event
from subgraphs.kit.ids import InstitutionId, institution_id
from subgraphs.kit.institutions import InstitutionRow
from subgraphs.kit.rotate import next_version
from subgraphs.vc import proofs
from subgraphs.vc.proofs import Expectation, Purpose
from tests.subgraphs.issuer.desk import OWN, Desk

OURS = InstitutionId(institution_id(GUOTAI_JUNAN.uscc))


async def row_of(desk: Desk) -> InstitutionRow:
    row = await desk.parts.institutions.get(OURS)
    assert row is not None
    return row


async def document_of(desk: Desk, credential: str) -> dict[str, Any]:
    row = await desk.parts.store.credential(credential)
    assert row is not None
    assert row.offer is not None
    return row.offer.document


async def signed_by(desk: Desk, document: dict[str, Any]) -> tuple[str, bool]:
    """The method of the issuer's proof, and whether the register's key of that time verifies it."""
    row = await row_of(desk)
    method = proofs.method_by(document, row.did)
    assert method is not None
    proof = proofs.proof_by(document, method)
    assert proof is not None
    at = datetime.fromisoformat(str(proof["created"]))
    key = row.key_for(method, Purpose.ASSERTION, at)
    expected = Expectation(purpose=Purpose.ASSERTION)
    return method.partition("#")[2], (
        key is not None and proofs.verify_by(document, method, key, expected).ok
    )


async def rotated(desk: Desk) -> None:
    row = await row_of(desk)
    later = row.history.latest.at + timedelta(seconds=2)
    desk.turn_clock(lambda: later + timedelta(seconds=5))
    told, _ = await next_version(desk.world.settings, row, at=later)
    await desk.world.tell(told)
    await desk.settle()


async def test_the_next_key_issues_and_what_the_first_signed_still_verifies(desk: Desk) -> None:
    person = await desk.customer()
    before = await desk.offer(person)
    await rotated(desk)
    after = await desk.offer(person)

    assert await signed_by(desk, await document_of(desk, before)) == ("key-1", True)
    assert await signed_by(desk, await document_of(desk, after)) == ("key-2", True)


async def test_a_forged_version_changes_nothing(desk: Desk) -> None:
    row = await row_of(desk)
    later = row.history.latest.at + timedelta(seconds=2)
    told, _ = await next_version(desk.world.settings, row, at=later)
    version: Any = json.loads(json.dumps(told.body["didVersion"]))
    version["at"] = "2099-01-01T00:00:00Z"
    forgeries: list[tuple[Any, str]] = [
        ({"version": 2, "didVersion": version}, OURS),
        ({"version": 2, "didVersion": "text"}, OURS),
        (dict(told.body), institution_id(HUAAN_FUND.uscc)),
        (dict(told.body), institution_id("91310000MA1FL0000X")),
    ]
    for body, subject in forgeries:
        forged = event(
            "INSTITUTION_DID_CHANGED",
            entity=subject,
            version=len(str(body)),
            subjects=[subject],
            institutions=[],
            at=datetime.now(UTC),
            body=body,
        )
        await desk.world.tell(forged)
    await desk.settle()
    assert (await row_of(desk)).method == row.method
    other = await desk.parts.institutions.get(InstitutionId(institution_id(HUAAN_FUND.uscc)))
    assert other is not None
    assert other.versions == ()


async def test_the_new_key_file_is_taken_up_after_a_crash(desk: Desk) -> None:
    row = await row_of(desk)
    later = row.history.latest.at + timedelta(seconds=2)
    first, _ = await next_version(desk.world.settings, row, at=later)
    again, method = await next_version(desk.world.settings, row, at=later)
    assert first.event_id == again.event_id
    assert method == f"{row.did}#key-2"
    keys = sorted(file.name for file in (desk.world.settings.keys / OURS).iterdir())
    assert keys == ["key-1.json", "key-2.json"]
    assert OWN.institution == OURS


@pytest.mark.parametrize("times", [2])
async def test_key_after_key(desk: Desk, times: int) -> None:
    for _ in range(times):
        await rotated(desk)
    assert (await row_of(desk)).history.latest.number == 1 + times
