"""The order of a home: overdue and soon, then what has no deadline, then what is far off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dure.core.text import Text
from dure.portal.people.actor import NOBODY
from dure.portal.site import tasks
from dure.portal.site.tasks.task import Task

NOW = datetime(2026, 1, 10, tzinfo=UTC)
NAME = Text("일", "task")


def task(url: str, days: float | None = None, weight: int = 50) -> Task:
    return Task(NAME, NAME, url, NOW + timedelta(days=days) if days is not None else None, weight=weight)


def test_order_and_tone(monkeypatch):
    given = [
        task("far", 60),
        task("heavy", None, 90),
        task("soon", 5),
        task("late", -1),
        task("light", None, 5),
        task("tomorrow", 1),
    ]
    monkeypatch.setattr(tasks.applicant, "tasks", lambda actor, now: given)
    found = tasks.tasks(NOBODY, NOW)
    assert [t.url for t in found] == ["late", "tomorrow", "soon", "light", "heavy", "far"]
    assert [t.tone for t in found] == ["overdue", "urgent", "", "", "", ""]


def test_a_visitor_has_nothing_to_do():
    assert tasks.tasks(NOBODY, NOW) == []
