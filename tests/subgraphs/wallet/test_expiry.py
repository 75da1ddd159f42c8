"""Consents end by the clock: in the row and on the log, once, whoever else ends them."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from subgraphs.kit.sealed import everything
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.steps.expire import expire_what_is_over, keep_expiring
from tests.subgraphs.wallet.purse import PREPARED, Person, Purse, later

SHOWN = "query($id: ID!) { node(id: $id) { ... on Consent { state withdrawnAt } } }"


def at(purse: Purse, **ahead: int) -> Parts:
    """The same wallet, later."""
    return replace(purse.parts, clock=lambda: datetime.now(UTC) + timedelta(**ahead))


async def state_of(purse: Purse, person: Person, consent: str) -> Any:
    return (await purse.ask(SHOWN, {"id": consent}, who=person.who)).only("node")["state"]


async def stored(purse: Purse, consent: str) -> str:
    return (await purse.parts.store.consents([consent], everything))[consent].state.value


async def test_a_consent_past_its_time_is_expired_in_the_row_and_on_the_log(purse: Purse) -> None:
    ann = await purse.registered()
    consent = await purse.granted(ann, validUntil=later(days=30))
    longer = await purse.granted(ann, validUntil=later(days=60))
    assert await expire_what_is_over(at(purse, days=29)) == 0
    assert await expire_what_is_over(at(purse, days=31)) == 1
    assert await expire_what_is_over(at(purse, days=31)) == 0
    (told,) = [one.envelope for one in await purse.events("CONSENT_EXPIRED")]
    assert told.subjects == (consent["id"], ann.id)
    assert told.institutions == (consent["grantedTo"]["id"],)
    assert await stored(purse, consent["id"]) == "EXPIRED"
    assert await stored(purse, longer["id"]) == "GRANTED"


async def test_two_wallets_at_once_tell_it_once(purse: Purse) -> None:
    ann = await purse.registered()
    for _ in range(3):
        await purse.granted(ann)
    late = at(purse, days=31)
    await asyncio.gather(*[expire_what_is_over(late) for _ in range(4)])
    assert len(await purse.events("CONSENT_EXPIRED")) == 3


async def test_a_withdrawal_and_the_clock_end_it_once(purse: Purse) -> None:
    ann = await purse.registered()
    unwatched = {"monitoringUntil": None}
    consents = [(await purse.granted(ann, **unwatched))["id"] for _ in range(3)]
    late = at(purse, days=31)
    await asyncio.gather(*[purse.withdraw(ann, one) for one in consents], expire_what_is_over(late))
    ends = [
        one.envelope.subjects[0]
        for kind in ("CONSENT_WITHDRAWN", "CONSENT_EXPIRED")
        for one in await purse.events(kind)
    ]
    await expire_what_is_over(late)
    assert sorted(set(ends)) == sorted(ends)
    for one in consents:
        assert await stored(purse, one) in {"WITHDRAWN", "EXPIRED"}


async def test_what_is_over_and_lets_nothing_be_watched_is_not_withdrawn(purse: Purse) -> None:
    ann = await purse.registered()
    consent = (await purse.granted(ann, monitoringUntil=None))["id"]
    await expire_what_is_over(at(purse, days=31))
    assert await state_of(purse, ann, consent) == "EXPIRED"
    refused = await purse.do("prepareConsentWithdrawal", ann.who, PREPARED, consentId=consent)
    assert (refused["__typename"], refused["from"]) == ("InvalidTransitionError", "EXPIRED")


async def test_what_is_watched_after_its_time_can_be_withdrawn(purse: Purse) -> None:
    ann = await purse.registered()
    consent = (await purse.granted(ann))["id"]
    await expire_what_is_over(at(purse, days=31))
    done = await purse.withdraw(ann, consent)
    assert done["__typename"] == "WithdrawConsentSuccess", done
    assert await stored(purse, consent) == "WITHDRAWN"
    kinds = ("CONSENT_EXPIRED", "CONSENT_WITHDRAWN")
    assert [len(await purse.events(kind)) for kind in kinds] == [1, 1]


async def test_the_job_finds_it_by_itself(purse: Purse) -> None:
    ann = await purse.registered()
    await purse.granted(ann)
    job = asyncio.create_task(keep_expiring(at(purse, days=31)))
    async with asyncio.timeout(30):
        while True:
            if await purse.events("CONSENT_EXPIRED"):
                break
            await asyncio.sleep(0.05)
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)
