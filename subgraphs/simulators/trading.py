"""On which days the simulated markets were open: by the published calendar, and in a year whose
notice is not known yet on each weekday. A simulator may guess, the rules may not."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from subgraphs.rules.calendar import CHINA, CalendarUnknown

_DAY: Final = timedelta(days=1)


def closes_before(day: date) -> Iterator[date]:
    """Trading days earlier than the given day, the latest first, without end; OverflowError at the
    first day that a date can say."""
    while True:
        day -= _DAY
        if _trades(day):
            yield day


def _trades(day: date) -> bool:
    try:
        return CHINA.is_trading_day(day)
    except CalendarUnknown:
        return day.weekday() < 5
