"""The clock of a support request: working days in programme time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SATURDAY = 5


def respond_by(asked_at: datetime, working_days: int, holidays: Collection[date], zone: ZoneInfo) -> datetime:
    """The instant `working_days` after `asked_at`, at the same local time; weekends and `holidays` do not count.

    What is asked on a day off counts from the first instant of the next working day.
    """
    local = asked_at.astimezone(zone)
    day, hour = local.date(), local.time()
    if _is_off(day, holidays):
        hour = hour.min
        while _is_off(day, holidays):
            day += timedelta(days=1)
    for _ in range(working_days):
        day += timedelta(days=1)
        while _is_off(day, holidays):
            day += timedelta(days=1)
    return datetime.combine(day, hour, tzinfo=zone).astimezone(UTC)


def _is_off(day: date, holidays: Collection[date]) -> bool:
    return day.weekday() >= SATURDAY or day in holidays
