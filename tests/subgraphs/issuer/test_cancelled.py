"""What the holder ended in her wallet ends here as well, by the order of the log."""

from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from subgraphs.kit.events import event
from subgraphs.kit.ids import InstitutionId
from tests.subgraphs.issuer.desk import OWN, Desk
from tests.subgraphs.kit.world import Person

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def desk(shared_desk: Desk) -> Desk:
    return shared_desk


async def cancel(desk: Desk, person: Person, credential: str) -> None:
    """What the wallet tells the log."""
    issuer = InstitutionId(str(OWN.institution))
    digest = "sm3:" + "0" * 64
    body: dict[str, Any] = {"issuer": issuer, "vcHash": digest, "cancellationDigest": digest}
    told = event(
        "CREDENTIAL_CANCELLED",
        entity=credential,
        version=1,
        subjects=[credential, person.id],
        institutions=[issuer],
        at=datetime.now(UTC),
        body=body,
    )
    await desk.world.tell(told)


async def endorse(desk: Desk, credential: str, effect: str) -> dict[str, Any]:
    asked = {"credentialId": credential, "effect": effect, "reasonCode": "MATERIAL_DECREASE"}
    return await desk.do("endorseCredential", OWN, "endorsement { id }", **asked)


async def state(desk: Desk, credential: str) -> str:
    await desk.settle()
    row = await desk.parts.store.credential(credential)
    assert row is not None
    return row.state.value


async def on_the_list(desk: Desk, credential: str) -> str:
    rows = await desk.world.base.database["statuses"].find({"_id": credential}).to_list(None)
    return str(rows[0]["state"])


@pytest.mark.parametrize("suspended", [False, True])
async def test_a_cancellation_reaches_row_list_and_feed(desk: Desk, suspended: bool) -> None:
    person = await desk.customer()
    credential = await desk.active(person)
    if suspended:
        await endorse(desk, credential, "SUSPEND")
    await cancel(desk, person, credential)
    assert await state(desk, credential) == "CANCELLED"
    assert await on_the_list(desk, credential) == "CANCELLED"
    updates = await desk.parts.store.updates({"holder": person.id}, -1, 100)
    assert updates[-1].state.value == "CANCELLED"
    refused = await endorse(desk, credential, "NOTE")
    assert refused["__typename"] == "InvalidTransitionError"


async def test_a_revocation_that_was_first_on_the_log_stands(desk: Desk) -> None:
    person = await desk.customer()
    credential = await desk.active(person)
    await endorse(desk, credential, "REVOKE")
    await desk.settle()
    await cancel(desk, person, credential)
    assert await state(desk, credential) == "REVOKED"
    assert await on_the_list(desk, credential) == "REVOKED"


async def test_of_two_ends_at_once_row_and_list_tell_the_same(desk: Desk) -> None:
    """Queued before this desk's revocation, but not yet followed when that was written."""
    for _ in range(4):
        person = await desk.customer()
        credential = await desk.active(person)
        await cancel(desk, person, credential)
        await endorse(desk, credential, "REVOKE")
        assert await state(desk, credential) == await on_the_list(desk, credential) == "CANCELLED"


async def test_the_log_read_again_changes_nothing(desk: Desk) -> None:
    person = await desk.customer()
    credential = await desk.active(person)
    await cancel(desk, person, credential)
    await desk.settle()
    before = await desk.parts.store.credential(credential)
    await cancel(desk, person, credential)  # the same fact: queued at most once
    await desk.settle()
    assert await desk.parts.store.credential(credential) == before
