"""Holidays, make-up working days, and due dates that meet them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subgraphs.rules.calendar import CHINA, SHANGHAI, CalendarUnknown, day_of

KNOWN = st.dates(date(2025, 1, 1), date(2026, 11, 30))


@pytest.mark.parametrize(
    ("day", "works", "trades"),
    [
        pytest.param(date(2026, 11, 20), True, True, id="a Friday"),
        pytest.param(date(2026, 11, 21), False, False, id="a Saturday"),
        pytest.param(date(2026, 2, 14), True, False, id="a make-up Saturday trades nothing"),
        pytest.param(date(2026, 2, 16), False, False, id="a Monday of the Spring Festival"),
        pytest.param(date(2026, 10, 8), True, True, id="the Thursday after National Day"),
        pytest.param(date(2026, 10, 10), True, False, id="a make-up Saturday after it"),
        pytest.param(date(2025, 10, 8), False, False, id="the eighth day in the year of eight"),
    ],
)
def test_a_day(day: date, *, works: bool, trades: bool) -> None:
    assert (CHINA.is_working_day(day), CHINA.is_trading_day(day)) == (works, trades)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        pytest.param((2026, 11, 20, 10), (2026, 12, 2), id="seven plain working days"),
        pytest.param((2026, 9, 30, 10), (2026, 10, 16), id="over National Day and its Saturday"),
        pytest.param((2026, 2, 13, 10), (2026, 3, 3), id="Spring Festival, two worked Saturdays"),
        pytest.param((2026, 11, 21, 10), (2026, 12, 2), id="received on a Saturday"),
    ],
)
def test_seven_working_days_end_with_the_day(
    received: tuple[int, int, int, int], due: tuple[int, int, int]
) -> None:
    found = CHINA.due(datetime(*received, tzinfo=SHANGHAI), 7)
    assert found == datetime(*due, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        pytest.param("2026-11-23T15:59:59.999999+00:00", date(2026, 11, 23), id="its last moment"),
        pytest.param("2026-11-23T16:00:00+00:00", date(2026, 11, 24), id="the next one's first"),
        pytest.param("2026-12-31T20:00:00-05:00", date(2027, 1, 1), id="as told elsewhere"),
    ],
)
def test_it_is_the_day_of_shanghai(moment: str, day: date) -> None:
    assert day_of(datetime.fromisoformat(moment)) == day


def test_the_day_of_receipt_is_the_day_in_shanghai() -> None:
    late = datetime(2026, 11, 19, 17, tzinfo=UTC)  # 01:00 on the 20th in Shanghai
    assert CHINA.due(late, 1) == CHINA.due(datetime(2026, 11, 20, 9, tzinfo=SHANGHAI), 1)


@pytest.mark.parametrize("year", [2024, 2027])
def test_a_year_without_a_notice_is_not_guessed(year: int) -> None:
    with pytest.raises(CalendarUnknown):
        CHINA.is_working_day(date(year, 5, 5))


def test_a_notice_makes_up_weekends_only_and_never_on_a_holiday() -> None:
    for year in CHINA.years:
        assert all(first <= last for first, last in year.holidays)
        assert {day.year for day in year.worked} == {year.year}
        assert all(day.weekday() >= 5 for day in year.worked), "only a weekend is made up"
        assert not [d for d in year.worked for first, last in year.holidays if first <= d <= last]


@given(KNOWN)
@settings(deadline=None)
def test_a_trading_day_is_a_working_day(day: date) -> None:
    assert not CHINA.is_trading_day(day) or CHINA.is_working_day(day)


@given(st.datetimes(datetime(2025, 1, 1), datetime(2026, 10, 31)), st.integers(0, 15))  # noqa: DTZ001
def test_a_longer_period_never_ends_earlier(naive: datetime, days: int) -> None:
    received = naive.replace(tzinfo=SHANGHAI)
    one, more = CHINA.due(received, days), CHINA.due(received, days + 1)
    assert received < one < more
    last = (more - timedelta(seconds=1)).date()
    assert CHINA.is_working_day(last)
