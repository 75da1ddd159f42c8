"""One change on many credentials: each its own endorsement and event, refusals told one by one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from subgraphs.issuer.desk.bulk import MOST
from subgraphs.issuer.records import Credential
from subgraphs.kit.ids import CredentialId, HolderId, new_id
from subgraphs.kit.mongo import Session
from subgraphs.kit.sealed import everything
from subgraphs.kit.vocabulary import CredentialState as State
from tests.subgraphs.issuer.desk import OTHER, OWN, Desk

OUTCOME = "endorsed refused { credentialId code }"


async def endorse(desk: Desk, ids: list[str], *, who: Any = OWN, **changed: Any) -> dict[str, Any]:
    given = {"effect": "SUSPEND", "reasonCode": "SYSTEM_CHECK", **changed}
    return await desk.do("endorseCredentials", who, OUTCOME, credentialIds=ids, **given)


async def copies(desk: Desk, count: int) -> list[str]:
    """Credentials in force of so many customers, made from one that went the whole way."""
    row = await desk.parts.store.credential(await desk.active(await desk.customer()))
    assert row is not None
    assert row.offer is not None
    made: list[Credential] = []
    for number in range(count):
        holder = HolderId(new_id("hold"))
        offer = replace(row.offer, vc_hash=f"sm3:{number:064x}", place=None)
        id_ = CredentialId(new_id("cred"))
        made.append(replace(row, id=id_, holder=holder, offer=offer))

    async def work(session: Session) -> None:
        for one in made:
            await desk.parts.store.insert(one, session)

    await desk.world.base.mongo.transaction(work)
    return [one.id for one in made]


async def states(desk: Desk, ids: list[str]) -> set[str]:
    return {
        row.state.value for row in (await desk.parts.store.credentials(ids, everything)).values()
    }


async def test_each_of_many_gets_its_endorsement_and_its_event(desk: Desk) -> None:
    ids = await copies(desk, 60)

    done = await endorse(desk, ids)

    assert (done["endorsed"], done["refused"]) == (60, [])
    assert await states(desk, ids) == {"SUSPENDED"}
    for credential in (ids[0], ids[-1]):
        (event,) = await desk.events(credential)
        assert (event.kind, event.body["state"]) == ("CREDENTIAL_ENDORSED", "SUSPENDED")
        row = await desk.parts.store.credential(credential)
        assert row is not None
        assert event.event_id.endswith(f":{row.version}")
        assert event.body["vcHash"] == row.vc_hash


async def test_what_cannot_be_endorsed_hinders_none_of_the_others(desk: Desk) -> None:
    good, over = await copies(desk, 2), await desk.active(await desk.customer())
    await desk.do("revokeCredential", OWN, credentialId=over, reasonCode="OVER")
    offered, unknown = await desk.offer(await desk.customer()), new_id("cred")

    done = await endorse(desk, [*good, over, offered, unknown, good[0]])

    assert done["endorsed"] == 2
    assert {one["credentialId"]: one["code"] for one in done["refused"]} == {
        over: "TRANSITION_INVALID",
        offered: "TRANSITION_INVALID",
        unknown: "NOT_FOUND",
    }


async def test_another_institution_finds_none_of_them(desk: Desk) -> None:
    ids = await copies(desk, 2)

    foreign = await endorse(desk, ids, who=OTHER)
    unknown = await endorse(desk, [new_id("cred") for _ in ids])

    assert foreign == unknown
    assert (foreign["code"], foreign["field"]) == ("NOT_FOUND", "credentialIds")
    assert await states(desk, ids) == {"ACTIVE"}


async def test_a_revocation_of_many_ends_what_was_due(desk: Desk) -> None:
    ids = await copies(desk, 3)

    await endorse(desk, ids, effect="REVOKE")

    assert await states(desk, ids) == {"REVOKED"}
    far = (await desk.parts.store.credential(ids[0])).offer.valid_until  # type: ignore[union-attr]
    waiting = await desk.parts.store.to_recheck(far, 100)
    assert not {row.id for row in waiting} & set(ids)
    assert not {row.id for row in await desk.parts.store.due(far, 100)} & set(ids)


async def test_a_band_told_of_many_is_what_the_next_look_goes_by(desk: Desk) -> None:
    ids = await copies(desk, 2)

    done = await endorse(desk, ids, effect="REDUCED", newTotalBand="1600000.00..1700000.00")
    row = await desk.parts.store.credential(ids[0])

    assert done["endorsed"] == 2
    assert row is not None
    assert (row.told_total, row.state) == (160_000_000, State.ACTIVE)


async def test_the_same_call_twice_and_at_once_is_one(desk: Desk) -> None:
    ids = await copies(desk, 5)

    first, second = await asyncio.gather(
        *(endorse(desk, ids, clientMutationId="bulk-1") for _ in range(2))
    )
    again = await endorse(desk, ids, clientMutationId="bulk-1")

    kinds = {first["__typename"], second["__typename"]} - {"TryAgain"}
    assert kinds == {"EndorseCredentialsSuccess"}
    assert again["endorsed"] == 5
    assert len(await desk.events(ids[0])) == 1


async def test_none_and_too_many_are_refused(desk: Desk) -> None:
    for ids in ([], [new_id("cred") for _ in range(MOST + 1)]):
        refused = await endorse(desk, ids)
        assert (refused["__typename"], refused["field"]) == ("ValidationFailed", "credentialIds")
