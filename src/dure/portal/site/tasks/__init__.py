"""What a person has to do now, across chapters, in order of urgency: the home is this list."""

from __future__ import annotations

from datetime import datetime

from dure.portal.people.actor import Actor
from dure.portal.site.tasks import applicant, office, provider, reviewer
from dure.portal.site.tasks.task import Task


def tasks(actor: Actor, now: datetime) -> list[Task]:
    """Everything this person has to do at `now`: by deadline, the overdue first, then the rest by weight."""
    parts = (applicant.tasks, reviewer.tasks, office.tasks, provider.tasks)
    found = [task.at(now) for part in parts for task in part(actor, now)]
    return sorted(found, key=lambda task: (task.due is None, task.due or now, task.weight))
