"""What time alone decides, by a clock the test turns."""

from datetime import UTC, datetime, timedelta

from subgraphs.issuer.desk.clock import end_what_is_due
from tests.subgraphs.issuer.desk import OWN, PREPARED, Desk


async def test_an_offer_lapses_and_cannot_be_countersigned_after(desk: Desk) -> None:
    person = await desk.customer()
    credential = await desk.offer(person)
    later = datetime.now(UTC) + timedelta(days=8)
    desk.turn_clock(lambda: later)

    refused = await desk.do(
        "prepareCountersignature", person.who, PREPARED, credentialId=credential
    )
    await end_what_is_due(desk.parts)
    await end_what_is_due(desk.parts)
    row = await desk.parts.store.credential(credential)

    assert refused["__typename"] == "InvalidTransitionError"
    assert (refused["from"], refused["to"]) == ("LAPSED", "ACTIVE")
    assert row is not None
    assert (row.state.value, row.version) == ("LAPSED", 4)


async def test_a_validity_that_is_over_expires(desk: Desk) -> None:
    credential = await desk.active(await desk.customer())
    later = datetime.now(UTC) + timedelta(days=91)
    desk.turn_clock(lambda: later)

    refused = await desk.do("revokeCredential", OWN, credentialId=credential, reasonCode="LATE")
    await end_what_is_due(desk.parts)
    row = await desk.parts.store.credential(credential)

    assert refused["from"] == "EXPIRED"
    assert row is not None
    assert row.state.value == "EXPIRED"
