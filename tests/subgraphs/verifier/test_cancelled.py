"""A holder ended a credential that was accepted here: told, prompted for, and kept as its end."""

from datetime import UTC, datetime

import pytest

from subgraphs.kit.events import event
from subgraphs.kit.ids import institution_id, new_id
from tests.subgraphs.kit.world import Person
from tests.subgraphs.verifier.counter import Counter, Paper

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def cancel(counter: Counter, person: Person, paper: Paper, *, by: str = "") -> None:
    """What her wallet tells the log."""
    issuer = institution_id(paper.issuer.uscc)
    told = event(
        "CREDENTIAL_CANCELLED",
        entity=paper.id,
        version=1,
        subjects=[paper.id, by or person.id],
        institutions=[issuer],
        at=datetime.now(UTC),
        body={
            "issuer": issuer,
            "vcHash": paper.vc_hash,
            "cancellationDigest": "sm3:" + "0" * 64,
        },
    )
    await counter.world.tell(told)
    await counter.settle()


async def status(counter: Counter, paper: Paper) -> str:
    (row,) = await counter.parts.store.credentials.where({"_id": paper.id})
    return row.status.value


async def test_a_cancelled_credential_prompts_and_is_told(shared_counter: Counter) -> None:
    counter = shared_counter
    person = await counter.customer("gail")
    paper, verification = await counter.accepted(person)
    await counter.permitted(verification)
    await counter.settle()
    await cancel(counter, person, paper)
    assert await status(counter, paper) == "CANCELLED"
    (row,) = await counter.parts.store.acceptances.where({"credential": paper.id})
    assert row.state.value == "SUPPLEMENT_REQUESTED"
    (permission,) = await counter.parts.store.permissions.where({"holder": person.id})
    assert permission.state.value == "GRANTED"
    assert len(await counter.events("SUPPLEMENT_REQUESTED", about=paper.id)) == 1


async def test_of_two_ends_the_first_on_the_log_counts(shared_counter: Counter) -> None:
    counter = shared_counter
    person = await counter.customer("hope")
    paper, _ = await counter.accepted(person)
    await cancel(counter, person, paper)
    await counter.endorse(person, paper, "REVOKE", "REVOKED")
    await counter.settle()
    assert await status(counter, paper) == "CANCELLED"
    (row,) = await counter.parts.store.acceptances.where({"credential": paper.id})
    assert row.state.value == "LAPSED"


async def test_nobody_else_cancels_it(shared_counter: Counter) -> None:
    counter = shared_counter
    person = await counter.customer("iris")
    paper, _ = await counter.accepted(person)
    await cancel(counter, person, paper, by=new_id("hold"))
    assert await status(counter, paper) == "ACTIVE"
