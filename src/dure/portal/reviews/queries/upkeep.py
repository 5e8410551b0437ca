"""How a call's reviewers are reminded and replaced, and what comes next by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from dure.core.text import Text
from dure.decide.reminding import Rules
from dure.portal.calls import queries as calls
from dure.portal.framework import programme as programmes
from dure.portal.people.actor import Actor
from dure.portal.reviews.models import Assignment, Upkeep


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


@dataclass(frozen=True)
class Coming:
    """An unfinished review with the reminders sent and what happens by itself next."""

    assignment_id: int
    number: str
    reviewer: str
    state: str
    due_at: datetime
    reminded: tuple[str, ...]
    replaced_at: datetime | None


def coming(call_code: str, actor: Actor, now: datetime, most: int = 100) -> list[Coming]:
    """Unfinished reviews near their due date or over it, the most urgent first."""
    actor.require(actor.may_oversee)
    rules = upkeep(calls.call(call_code, actor).id)
    rows = Assignment.objects.filter(
        application__call__code=call_code,
        state__in=("assigned", "in_progress"),
        due_at__lte=now + timedelta(days=rules.remind_before_days),
    )
    rows = rows.select_related("application", "reviewer__user").prefetch_related("reminders").order_by("due_at", "id")
    grace = timedelta(days=rules.replace_after_days)
    return [
        Coming(
            assignment_id=row.pk,
            number=row.application.number,
            reviewer=row.reviewer.user.name or row.reviewer.user.email,
            state=row.state,
            due_at=row.due_at,
            reminded=tuple(reminder.stage for reminder in row.reminders.all()),
            replaced_at=row.due_at + grace if rules.is_automatic and row.state == "assigned" else None,
        )
        for row in rows[:most]
    ]


def shown_day(instant: datetime) -> Text:
    """A due date as mails write it, in programme time."""
    at = instant.astimezone(programmes.zone())
    return Text(f"{at.month}월 {at.day}일 {at:%H:%M}", f"{at.day} {at:%B} {at:%H:%M}")
