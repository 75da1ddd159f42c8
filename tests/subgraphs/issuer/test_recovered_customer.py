"""A customer who lost her key comes back with one that the identity provider signed for."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from tests.subgraphs.issuer.desk import Desk
from tests.subgraphs.issuer.test_rotated_customer import prepare, submit
from tests.subgraphs.kit.recovering import recovered


async def test_her_issuer_takes_the_versions_the_provider_signed(desk: Desk) -> None:
    person = await desk.customer()
    before = await prepare(desk, person)
    await asyncio.sleep(3.2)  # her first version, the two after it: a second each
    since = datetime.now(UTC) - timedelta(seconds=1.1)
    new = await recovered(desk.world, person, since=since)
    await desk.world.tell(*new.told())
    await desk.settle()

    assert (await submit(desk, person, before))["code"] == "DID_VERSIONS_NEEDED"
    shown = [new.stopped.as_json(), new.given.as_json()]
    keyless = await prepare(desk, new.person, didVersions=shown[:1])
    assert keyless["code"] == "DID_NOT_CURRENT"
    ready = await prepare(desk, new.person, didVersions=shown)
    done = await submit(desk, new.person, ready)
    assert done["__typename"] == "RequestCredentialSuccess", done
