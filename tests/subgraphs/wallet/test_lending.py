"""A link to a copy in custody: for a verifier she consented to, for a short time, word unknown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from subgraphs.demo.pilot import CAITONG_FUND, GUOTAI_JUNAN
from subgraphs.kit.ids import institution_id, new_id
from subgraphs.simulators.custody import counter
from subgraphs.vc.custody_link import word_digest
from subgraphs.vc.did import institution_did
from subgraphs.vc.encoding import from_time
from subgraphs.verifier.ports import Claim, LinkRefused
from tests.subgraphs.wallet.losing import clock_ahead
from tests.subgraphs.wallet.purse import VERIFIER, Person, Purse, later
from tests.subgraphs.wallet.test_deletion import deposited, with_copy
from tests.subgraphs.wallet.test_items import BrokenCustodian

SECRET = b"a word of thirty-two bytes, 32!!"
CAITONG = institution_id(CAITONG_FUND.uscc)


async def ready(purse: Purse) -> tuple[Person, str, str]:
    """Somebody with a copy in custody and a consent for one verifier: she, credential, copy."""
    ann, credential, id_ = await with_copy(purse)
    scope = {"claims": [], "totalAtLeast": "3000000.00", "credentials": [credential]}
    await purse.granted(ann, scope=scope)
    return ann, credential, id_


async def lent(purse: Purse, person: Person, id_: str, **changed: Any) -> dict[str, Any]:
    asked = {"custodyId": id_, "grantedTo": CAITONG, "wordDigest": word_digest(SECRET)}
    return await purse.do("lendCustodyCopy", person.who, "link until", **{**asked, **changed})


def claim_of(link: str) -> Claim:
    did = institution_did(institution_id(CAITONG_FUND.uscc))
    return Claim(link=link, word=SECRET, audience=did, request=new_id("preq"))


async def test_the_verifier_named_gets_the_copy_by_it_once(purse: Purse) -> None:
    ann, _, id_ = await ready(purse)
    before = datetime.now(UTC)
    done = await lent(purse, ann, id_)
    assert done["__typename"] == "LendCustodyCopySuccess", done
    assert from_time(done["until"]) <= before + timedelta(minutes=16)
    settings = purse.world.settings
    places = purse.world.base.mongo.database(f"{settings.database_prefix}custody")
    desk, claim = counter(settings, places), claim_of(done["link"])
    kept = await purse.parts.custodian.fetch(id_)
    assert await desk.collect(claim, largest=1_000_000) == kept
    await desk.collected(claim)
    with pytest.raises(LinkRefused) as refusal:
        await desk.collect(claim, largest=1_000_000)
    assert refusal.value.code == "CUSTODY_LINK_USED"
    assert (await lent(purse, ann, id_))["link"] == done["link"]  # the same word: no new link
    with pytest.raises(LinkRefused):
        await desk.collect(claim_of(done["link"]), largest=1_000_000)
    rows = await places["links"].find({}).to_list(None)
    assert SECRET not in repr(rows).encode()


async def test_a_link_to_a_copy_that_was_withdrawn_leads_to_nothing(purse: Purse) -> None:
    ann, credential, id_ = await with_copy(purse)
    scope = {"claims": [], "totalAtLeast": "3000000.00", "credentials": [credential]}
    consent = await purse.granted(ann, scope=scope)
    done = await lent(purse, ann, id_)
    await purse.withdraw(ann, consent["id"])
    settings = purse.world.settings
    places = purse.world.base.mongo.database(f"{settings.database_prefix}custody")
    with pytest.raises(LinkRefused) as refusal:
        await counter(settings, places).collect(claim_of(done["link"]), largest=1_000_000)
    assert refusal.value.code == "CUSTODY_COPY_GONE"
    again = await lent(purse, ann, id_)
    assert (again["__typename"], again["from"]) == ("InvalidTransitionError", "DELETED")


async def test_what_is_not_lent(purse: Purse) -> None:
    ann, _, id_ = await ready(purse)
    bob = await purse.registered("bob")
    table: list[tuple[Person, dict[str, Any], str, str]] = [
        (bob, {}, "NotFound", "NOT_FOUND"),
        (ann, {"custodyId": new_id("cust")}, "NotFound", "NOT_FOUND"),
        (ann, {"grantedTo": new_id("inst")}, "NotFound", "NOT_FOUND"),
        (ann, {"grantedTo": institution_id(GUOTAI_JUNAN.uscc)}, "Forbidden", "CONSENT_MISSING"),
        (ann, {"wordDigest": "sm3:00"}, "ValidationFailed", "VALIDATION_FAILED"),
        (ann, {"until": "2020-01-01T00:00:00Z"}, "ValidationFailed", "TIME_OUT_OF_RANGE"),
        (ann, {"until": "2099-01-01T00:00:00Z"}, "ValidationFailed", "TIME_OUT_OF_RANGE"),
    ]
    for who, changed, kind, code in table:
        done = await lent(purse, who, id_, **changed)
        assert (done["__typename"], done["code"]) == (kind, code), changed
    far = await lent(purse, ann, id_, until="2099-01-01T00:00:00Z")
    assert (far["field"], far["message"]) == ("until", "15 minutes from now at most")


async def test_a_consent_that_is_over_is_named_as_what_it_is(purse: Purse) -> None:
    ann, credential, id_ = await with_copy(purse)
    scope = {"claims": [], "totalAtLeast": "3000000.00", "credentials": [credential]}
    consent = (await purse.granted(ann, scope=scope, uses=1))["id"]
    await purse.present(ann.id, VERIFIER, consent)
    assert (await lent(purse, ann, id_))["code"] == "CONSENT_EXHAUSTED"
    await purse.granted(ann, scope=scope, validUntil=later(days=1), monitoringUntil=None)
    purse.replace_parts(clock=clock_ahead(days=2))
    assert (await lent(purse, ann, id_))["code"] == "CONSENT_EXPIRED"


async def test_a_consent_for_another_credential_is_none_for_this_copy(purse: Purse) -> None:
    ann = await purse.registered()
    shown, hidden = await purse.activate(ann.id), await purse.activate(ann.id)
    id_ = await deposited(purse, ann, hidden)
    scope = {"claims": [], "totalAtLeast": "3000000.00", "credentials": [shown]}
    await purse.granted(ann, scope=scope)
    assert (await lent(purse, ann, id_))["code"] == "CONSENT_MISSING"


async def test_a_custodian_that_is_away_is_asked_by_the_same_call_again(purse: Purse) -> None:
    ann, _, id_ = await ready(purse)
    async with purse.with_custodian(BrokenCustodian()):
        first = await lent(purse, ann, id_, clientMutationId="lend")
        assert (first["__typename"], first["code"]) == ("TryAgain", "CUSTODIAN_UNAVAILABLE")
    second = await lent(purse, ann, id_, clientMutationId="lend")
    assert second["__typename"] == "LendCustodyCopySuccess", second
    settings = purse.world.settings
    places = purse.world.base.mongo.database(f"{settings.database_prefix}custody")
    assert await places["links"].count_documents({}) == 1
