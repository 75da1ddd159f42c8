"""A holder's DID moves while a decision is made on it: the decision is made again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from ledger_adapter.crypto.sm2 import PrivateKey
from subgraphs.kit.errors import Busy
from subgraphs.kit.ids import HolderId, InstitutionId
from subgraphs.kit.mongo import Session
from subgraphs.kit.roots import RootOnLog
from subgraphs.kit.statuses import Listed, Statuses
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.verify import verify
from tests.subgraphs.verifier.counter import OWN, Counter, present
from tests.subgraphs.verifier.test_did_versions import next_version, told

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def counter(shared_counter: Counter) -> Counter:
    return shared_counter


class Overtaken(Statuses):
    """Reads what stands; before the reader can act on it, something else has happened."""

    def __init__(self, counter: Counter, between: Any) -> None:
        super().__init__(counter.parts.store.database)
        self._between = between

    async def heard_of(self, lists: Collection[Listed]) -> dict[Listed, dict[int, str]]:
        """The last that a decision asks for once all it stands on was read."""
        found = await super().heard_of(lists)
        await self._between()
        return found


async def decided(counter: Counter, parts: Parts, presentation: str) -> Any:
    async def work(session: Session) -> Any:
        verifier = InstitutionId(str(OWN.institution))
        return await verify(parts, verifier, presentation_id=presentation, session=session)

    return await counter.world.base.mongo.transaction(work)


async def test_a_rotation_that_lands_between_reading_and_deciding_is_not_overlooked(
    counter: Counter,
) -> None:
    person = await counter.customer("did-race")
    paper, grant = await counter.paper(person), await counter.grant(person)
    await counter.settle()
    request = await counter.request(person)
    submitted = await counter.submit(person, request, present(person, request, [paper], grant))

    async def rotation() -> None:
        await told(counter, person, next_version(person, PrivateKey.generate()))

    overtaken = replace(counter.parts, statuses=Overtaken(counter, rotation))
    with pytest.raises(Busy):
        await decided(counter, overtaken, submitted["presentation"]["id"])
    assert await counter.events("PRESENTATION_VERIFIED", about=person.id) == []

    again = await counter.verify(submitted)
    reasons = {one["kind"]: one["reasonCode"] for one in again["verification"]["checks"]}
    assert reasons["HOLDER_BINDING"] == "DID_NOT_CURRENT"


async def test_a_decision_moves_no_row_that_others_follow(counter: Counter) -> None:
    person = await counter.customer("did-held")
    before = await counter.parts.roots.newest(HolderId(person.id))
    await counter.accepted(person)
    assert await counter.parts.roots.newest(HolderId(person.id)) == before


@pytest.mark.parametrize("rotated", [False, True], ids=["the first version", "a later one"])
async def test_only_the_newest_version_can_be_held(counter: Counter, rotated: bool) -> None:
    person = await counter.customer(f"did-hold-{rotated}".lower())
    holder, roots = HolderId(person.id), counter.parts.roots
    before = await roots.newest(holder)
    assert before is not None
    if rotated:
        await told(counter, person, next_version(person, PrivateKey.generate()))
    now = await roots.newest(holder)
    assert now is not None

    async def held(seen: RootOnLog) -> bool:
        async def work(session: Session) -> bool:
            return await roots.hold(holder, seen, session)

        return await counter.world.base.mongo.transaction(work)

    assert await held(now)
    assert await held(before) is not rotated
    assert not await held(RootOnLog(number=now.number, digest=before.digest + "0"))
