"""What a person has to do now, across chapters, in order of urgency: the home is this list."""

from __future__ import annotations

from datetime import datetime, timedelta

from dure.portal.people.actor import Actor
from dure.portal.site.tasks import answering, applicant, office, provider, reviewer
from dure.portal.site.tasks.task import Task

SOON = timedelta(days=14)


def tasks(actor: Actor, now: datetime) -> list[Task]:
    """Everything this person has to do at `now`: due soon, then without a deadline, then far off."""
    parts = (answering.tasks, applicant.tasks, reviewer.tasks, office.tasks, provider.tasks)
    found = [task.at(now) for part in parts for task in part(actor, now)]
    return sorted(found, key=lambda task: _urgency(task, now))


def _urgency(task: Task, now: datetime) -> tuple[int, datetime, int]:
    if task.due is None:
        return (1, now, task.weight)
    return (0 if task.due - now < SOON else 2, task.due, task.weight)
