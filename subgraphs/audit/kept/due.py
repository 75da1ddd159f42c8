"""When something is due, in working days of the published calendar. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from subgraphs.rules.calendar import CHINA, SHANGHAI, Calendar, CalendarUnknown


def due_after(received: datetime, working_days: int, calendar: Calendar = CHINA) -> datetime:
    """The end of the n-th working day. Where the notice of a year is not published yet, every
    weekday counts as worked: the date can only be earlier than the one to come, never later."""
    try:
        return calendar.due(received, working_days)
    except CalendarUnknown:
        return _by_weekdays(received, working_days)


def _by_weekdays(received: datetime, left: int) -> datetime:
    day = received.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day + timedelta(days=1)
