"""Awards as they stand, in the slots of the problem whose plan made them."""

from __future__ import annotations

from datetime import datetime

from dure.core.period import Month
from dure.decide.planning.problem import Problem
from dure.decide.planning.waitlist import Held
from dure.portal.awards.models import Award
from dure.portal.framework.programme import zone

STANDING = ("offered", "accepted", "agreed")


def standing(plan_id: int, problem: Problem) -> list[Held]:
    """Awards of a plan that stand, or stood until they were ended, in the problem's slots."""
    rows = Award.objects.filter(plan_id=plan_id, state__in=(*STANDING, "ended")).select_related("cluster")
    first, slots = first_month(problem), problem.calendar.slots
    held = []
    for row in rows.order_by("number"):
        start = Month.of(row.start_at, zone()).minus(first)
        end = min(slots, month_after(row.end_at).minus(first))
        if start < end:
            held.append(Held(row.number, row.cluster.code, start, end, row.nodes))
    return held


def first_month(problem: Problem) -> Month:
    """The month of the problem's first slot."""
    return Month.parse(problem.calendar.first)


def month_after(instant: datetime) -> Month:
    """The month that begins at `instant` or next after it."""
    month = Month.of(instant, zone())
    return month if month.period(zone()).start == instant else month.plus(1)
