"""Down the waitlist: freed nodes are offered by the rules of the plan that decided the call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from dure.core.errors import InsufficientCapacity
from dure.decide.fit import best_fit
from dure.decide.planning.load import read_problem
from dure.decide.planning.problem import Problem
from dure.decide.planning.waitlist import Answer, offers
from dure.portal.applications import queries as applications
from dure.portal.awards.models import Appeal, Award, WaitlistPass
from dure.portal.awards.operations.offering import offer
from dure.portal.awards.standing import first_month, month_after, standing
from dure.portal.calls import queries as calls
from dure.portal.fleet import queries as fleet
from dure.portal.framework.programme import zone
from dure.portal.journal import operations as journal
from dure.portal.journal import queries as journal_queries
from dure.portal.people.actor import Actor, system
from dure.portal.plans import queries as plans
from dure.portal.plans.queries import RankView

LOOP = system("loop:expire")
RELEASE = "fleet.release"
TOGETHER = timedelta(hours=1)
"""Nodes given back within an hour are offered together: one decision for all of them, whoever was first."""


def move_waitlists(*, now: datetime) -> int:
    """Offer what was given back since the last pass, at least an hour ago, to the waitlist of every decided call.

    Returns how many offers were made.
    """
    latest = journal_queries.last(RELEASE, now - TOGETHER)
    done = 0
    for plan_id in _due(latest, now):
        with transaction.atomic():
            done += len(offer_down(actor=LOOP, now=now, plan_id=plan_id))
    return done


def _due(latest: int, now: datetime) -> list[int]:
    """Plans with awards and a call still in use, whose last pass is older than the latest release."""
    rows = Award.objects.filter(application__call__use_until__gt=now).order_by("plan_id")
    passed = dict(WaitlistPass.objects.values_list("plan_id", "journal_seq"))
    return [pk for pk in rows.values_list("plan_id", flat=True).distinct() if passed.get(pk, 0) < latest]


@transaction.atomic
def offer_down(*, actor: Actor, now: datetime, plan_id: int) -> list[str]:
    """Go through the waitlist once and offer whatever fits beside all that stands; the numbers offered.

    Upheld appeals come first, in order of their waitlist ranks, then the waitlist. Raises NotPermitted, NotFound.
    """
    actor.require(actor.is_system or actor.is_programme_manager)
    latest = journal_queries.last(RELEASE, now)
    numbers: list[str] = []
    listed = waiting(plan_id)
    standings = applications.standings(rank.application_id for rank in listed)
    ranks = {rank.number: rank for rank in listed if standings[rank.application_id].is_eligible}
    problem = read_problem(plans.waitlist_problem(plan_id))
    for answer in answers(problem, plan_id, list(ranks), now):
        if _make(actor, now, problem, ranks[answer.application], answer):
            numbers.append(answer.application)
    WaitlistPass.objects.update_or_create(plan_id=plan_id, defaults={"at": now, "journal_seq": latest})
    for number in numbers:
        subject = f"award:{number}"
        journal.append(at=now, actor=actor.name, event="awards.offer_down", subject=subject, plan=plan_id)
    return numbers


def waiting(plan_id: int) -> list[RankView]:
    """The waitlist without those who got an offer since; upheld appeals first."""
    offered = set(Award.objects.filter(plan_id=plan_id).values_list("application_id", flat=True))
    upheld = set(Appeal.objects.filter(plan_id=plan_id, state="upheld").values_list("application_id", flat=True))
    ranks = [rank for rank in plans.waitlist(plan_id) if rank.application_id not in offered]
    return sorted(ranks, key=lambda rank: rank.application_id not in upheld)  # sorted() keeps the order of ranks


def answers(problem: Problem, plan_id: int, numbers: Sequence[str], now: datetime) -> Sequence[Answer]:
    """What each of `numbers` may be offered now, or why nothing: the planner's answer on today's bookings."""
    first_slot = max(0, month_after(now).minus(first_month(problem)))
    if not numbers or first_slot >= problem.calendar.slots:
        return ()
    return offers(
        problem,
        standing(plan_id, problem),
        numbers,
        first_slot=first_slot,
        free=free_nodes(problem, calls.call(plans.call_of(plan_id), LOOP).offered),
    )


def free_nodes(problem: Problem, offered: dict[str, int]) -> dict[str, list[int]]:
    """Nodes free all through each month, of what the call offers, by cluster of the problem."""
    months = [first_month(problem).plus(slot) for slot in range(problem.calendar.slots)]
    found = {}
    for cluster in problem.clusters:
        free = fleet.free_per_month(cluster.code, months)
        found[cluster.code] = [min(free[month], offered.get(cluster.code, 0)) for month in months]
    return found


def _make(actor: Actor, now: datetime, problem: Problem, rank: RankView, answer: Answer) -> bool:
    """The offer as the planner answered; False without one, or when the nodes went to somebody else meanwhile."""
    award = answer.offer
    if award is None:
        return False
    start = first_month(problem).plus(award.start)
    end = start.plus(problem.application[rank.number].duration)
    begins, ends = start.period(zone()).start, end.period(zone()).start
    try:
        with transaction.atomic():
            names = best_fit(fleet.free_nodes(award.cluster, begins, ends), award.nodes)
            offer(actor, now, rank.plan_id, rank, award.cluster, names, begins, ends)
    except InsufficientCapacity:
        return False
    return True
