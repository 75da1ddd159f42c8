"""Re-checks: what the books say later becomes an endorsement, by policy, exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ledger_adapter.port import Envelope
from subgraphs.issuer.desk.recheck import recheck_what_is_due
from subgraphs.issuer.ports import CoreSystemAway, Statement
from subgraphs.issuer.recheck import POLICY, change
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.mongo import Session
from subgraphs.kit.viewer import Role
from subgraphs.kit.vocabulary import CredentialState as State
from subgraphs.kit.vocabulary import EndorsementEffect as Effect
from subgraphs.simulators.core_system import SimulatedCoreSystem
from subgraphs.vc.money import Fen, parse_amount
from tests.subgraphs.issuer.desk import OTHER, OWN, Desk
from tests.subgraphs.kit.gateway import Who

STATED = parse_amount("3200000.00")
OVERDUE = """query($after: Cursor) { overdueRechecks(first: 2, after: $after) { totalCount
  edges { node { id credentialNo lastRecheckedAt nextRecheckDueAt } } pageInfo { endCursor } } }"""


def fen(text: str) -> Fen:
    return parse_amount(text)


@pytest.mark.parametrize(
    ("told", "found", "want", "band"),
    [
        pytest.param("3200000.00", "3200000.00", None, "", id="as stated"),
        pytest.param("3200000.00", "2880000.01", None, "", id="a fen short of a tenth"),
        pytest.param(
            "3200000.00", "2880000.00", Effect.REDUCED, "2800000.00..2900000.00", id="a tenth"
        ),
        pytest.param("2880000.00", "2880000.00", None, "", id="told already"),
        pytest.param(
            "2880000.00", "2592000.00", Effect.REDUCED, "2500000.00..2600000.00", id="a tenth more"
        ),
        pytest.param("3200000.00", "640000.00", Effect.REVOKE, "", id="four fifths gone"),
        pytest.param(
            "3200000.00", "640000.01", Effect.REDUCED, "600000.00..700000.00", id="a fen less gone"
        ),
        pytest.param("2880000.00", "3167999.99", None, "", id="a fen short of a tenth up"),
        pytest.param(
            "2880000.00", "3168000.00", Effect.RESTORED, "3100000.00..3200000.00", id="back up"
        ),
        pytest.param("3200000.00", "9000000.00", None, "", id="more than ever stated"),
    ],
)
def test_what_is_told_about_a_change(told: str, found: str, want: Effect | None, band: str) -> None:
    seen = change(POLICY, state=State.ACTIVE, stated=STATED, told=fen(told), found=fen(found))

    assert (seen and seen.effect) == want
    assert (str(seen.band) if seen and seen.band else "") == band


def test_a_suspension_is_not_lifted_by_a_clock() -> None:
    up = change(POLICY, state=State.SUSPENDED, stated=STATED, told=Fen(1), found=STATED)
    gone = change(POLICY, state=State.SUSPENDED, stated=STATED, told=STATED, found=None)

    assert (up, gone) == (None, None)


@dataclass(slots=True)
class Books:
    """The simulated core system with a share of everything left, gone, or not answering."""

    share: int = 100
    gone: bool = False
    away: bool = False
    asked: list[str] = field(default_factory=list)

    async def identity_document(self, institution: InstitutionId, account_no: str, /) -> str | None:
        return await SimulatedCoreSystem().identity_document(institution, account_no)

    async def statement(self, institution: InstitutionId, account_no: str, /) -> Statement | None:
        self.asked.append(account_no)
        if self.away:
            raise CoreSystemAway("closed for the night")
        found = await SimulatedCoreSystem().statement(institution, account_no)
        if found is None or self.gone:
            return None
        lines = tuple(
            replace(line, amount=Fen(line.amount * self.share // 100)) for line in found.lines
        )
        return replace(found, lines=lines, books=None)


@pytest.fixture
def books(desk: Desk) -> Books:
    found = Books()
    desk.use(core_system=found)
    return found


def later(desk: Desk, days: float) -> datetime:
    now = datetime.now(UTC) + timedelta(days=days)
    desk.turn_clock(lambda: now)
    return now


async def told(desk: Desk, credential: str) -> list[tuple[object, object, object]]:
    return [
        (one.body["effect"], one.body["reasonCode"], one.body.get("newTotalBand"))
        for one in await desk.events(credential)
        if one.kind == "CREDENTIAL_ENDORSED"
    ]


async def row_of(desk: Desk, credential: str) -> Any:
    row = await desk.parts.store.credential(credential)
    assert row is not None
    return row


async def test_a_credential_in_force_has_a_date_for_its_next_look(desk: Desk, books: Books) -> None:
    person = await desk.customer()
    credential = await desk.active(person)
    asked = len(books.asked)

    assert await recheck_what_is_due(desk.parts) == 0
    now = later(desk, 29.5)
    assert await recheck_what_is_due(desk.parts) == 1
    row = await row_of(desk, credential)

    assert len(books.asked) == asked + 1
    assert abs(row.rechecked_at - now) < timedelta(seconds=1)
    assert row.recheck_due - row.rechecked_at == POLICY.every
    assert await told(desk, credential) == []
    assert await recheck_what_is_due(desk.parts) == 0
    kinds = [one.kind for one in await desk.events(credential)]
    assert kinds.count("CREDENTIAL_RECHECKED") == 1


async def test_changes_are_endorsed_each_once_in_both_directions(desk: Desk, books: Books) -> None:
    person = await desk.customer()
    credential = await desk.active(person)

    for days, share in ((30, 50), (60, 50), (89, 95)):
        books.share = share
        later(desk, days)
        await recheck_what_is_due(desk.parts)
        await recheck_what_is_due(desk.parts)

    assert await told(desk, credential) == [
        ("REDUCED", "RECHECK_DECREASE", "1600000.00..1700000.00"),
        ("RESTORED", "RECHECK_INCREASE", "3000000.00..3100000.00"),
    ]
    assert (await row_of(desk, credential)).state is State.ACTIVE


async def test_a_material_fall_revokes_and_ends_the_looking(desk: Desk, books: Books) -> None:
    credential = await desk.active(await desk.customer())
    books.share = 10
    later(desk, 31)

    await recheck_what_is_due(desk.parts)
    later(desk, 80)

    assert await recheck_what_is_due(desk.parts) == 0
    assert await told(desk, credential) == [("REVOKE", "MATERIAL_DECREASE", None)]
    assert (await row_of(desk, credential)).state is State.REVOKED


async def test_an_account_that_is_gone_suspends_once(desk: Desk, books: Books) -> None:
    credential = await desk.active(await desk.customer())
    books.gone = True
    for days in (31, 62):
        later(desk, days)
        await recheck_what_is_due(desk.parts)

    assert await told(desk, credential) == [("SUSPEND", "ACCOUNT_GONE", None)]


async def test_many_jobs_at_once_tell_a_change_once(desk: Desk, books: Books) -> None:
    credential = await desk.active(await desk.customer())
    books.share = 60
    later(desk, 31)

    await asyncio.gather(*(recheck_what_is_due(desk.parts) for _ in range(6)))

    assert len(await told(desk, credential)) == 1


class Killed(BaseException):
    """The process ends here."""


class Fatal:
    """An outbox whose process dies before the commit."""

    async def put(self, session: Session, *events: Envelope) -> None:
        raise Killed


async def test_a_job_killed_in_its_write_leaves_nothing_and_the_next_one_does_all(
    desk: Desk, books: Books
) -> None:
    credential = await desk.active(await desk.customer())
    before = await row_of(desk, credential)
    books.share = 60
    later(desk, 31)
    whole = desk.parts.outbox

    desk.use(outbox=Fatal())
    with pytest.raises(Killed):
        await recheck_what_is_due(desk.parts)
    assert await row_of(desk, credential) == before

    desk.use(outbox=whole)
    assert await recheck_what_is_due(desk.parts) == 1
    assert len(await told(desk, credential)) == 1


async def overdue(desk: Desk, after: object = None, who: Any = OWN) -> dict[str, Any]:
    answer = await desk.ask(OVERDUE, {"after": after}, who=who)
    found: dict[str, Any] = answer.only("overdueRechecks")
    return found


async def test_what_the_core_system_does_not_answer_becomes_overdue(
    desk: Desk, books: Books
) -> None:
    person = await desk.customer()
    credential = await desk.active(person)
    due = (await row_of(desk, credential)).recheck_due
    books.away = True

    later(desk, 29.5)
    assert await recheck_what_is_due(desk.parts) == 1
    assert await recheck_what_is_due(desk.parts) == 0  # not asked again at once
    assert (await overdue(desk))["totalCount"] == 0

    later(desk, 31)
    await recheck_what_is_due(desk.parts)
    found = await overdue(desk)
    (edge,) = found["edges"]
    assert (edge["node"]["id"], edge["node"]["lastRecheckedAt"]) == (credential, None)
    assert datetime.fromisoformat(edge["node"]["nextRecheckDueAt"]) == due
    assert (await overdue(desk, who=OTHER))["totalCount"] == 0

    books.away = False
    later(desk, 31.1)
    await recheck_what_is_due(desk.parts)
    assert (await overdue(desk))["totalCount"] == 0


async def test_the_overdue_list_pages_and_is_for_the_desk_alone(desk: Desk, books: Books) -> None:
    people: Sequence[Any] = [await desk.customer(f"p{one}") for one in range(3)]
    credentials = [await desk.active(person) for person in people]
    later(desk, 40)

    first = await overdue(desk)
    second = await overdue(desk, first["pageInfo"]["endCursor"])
    refused = await desk.ask(OVERDUE, {}, who=people[0].who)

    listed = [edge["node"]["id"] for page in (first, second) for edge in page["edges"]]
    assert listed == credentials
    assert first["totalCount"] == 3
    assert refused.codes == ["FORBIDDEN"]


async def test_an_endorsement_of_the_desk_is_what_the_next_look_goes_by(
    desk: Desk, books: Books
) -> None:
    credential = await desk.active(await desk.customer())
    done = await desk.do(
        "endorseCredential",
        OWN,
        credentialId=credential,
        effect="REDUCED",
        reasonCode="SEEN_BY_US",
        newTotalBand="1600000.00..1700000.00",
    )
    assert done["__typename"] == "EndorseCredentialSuccess"
    books.share = 50
    later(desk, 31)

    await recheck_what_is_due(desk.parts)

    assert len(await told(desk, credential)) == 1


STANDING = """query($id: ID!) { node(id: $id) { ... on Institution {
  rechecks { watched overdue nextDueAt } } } }"""


async def test_how_an_issuer_keeps_up_is_for_itself_and_the_regulator(
    desk: Desk, books: Books
) -> None:
    credential = await desk.active(await desk.customer())
    due = (await row_of(desk, credential)).recheck_due
    own: dict[str, object] = {"id": OWN.institution}
    other: dict[str, object] = {"id": OTHER.institution}
    regulator = Who(role=Role.REGULATOR)
    books.away = True
    for days, late in ((0.0, 0), (31.0, 1)):
        later(desk, days)
        await recheck_what_is_due(desk.parts)
        for who in (OWN, regulator):
            found = (await desk.ask(STANDING, own, who=who)).only("node")["rechecks"]
            assert (found["watched"], found["overdue"]) == (1, late)
            assert datetime.fromisoformat(found["nextDueAt"]) == due
    nothing = (await desk.ask(STANDING, other, who=regulator)).only("node")
    assert nothing["rechecks"] == {"watched": 0, "overdue": 0, "nextDueAt": None}
    assert (await desk.ask(STANDING, other, who=OWN)).codes == ["FORBIDDEN"]
    assert (await desk.ask(STANDING, own, who=OTHER)).codes == ["FORBIDDEN"]
