"""Two at once, and too late: each ends in one state with one event."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from subgraphs.demo.pilot import GUOTAI_JUNAN
from subgraphs.issuer.desk.recheck import recheck_what_is_due
from subgraphs.vc import lower_bound, model
from subgraphs.vc.money import format_amount
from tests.subgraphs.issuer.desk import OWN, PREPARED, Desk


async def kinds(desk: Desk, credential: str) -> list[str]:
    return [one.kind for one in await desk.events(credential)]


async def test_a_countersignature_prepared_in_time_and_sent_too_late(desk: Desk) -> None:
    person = await desk.customer()
    credential = await desk.offer(person)
    row = await desk.parts.store.credential(credential)
    assert row is not None
    assert row.offer is not None
    last = row.offer.offered_until - timedelta(seconds=1)
    desk.turn_clock(lambda: last)
    ready = await desk.do("prepareCountersignature", person.who, PREPARED, credentialId=credential)
    signature = person.software.countersign(
        ready["payload"], ready["payloadToSign"], issuer_key=desk.issuer_key(GUOTAI_JUNAN)
    )
    late = last + timedelta(seconds=2)
    desk.turn_clock(lambda: late)

    done = await desk.do(
        "countersignCredential",
        person.who,
        preparedId=ready["preparedId"],
        holderSignature=signature.as_input(),
    )

    assert done["__typename"] == "InvalidTransitionError"
    assert (done["from"], done["to"]) == ("LAPSED", "ACTIVE")
    assert "CREDENTIAL_ACTIVATED" not in await kinds(desk, credential)


async def test_of_two_suspensions_at_once_one_is_an_event(desk: Desk) -> None:
    credential = await desk.active(await desk.customer())
    given: dict[str, Any] = {"effect": "SUSPEND", "reasonCode": "LOOKED_INTO"}

    done = await asyncio.gather(
        *(desk.do("endorseCredential", OWN, credentialId=credential, **given) for _ in range(4))
    )

    names = [one["__typename"] for one in done]
    assert names.count("EndorseCredentialSuccess") == 1
    assert set(names) <= {"EndorseCredentialSuccess", "InvalidTransitionError", "TryAgain"}
    assert (await kinds(desk, credential)).count("CREDENTIAL_ENDORSED") == 1


async def test_a_revocation_while_a_recheck_looks(desk: Desk) -> None:
    credential = await desk.active(await desk.customer())
    now = datetime.now(UTC) + timedelta(days=31)
    desk.turn_clock(lambda: now)

    done, _ = await asyncio.gather(
        desk.do("revokeCredential", OWN, credentialId=credential, reasonCode="MATERIAL_DECREASE"),
        recheck_what_is_due(desk.parts),
    )
    if done["__typename"] == "TryAgain":
        done = await desk.do(
            "revokeCredential", OWN, credentialId=credential, reasonCode="MATERIAL_DECREASE"
        )
    row = await desk.parts.store.credential(credential)

    assert done["__typename"] == "RevokeCredentialSuccess"
    assert row is not None
    assert row.state.value == "REVOKED"
    assert row.recheck_due is None
    assert (await kinds(desk, credential)).count("CREDENTIAL_ENDORSED") == 1


@pytest.mark.parametrize(
    ("profile", "total", "steps"),
    [("EDGE", "2999999.99", 299), ("EXACT", "3000000.00", 300)],
)
async def test_a_fen_decides_what_can_be_proved(
    desk: Desk, profile: str, total: str, steps: int
) -> None:
    person = await desk.customer(profile=profile)
    credential = await desk.offer(person)
    row = await desk.parts.store.credential(credential)
    assert row is not None
    assert row.offer is not None

    whole = model.read_whole(row.offer.document, row.offer.disclosures)

    assert format_amount(whole.total) == total
    assert lower_bound.steps_of(whole.total) == steps
