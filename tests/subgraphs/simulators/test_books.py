"""The simulated books answer the same to everybody, to the fen."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subgraphs.issuer.ports import Books, Statement
from subgraphs.kit.ids import InstitutionId, institution_id
from subgraphs.rules.calendar import CHINA
from subgraphs.simulators.books import BROKER, FUND_MANAGER, FUTURES, last_close
from subgraphs.simulators.core_system import SYSTEM, SimulatedCoreSystem
from subgraphs.simulators.customers import SimulatedCustomers
from subgraphs.simulators.trading import closes_before
from subgraphs.vc.guard import WINDOW_CLOSES
from subgraphs.vc.money import format_amount

OWN = institution_id("9131000063159284XQ")


@pytest.mark.parametrize(
    ("account", "total"),
    [
        ("SIM-RICH-ann", "3200000.00"),
        ("SIM-EDGE-ann", "2999999.99"),
        ("SIM-EXACT-ann", "3000000.00"),
        ("SIM-POOR-ann", "120000.00"),
    ],
)
async def test_wealth_follows_from_the_account_number(account: str, total: str) -> None:
    books = SimulatedCoreSystem()

    statement = await books.statement(OWN, account)

    assert statement is not None
    assert format_amount(sum(line.amount for line in statement.lines)) == total  # type: ignore[arg-type]
    assert statement.system == SYSTEM
    assert await books.identity_document(OWN, account) == "TEST-ann"


@pytest.mark.parametrize("account", ["", "SIM-GOLD-ann", "SIM-RICH-", "RICH-ann", "SIM-RICH-安"])
async def test_an_unknown_account_is_nobodys(account: str) -> None:
    books = SimulatedCoreSystem()

    assert await books.statement(OWN, account) is None
    assert await books.identity_document(OWN, account) is None


async def test_a_customer_number_names_a_person() -> None:
    customers = SimulatedCustomers()

    assert await customers.identity_document(OWN, "CUST-ann") == "TEST-ann"
    assert await customers.identity_document(OWN, "ann") is None


@pytest.mark.parametrize(
    ("now", "want"),
    [
        pytest.param("2026-11-19T15:00:00", "2026-11-18", id="a Thursday in Shanghai"),
        pytest.param("2026-11-19T16:00:00", "2026-11-19", id="already Friday in Shanghai"),
        pytest.param("2026-11-22T10:00:00", "2026-11-20", id="a Sunday looks back to Friday"),
        pytest.param("2026-11-23T10:00:00", "2026-11-20", id="a Monday too"),
        pytest.param("2026-10-08T10:00:00", "2026-09-30", id="over a feast"),
        pytest.param("2099-03-03T10:00:00", "2099-03-02", id="in a year of no notice yet"),
        pytest.param("2099-03-02T10:00:00", "2099-02-27", id="whose weekends are kept"),
    ],
)
def test_the_last_close_is_a_trading_day_before_today(now: str, want: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)

    assert last_close(moment) == date.fromisoformat(want)


@given(st.dates(date(2025, 1, 3), date(2026, 11, 30)))
@settings(deadline=None)
def test_the_last_close_is_a_trading_day_wherever_the_holidays_are_known(day: date) -> None:
    close = next(closes_before(day))
    assert close < day
    assert CHINA.is_trading_day(close)
    between = (close + timedelta(days=more) for more in range(1, (day - close).days))
    assert not any(CHINA.is_trading_day(one) for one in between)


CLOCK = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # a Monday morning in Shanghai


async def stated(home: InstitutionId, account: str, now: datetime = CLOCK) -> Statement:
    found = await SimulatedCoreSystem(lambda: now).statement(home, account)
    assert found is not None
    assert found.books is not None
    return found


def books_of(found: Statement) -> Books:
    assert found.books is not None
    return found.books


async def test_each_institution_keeps_its_own_part() -> None:
    parts = [await stated(home, "SIM-THREE-ann") for home in (BROKER, FUND_MANAGER, FUTURES)]

    assert [format_amount(part.lines[0].amount) for part in parts] == [
        *("1620000.00", "980000.00", "550000.00")
    ]
    assert {part.as_of for part in parts} == {date(2026, 11, 20)}


async def test_the_closes_behind_a_statement_reach_back_over_holidays() -> None:
    after_the_feast = datetime(2026, 10, 8, 9, 0, tzinfo=UTC)
    found = books_of(await stated(BROKER, "SIM-RICH-ann", after_the_feast)).closes

    assert len(found) == WINDOW_CLOSES
    assert [close.day.isoformat() for close in found[:3]] == [
        *("2026-09-30", "2026-09-29", "2026-09-28")
    ]
    assert date(2026, 9, 20) not in {close.day for close in found}  # worked, never traded


async def test_money_that_travels_leaves_its_trace_at_each_stop() -> None:
    first, second, third = [
        await stated(home, "SIM-TRIP-ann") for home in (BROKER, FUND_MANAGER, FUTURES)
    ]

    assert first.as_of < second.as_of < third.as_of
    assert (third.as_of - first.as_of).days <= 10
    assert books_of(first).movements == ()
    for before, after in ((first, second), (second, third)):
        (came,) = books_of(after).movements
        assert came.settled is not None
        assert before.as_of < came.settled <= after.as_of
        least = min(sum(line.amount for line in close.lines) for close in books_of(after).closes)
        assert least == 0


async def test_the_same_units_are_one_position_at_broker_and_manager() -> None:
    (here,) = books_of(await stated(BROKER, "SIM-TWICE-ann")).holdings
    (there,) = books_of(await stated(FUND_MANAGER, "SIM-TWICE-ann")).holdings
    (own,) = books_of(await stated(BROKER, "SIM-THREE-ann")).holdings

    assert (here.registrar_account, here.product) == (there.registrar_account, there.product)
    assert own.registrar_account != here.registrar_account


async def test_a_fall_comes_at_the_second_the_account_says() -> None:
    moment = int(CLOCK.timestamp())
    account = f"SIM-FALL-ann-{moment}"
    before = await stated(BROKER, account, CLOCK - timedelta(seconds=1))
    after = await stated(BROKER, account)

    assert [format_amount(one.lines[0].amount) for one in (before, after)] == [
        *("1620000.00", "540000.00")
    ]
    assert before.as_of < after.as_of == date(2026, 11, 23)
    assert after.as_of == books_of(after).closes[0].day
