"""Half-open periods of time and the calendar months they touch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dure.core.text import Text

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """From `start` up to but not including `end`; both aware instants, kept in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a period needs aware instants")
        if self.end < self.start:
            raise ValueError(f"a period ends after it starts: {self.start} … {self.end}")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))

    @property
    def seconds(self) -> int:
        """Whole seconds in the period."""
        return int((self.end - self.start) / timedelta(seconds=1))

    def contains(self, instant: datetime) -> bool:
        """Whether `instant` lies in the period; its end does not."""
        return self.start <= instant < self.end

    def overlaps(self, other: Period) -> bool:
        """Whether the two share any instant."""
        return self.start < other.end and other.start < self.end

    def intersection(self, other: Period) -> Period | None:
        """What both cover, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Period(start, end) if start < end else None


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """`YYYY-MM` as a month. Raises ValueError with the form expected."""
        try:
            year, month = text.split("-")
            found = cls(int(year), int(month))
        except ValueError:
            raise ValueError(f"'{text}' is not a month; write YYYY-MM, for example 2026-03") from None
        if not (1 <= found.month <= 12 and 1 <= found.year <= 9999):
            raise ValueError(f"'{text}' is not a month; write YYYY-MM, for example 2026-03")
        return found

    @classmethod
    def of(cls, instant: datetime, zone: ZoneInfo) -> Month:
        """The month `instant` falls in at `zone`."""
        local = instant.astimezone(zone)
        return cls(local.year, local.month)

    @property
    def words(self) -> Text:
        """The month as people write it: 2026년 3월, Mar 2026."""
        return Text(f"{self.year}년 {self.month}월", f"{_MONTHS[self.month - 1]} {self.year}")

    @property
    def first_day(self) -> date:
        """Its first day."""
        return date(self.year, self.month, 1)

    def plus(self, months: int) -> Month:
        """The month `months` later (or earlier)."""
        index = self.year * 12 + self.month - 1 + months
        return Month(index // 12, index % 12 + 1)

    def minus(self, other: Month) -> int:
        """How many months lie from `other` to this one."""
        return (self.year - other.year) * 12 + self.month - other.month

    def period(self, zone: ZoneInfo) -> Period:
        """The month as a period in `zone`: its length follows daylight saving where there is any."""
        after = self.plus(1)
        return Period(
            datetime(self.year, self.month, 1, tzinfo=zone),
            datetime(after.year, after.month, 1, tzinfo=zone),
        )

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def months_touched(period: Period, zone: ZoneInfo) -> Iterator[tuple[Month, Period]]:
    """Each calendar month of `zone` that `period` touches, with the part of `period` inside it."""
    month = Month.of(period.start, zone)
    while True:
        whole = month.period(zone)
        if whole.start >= period.end:
            return
        part = whole.intersection(period)
        if part is not None:
            yield month, part
        month = month.plus(1)
