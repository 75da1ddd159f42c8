"""A provider that takes its time, or a transaction that is made twice: the provider is told once,
and holds up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pymongo.errors import OperationFailure

from ledger_adapter.port import Envelope
from subgraphs.kit.identity import IdentityProvider
from subgraphs.kit.mongo import Session
from subgraphs.kit.outbox import Outbox
from tests.subgraphs.wallet.losing import (
    HOLDER,
    cancel,
    complete,
    new_device,
    pass_time,
    prepared_cancellation,
    start,
    started,
)
from tests.subgraphs.wallet.purse import Person, Purse

PATIENCE = 30.0


class Slow:
    """A provider that is told of a cancellation and answers when it is let."""

    def __init__(self, real: IdentityProvider) -> None:
        self._real, self.calls = real, 0
        self.told, self.may_answer = asyncio.Event(), asyncio.Event()

    async def cancel_recovery(self, did: str, document: Any, later: Sequence[Any], /) -> None:
        self.calls += 1
        self.told.set()
        await self.may_answer.wait()
        await self._real.cancel_recovery(did, document, later)


class Silent:
    """A provider that never answers."""

    async def recover(self, *_: Any) -> None:
        await asyncio.Event().wait()

    complete_recovery = cancel_recovery = recover


class InConflict:
    """An outbox whose transaction meets a conflict, as many times as it is told."""

    def __init__(self, real: Outbox, times: int) -> None:
        self._real, self.left, self.tried = real, times, 0

    async def put(self, session: Session, *envelopes: Envelope) -> None:
        self.tried += 1
        if self.left:
            self.left -= 1
            labels = {"errorLabels": ["TransientTransactionError"]}
            raise OperationFailure("a write conflict", code=112, details=labels)
        await self._real.put(session, *envelopes)


async def begun(purse: Purse) -> tuple[Person, dict[str, Any]]:
    """Somebody who sees a recovery that is not hers, and is about to end it."""
    person = await purse.registered()
    await started(purse, new_device(person))
    return person, await prepared_cancellation(purse, person)


async def test_while_the_provider_thinks_nobody_waits_for_a_row(purse: Purse) -> None:
    person, ready = await begun(purse)
    slow = Slow(purse.parts.identity)
    patient = replace(purse.parts.terms, provider_waits=timedelta(seconds=PATIENCE))
    purse.replace_parts(identity=slow, terms=patient)
    running = asyncio.create_task(cancel(purse, person, ready))
    async with asyncio.timeout(PATIENCE):
        await slow.told.wait()
        # her row is written, and committed, by somebody else while the provider still thinks
        await purse.world.base.mongo.transaction(
            lambda session: purse.parts.store.act(person.id, session)
        )
        assert not running.done()
        slow.may_answer.set()
        done = await running
    assert (done["__typename"], slow.calls) == ("CancelRecoverySuccess", 1), done
    assert done["holder"]["didState"] == "ACTIVE"


async def test_a_transaction_that_is_made_again_tells_the_provider_once(purse: Purse) -> None:
    person, ready = await begun(purse)
    counting, conflicted = Slow(purse.parts.identity), InConflict(purse.parts.outbox, 2)
    counting.may_answer.set()
    purse.replace_parts(identity=counting, outbox=conflicted)
    done = await cancel(purse, person, ready)
    assert done["__typename"] == "CancelRecoverySuccess", done
    assert (conflicted.tried, counting.calls) == (3, 1)


async def test_a_call_that_broke_off_after_the_provider_is_finished_by_the_same_call(
    purse: Purse,
) -> None:
    person, ready = await begun(purse)
    whole = purse.parts.outbox
    counting = Slow(purse.parts.identity)
    counting.may_answer.set()
    purse.replace_parts(identity=counting, outbox=InConflict(whole, 1_000))
    broken = await cancel(purse, person, ready)
    assert broken["__typename"] == "TryAgain", broken
    purse.replace_parts(outbox=whole)
    done = await cancel(purse, person, ready)
    assert (done["__typename"], counting.calls) == ("CancelRecoverySuccess", 2), done


async def test_a_provider_that_never_answers_is_not_waited_for(purse: Purse) -> None:
    """TRY_AGAIN, nothing used up: later the same signed words go through."""
    person = await purse.registered()
    device, real, terms = new_device(person), purse.parts.identity, purse.parts.terms
    silent = {"identity": Silent(), "terms": replace(terms, provider_waits=timedelta())}
    whole = {"identity": real, "terms": terms}

    purse.replace_parts(**silent)
    assert (await start(purse, device))["code"] == "IDENTITY_PROVIDER_UNAVAILABLE"
    purse.replace_parts(**whole)
    await started(purse, device)

    ready = await prepared_cancellation(purse, person)
    purse.replace_parts(**silent)
    assert (await cancel(purse, person, ready))["code"] == "IDENTITY_PROVIDER_UNAVAILABLE"
    purse.replace_parts(**whole)
    assert (await cancel(purse, person, ready))["__typename"] == "CancelRecoverySuccess"

    await started(purse, device)
    await pass_time(purse, days=4)
    late = purse.parts.identity
    purse.replace_parts(**silent)
    assert (await complete(purse, device))["code"] == "IDENTITY_PROVIDER_UNAVAILABLE"
    purse.replace_parts(identity=late, terms=terms)
    assert (await complete(purse, device))["__typename"] == "CompleteRecoverySuccess"


async def test_each_step_called_again_answers_what_the_first_call_made(purse: Purse) -> None:
    """A client that lost the answer repeats the call under its key."""
    person = await purse.registered()
    device = new_device(person)
    first, again = [await start(purse, device, clientMutationId="start") for _ in range(2)]
    assert first["__typename"] == again["__typename"] == "StartRecoverySuccess", again

    ready = await prepared_cancellation(purse, person)
    signed = person.software.sign_prepared(ready["payload"], ready["payloadToSign"], asked={})
    given = {"preparedId": ready["preparedId"], "holderSignature": signed.as_input()}
    ended = [
        await purse.do("cancelRecovery", person.who, HOLDER, **given, clientMutationId="end")
        for _ in range(2)
    ]
    assert [one["__typename"] for one in ended] == ["CancelRecoverySuccess"] * 2, ended

    await started(purse, device)
    await pass_time(purse, days=4)
    done = [
        await purse.do("completeRecovery", person.who, HOLDER, clientMutationId="complete")
        for _ in range(2)
    ]
    assert [one["__typename"] for one in done] == ["CompleteRecoverySuccess"] * 2, done
