"""Two things at once, a status that moves, a process that lags or dies: nothing twice or silent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from subgraphs.kit.errors import Invalid
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.mongo import Session
from subgraphs.verifier.grant import grant
from subgraphs.verifier.records import Permission, Wanted
from tests.subgraphs.kit.world import running
from tests.subgraphs.verifier.counter import (
    CHECKS,
    OWN,
    Counter,
    counter_of,
    present,
    state_of,
    wired,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def idle(tmp_path: Path, mongo_uri: str, mongo_database: str) -> AsyncIterator[Counter]:
    """A verifier whose follower the test starts and stops itself."""
    async with counter_of(tmp_path, mongo_uri, mongo_database, follow=False) as opened:
        yield opened


@contextlib.asynccontextmanager
async def listening(counter: Counter) -> AsyncIterator[Counter]:
    async with running(counter.parts.follower.run):
        await counter.settle()
        yield counter


async def test_a_presentation_is_verified_once(shared_counter: Counter) -> None:
    counter = shared_counter
    person = await counter.customer("ann")
    paper, grant = await counter.paper(person), await counter.grant(person)
    await counter.settle()
    request = await counter.request(person)
    submitted = await counter.submit(person, request, present(person, request, [paper], grant))
    answers = await asyncio.gather(*(counter.verify(submitted) for _ in range(4)))
    kinds = sorted(answer["__typename"] for answer in answers)
    assert kinds == ["InvalidTransitionError"] * 3 + ["VerifyPresentationSuccess"]
    lost = next(a for a in answers if a["__typename"] == "InvalidTransitionError")
    assert (lost["from"], lost["to"]) == ("ACCEPTED", "VERIFYING")
    await counter.settle()
    assert len(await counter.events("PRESENTATION_VERIFIED", about=person.id)) == 1
    assert len(await counter.events("CREDENTIAL_ACCEPTED", about=person.id)) == 1


@contextlib.asynccontextmanager
async def log_at_rest(counter: Counter) -> AsyncIterator[None]:
    """Nothing queued gets a place meanwhile: whoever leads finds a newer term on the head."""
    ledger = counter.world.settings.ledger
    heads = counter.world.base.mongo.database(ledger.database)["ledger_head"]
    await heads.update_one({"_id": ledger.shard}, {"$inc": {"term": 1000}})
    try:
        yield
    finally:
        await heads.update_one({"_id": ledger.shard}, {"$inc": {"term": -1000}})


async def test_what_was_signed_a_moment_ago_is_waited_for(idle: Counter) -> None:
    async with listening(idle) as counter:
        person = await counter.customer()
        grant = await counter.grant(person)
        await counter.settle()
        async with log_at_rest(counter):
            paper = await counter.paper(person)
            request = await counter.request(person)
            shown = present(person, request, [paper], grant)
            submitted = await counter.submit(person, request, shown)
            early = await counter.verify(submitted)
            assert (early["__typename"], early["code"]) == ("TryAgain", "LISTENER_LAGGING")
            waiting = asyncio.create_task(counter.verify(submitted))
            await asyncio.sleep(0.3)
            assert not waiting.done()
        answer = await waiting
        assert answer["verification"]["result"] == "ACCEPTED"


async def test_a_proof_that_is_refused_as_of_now_does_not_hold_up_the_word_that_restores_it(
    idle: Counter,
) -> None:
    async with listening(idle) as counter:
        person = await counter.customer()
        paper, grant = await counter.paper(person), await counter.grant(person)
        await counter.endorse(person, paper, "SUSPEND", "SUSPENDED", version=5)
        await counter.settle()
        request = await counter.request(person)
        submitted = await counter.submit(person, request, present(person, request, [paper], grant))
        async with log_at_rest(counter):
            await counter.endorse(person, paper, "RESTORED", version=6)
            waiting = asyncio.create_task(counter.verify(submitted))
            await asyncio.sleep(0.3)
            assert not waiting.done()
        answer = await waiting
        assert answer["verification"]["result"] == "ACCEPTED"


async def test_one_presentation_submitted_from_two_devices_is_kept_once(
    shared_counter: Counter,
) -> None:
    counter = shared_counter
    person = await counter.customer("bea")
    paper, grant = await counter.paper(person), await counter.grant(person)
    await counter.settle()
    request = await counter.request(person)
    made = [present(person, request, [paper], grant) for _ in range(3)]
    answers = await asyncio.gather(*(counter.submit(person, request, one) for one in made))
    kinds = sorted(answer["__typename"] for answer in answers)
    assert kinds == ["PresentationRefused"] * 2 + ["SubmitPresentationSuccess"]
    assert await counter.parts.store.presentations.rows.count_documents({"holder": person.id}) == 1


async def test_the_same_call_again_answers_the_same(shared_counter: Counter) -> None:
    counter = shared_counter
    person = await counter.customer("cleo")
    paper, grant = await counter.paper(person), await counter.grant(person)
    await counter.settle()
    request = await counter.request(person)
    made = present(person, request, [paper], grant)
    first = await counter.submit(person, request, made, clientMutationId="once")
    again = await counter.submit(person, request, made, clientMutationId="once")
    assert first == again
    verified = [
        await counter.do(
            "verifyPresentation",
            OWN,
            "verification { id }",
            presentationId=first["presentation"]["id"],
            clientMutationId="v",
        )
        for _ in range(2)
    ]
    assert verified[0] == verified[1]


async def test_a_key_that_served_another_decision_decides_nothing(shared_counter: Counter) -> None:
    counter = shared_counter
    person = await counter.customer("kay")
    paper, grant = await counter.paper(person), await counter.grant(person)
    await counter.settle()
    answers, ids = [], []
    for _ in range(2):
        request = await counter.request(person)
        made = await counter.submit(person, request, present(person, request, [paper], grant))
        ids.append(made["presentation"]["id"])
        asked = {"presentationId": ids[-1], "clientMutationId": "one key"}
        answers.append(await counter.do("verifyPresentation", OWN, CHECKS, **asked))
    assert answers[0]["__typename"] == "VerifyPresentationSuccess"
    assert (answers[1]["__typename"], answers[1]["code"]) == (
        *("ValidationFailed", "IDEMPOTENCY_KEY_REUSED"),
    )
    kept = [await counter.parts.store.presentations.get(one) for one in ids]
    assert [one and one.state.value for one in kept] == ["ACCEPTED", "SUBMITTED"]


async def test_granting_twice_at_once_grants_once(shared_counter: Counter) -> None:
    counter = shared_counter
    person = await counter.customer("dora")
    _, verification = await counter.accepted(person)
    answers = await asyncio.gather(*(counter.permitted(verification) for _ in range(4)))
    assert {answer["permission"]["id"] for answer in answers if "permission" in answer} == {
        answers[0]["permission"]["id"]
    }
    await counter.settle()
    assert len(await counter.events("PERMISSION_GRANTED", about=person.id)) == 1


async def test_a_grant_and_a_revocation_in_flight_never_leave_a_silent_permission(
    shared_counter: Counter,
) -> None:
    counter = shared_counter
    person = await counter.customer("eve")
    for _ in range(6):
        paper, verification = await counter.accepted(person)
        await asyncio.gather(
            counter.permitted(verification),
            counter.endorse(person, paper, "REVOKE", "REVOKED"),
        )
        await counter.settle()
        found = await counter.parts.store.permissions.where({"holder": person.id})
        assert all(row.state.value == "SUSPENDED" for row in found)


async def test_a_revocation_that_lands_between_reading_and_granting_is_not_overlooked(
    shared_counter: Counter,
) -> None:
    """The grant has read the acceptance as it stood; the reaction commits before the grant does."""
    counter = shared_counter
    person = await counter.customer("between")
    paper, verification = await counter.accepted(person)
    rows, looked = counter.parts.store.acceptances, []

    async def work(session: Session) -> Permission:
        (read,) = await rows.where({"credential": paper.id}, session=session)
        looked.append(read.state.value)
        if len(looked) == 1:
            await counter.endorse(person, paper, "REVOKE", "REVOKED")
            await counter.settle()
        qualified = verification["qualification"]["id"]
        own = InstitutionId(str(OWN.institution))
        return await grant(
            counter.parts, own, qualification_id=qualified, product="PRIVATE_FUND", session=session
        )

    with pytest.raises(Invalid) as refused:
        await counter.world.base.mongo.transaction(work)
    assert refused.value.code == "PROOF_NO_LONGER_STANDS"
    assert (looked[0], looked[-1]) == ("MONITORED", "LAPSED")
    assert await counter.parts.store.permissions.where({"holder": person.id}) == []


async def test_a_permission_granted_before_its_verifier_heard_of_the_revocation(
    idle: Counter,
) -> None:
    """The other order: the revocation is on the log first, and heard of after the grant."""
    async with listening(idle):
        person = await idle.customer("unheard")
        paper, verification = await idle.accepted(person)
    await idle.endorse(person, paper, "REVOKE", "REVOKED")
    assert (await idle.permitted(verification))["permission"]["state"] == "GRANTED"
    async with listening(idle):
        assert await state_of(idle, paper) == ("LAPSED", "SUSPENDED", None)


async def test_a_proof_checked_while_it_is_revoked_never_stays_monitored(
    shared_counter: Counter,
) -> None:
    counter = shared_counter
    person = await counter.customer("faye")
    for _ in range(6):
        paper, grant = await counter.paper(person), await counter.grant(person)
        await counter.settle()
        request = await counter.request(person)
        submitted = await counter.submit(person, request, present(person, request, [paper], grant))
        await asyncio.gather(
            counter.verify(submitted), counter.endorse(person, paper, "REVOKE", "REVOKED")
        )
        await counter.settle()
        rows = await counter.parts.store.acceptances.where({"credential": paper.id})
        assert all(row.state.value == "LAPSED" for row in rows)


async def test_a_verifier_that_lags_decides_nothing(idle: Counter) -> None:
    async with listening(idle):
        person = await idle.customer()
        paper, grant = await idle.paper(person), await idle.grant(person)
        await idle.settle()
        request = await idle.request(person)
        submitted = await idle.submit(person, request, present(person, request, [paper], grant))
        await idle.settle()
    await idle.endorse(person, paper, "REVOKE", "REVOKED")
    while await idle.parts.follower.lag() == 0:  # noqa: ASYNC110  # another task moves it
        await asyncio.sleep(0.005)
    waiting = asyncio.create_task(idle.verify(submitted))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    async with listening(idle):
        done = await waiting
    reasons = {c["kind"]: c["reasonCode"] for c in done["verification"]["checks"]}
    assert reasons["TIMELINESS"] == "NOT_ACTIVE"


async def test_a_worker_that_dies_again_and_again_neither_loses_nor_repeats(idle: Counter) -> None:
    async with listening(idle):
        person = await idle.customer()
        paper, verification = await idle.accepted(person)
        await idle.permitted(verification)
        await idle.settle()
    counter, wanted = idle, 40
    for version in range(5, 5 + wanted):
        effect = "REDUCED" if version % 2 else "RESTORED"
        await counter.endorse(person, paper, effect, version=version)
    last = await counter.endorse(person, paper, "REVOKE", "REVOKED", version=99)
    for _ in range(12):  # each time a process's worth of parts, killed at another point
        counter = wired(idle.world)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.012):
                await counter.parts.follower.run()
    async with listening(counter):
        assert await state_of(counter, paper) == ("LAPSED", "SUSPENDED", None)
        told = await counter.parts.store.told(str(OWN.institution), Wanted(), -1, 1000)
    positions = [change.index for change in told]
    assert positions == sorted(set(positions))
    assert [change.kind for change in told].count("CREDENTIAL_ENDORSED") == wanted + 1
    assert [change.endorsement for change in told if change.effect == "REVOKE"] == [last]
    kinds = [event.envelope.kind for event in await counter.events()]
    assert kinds.count("SUPPLEMENT_REQUESTED") == wanted // 2
    assert kinds.count("PERMISSION_SUSPENDED") == kinds.count("ACCEPTANCE_ENDED") == 1


async def test_two_workers_at_once_act_once(idle: Counter) -> None:
    async with listening(idle) as counter, running(wired(idle.world).parts.follower.run):
        person = await counter.customer()
        paper, verification = await counter.accepted(person)
        await counter.permitted(verification)
        await counter.endorse(person, paper, "REVOKE", "REVOKED")
        await counter.settle()
        kinds = [event.envelope.kind for event in await counter.events()]
        assert kinds.count("PERMISSION_SUSPENDED") == kinds.count("ACCEPTANCE_ENDED") == 1


async def test_an_overdue_supplement_suspends_by_rule_and_once(shared_counter: Counter) -> None:
    counter = shared_counter
    person = await counter.customer("gina")
    paper, verification = await counter.accepted(person)
    await counter.permitted(verification)
    await counter.endorse(person, paper, "REDUCED")
    await counter.settle()
    now = counter.parts.clock()
    assert await counter.overdue.act(now) == 0
    late = now + timedelta(days=30)
    assert [await counter.overdue.act(late), await counter.overdue.act(late)] == [1, 0]
    await counter.settle()
    assert await state_of(counter, paper) == ("LAPSED", "SUSPENDED", None)
    (suspended,) = await counter.events("PERMISSION_SUSPENDED", about=person.id)
    assert suspended.envelope.body["reasonCode"] == "SUPPLEMENT_OVERDUE"


async def test_withdrawn_consent_ends_visibly_then_suspends_by_rule(
    shared_counter: Counter,
) -> None:
    counter = shared_counter
    person = await counter.customer("hana")
    paper, grant = await counter.paper(person), await counter.grant(person)
    await counter.settle()
    verification = await counter.shown(person, paper, grant)
    await counter.permitted(verification)
    await counter.consent_event(person, grant, "CONSENT_WITHDRAWN")
    await counter.settle()
    assert await state_of(counter, paper) == ("ENDED", "GRANTED", "OPEN")
    await counter.overdue.act(counter.parts.clock() + timedelta(days=30))
    await counter.settle()
    assert await state_of(counter, paper) == ("ENDED", "SUSPENDED", None)
    ended = await counter.events("ACCEPTANCE_ENDED", about=person.id)
    assert [event.envelope.body["reasonCode"] for event in ended] == ["CONSENT_WITHDRAWN"]


async def test_a_new_proof_fulfils_what_was_asked_for(shared_counter: Counter) -> None:
    counter = shared_counter
    person = await counter.customer("ines")
    paper, verification = await counter.accepted(person)
    await counter.permitted(verification)
    await counter.endorse(person, paper, "REDUCED")
    await counter.settle()
    await counter.accepted(person)
    rows = await counter.parts.store.acceptances.where({"holder": person.id})
    assert {row.state.value for row in rows} == {"MONITORED"}
    supplements = await counter.parts.store.supplements.where({"holder": person.id})
    assert [row.state.value for row in supplements] == ["FULFILLED"]
