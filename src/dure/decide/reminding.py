"""When a reviewer is reminded and when a silent one is replaced. Days in, a word out; the portal does the rest.

The numbers below are what a call starts with; its manager changes them or stops both. An overdue review is never
closed by time: whoever has begun keeps it, and it still counts when it comes in late.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

STAGES = ("before", "due", "after")
SHORTEST_TERM = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Rules:
    """Days before and after the due date, and how many successors one seat may have by itself."""

    remind_before_days: int = 3
    remind_after_days: int = 2
    replace_after_days: int = 4
    most_replacements: int = 2
    is_automatic: bool = True


def stage(due_at: datetime, now: datetime, rules: Rules) -> str | None:
    """The newest reminder that is due by `now`: "before", "due" or "after" the due date, or None.

    Only the newest: who was out of reach for a week gets one mail and not three.
    """
    if now >= due_at + timedelta(days=rules.remind_after_days):
        return "after"
    if now >= due_at:
        return "due"
    if now >= due_at - timedelta(days=rules.remind_before_days):
        return "before"
    return None


def is_silent(state: str, due_at: datetime, now: datetime, rules: Rules) -> bool:
    """Whether this reviewer has not even begun although the days of grace are over."""
    return state == "assigned" and now >= due_at + timedelta(days=rules.replace_after_days)


def next_due(assigned_at: datetime, due_at: datetime, now: datetime, decide_by: datetime) -> datetime:
    """When a successor's review is due: as long as the predecessor had, but half the time to the decision at most."""
    half = max((decide_by - now) / 2, SHORTEST_TERM)
    return now + max(min(due_at - assigned_at, half), SHORTEST_TERM)
