"""The ladder's step between asking and taking: what lies idle is lent while it does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from dure.decide import reclaim
from dure.decide.reclaim import Run
from dure.portal.allocations import operations as allocations
from dure.portal.allocations.queries import AllocationView
from dure.portal.people.actor import system
from dure.portal.reclaims.models import Case
from dure.programme.use import IdleRule, Step

LOOP = system("loop:reclaim")


def lend_from(step: Step, now: datetime) -> str:
    """When lending begins for a case that reaches the step at `now`: once the holder's time to object is over."""
    return (now + timedelta(days=step.objection_days)).isoformat()


def lend_due(*, now: datetime) -> int:
    """Lend what cases at a `lend` step leave unused, those whose holder has not objected in time; returns how many."""
    waiting = {"state": "noticed", "action": "lend", "finding__has_key": "lend_from"}
    rows = Case.objects.filter(**waiting, allocation__state="present", allocation__revision__lent=False)
    due = [row for row in rows.select_related("allocation") if now >= datetime.fromisoformat(row.finding["lend_from"])]
    return sum(lend(row, now) for row in due)


def lend(row: Case, now: datetime) -> int:
    """Lend what the case found idle; returns 1 when that is a change."""
    reason = f"reclaim case {row.pk}"
    return allocations.lend(actor=LOOP, now=now, name=row.allocation.name, lent=True, reason=reason)


def keep(name: str, now: datetime, reason: str) -> int:
    """Lend nothing of an allocation any more; returns 1 when that is a change."""
    return allocations.lend(actor=LOOP, now=now, name=name, lent=False, reason=reason)


def keep_used(view: AllocationView, runs: Sequence[tuple[IdleRule, Run | None]], now: datetime) -> int:
    """Lend nothing of an allocation that is in use again; returns 1 when that is a change."""
    if not view.lent or any(reclaim.rung(rule, run) is not None for rule, run in runs):
        return 0
    return keep(view.name, now, "in use again")
