"""The operations a user would run (Q1 to Q5, Q9), from the files of the examples."""

import asyncio
from typing import Any

from subgraphs.demo.answers import at, items
from subgraphs.demo.journey import Journey
from subgraphs.demo.listening import Listener
from subgraphs.demo.operations import operation
from subgraphs.demo.passing import falls_due
from tests.access.world import World
from tests.e2e.callers import journey_of


async def test_what_a_user_would_run_runs_from_the_examples(world: World) -> None:
    async with journey_of(world.stack.deployment) as journey:
        await journey.to_credential()
        await previewed(journey)
        await decided(journey)
        await watched(journey)
        await seen_on_one_screen(journey)
        await overdue(journey, world)
        await cancelled(journey)


async def previewed(journey: Journey) -> None:
    """Q5: nothing is disclosed yet; her one credential is enough."""
    given = {"ruleSet": "PRIVATE_FUND"}
    data = await journey.actors.holder.ask(operation("qualification-preview"), given)
    preview: Any = at(data, "me", "qualificationPreview")
    assert (preview["outcome"], preview["missing"]) == ("QUALIFIED", [])
    (step,) = preview["plan"]
    assert step["credential"]["id"] == journey.credential_id
    assert step["credential"]["issuer"]["name"] == "国泰君安证券股份有限公司"
    assert step["discloseLowerBound"]["amount"] == "3000000.00"


async def decided(journey: Journey) -> None:
    """Q2: the decision with what it rests on, each part from the subgraph that owns it."""
    await journey.bind_verifier_customer()
    await journey.ask_presentation()
    await journey.consent()
    await journey.submit()
    verification: Any = await journey.verify("decide-with-proof")
    assert verification["result"] == "ACCEPTED"
    assert len(verification["checks"]) == 5
    assert verification["doubleCount"]["verdict"] == "CLEAR"
    assert verification["presentation"]["consent"]["purpose"]
    (shown,) = verification["presentation"]["items"]
    assert shown["issuer"]["trustRegistration"]["since"]
    assert shown["total"] is None
    assert shown["lowerBound"]["amount"] == "3000000.00"
    async with asyncio.timeout(30):
        while not proved(verification):  # audit follows the log: the same call, a moment later
            await asyncio.sleep(0.1)
            verification = await journey.verify("decide-with-proof")
    await journey.grant_permission()


def proved(verification: Any) -> bool:
    (accepted,) = verification["acceptances"]
    return accepted["credential"]["chainProof"] is not None


async def watched(journey: Journey) -> None:
    """Q3: a change, told and enriched; resumed after the cursor it is told again."""
    async with Listener.listening(journey.actors.verifier) as listener:
        before = listener.cursor
        await journey.endorse_reduction()
        first: Any = await listener.next_change(journey.credential_id, "CREDENTIAL_ENDORSED")
    assert (first["effect"], first["state"]) == ("REDUCED", "ACTIVE")
    assert first["acceptance"]["id"]
    async with asyncio.timeout(30):
        told, asked = await resumed(journey, before)
        while told["endorsement"]["chainProof"] is None:  # audit follows the log
            await asyncio.sleep(0.1)
            told, asked = await resumed(journey, before)
    assert told["endorsement"]["chainProof"]["leafHash"]
    assert told["sequence"] == first["sequence"]
    assert asked["supplementRequest"]["dueAt"]


async def resumed(journey: Journey, after: str) -> tuple[Any, Any]:
    """The endorsement, and the supplement that it brings, from a cursor on."""
    async with Listener.listening(journey.actors.verifier, after) as again:
        told = await again.next_change(journey.credential_id, "CREDENTIAL_ENDORSED")
        return told, await again.next_change(journey.credential_id, "SUPPLEMENT_REQUESTED")


async def seen_on_one_screen(journey: Journey) -> None:
    """Q1: all four subgraphs have their part in it."""
    given = {"id": journey.credential_id}
    data = await journey.actors.holder.ask(operation("credential-screen"), given)
    screen: Any = at(data, "node")
    assert (screen["state"], screen["total"]["amount"]) == ("ACTIVE", "3200000.00")
    assert screen["walletItem"]["label"]
    (consent,) = screen["consents"]["edges"]
    (shown,) = screen["presentations"]["edges"]
    assert consent["node"]["state"] == "GRANTED"
    assert shown["node"]["verification"]["result"] == "ACCEPTED"
    assert screen["chainProof"]["leafHash"]
    kinds = {edge["node"]["kind"] for edge in screen["timeline"]["edges"]}
    assert {"CREDENTIAL_ACTIVATED", "CREDENTIAL_ACCEPTED", "CREDENTIAL_ENDORSED"} <= kinds


async def overdue(journey: Journey, world: World) -> None:
    """Q9: what the issuer's desk has to look at again."""
    moved = ("credentials", journey.credential_id, "recheck_due")
    await falls_due(world.stack.deployment, "issuer", *moved)
    data = await journey.actors.issuer.ask(operation("overdue-rechecks"), {})
    rows: list[Any] = [edge["node"] for edge in items(data, "overdueRechecks", "edges")]
    own = [row for row in rows if row["endorsements"]["edges"]]
    assert any(row["endorsements"]["edges"][0]["node"]["effect"] == "REDUCED" for row in own)
    assert all(row["nextRecheckDueAt"] and row["chainProof"] for row in rows)


async def cancelled(journey: Journey) -> None:
    """Q4: her own signature ends it; with a copy in custody see test_deletion_offline.py."""
    signature = journey.person.software.cancel(journey.credential_id).as_input()
    given = {"input": {"id": journey.credential_id, "signature": signature}}
    data = await journey.actors.holder.ask(operation("cancel-credential"), given)
    assert at(data, "cancelCredential", "__typename") == "CancelCredentialSuccess"
    assert at(data, "cancelCredential", "credential", "walletItem") is not None
