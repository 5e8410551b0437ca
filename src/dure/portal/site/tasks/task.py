"""One thing to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dure.core.text import Text

URGENT = timedelta(days=3)


@dataclass(frozen=True)
class Task:
    """What, why, where, by when. `weight` orders tasks without a deadline, the smallest first."""

    title: Text
    why: Text
    url: str
    due: datetime | None = None
    note: Text | None = None
    weight: int = 50
    tone: str = ""

    def at(self, now: datetime) -> Task:
        """The task as it stands at `now`: overdue, urgent or neither."""
        if self.due is None:
            return self
        return replace(self, tone="overdue" if self.due <= now else "urgent" if self.due - now < URGENT else "")
