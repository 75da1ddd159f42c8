"""By CUSTODY_LINK the verifier fetches the copy itself; a link serves it once, and soon."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

import pytest
import pytest_asyncio

from ledger_adapter.crypto.sm2 import PrivateKey
from subgraphs.demo.pilot import GUOTAI_JUNAN_FUTURES
from subgraphs.holder.choose import show
from subgraphs.kit.errors import Busy
from subgraphs.kit.ids import institution_id, new_id
from subgraphs.simulators.custody import PLACES
from subgraphs.vc import sealed_copy
from subgraphs.vc.custody_link import Lent, build_transfer
from subgraphs.vc.did import institution_did
from subgraphs.vc.strict_json import JsonObject
from subgraphs.verifier.app import CUSTODY_DATABASE
from subgraphs.verifier.ports import Claim, LentCopies
from tests.subgraphs.kit.world import Person
from tests.subgraphs.verifier.counter import (
    CLAIMS,
    TOTAL,
    Counter,
    Paper,
    present,
    served,
)
from tests.subgraphs.verifier.lending import Lender, lender_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOWN = """query($id: ID!) { node(id: $id) { ... on Presentation { transferMode
  items { credentialId total { amount } lines { category amount { amount } } } } } }"""
AFTER = datetime(2020, 1, 1, tzinfo=UTC)


@pytest_asyncio.fixture(loop_scope="module")
async def counter(shared_counter: Counter) -> Counter:
    return shared_counter


@pytest_asyncio.fixture(loop_scope="module")
async def lender(counter: Counter) -> Lender:
    """Somebody with one credential in custody and a consent."""
    person = await counter.customer(f"lender-{token_hex(4)}")
    lender = lender_of(counter, person)
    await lender.deposit(await counter.paper(person))
    return lender


async def send(lender: Lender, request: dict[str, Any], sent: object) -> dict[str, Any]:
    return await lender.counter.submit(lender.person, request, sent, transferMode="CUSTODY_LINK")


async def refused(lender: Lender, request: dict[str, Any], sent: object) -> str:
    """The code of the refusal; nothing of it is kept."""
    answer = await send(lender, request, sent)
    assert answer["__typename"] in {"PresentationRefused", "ValidationFailed", "TryAgain"}, answer
    store = lender.counter.parts.store
    assert await store.presentations.one({"request": request["id"]}) is None
    assert (await store.requests.get(request["id"])).state.value == "OPEN"  # type: ignore[union-attr]
    return str(answer["code"])


async def test_what_is_shown_is_as_little_as_in_any_other_way(
    counter: Counter, lender: Lender
) -> None:
    """Two credentials: of what is fetched no more opens than what she shows, and it is kept as
    if she had sent it."""
    person, grant = lender.person, await counter.grant(lender.person)
    await lender.deposit(await counter.paper(person))
    await counter.settle()
    request = await counter.request(person)
    sent, lent = await lender.transfer(request, grant)
    submitted = await send(lender, request, sent)
    done = (await counter.verify(submitted))["verification"]
    assert {one["outcome"] for one in done["checks"]} == {"PASSED"}
    seen = await counter.ask(SHOWN, {"id": submitted["presentation"]["id"]}, who=person.who)
    node = seen.only("node")
    assert [one["total"]["amount"] for one in node["items"]] == ["3200000.00"] * 2
    row = await counter.parts.store.presentations.get(submitted["presentation"]["id"])
    assert row is not None
    held = [one for copy in lender.kept for one in copy.paper.held.disclosures]
    assert sum(one in row.document for one in held) == 2
    for copy, one in zip(lender.kept, lent, strict=True):
        boxes, opened = sealed_copy.read_parts(copy.sealed.ciphertext), list(one.keys)
        assert 1 < len(opened) < len(boxes)


async def test_the_link_is_used_up_and_the_same_call_answers_again(
    counter: Counter, lender: Lender
) -> None:
    grant = await counter.grant(lender.person)
    await counter.settle()
    request = await counter.request(lender.person)
    sent, lent = await lender.transfer(request, grant)
    first, second = [
        await counter.submit(
            lender.person, request, sent, transferMode="CUSTODY_LINK", clientMutationId="once"
        )
        for _ in range(2)
    ]
    assert first == second
    assert first["__typename"] == "SubmitPresentationSuccess"
    again = await send(lender, request, sent)
    assert (again["__typename"], again["code"]) == ("PresentationRefused", "PRESENTATION_REPLAYED")
    other = await counter.request(lender.person)  # the used link for another request
    shown = [show(one.paper.held, claims=(TOTAL,)) for one in lender.kept]
    resent = await lender.sealed(other, grant, shown, lent)
    assert await refused(lender, other, resent) == "CUSTODY_LINK_USED"


async def test_of_two_requests_at_once_a_link_serves_one(counter: Counter, lender: Lender) -> None:
    grant = await counter.grant(lender.person)
    await counter.settle()
    requests = [await counter.request(lender.person) for _ in range(2)]
    first, lent = await lender.transfer(requests[0], grant)
    shown = [show(one.paper.held, claims=(TOTAL,)) for one in lender.kept]
    second = await lender.sealed(requests[1], grant, shown, lent)
    answers = await asyncio.gather(
        *(send(lender, *one) for one in zip(requests, (first, second), strict=True))
    )
    codes = sorted(str(one.get("code")) for one in answers)
    assert codes == ["CUSTODY_LINK_USED", "None"], answers


OTHER = institution_did(institution_id(GUOTAI_JUNAN_FUTURES.uscc))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        pytest.param({"until": AFTER}, "CUSTODY_LINK_EXPIRED", id="expired"),
        pytest.param({"audience": OTHER}, "CUSTODY_LINK_MISMATCH", id="lent to another verifier"),
        pytest.param({"word_digest": "sm3:" + "0" * 64}, "CUSTODY_LINK_UNKNOWN", id="word"),
        pytest.param({"object_id": new_id("cust")}, "CUSTODY_COPY_GONE", id="no such copy"),
    ],
)
async def test_a_link_that_leads_to_nothing(
    counter: Counter, lender: Lender, changed: dict[str, Any], code: str
) -> None:
    grant = await counter.grant(lender.person)
    request = await counter.request(lender.person)
    sent, _ = await lender.transfer(request, grant, **changed)
    assert await refused(lender, request, sent) == code


async def test_a_copy_that_was_deleted_meanwhile(counter: Counter, lender: Lender) -> None:
    grant = await counter.grant(lender.person)
    request = await counter.request(lender.person)
    sent, lent = await lender.transfer(request, grant)
    await lender.custodian.erase(lender.kept[0].id, lent[0].ciphertext_hash)
    assert await refused(lender, request, sent) == "CUSTODY_COPY_GONE"


async def test_another_copy_than_the_one_she_named(counter: Counter, lender: Lender) -> None:
    """The custodian hands out a copy whose digest is another's: of the same credential, even."""
    grant = await counter.grant(lender.person)
    request = await counter.request(lender.person)
    again = lender.person.software.seal_credential(lender.kept[0].paper.held)
    other = new_id("cust")
    await lender.custodian.keep(other, again.ciphertext)
    sent, _ = await lender.transfer(request, grant, object_id=other)
    assert await refused(lender, request, sent) == "CUSTODY_COPY_ALTERED"


async def test_replicas_that_rotted_are_no_copy(counter: Counter, lender: Lender) -> None:
    grant = await counter.grant(lender.person)
    request = await counter.request(lender.person)
    sent, _ = await lender.transfer(request, grant)
    prefix = counter.world.settings.database_prefix
    places = counter.world.base.mongo.database(f"{prefix}{CUSTODY_DATABASE}")
    for name in PLACES:
        where = {"_id": lender.kept[0].id}
        await places[name].update_one(where, {"$set": {"sealed": b"x" * 200}})
    assert await refused(lender, request, sent) == "CUSTODY_COPY_GONE"


class Away:
    """A custodian that does not answer, or does not end, until it is `back`."""

    def __init__(self, real: LentCopies, *, hangs: bool) -> None:
        self._real, self._hangs, self.back = real, hangs, False

    async def collect(self, claim: Claim, /, *, largest: int) -> bytes:
        if not self.back:
            await self._away()
        return await self._real.collect(claim, largest=largest)

    async def collected(self, claim: Claim, /) -> None:
        await self._away()

    async def _away(self) -> None:
        if self._hangs:
            await asyncio.Event().wait()
        raise Busy("the custodian cannot be reached", code="CUSTODIAN_UNAVAILABLE")


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_custodian_that_is_away_is_asked_again(
    counter: Counter, lender: Lender, hangs: bool
) -> None:
    """TRY_AGAIN with its own code, nothing kept; later the same envelope goes through, and a
    custodian that cannot be told of it takes nothing back."""
    grant = await counter.grant(lender.person)
    await counter.settle()
    request = await counter.request(lender.person)
    sent, _ = await lender.transfer(request, grant)
    before, app = counter.parts, counter.world.gateway.app
    away = Away(before.copies, hangs=hangs)
    short = replace(before.terms, custodian_waits=timedelta(milliseconds=1))
    try:
        counter.parts = replace(before, copies=away, terms=short if hangs else before.terms)
        counter.world.gateway.app = served(counter.world, counter.parts)
        assert await refused(lender, request, sent) == "CUSTODIAN_UNAVAILABLE"
        if not hangs:
            away.back = True
            answer = await send(lender, request, sent)
            assert answer["__typename"] == "SubmitPresentationSuccess", answer
    finally:
        counter.parts, counter.world.gateway.app = before, app
    if hangs:
        answer = await send(lender, request, sent)
        assert answer["__typename"] == "SubmitPresentationSuccess", answer


async def test_a_copy_too_large_is_not_taken_in(counter: Counter, lender: Lender) -> None:
    grant = await counter.grant(lender.person)
    request = await counter.request(lender.person)
    sent, _ = await lender.transfer(request, grant)
    before, app = counter.parts, counter.world.gateway.app
    size = len(lender.kept[0].sealed.ciphertext)
    try:
        counter.parts = replace(before, terms=replace(before.terms, largest_copy=size - 1))
        counter.world.gateway.app = served(counter.world, counter.parts)
        assert await refused(lender, request, sent) == "CUSTODY_COPY_TOO_LARGE"
    finally:
        counter.parts, counter.world.gateway.app = before, app


async def test_sealed_for_another_request_or_with_other_keys(
    counter: Counter, lender: Lender
) -> None:
    person, grant = lender.person, await counter.grant(lender.person)
    request, other = await counter.request(person), await counter.request(person)
    sent, lent = await lender.transfer(request, grant)
    assert await refused(lender, other, sent) == "CUSTODY_TRANSFER_CLOSED"
    shown = [show(lender.kept[0].paper.held, claims=(TOTAL,))]
    for about in ({"nonce": "another"}, {"audience": OTHER}):
        elsewhere = await lender.sealed(request, grant, shown, lent, **about)
        assert await refused(lender, request, elsewhere) == "CUSTODY_TRANSFER_CLOSED"
    wrong = [replace(lent[0], keys={0: bytes(16)})]
    mine = await lender.sealed(request, grant, shown, wrong)
    assert await refused(lender, request, mine) == "CUSTODY_COPY_CLOSED"


def _cut(sent: JsonObject) -> JsonObject:
    return {**sent, "sealed": str(sent["sealed"])[:40]}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        pytest.param(lambda sent: {**sent, "more": 1}, "VALIDATION_FAILED", id="a member more"),
        pytest.param(lambda sent: {**sent, "sealed": "=="}, "VALIDATION_FAILED", id="no bytes"),
        pytest.param(_cut, "CUSTODY_TRANSFER_CLOSED", id="cut off"),
        pytest.param(lambda sent: {}, "TRANSFER_MODE_MISMATCH", id="nothing"),
        pytest.param(lambda sent: "text", "TRANSFER_MODE_MISMATCH", id="text"),
    ],
)
async def test_what_is_no_envelope(
    counter: Counter, lender: Lender, changed: Callable[[JsonObject], object], code: str
) -> None:
    grant = await counter.grant(lender.person)
    request = await counter.request(lender.person)
    sent, _ = await lender.transfer(request, grant)
    assert await refused(lender, request, changed(sent)) == code


async def test_each_way_brings_its_own(counter: Counter, lender: Lender) -> None:
    """Content by the link's way, or a link by another: neither is guessed at."""
    person, grant = lender.person, await counter.grant(lender.person)
    request = await counter.request(person)
    papers: list[Paper] = [lender.kept[0].paper]
    whole = present(person, request, papers, grant)
    assert await refused(lender, request, whole) == "TRANSFER_MODE_MISMATCH"
    sent, _ = await lender.transfer(request, grant)
    for way in ("QR", "FILE", None):
        said = {} if way is None else {"transferMode": way}
        answer = await counter.submit(person, request, sent, **said)
        assert answer["code"] == "TRANSFER_MODE_MISMATCH", answer
        assert answer["field"] == "transferMode", answer
        assert answer["message"] == "a CustodyLinkTransfer needs transferMode CUSTODY_LINK"


async def test_nobody_sends_for_another(counter: Counter, lender: Lender) -> None:
    grant = await counter.grant(lender.person)
    request = await counter.request(lender.person)
    sent, _ = await lender.transfer(request, grant)
    other: Person = await counter.customer(f"other-{token_hex(4)}")
    answer = await counter.submit(other, request, sent, transferMode="CUSTODY_LINK")
    assert answer["__typename"] == "NotFound", answer


async def test_who_is_forgotten_has_no_key_to_answer_with(counter: Counter, lender: Lender) -> None:
    """The key of a request is made from the key of what is kept of her: gone together."""
    grant = await counter.grant(lender.person)
    request = await counter.request(lender.person)
    sent, _ = await lender.transfer(request, grant)
    await counter.parts.holder_keys.destroy(lender.person.id)
    answer = await send(lender, request, sent)
    assert answer["__typename"] == "NotFound", answer


async def test_more_credentials_than_links_or_the_other_way(
    counter: Counter, lender: Lender
) -> None:
    person, grant = lender.person, await counter.grant(lender.person)
    request = await counter.request(person)
    shown = [show(lender.kept[0].paper.held, claims=CLAIMS)]
    to = str(request["audience"])
    lent = [await lender.lent(lender.kept[0], shown[0], audience=to) for _ in "ab"]
    both: list[list[Lent]] = [[], lent]
    for links in both:
        sent = await lender.sealed(request, grant, shown, links)
        assert await refused(lender, request, sent) == "VALIDATION_FAILED"
    key = PrivateKey.generate().public_key
    whole = present(person, request, [], grant, shown=shown)
    named = {"nonce": str(request["nonce"]), "audience": str(request["audience"])}
    stranger = build_transfer(whole, lent[:1], to=key, **named)
    assert await refused(lender, request, stranger) == "CUSTODY_TRANSFER_CLOSED"
