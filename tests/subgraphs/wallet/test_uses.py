"""A consent for so many presentations ends with the last of them, once; what it lets be watched
can be withdrawn all the same."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from subgraphs.kit.ids import new_id
from tests.subgraphs.wallet.purse import (
    OTHER_VERIFIER,
    PREPARED,
    VERIFIER,
    Person,
    Purse,
    later,
)

SHOWN = """query($id: ID!) { node(id: $id) { ... on Consent {
    state uses used withdrawnAt document } } }"""


async def shown(purse: Purse, person: Person, consent: str) -> dict[str, Any]:
    found = await purse.ask(SHOWN, {"id": consent}, who=person.who)
    node: dict[str, Any] = found.only("node")
    return node


async def stands(purse: Purse, person: Person, consent: str) -> tuple[str, int | None]:
    found = await shown(purse, person, consent)
    return found["state"], found["used"]


async def test_the_last_use_exhausts_it_and_is_told_once(purse: Purse) -> None:
    ann = await purse.registered()
    consent = (await purse.granted(ann, uses=2))["id"]
    found = await shown(purse, ann, consent)
    assert (found["uses"], found["used"], found["document"]["uses"]) == (2, 0, 2)
    await purse.present(ann.id, VERIFIER, consent)
    assert await stands(purse, ann, consent) == ("GRANTED", 1)
    assert await purse.events("CONSENT_EXHAUSTED") == []
    await purse.present(ann.id, VERIFIER, consent)
    assert await stands(purse, ann, consent) == ("EXHAUSTED", 2)
    await purse.present(ann.id, VERIFIER, consent)
    await purse.settle()
    (told,) = [one.envelope for one in await purse.events("CONSENT_EXHAUSTED")]
    assert told.subjects == (consent, ann.id)
    assert told.institutions == (VERIFIER.institution,)


async def test_a_use_that_is_heard_of_again_counts_once(purse: Purse) -> None:
    ann = await purse.registered()
    consent = (await purse.granted(ann, uses=3))["id"]
    await purse.present(ann.id, VERIFIER, consent)
    await purse.present(ann.id, VERIFIER, consent)
    log = await purse.events("PRESENTATION_SUBMITTED")
    await purse.world.base.mongo.transaction(lambda session: purse.replay(log, session))
    assert await stands(purse, ann, consent) == ("GRANTED", 2)


async def test_without_a_number_nothing_is_counted(purse: Purse) -> None:
    ann = await purse.registered()
    consent = (await purse.granted(ann))["id"]
    await purse.present(ann.id, VERIFIER, consent)
    found = await shown(purse, ann, consent)
    assert (found["state"], found["uses"], found["used"]) == ("GRANTED", None, None)
    assert "uses" not in found["document"]


async def test_only_hers_at_the_institution_it_is_for_is_a_use(purse: Purse) -> None:
    ann, ben = await purse.registered(), await purse.registered("ben")
    consent = (await purse.granted(ann, uses=1))["id"]
    await purse.present(ben.id, VERIFIER, consent)
    await purse.present(ann.id, OTHER_VERIFIER, consent)
    await purse.present(ann.id, VERIFIER, new_id("cons"))
    assert await stands(purse, ann, consent) == ("GRANTED", 0)


@pytest.mark.parametrize("uses", [0, -1, 101])
async def test_a_number_out_of_range(purse: Purse, uses: int) -> None:
    ann = await purse.registered()
    refused = await purse.prepare(ann, uses=uses)
    assert (refused["code"], refused["field"]) == ("USES_OUT_OF_RANGE", "uses")


async def test_what_is_watched_under_it_can_still_be_withdrawn(purse: Purse) -> None:
    ann = await purse.registered()
    watched = (await purse.granted(ann, uses=1))["id"]
    unwatched = (await purse.granted(ann, uses=1, monitoringUntil=None))["id"]
    for one in (watched, unwatched):
        await purse.present(ann.id, VERIFIER, one)
    done = await purse.withdraw(ann, watched)
    assert done["__typename"] == "WithdrawConsentSuccess", done
    refused = await purse.do("prepareConsentWithdrawal", ann.who, PREPARED, consentId=unwatched)
    assert (refused["__typename"], refused["from"]) == ("InvalidTransitionError", "EXHAUSTED")
    assert await stands(purse, ann, watched) == ("WITHDRAWN", 1)
    assert await stands(purse, ann, unwatched) == ("EXHAUSTED", 1)
    (told,) = [one.envelope for one in await purse.events("CONSENT_WITHDRAWN")]
    assert told.subjects[0] == watched


async def test_a_withdrawal_beside_the_last_use_leaves_one_end(purse: Purse) -> None:
    ann = await purse.registered()
    consents = [(await purse.granted(ann, uses=1, validUntil=later(days=9)))["id"] for _ in "123"]
    await asyncio.gather(
        *[purse.withdraw(ann, one) for one in consents],
        *[purse.present(ann.id, VERIFIER, one) for one in consents],
    )
    await purse.settle()
    for one in consents:
        state, used = await stands(purse, ann, one)
        ends = [
            found.envelope.kind
            for kind in ("CONSENT_WITHDRAWN", "CONSENT_EXHAUSTED")
            for found in await purse.events(kind)
            if found.envelope.subjects[0] == one
        ]
        assert used == 1
        assert len(ends) == len(set(ends))
        assert f"CONSENT_{state}" in ends
