"""When the reports of an award fall due, by the programme's rules."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dure.core.period import Month, Period
from dure.programme.use import Report


@dataclass(frozen=True, slots=True)
class Duty:
    """A report owed: asked for from `falls_at` on, late after `due_at` (the days of grace later)."""

    report: str
    falls_at: datetime
    due_at: datetime


def reports_due(reports: Iterable[Report], applicant_class: str, use: Period, zone: ZoneInfo) -> list[Duty]:
    """Every report an award of `applicant_class` with the period `use` owes, in order of time.

    A report every so many months is owed for each such span that ends before the use does; months are calendar
    months in `zone`, counted from the day the use starts.
    """
    found = []
    for report in reports:
        if applicant_class not in report.applicant_classes:
            continue
        falls = _every(report.every_months, use, zone) if report.every_months else []
        if report.after_end_days is not None:
            falls.append(use.end + timedelta(days=report.after_end_days))
        grace = timedelta(days=report.grace_days)
        found += [Duty(report.code, at, at + grace) for at in falls]
    return sorted(found, key=lambda duty: (duty.falls_at, duty.report))


def _every(months: int, use: Period, zone: ZoneInfo) -> list[datetime]:
    first = use.start.astimezone(zone)
    falls: list[datetime] = []
    count = months
    while True:
        month = Month.of(use.start, zone).plus(count)
        day = min(first.day, monthrange(month.year, month.month)[1])
        at = first.replace(year=month.year, month=month.month, day=day).astimezone(UTC)
        if at >= use.end:
            return falls
        falls.append(at)
        count += months
