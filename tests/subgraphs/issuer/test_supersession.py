"""A newer credential of the same account takes the place of the former one, and says so once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from subgraphs.issuer.desk.recheck import recheck_what_is_due
from subgraphs.kit.vocabulary import CredentialState as State
from tests.subgraphs.issuer.desk import OWN, PREPARED, Desk
from tests.subgraphs.kit.world import Person

LINKS = """query($id: ID!) { node(id: $id) { ... on Credential {
  state supersedes { id state } supersededBy { id state } } } }"""


async def links(desk: Desk, credential: str, person: Person) -> dict[str, Any]:
    found: dict[str, Any] = (await desk.ask(LINKS, {"id": credential}, who=person.who)).only("node")
    return found


async def of_categories(desk: Desk, person: Person, *categories: str) -> str:
    credential = await desk.request(person, categories=list(categories))
    for name in ("compileCredentialDraft", "issueCredential"):
        await desk.do(name, OWN, "credential { state }", credentialId=credential)
    done = await desk.countersign(person, credential)
    assert done["__typename"] == "CountersignCredentialSuccess", done
    return credential


async def kinds(desk: Desk, credential: str) -> list[str]:
    return [one.kind for one in await desk.events(credential)]


async def test_the_former_one_ends_with_a_link_and_one_event(desk: Desk) -> None:
    person = await desk.customer()
    former, newer = await desk.active(person), await desk.active(person)

    assert await links(desk, former, person) == {
        "state": "SUPERSEDED",
        "supersedes": None,
        "supersededBy": {"id": newer, "state": "ACTIVE"},
    }
    assert (await links(desk, newer, person))["supersedes"] == {
        "id": former,
        "state": "SUPERSEDED",
    }
    events = [one for one in await desk.events(former) if one.kind == "CREDENTIAL_SUPERSEDED"]
    assert [one.body["supersededBy"] for one in events] == [newer]
    assert "CREDENTIAL_SUPERSEDED" not in await kinds(desk, newer)


async def test_what_the_newer_one_does_not_state_stays_in_force(desk: Desk) -> None:
    person = await desk.customer()
    stocks = await of_categories(desk, person, "STOCK")
    deposits = await of_categories(desk, person, "BANK_DEPOSIT")
    assert (await links(desk, stocks, person))["state"] == "ACTIVE"

    both = await of_categories(desk, person, "STOCK", "BANK_DEPOSIT")

    for former in (stocks, deposits):
        assert (await links(desk, former, person))["supersededBy"]["id"] == both


async def test_an_offer_supersedes_nothing_before_it_is_countersigned(desk: Desk) -> None:
    person = await desk.customer()
    former = await desk.active(person)

    await desk.offer(person)

    assert (await links(desk, former, person))["state"] == "ACTIVE"


async def test_nobody_elses_credential_is_touched(desk: Desk) -> None:
    ann, bea = await desk.customer(), await desk.customer("bea")
    hers = await desk.active(bea)

    await desk.active(ann)
    await desk.active(ann)

    assert (await links(desk, hers, bea))["state"] == "ACTIVE"


async def test_of_two_offers_countersigned_at_once_one_stays_in_force(desk: Desk) -> None:
    person = await desk.customer()
    offers = [await desk.offer(person) for _ in range(2)]

    async def sign(offer: str) -> str:
        for _ in range(20):
            done = await desk.countersign(person, offer)
            if done["__typename"] != "TryAgain":
                return str(done["__typename"])
        return "TryAgain"

    done = await asyncio.gather(*map(sign, offers))

    assert done == ["CountersignCredentialSuccess"] * 2
    states = [(await links(desk, offer, person))["state"] for offer in offers]
    assert sorted(states) == ["ACTIVE", "SUPERSEDED"]


async def test_a_suspended_one_is_superseded_and_an_expired_one_is_not(desk: Desk) -> None:
    person = await desk.customer()
    first = await desk.active(person)
    await desk.do(
        "endorseCredential", OWN, credentialId=first, effect="SUSPEND", reasonCode="LOOKED_INTO"
    )
    second = await desk.active(person)
    assert (await links(desk, first, person))["supersededBy"]["id"] == second

    now = datetime.now(UTC) + timedelta(days=91)
    row = await desk.parts.store.credential(second)
    assert row is not None
    third = await desk.offer(person)
    ready = await desk.do("prepareCountersignature", person.who, PREPARED, credentialId=third)
    assert ready["__typename"] == "PrepareCountersignatureSuccess"
    desk.turn_clock(lambda: now)
    late = await desk.do("revokeCredential", OWN, credentialId=second, reasonCode="LATE")
    assert late["from"] == State.EXPIRED.value


async def test_a_superseded_one_is_endorsed_no_more_and_not_looked_at_again(desk: Desk) -> None:
    person = await desk.customer()
    former, newer = await desk.active(person), await desk.active(person)

    refused = await desk.do(
        "endorseCredential", OWN, credentialId=former, effect="NOTE", reasonCode="LATE"
    )
    now = datetime.now(UTC) + timedelta(days=31)
    desk.turn_clock(lambda: now)

    assert refused["__typename"] == "InvalidTransitionError"
    assert await recheck_what_is_due(desk.parts) == 1
    row = await desk.parts.store.credential(newer)
    assert row is not None
    assert row.rechecked_at is not None
