"""What must not be accepted, and the reason each refusal gives; all five checks always answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from subgraphs.demo.pilot import CAITONG_FUND, GUOTAI_JUNAN_FUTURES, ZHENGTONG
from subgraphs.holder.choose import show
from subgraphs.holder.holder import Grant
from subgraphs.kit.ids import institution_id
from subgraphs.vc.did import institution_did
from subgraphs.vc.disclosure import ClaimPath
from subgraphs.vc.strict_json import JsonObject
from tests.subgraphs.kit.world import Person
from tests.subgraphs.verifier.counter import TOTAL, Counter, Paper, present, signed

pytestmark = pytest.mark.asyncio(loop_scope="module")

Made = tuple[Person, dict[str, Any], JsonObject]
Attack = Callable[[Counter, str], Awaitable[Made]]
KINDS = ["HOLDER_BINDING", "INTEGRITY", "TRUSTED_ISSUER", "HOLDER_AUTHORISATION", "TIMELINESS"]


async def ready(counter: Counter, name: str) -> tuple[Person, Paper, Grant, dict[str, Any]]:
    person = await counter.customer(name)
    paper, grant = await counter.paper(person), await counter.grant(person)
    await counter.settle()
    return person, paper, grant, await counter.request(person)


async def changed_validity(counter: Counter, name: str) -> Made:
    person, paper, grant, request = await ready(counter, name)
    shown = show(paper.held, claims=[TOTAL])
    credential = {**deepcopy(shown.credential), "validUntil": "2099-01-01T00:00:00Z"}
    forged = type(shown)(credential=credential, disclosures=shown.disclosures)
    return person, request, present(person, request, [], grant, shown=[forged])


async def changed_amount(counter: Counter, name: str) -> Made:
    person, paper, grant, request = await ready(counter, name)
    shown = show(paper.held, claims=[TOTAL])
    other = await counter.paper(person, told=False)
    foreign = show(other.held, claims=[TOTAL]).disclosures
    forged = type(shown)(credential=shown.credential, disclosures=foreign)
    return person, request, present(person, request, [], grant, shown=[forged])


async def bit_of_the_signature(counter: Counter, name: str) -> Made:
    person, paper, grant, request = await ready(counter, name)
    made = present(person, request, [paper], grant)
    made = deepcopy(made)
    proof: Any = made["proof"]
    last = proof["proofValue"][-1]
    proof["proofValue"] = proof["proofValue"][:-1] + ("2" if last != "2" else "3")
    return person, request, made


async def never_on_the_log(counter: Counter, name: str) -> Made:
    person, _, grant, request = await ready(counter, name)
    paper = await counter.paper(person, told=False)
    return person, request, present(person, request, [paper], grant)


async def of_a_friend_with_her_key(counter: Counter, name: str) -> Made:
    person, _, _, request = await ready(counter, name)
    friend = await counter.world.person(f"{name}-friend")
    paper, grant = await counter.paper(friend), await counter.grant(friend)
    await counter.settle()
    return person, request, present(friend, request, [paper], grant)


async def of_a_friend_with_my_key(counter: Counter, name: str) -> Made:
    person, _, grant, request = await ready(counter, name)
    friend = await counter.world.person(f"{name}-friend")
    paper = await counter.paper(friend)
    await counter.settle()
    return person, request, present(person, request, [paper], grant)


async def from_one_who_issues_nothing(counter: Counter, name: str) -> Made:
    person, _, grant, request = await ready(counter, name)
    paper = await counter.paper(person, issuer=ZHENGTONG)
    await counter.settle()
    return person, request, present(person, request, [paper], grant)


async def without_consent(counter: Counter, name: str) -> Made:
    person, paper, _, request = await ready(counter, name)
    return person, request, present(person, request, [paper], None)


async def consent_never_registered(counter: Counter, name: str) -> Made:
    person, paper, _, request = await ready(counter, name)
    grant = await counter.grant(person, told=False)
    return person, request, present(person, request, [paper], grant)


async def without_monitoring(counter: Counter, name: str) -> Made:
    person, paper, _, request = await ready(counter, name)
    grant = await counter.grant(person, monitoring=False)
    await counter.settle()
    return person, request, present(person, request, [paper], grant)


async def consent_withdrawn(counter: Counter, name: str) -> Made:
    person, paper, grant, request = await ready(counter, name)
    await counter.consent_event(person, grant, "CONSENT_WITHDRAWN")
    await counter.settle()
    return person, request, present(person, request, [paper], grant)


async def consent_for_another_verifier(counter: Counter, name: str) -> Made:
    person, paper, _, request = await ready(counter, name)
    grant = await counter.grant(person, to=GUOTAI_JUNAN_FUTURES)
    await counter.settle()
    return person, request, present(person, request, [paper], grant)


async def consent_for_another_purpose(counter: Counter, name: str) -> Made:
    person, paper, _, request = await ready(counter, name)
    grant = await counter.grant(person, purpose="LOTTERY")
    await counter.settle()
    return person, request, present(person, request, [paper], grant)


async def more_than_consented(counter: Counter, name: str) -> Made:
    person, paper, _, request = await ready(counter, name)
    grant = await counter.grant(person, claims=[ClaimPath("/credentialSubject/inTransit")])
    await counter.settle()
    return person, request, present(person, request, [paper], grant)


async def revoked_before_the_checks(counter: Counter, name: str) -> Made:
    person, paper, grant, request = await ready(counter, name)
    await counter.endorse(person, paper, "REVOKE", "REVOKED")
    await counter.settle()
    return person, request, present(person, request, [paper], grant)


async def suspended_before_the_checks(counter: Counter, name: str) -> Made:
    person, paper, grant, request = await ready(counter, name)
    await counter.endorse(person, paper, "SUSPEND", "SUSPENDED")
    await counter.settle()
    return person, request, present(person, request, [paper], grant)


async def expired(counter: Counter, name: str) -> Made:
    person, _, grant, request = await ready(counter, name)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    paper = await counter.paper(person, valid_until=until)
    await counter.settle()
    made = present(person, request, [paper], grant)
    counter.shift[0] = timedelta(seconds=5)
    return person, request, made


@pytest.mark.parametrize(
    ("attack", "against"),
    [
        pytest.param(
            changed_validity, {"INTEGRITY": "PROOF_INVALID"}, id="a date changed after signing"
        ),
        pytest.param(
            changed_amount, {"INTEGRITY": "DISCLOSURE_INVALID"}, id="another amount slipped in"
        ),
        pytest.param(
            bit_of_the_signature,
            {"HOLDER_BINDING": "HOLDER_KEY_MISMATCH"},
            id="the holder's signature damaged",
        ),
        pytest.param(
            never_on_the_log,
            {"INTEGRITY": "HASH_NOT_ON_LOG", "TIMELINESS": "NOT_ACTIVE"},
            id="its hash never on the log",
        ),
        pytest.param(
            of_a_friend_with_her_key,
            {"HOLDER_BINDING": "NOT_OUR_CUSTOMER", "HOLDER_AUTHORISATION": "CONSENT_INVALID"},
            id="a friend's proof with the friend's key",
        ),
        pytest.param(
            of_a_friend_with_my_key,
            {"HOLDER_BINDING": "HOLDER_KEY_MISMATCH", "INTEGRITY": "PROOF_INVALID"},
            id="a friend's proof with the own key",
        ),
        pytest.param(
            from_one_who_issues_nothing,
            {"TRUSTED_ISSUER": "ISSUER_NOT_TRUSTED", "INTEGRITY": "PROOF_INVALID"},
            id="signed by somebody who is no issuer",
        ),
        pytest.param(without_consent, {"HOLDER_AUTHORISATION": "CONSENT_MISSING"}, id="no consent"),
        pytest.param(
            consent_never_registered,
            {"HOLDER_AUTHORISATION": "CONSENT_MISSING"},
            id="a consent the log does not know",
        ),
        pytest.param(
            without_monitoring,
            {"HOLDER_AUTHORISATION": "MONITORING_NOT_GRANTED"},
            id="monitoring not granted",
        ),
        pytest.param(
            consent_withdrawn,
            {"HOLDER_AUTHORISATION": "CONSENT_WITHDRAWN"},
            id="consent withdrawn before the checks",
        ),
        pytest.param(
            consent_for_another_verifier,
            {"HOLDER_AUTHORISATION": "CONSENT_INVALID"},
            id="a consent given to somebody else",
        ),
        pytest.param(
            consent_for_another_purpose,
            {"HOLDER_AUTHORISATION": "CONSENT_INVALID"},
            id="a consent for another purpose",
        ),
        pytest.param(
            more_than_consented,
            {"HOLDER_AUTHORISATION": "SCOPE_EXCEEDED"},
            id="more shown than consented",
        ),
        pytest.param(
            revoked_before_the_checks, {"TIMELINESS": "NOT_ACTIVE"}, id="revoked a moment ago"
        ),
        pytest.param(
            suspended_before_the_checks, {"TIMELINESS": "NOT_ACTIVE"}, id="suspended a moment ago"
        ),
        pytest.param(expired, {"TIMELINESS": "EXPIRED"}, id="its validity over"),
    ],
)
async def test_the_checks_say_why(
    shared_counter: Counter, attack: Attack, against: dict[str, str]
) -> None:
    counter = shared_counter
    counter.shift[0] = timedelta()
    try:
        person, request, presentation = await attack(counter, attack.__name__.replace("_", "-"))
        done = await counter.verify(await counter.submit(person, request, presentation))
    finally:
        counter.shift[0] = timedelta()
    verification = done["verification"]
    assert verification["result"] == "REJECTED"
    assert [check["kind"] for check in verification["checks"]] == KINDS
    failed = {c["kind"]: c["reasonCode"] for c in verification["checks"] if c["reasonCode"]}
    assert failed == against
    assert verification["qualification"] is None
    assert verification["acceptances"] == []
    await signalled(counter, verification["presentation"]["id"], against)


async def signalled(counter: Counter, presentation: str, against: dict[str, str]) -> None:
    """Integrity and issuer faults are told to the supervisor, each once."""
    await counter.settle()
    told = [
        (event.envelope.body["check"], event.envelope.body["reasonCode"])
        for event in await counter.events("FRAUD_SIGNAL")
        if presentation in event.envelope.subjects
    ]
    suspicious = ("INTEGRITY", "TRUSTED_ISSUER")
    assert told == [(kind, against[kind]) for kind in suspicious if kind in against]


async def replayed(counter: Counter, name: str) -> Made:
    person, paper, grant, request = await ready(counter, name)
    made = present(person, request, [paper], grant)
    first = await counter.submit(person, request, made)
    assert first["__typename"] == "SubmitPresentationSuccess"
    return person, request, made


async def replayed_to_a_new_request(counter: Counter, name: str) -> Made:
    person, _, made = await replayed(counter, name)
    return person, await counter.request(person), made


async def made_anew_for_a_used_request(counter: Counter, name: str) -> Made:
    person, request, _ = await replayed(counter, name)
    paper, grant = await counter.paper(person), await counter.grant(person)
    await counter.settle()
    return person, request, present(person, request, [paper], grant)


async def with_a_nonce_of_nobody(counter: Counter, name: str) -> Made:
    person, paper, grant, request = await ready(counter, name)
    return person, request, present(person, request, [paper], grant, nonce="made-up")


async def with_the_nonce_of_another_request(counter: Counter, name: str) -> Made:
    person, paper, grant, request = await ready(counter, name)
    other = await counter.request(person)
    return person, request, present(person, other, [paper], grant)


async def for_another_verifier(counter: Counter, name: str) -> Made:
    person, paper, grant, request = await ready(counter, name)
    other = institution_did(institution_id(GUOTAI_JUNAN_FUTURES.uscc))
    assert other != institution_did(institution_id(CAITONG_FUND.uscc))
    return person, request, present(person, request, [paper], grant, audience=other)


async def too_late(counter: Counter, name: str) -> Made:
    person, paper, grant, request = await ready(counter, name)
    made = present(person, request, [paper], grant)
    counter.shift[0] = timedelta(minutes=10, seconds=1)
    return person, request, made


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        pytest.param(replayed, "PRESENTATION_REPLAYED", id="the same once more"),
        pytest.param(
            replayed_to_a_new_request, "PRESENTATION_REPLAYED", id="the same to a new request"
        ),
        pytest.param(
            made_anew_for_a_used_request, "PRESENTATION_REPLAYED", id="a used nonce, signed anew"
        ),
        pytest.param(with_a_nonce_of_nobody, "NONCE_UNKNOWN", id="a nonce nobody gave"),
        pytest.param(
            with_the_nonce_of_another_request, "NONCE_UNKNOWN", id="the nonce of another request"
        ),
        pytest.param(for_another_verifier, "AUDIENCE_MISMATCH", id="made for another verifier"),
        pytest.param(too_late, "REQUEST_EXPIRED", id="after the request's end"),
    ],
)
async def test_what_is_not_for_this_request_is_refused_and_not_kept(
    shared_counter: Counter, attack: Attack, code: str
) -> None:
    counter = shared_counter
    try:
        person, request, presentation = await attack(counter, attack.__name__.replace("_", "-"))
        before = await kept(counter)
        refused = await counter.submit(person, request, presentation)
    finally:
        counter.shift[0] = timedelta()
    assert (refused["__typename"], refused["code"]) == ("PresentationRefused", code)
    assert await kept(counter) == before
    await counter.settle()
    told = [one.envelope.body for one in await counter.events("FRAUD_SIGNAL", about=person.id)]
    again = {"check": "REPLAY", "reasonCode": "PRESENTATION_REPLAYED"}
    assert told == ([again] if code == "PRESENTATION_REPLAYED" else [])


async def test_who_shows_it_again_and_again_is_told_of_once_a_day(shared_counter: Counter) -> None:
    counter = shared_counter
    person, request, presentation = await replayed(counter, "stubborn")
    try:
        for days in (0, 0, 1, 1):
            counter.shift[0] = timedelta(days=days)
            refused = await asyncio.gather(
                *(counter.submit(person, request, presentation) for _ in "three")
            )
            assert {one["code"] for one in refused} == {"PRESENTATION_REPLAYED"}
    finally:
        counter.shift[0] = timedelta()
    await counter.settle()
    assert len(await counter.events("FRAUD_SIGNAL", about=person.id)) == 2


async def kept(counter: Counter) -> int:
    return await counter.parts.store.presentations.rows.count_documents({})


async def test_a_wrong_presentation_does_not_use_up_the_request(shared_counter: Counter) -> None:
    counter = shared_counter
    person, paper, grant, request = await ready(counter, "patient")
    other = present(person, request, [paper], grant, nonce="made-up")
    assert (await counter.submit(person, request, other))["code"] == "NONCE_UNKNOWN"
    right = present(person, request, [paper], grant)
    assert (await counter.submit(person, request, right))["__typename"].endswith("Success")


async def test_a_signed_copy_with_a_foreign_countersignature_is_caught(
    shared_counter: Counter,
) -> None:
    counter = shared_counter
    person, paper, grant, request = await ready(counter, "copied")
    friend = await counter.world.person("copied-friend")
    document = paper.held.document
    stripped: JsonObject = {**document, "proof": [document["proof"][0]]}  # type: ignore[index]
    shown = show(paper.held, claims=[TOTAL])
    forged = type(shown)(credential=signed(friend, stripped), disclosures=shown.disclosures)
    made = present(person, request, [], grant, shown=[forged])
    done = await counter.verify(await counter.submit(person, request, made))
    failed = {c["kind"]: c["reasonCode"] for c in done["verification"]["checks"] if c["reasonCode"]}
    assert failed == {"INTEGRITY": "PROOF_INVALID"}
