"""How a call's reviewers are reminded and replaced, and what comes next by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from dure.core.text import Text
from dure.decide.reminding import Rules
from dure.portal.framework import programme as programmes
from dure.portal.reviews.models import Reminder, Upkeep


def upkeep(call_id: int) -> Rules:
    """The rules of a call; the documented ones while nobody has changed them."""
    row = Upkeep.objects.filter(call_id=call_id).first()
    if row is None:
        return Rules()
    return Rules(
        remind_before_days=row.remind_before_days,
        remind_after_days=row.remind_after_days,
        replace_after_days=row.replace_after_days,
        most_replacements=row.most_replacements,
        is_automatic=row.is_automatic,
    )


def replaced_at(due_at: datetime, rules: Rules) -> datetime | None:
    """When a review that was never begun goes to somebody else by itself; None where nothing happens by itself."""
    return due_at + timedelta(days=rules.replace_after_days) if rules.is_automatic else None


def reminders(assignment_ids: set[int]) -> dict[int, list[str]]:
    """The stages at which each reviewer was reminded; "stuck" where the office was told."""
    found: dict[int, list[str]] = {}
    for assignment_id, stage in Reminder.objects.filter(assignment_id__in=assignment_ids).values_list(
        "assignment_id", "stage"
    ):
        found.setdefault(assignment_id, []).append(stage)
    return found


def shown_day(instant: datetime) -> Text:
    """A due date as mails write it, in programme time."""
    at = instant.astimezone(programmes.zone())
    return Text(f"{at.month}월 {at.day}일 {at:%H:%M}", f"{at.day} {at:%B} {at:%H:%M}")
