"""The lists anybody may fetch: signed, cacheable, and never of another opinion than the feed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from subgraphs.demo.pilot import GUOTAI_JUNAN
from subgraphs.issuer.desk.issue import free_place
from subgraphs.issuer.published import schema_app
from subgraphs.issuer.status import AT_ONCE, LASTS, WAITING, StatusLists, status_app
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.statuses import Statuses, list_name
from subgraphs.vc.did import institution_did
from subgraphs.vc.shape import shaped
from subgraphs.vc.status_list import (
    LEAST_ENTRIES,
    CheckedList,
    StatusPurpose,
    StatusReason,
    check_list,
    read_status_entries,
    status_of,
)
from subgraphs.vc.strict_json import parse_object
from tests.subgraphs.issuer.desk import OTHER, OWN, Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")

DID = institution_did(str(OWN.institution))
BOTH = set(StatusPurpose)


@pytest_asyncio.fixture(loop_scope="module")
async def desk(shared_desk: Desk) -> Desk:
    return shared_desk


def lists_of(desk: Desk, **parts: Any) -> StatusLists:
    return StatusLists(replace(desk.parts, **parts), applied=lambda: desk.follower.applied)


@pytest_asyncio.fixture(loop_scope="module")
async def web(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """A stranger's HTTP client: no token."""
    transport = httpx.ASGITransport(app=status_app(lists_of(desk)))
    async with httpx.AsyncClient(transport=transport, base_url="http://issuer") as client:
        yield client


async def document_of(desk: Desk, credential: str) -> dict[str, Any]:
    row = await desk.parts.store.credential(credential)
    assert row is not None
    assert row.offer is not None
    return row.offer.document


async def asked(desk: Desk, web: httpx.AsyncClient, document: Any) -> dict[StatusPurpose, bool]:
    """What the published lists say of a credential, every step checked as a stranger would."""
    found: dict[StatusPurpose, bool] = {}
    now = datetime.now(UTC)
    for entry in read_status_entries(shaped(document)):
        path = entry.uri.removeprefix(desk.parts.status_base)
        answer = await web.get(path)
        assert answer.status_code == 200
        key = desk.issuer_key(GUOTAI_JUNAN)
        checked = check_list(parse_object(answer.text), issuer=DID, key=key, now=now)
        assert isinstance(checked, CheckedList)
        assert len(checked.inner.bits) >= LEAST_ENTRIES
        outcome = status_of(entry, DID, checked, now)
        assert outcome.is_set is not None
        found[entry.purpose] = outcome.is_set
    return found


async def test_a_stranger_learns_each_turn_of_a_credential(
    desk: Desk, web: httpx.AsyncClient
) -> None:
    credential = await desk.active(await desk.customer())
    await desk.settle()
    document = await document_of(desk, credential)
    revocation, suspension = StatusPurpose.REVOCATION, StatusPurpose.SUSPENSION
    assert await asked(desk, web, document) == {revocation: False, suspension: False}

    for effect, want in (
        ("SUSPEND", {revocation: False, suspension: True}),
        ("RESTORED", {revocation: False, suspension: False}),
        ("REVOKE", {revocation: True, suspension: False}),
    ):
        done = await desk.do(
            "endorseCredential", OWN, credentialId=credential, effect=effect, reasonCode="TOLD"
        )
        assert done["__typename"] == "EndorseCredentialSuccess", done
        await desk.settle()
        assert await asked(desk, web, document) == want


async def test_a_list_can_be_cached_until_a_bit_of_it_changes(
    desk: Desk, web: httpx.AsyncClient
) -> None:
    credential = await desk.active(await desk.customer())
    await desk.settle()
    document = await document_of(desk, credential)
    path = read_status_entries(shaped(document))[0].uri.removeprefix(desk.parts.status_base)
    first = await web.get(path)
    assert first.headers["cache-control"].startswith("public, max-age=")
    again = await web.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")

    await desk.do("revokeCredential", OWN, credentialId=credential, reasonCode="TOLD")
    await desk.settle()

    changed = await web.get(path, headers={"if-none-match": first.headers["etag"]})
    assert changed.status_code == 200


class Counting(Statuses):
    """Counts readings of the database, and holds them up as long as it is told to."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.world.base.database)
        self.readings, self.running, self.most = 0, 0, 0
        self.go = asyncio.Event()
        self.go.set()

    async def set_on(self, issuer: InstitutionId, number: int) -> dict[int, str] | None:
        self.readings, self.running = self.readings + 1, self.running + 1
        self.most = max(self.most, self.running)
        try:
            await self.go.wait()
            return await super().set_on(issuer, number)
        finally:
            self.running -= 1


async def test_however_many_ask_a_list_is_made_once_until_the_log_moves(desk: Desk) -> None:
    credential = await desk.active(await desk.customer())
    await desk.settle()
    name = list_name(read_status_entries(shaped(await document_of(desk, credential)))[0].uri)
    assert name is not None
    counting = Counting(desk)
    lists = lists_of(desk, statuses=counting)
    first = await asyncio.gather(*(lists.published(name) for _ in range(40)))
    assert counting.readings == 1
    assert {one.etag for one in first if one} == {first[0].etag if first[0] else None}

    await desk.active(await desk.customer())
    await desk.settle()
    again = await lists.published(name)
    assert (counting.readings, again) == (2, first[0])  # read again, but not signed again


async def test_more_lists_than_can_be_made_at_a_time_are_refused(desk: Desk) -> None:
    counting = Counting(desk)
    counting.go.clear()
    app = status_app(lists_of(desk, statuses=counting))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://issuer") as client:
        paths = [f"/{OWN.institution}/{number}/revocation" for number in range(1, WAITING + 11)]
        asked = [asyncio.create_task(client.get(path)) for path in paths]
        refused = [await one for one in asked[WAITING:]]
        assert {(one.status_code, one.headers["retry-after"]) for one in refused} == {(503, "1")}
        counting.go.set()
        served = [await one for one in asked[:WAITING]]
        assert {one.status_code for one in served} == {200, 404}
        assert (await client.get(paths[-1])).status_code == 404
    assert counting.most == AT_ONCE


@pytest.mark.parametrize(
    ("given", "status"),
    [
        pytest.param("{tag}", 304, id="its own name"),
        pytest.param('"x", W/{tag}', 304, id="among others, weak"),
        pytest.param("*", 304, id="any"),
        pytest.param('"x"', 200, id="another"),
        pytest.param('"{tag}x"', 200, id="a part of a name"),
    ],
)
async def test_who_has_the_list_is_told_so(
    desk: Desk, web: httpx.AsyncClient, given: str, status: int
) -> None:
    document = await document_of(desk, await desk.active(await desk.customer()))
    await desk.settle()
    path = read_status_entries(shaped(document))[0].uri.removeprefix(desk.parts.status_base)
    tag = (await web.get(path)).headers["etag"]
    answer = await web.get(path, headers={"if-none-match": given.replace("{tag}", tag)})
    assert answer.status_code == status


async def test_the_schema_is_published_where_the_credential_says(desk: Desk) -> None:
    document = await document_of(desk, await desk.active(await desk.customer()))
    address = str(shaped(document).inner("credentialSchema").text("id"))
    base = address.removesuffix("/asset-proof/2")
    transport = httpx.ASGITransport(app=schema_app(base))
    async with httpx.AsyncClient(transport=transport, base_url="http://issuer") as client:
        answer = await client.get("/asset-proof/2")
        assert answer.headers["content-type"] == "application/schema+json"
        assert answer.json()["$id"] == address == desk.parts.schema_base + "/asset-proof/2"
        jsonschema: Any = pytest.importorskip("jsonschema", reason="pip install jsonschema")
        jsonschema.Draft202012Validator(answer.json()).validate(document)
        missing = [await client.get(path) for path in ("/asset-proof/3", "/x/1", "/asset-proof/01")]
        assert {one.status_code for one in missing} == {404}
        tag = answer.headers["etag"]
        again = await client.get("/asset-proof/2", headers={"if-none-match": tag})
        assert again.status_code == 304


async def test_a_list_outlives_its_validity_in_no_cache(desk: Desk, web: httpx.AsyncClient) -> None:
    document = await document_of(desk, await desk.active(await desk.customer()))
    await desk.settle()
    entry = read_status_entries(shaped(document))[0]
    answer = await web.get(entry.uri.removeprefix(desk.parts.status_base))
    key, now = desk.issuer_key(GUOTAI_JUNAN), datetime.now(UTC)
    checked = check_list(parse_object(answer.text), issuer=DID, key=key, now=now)
    assert isinstance(checked, CheckedList)
    late = now + LASTS + timedelta(seconds=1)
    assert status_of(entry, DID, checked, late).reason is StatusReason.LIST_EXPIRED
    other = institution_did(str(OTHER.institution))
    assert status_of(entry, other, checked, now).reason is StatusReason.LIST_OF_ANOTHER
    foreign = check_list(parse_object(answer.text), issuer=other, key=key, now=now)
    assert foreign is StatusReason.LIST_OF_ANOTHER


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(f"/{OWN.institution}/999/revocation", id="a list nobody is on"),
        pytest.param(f"/{OWN.institution}/1/refresh", id="another purpose"),
        pytest.param(f"/{OWN.institution}/01/revocation", id="another spelling"),
        pytest.param("/inst_x/1/revocation", id="no institution"),
        pytest.param(f"/{OTHER.institution}/../../etc/passwd/revocation", id="a path"),
    ],
)
async def test_other_paths_are_not_there(desk: Desk, web: httpx.AsyncClient, path: str) -> None:
    del desk
    assert (await web.get(path)).status_code == 404


async def test_each_credential_has_a_place_of_its_own(desk: Desk) -> None:
    places = set[tuple[str, str]]()
    for _ in range(2):
        document = await document_of(desk, await desk.active(await desk.customer()))
        entries = read_status_entries(shaped(document))
        assert {entry.purpose for entry in entries} == BOTH
        assert all(0 <= entry.index < LEAST_ENTRIES for entry in entries)
        places |= {(entry.uri, str(entry.index)) for entry in entries}
    assert len(places) == 4


class Full:
    """Places of an issuer whose first two lists are full."""

    async def newest_list(self, _issuer: InstitutionId, /) -> int:
        return 1

    async def taken(self, _issuer: InstitutionId, number: int, drawn: Sequence[int], /) -> set[int]:
        return set(drawn) if number < 3 else set()


async def test_a_full_list_is_left_for_the_next() -> None:
    ours = InstitutionId(str(OWN.institution))
    assert (await free_place(Full(), ours)).number == 3


async def test_the_uri_names_list_and_purpose(desk: Desk) -> None:
    document = await document_of(desk, await desk.active(await desk.customer()))
    for entry in read_status_entries(shaped(document)):
        name = list_name(entry.uri)
        assert name is not None
        assert (name.issuer, name.purpose) == (OWN.institution, entry.purpose)
