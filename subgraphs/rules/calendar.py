"""Working days and trading days of mainland China, as data published year by year.

Laws: only years whose notice is written down here are answered, nothing is guessed for another; a
make-up working weekend (调休上班) is a working day and never a trading day.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Final

SHANGHAI: Final = timezone(timedelta(hours=8))
_DAY: Final = timedelta(days=1)


def day_of(moment: datetime) -> date:
    """The day it then is in Shanghai: what rules, licences and papers mean by a day."""
    return moment.astimezone(SHANGHAI).date()


class CalendarUnknown(LookupError):
    """The notice of that year has not been entered."""

    code = "CALENDAR_UNKNOWN"

    def __init__(self, day: date) -> None:
        super().__init__(f"no holiday notice is known for {day.year}")
        self.day = day


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayYear:
    """One yearly notice: holidays from first to last day, and the weekends worked instead."""

    year: int
    source: str
    holidays: tuple[tuple[date, date], ...]
    worked: frozenset[date]


@dataclass(frozen=True, slots=True)
class Calendar:
    """Several years of notices; `version` says which were known when a date was computed."""

    version: int
    years: tuple[HolidayYear, ...]

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on the day."""
        notice = self._notice(day)
        if day in notice.worked:
            return True
        return day.weekday() < 5 and not _holiday(notice, day)

    def is_trading_day(self, day: date) -> bool:
        """Whether the exchanges open: never on a weekend, worked or not."""
        return day.weekday() < 5 and not _holiday(self._notice(day), day)

    def due(self, received: datetime, working_days: int) -> datetime:
        """The end, in Shanghai, of the n-th working day after the day of receipt.

        A receipt outside working days counts from the next working day on, as its day is not one.
        """
        day = day_of(received)
        for _ in range(working_days):
            day = self.next_working_day(day)
        return datetime.combine(day + _DAY, datetime.min.time(), tzinfo=SHANGHAI)

    def next_working_day(self, after: date) -> date:
        """The first working day later than the given one."""
        day = after + _DAY
        while not self.is_working_day(day):
            day += _DAY
        return day

    def _notice(self, day: date) -> HolidayYear:
        for notice in self.years:
            if notice.year == day.year:
                return notice
        raise CalendarUnknown(day)


def _holiday(notice: HolidayYear, day: date) -> bool:
    return any(first <= day <= last for first, last in notice.holidays)


CHINA: Final = Calendar(
    version=2,
    years=(
        HolidayYear(
            year=2025,
            source="国办发明电〔2024〕12号",
            holidays=(
                (date(2025, 1, 1), date(2025, 1, 1)),
                (date(2025, 1, 28), date(2025, 2, 4)),
                (date(2025, 4, 4), date(2025, 4, 6)),
                (date(2025, 5, 1), date(2025, 5, 5)),
                (date(2025, 5, 31), date(2025, 6, 2)),
                (date(2025, 10, 1), date(2025, 10, 8)),
            ),
            worked=frozenset(
                {
                    *(date(2025, 1, 26), date(2025, 2, 8), date(2025, 4, 27)),
                    *(date(2025, 9, 28), date(2025, 10, 11)),
                }
            ),
        ),
        HolidayYear(
            year=2026,
            source="国务院办公厅关于2026年部分节假日安排的通知 (2025-11-04)",
            holidays=(
                (date(2026, 1, 1), date(2026, 1, 3)),
                (date(2026, 2, 15), date(2026, 2, 23)),
                (date(2026, 4, 4), date(2026, 4, 6)),
                (date(2026, 5, 1), date(2026, 5, 5)),
                (date(2026, 6, 19), date(2026, 6, 21)),
                (date(2026, 9, 25), date(2026, 9, 27)),
                (date(2026, 10, 1), date(2026, 10, 7)),
            ),
            worked=frozenset(
                {
                    *(date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28)),
                    *(date(2026, 5, 9), date(2026, 9, 20), date(2026, 10, 10)),
                }
            ),
        ),
    ),
)
