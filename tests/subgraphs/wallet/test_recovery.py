"""A key that is lost or known to others: stopped at once, replaced after a wait, by her alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ledger_adapter.port import EntryIndex
from subgraphs.demo.pilot import ZHENGTONG
from subgraphs.holder.holder import RegistrationRequest
from subgraphs.kit.agreements import AgreementStage
from subgraphs.kit.identity import Application
from subgraphs.kit.ids import institution_id
from subgraphs.kit.matching import authority_of
from subgraphs.vc.did import institution_did, method_id
from subgraphs.vc.did_versions import DidHistory, history_of, salted_digest
from subgraphs.vc.errors import BadDidHistory
from subgraphs.vc.presentation import SaltedVersion, read_salted_versions
from subgraphs.vc.proofs import Purpose, method_by
from subgraphs.vc.receipt import parse_receipt
from subgraphs.vc.shape import shaped
from subgraphs.vc.strict_json import check_object
from tests.subgraphs.kit.world import identity_beside
from tests.subgraphs.wallet.losing import (
    at_another_time,
    cancel,
    clock_ahead,
    complete,
    completed,
    new_device,
    pass_time,
    prepared_cancellation,
    prepared_report,
    reported,
    start,
    started,
)
from tests.subgraphs.wallet.purse import PREPARED, Person, Purse

PROVIDER = institution_did(institution_id(ZHENGTONG.uscc))


def versions(holder: dict[str, Any]) -> tuple[SaltedVersion, ...]:
    return read_salted_versions(shaped(check_object({"didVersions": holder["didVersions"]})))


async def history(purse: Purse, holder: dict[str, Any]) -> DidHistory:
    """As anybody verifies it who is shown receipt and versions, with the register's keys."""
    receipt = parse_receipt(holder["receipt"])
    authority = await authority_of(purse.parts.institutions, receipt)
    return history_of(receipt, [one.version for one in versions(holder)], authority)


async def told(purse: Purse) -> list[tuple[str, dict[str, Any]]]:
    """The events of her root DID after its registration, in the log's order."""
    size = await purse.settle()
    found = await purse.world.base.ledger.read(EntryIndex(0), size)
    return [
        (one.envelope.kind, dict(one.envelope.body))
        for one in found
        if one.envelope.kind.startswith("ROOT_DID_") and one.envelope.kind != "ROOT_DID_REGISTERED"
    ]


async def me(purse: Purse, person: Person) -> dict[str, Any]:
    asked = "{ me { didState didVersions receipt keyRecovery { notBefore cancellable } } }"
    found: dict[str, Any] = (await purse.ask(asked, who=person.who)).only("me")
    return found


NEXT = {
    "ACTIVE": ["COMPROMISED", "DEACTIVATED", "RECOVERING"],
    "COMPROMISED": ["DEACTIVATED", "RECOVERING"],
    "RECOVERING": ["ACTIVE", "COMPROMISED", "DEACTIVATED"],
}
"""What docs/states.md says a root DID can become."""


async def test_what_is_refused_says_what_can_be_done(purse: Purse) -> None:
    """With no recovery under way, with one, and with a key reported."""
    person = await purse.registered()
    none = await prepared_cancellation(purse, person)
    assert (none["to"], none["allowed"]) == ("ACTIVE", NEXT["ACTIVE"])
    assert none["message"].endswith("startRecovery begins one")
    device = new_device(person)
    await started(purse, device)
    for refused in (
        await prepared_report(purse, person, datetime.now(UTC)),
        await another_key(purse, person),
    ):
        assert (refused["__typename"], refused["code"]) == (
            "ValidationFailed",
            "RECOVERY_UNDER_WAY",
        ), refused


async def test_a_reported_key_leaves_a_recovery_to_be_begun(purse: Purse) -> None:
    person = await purse.registered()
    await pass_time(purse, seconds=5)
    await reported(purse, person, datetime.now(UTC))
    for refused in (
        await prepared_cancellation(purse, person),
        await complete(purse, person),
        await another_key(purse, person),
    ):
        assert (refused["from"], refused["allowed"]) == ("COMPROMISED", NEXT["COMPROMISED"])


async def another_key(purse: Purse, person: Person) -> dict[str, Any]:
    """What the wallet says to a change of key."""
    return await purse.do(
        "prepareHolderKeyRotation",
        person.who,
        publicKeyMultibase=new_device(person).software.public_key_multibase,
        proofOfPossession="z",
    )


async def test_a_reported_key_signs_nothing_from_the_stated_time_on(purse: Purse) -> None:
    person = await purse.registered()
    await purse.agree(person, AgreementStage.USE)
    clock = await pass_time(purse, days=2)
    person = at_another_time(person, clock)
    since = (clock() - timedelta(days=1)).replace(microsecond=0)

    holder = await reported(purse, person, since)

    assert holder["didState"] == "COMPROMISED"
    chain, first = await history(purse, holder), method_id(person.software.did)
    assert chain.latest.at == since
    assert chain.key_for(first, Purpose.ASSERTION, since - timedelta(seconds=1)) is not None
    assert chain.key_for(first, Purpose.ASSERTION, since) is None
    assert (await purse.prepare(person))["code"] == "ROOT_DID_KEYLESS"
    (only,) = versions(holder)
    digest = salted_digest(only.salt, only.version)
    assert await told(purse) == [("ROOT_DID_COMPROMISED", {"version": 2, "documentDigest": digest})]


@pytest.mark.parametrize("days", [-1, 31])
async def test_a_report_is_dated_within_bounds(purse: Purse, days: int) -> None:
    person = await purse.registered()
    refused = await prepared_report(purse, person, datetime.now(UTC) - timedelta(days=days))
    assert (refused["code"], refused["field"]) == ("SINCE_OUT_OF_RANGE", "since")


async def test_a_lost_key_is_replaced_after_the_wait(purse: Purse) -> None:
    person = await purse.registered()
    clock = await pass_time(purse, seconds=5)
    device = new_device(person)

    holder = await started(purse, device)

    recovery = holder["keyRecovery"]
    waits = _time(recovery["notBefore"]) - _time(recovery["startedAt"])
    assert (holder["didState"], waits) == ("RECOVERING", timedelta(days=3))
    assert recovery["cancellable"] is True
    assert recovery["proofing"]["complete"] is True
    assert recovery["publicKeyMultibase"] == device.software.public_key_multibase
    assert (await complete(purse, device))["code"] == "RECOVERY_COOLING"
    assert (await purse.prepare(at_another_time(person, clock)))["__typename"] == (
        "PrepareConsentSuccess"
    ), "what nobody reported stays in force meanwhile"

    clock = await pass_time(purse, days=3, seconds=10)
    after = await completed(purse, device)

    holder = await me(purse, after)
    chain = await history(purse, holder)
    assert chain.method == after.software.method == method_id(person.software.did, 2)
    newest = chain.latest.raw
    assert method_by(newest, PROVIDER) == method_id(PROVIDER), "the provider signed it"
    with pytest.raises(BadDidHistory):
        history_of(parse_receipt(holder["receipt"]), [newest])
    after = at_another_time(after, clock)
    ready = await purse.prepare(after)
    assert (await purse.grant(after, ready))["__typename"] == "GrantConsentSuccess"
    assert [kind for kind, _ in await told(purse)] == [
        "ROOT_DID_RECOVERY_STARTED",
        "ROOT_DID_RECOVERED",
    ]


async def test_the_key_in_force_takes_a_recovery_back_and_the_wait_begins_anew(
    purse: Purse,
) -> None:
    """Somebody else was taken for her: she sees it, and ends it."""
    person = await purse.registered()
    device = new_device(person)
    first = await started(purse, device)
    ready = await prepared_cancellation(purse, person)

    done = await cancel(purse, person, ready)

    assert done["__typename"] == "CancelRecoverySuccess", done
    assert (done["holder"]["didState"], done["holder"]["keyRecovery"]) == ("ACTIVE", None)
    assert [kind for kind, _ in await told(purse)] == [
        "ROOT_DID_RECOVERY_STARTED",
        "ROOT_DID_RECOVERY_CANCELLED",
    ]
    await pass_time(purse, days=4)
    refused = await complete(purse, device)
    assert refused["__typename"] == "InvalidTransitionError"
    said = "no recovery is under way: the root DID is ACTIVE; startRecovery begins one"
    assert (refused["message"], refused["allowed"]) == (said, NEXT["ACTIVE"])
    device = at_another_time(device, clock_ahead(days=4))
    again = await started(purse, device)
    wait = _time(again["keyRecovery"]["notBefore"]) - _time(first["keyRecovery"]["notBefore"])
    assert wait > timedelta(days=3), "the provider has forgotten the first"
    assert (await complete(purse, device))["code"] == "RECOVERY_COOLING"


async def test_who_has_the_reported_key_takes_nothing_back(purse: Purse) -> None:
    thief = person = await purse.registered()
    clock = await pass_time(purse, seconds=5)
    device = new_device(person, clock)
    await started(purse, device)
    early = await prepared_cancellation(purse, thief)  # while it could still be done
    assert early["__typename"] == "PrepareRecoveryCancellationSuccess", early

    holder = await started(purse, device, since=datetime.now(UTC) - timedelta(hours=1))

    assert (holder["didState"], holder["keyRecovery"]["cancellable"]) == ("RECOVERING", False)
    assert (await cancel(purse, thief, early))["code"] == "ROOT_DID_KEYLESS"
    refused = await prepared_cancellation(purse, thief)
    assert refused["code"] == "RECOVERY_NOT_CANCELLABLE"
    given_up = await purse.do("prepareRootDidDeactivation", thief.who, PREPARED)
    assert given_up["code"] == "ROOT_DID_KEYLESS"
    assert [kind for kind, _ in await told(purse)] == [
        "ROOT_DID_RECOVERY_STARTED",
        "ROOT_DID_COMPROMISED",
        "ROOT_DID_RECOVERY_STARTED",
    ]
    await pass_time(purse, days=3, seconds=10)
    after = await completed(purse, device)
    chain = await history(purse, await me(purse, after))
    assert [one.number for one in chain.versions] == [1, 2, 3]
    assert chain.method == method_id(person.software.did, 2)


async def test_after_her_own_report_she_recovers(purse: Purse) -> None:
    person = await purse.registered()
    await pass_time(purse, seconds=5)
    await reported(purse, person, datetime.now(UTC))
    device = new_device(person)
    assert (await started(purse, device))["keyRecovery"]["cancellable"] is False
    await pass_time(purse, days=3, seconds=10)
    await completed(purse, device)
    assert [kind for kind, _ in await told(purse)] == [
        "ROOT_DID_COMPROMISED",
        "ROOT_DID_RECOVERY_STARTED",
        "ROOT_DID_RECOVERED",
    ]


async def test_the_new_key_lost_as_well_is_a_new_wait(purse: Purse) -> None:
    person = await purse.registered()
    await pass_time(purse, seconds=5)
    first, second = new_device(person), new_device(person)
    await started(purse, first, since=datetime.now(UTC))
    refused = await start(purse, second)
    assert (refused["__typename"], refused["allowed"]) == (
        "InvalidTransitionError",
        NEXT["RECOVERING"],
    )
    clock = await pass_time(purse, days=2)
    second = at_another_time(second, clock)
    await started(purse, second, since=clock())
    clock = await pass_time(purse, days=4)
    assert (await complete(purse, second))["code"] == "RECOVERY_COOLING"
    await pass_time(purse, days=5, seconds=10)
    await completed(purse, second)


async def test_the_provider_keeps_to_the_wait_by_its_own_clock(purse: Purse) -> None:
    person = await purse.registered()
    device = new_device(person)
    await started(purse, device)
    purse.replace_parts(clock=clock_ahead(days=4))
    refused = await complete(purse, device)
    assert (refused["__typename"], refused["code"]) == ("ValidationFailed", "RECOVERY_COOLING")


async def test_a_wait_that_is_none_is_not_taken(purse: Purse) -> None:
    person = await purse.registered()
    hasty = await identity_beside(purse.world.base, cooling=timedelta(hours=1))
    purse.replace_parts(identity=hasty)
    refused = await start(purse, new_device(person))
    assert (refused["__typename"], refused["code"]) == ("TryAgain", "RECOVERY_INVALID")
    assert (await me(purse, person))["didState"] == "ACTIVE"


async def test_nobody_recovers_somebody_elses_did(purse: Purse) -> None:
    ann, bea = await purse.registered(), await purse.registered("bea")
    device = new_device(ann)
    refused = await start(purse, device, identityDocument="TEST-bea")
    assert refused["field"] == "payload.identityDigest", "the payload names whose document it is"
    hers = Person(id=ann.id, software=device.software, name="bea")
    assert (await start(purse, hers))["code"] == "ROOT_DID_NOT_MATCHED"
    foreign = Person(id=bea.id, software=device.software, name="ann")
    assert (await start(purse, foreign))["code"] == "DID_MISMATCH"
    late = new_device(ann, clock_ahead(minutes=-6))
    assert (await start(purse, late))["code"] == "FACE_TOO_OLD"
    used = Person(id=ann.id, software=ann.software, name="ann")
    assert (await start(purse, used))["code"] == "KEY_INVALID"
    assert await told(purse) == []


async def test_an_answer_of_the_provider_that_got_lost_is_asked_for_again(purse: Purse) -> None:
    person = await purse.registered()
    device = new_device(person)
    clock = await pass_time(purse, seconds=5)
    asked = device.software.recovery("TEST-ann", compromised_since=clock())
    lost = await purse.parts.identity.recover(_application(asked), [])
    holder = await started(purse, device, since=clock())
    assert holder["keyRecovery"]["document"] == lost.notice.raw


async def test_of_two_completions_at_once_one_makes_a_version(purse: Purse) -> None:
    person = await purse.registered()
    device = new_device(person)
    await started(purse, device)
    await pass_time(purse, days=3, seconds=10)
    answers = await asyncio.gather(*(complete(purse, device) for _ in range(3)))
    kinds = sorted(one["__typename"] for one in answers)
    assert "CompleteRecoverySuccess" in kinds
    assert set(kinds) <= {"CompleteRecoverySuccess", "TryAgain", "InvalidTransitionError"}, answers
    recovered = [kind for kind, _ in await told(purse) if kind == "ROOT_DID_RECOVERED"]
    assert len(recovered) == 1


async def test_nobody_else_sees_that_a_key_is_on_its_way(purse: Purse) -> None:
    person, other = await purse.registered(), await purse.registered("bea")
    await started(purse, new_device(person))
    asked = "query($id: ID!) { node(id: $id) { ... on Holder { keyRecovery { notBefore } } } }"
    answer = await purse.ask(asked, {"id": person.id}, who=other.who)
    assert "notBefore" not in str(answer.data)


def _application(asked: RegistrationRequest) -> Application:
    return Application(
        identity_document=asked.identity_document,
        public_key_multibase=asked.public_key_multibase,
        proof_of_possession=asked.proof_of_possession,
        payload=asked.payload,
        face_assertion=asked.face_assertion.as_json(),
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
