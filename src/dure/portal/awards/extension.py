"""What stands against an extension: months added so far, nodes that are taken, rules of the plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db.models import Sum

from dure.core.text import Text
from dure.decide.planning.load import read_problem
from dure.decide.planning.problem import Policy
from dure.decide.planning.waitlist import offers
from dure.portal.awards.models import Award, Change
from dure.portal.awards.standing import first_month, month_after, standing
from dure.portal.fleet import queries as fleet
from dure.portal.plans import queries as plans


def months_added(award: Award) -> int:
    """Months by which the award has been extended so far."""
    total = award.changes.filter(kind="extend", state="carried_out").aggregate(total=Sum("months"))["total"]
    return int(total or 0)


def nodes_held(award: Award, now: datetime) -> list[str]:
    """Names of the nodes booked for the award now, or at its start when that lies ahead."""
    return fleet.booked_nodes(f"award:{award.number}", max(now, award.start_at))


def obstacle(change: Change, now: datetime) -> Text | None:
    """What stands against an extension: nodes that are taken, or a hard rule of the award's plan; None for nothing."""
    award = change.award
    there = nodes_held(award, now)
    if not there:
        return Text("지금 쓰고 있는 서버가 없습니다.", "The award holds no servers now.")
    if change.end_at is None:
        return None
    free = {name for name, _ in fleet.free_nodes(award.cluster.code, award.end_at, change.end_at)}
    taken = sorted(set(there) - free)
    if taken:
        names = ", ".join(taken[:6]) + (" …" if len(taken) > 6 else "")
        return Text(
            f"그 기간에 이미 배정된 서버가 {len(taken)}대 있습니다: {names}.",
            f"{len(taken)} of its servers are already taken then: {names}.",
        )
    return _rule_against(award, len(there), change.months or 0)


def _rule_against(award: Award, nodes: int, months: int) -> Text | None:
    """The hard rule of the plan that leaves no room for the months added; None when all are kept.

    The extension is asked about as an application of its own that could be used nowhere else and at no other time.
    What lies beyond the plan's last month is under no rule of it.
    """
    problem = read_problem(plans.waitlist_problem(award.plan_id))
    start = month_after(award.end_at).minus(first_month(problem))
    inside = min(months, problem.calendar.slots - start)
    if inside < 1:
        return None
    known = problem.application[award.number]
    added = replace(
        known,
        id=f"{known.id}+",
        standing="new",
        requested_nodes=nodes,
        duration=inside,
        earliest=start,
        latest=start,
        lottery_rank=1 + max(one.lottery_rank for one in problem.applications),
        options=tuple(
            replace(option, min_nodes=nodes, max_nodes=nodes)
            for option in known.options
            if option.cluster == award.cluster.code
        ),
    )
    room = {award.cluster.code: [nodes] * problem.calendar.slots}  # the nodes themselves were asked of the bookings
    held = standing(award.plan_id, problem)

    def fits(rules: tuple[Policy, ...]) -> bool:
        asked = replace(problem, applications=(*problem.applications, added), policies=rules)
        return offers(asked, held, [added.id], free=room)[0].offer is not None

    hard = tuple(rule for rule in problem.policies if rule.price is None)
    if fits(hard):
        return None
    for rule in hard:
        if fits(tuple(one for one in hard if one is not rule)):
            return Text(
                f"배분안의 규칙에 어긋납니다: {rule.label.ko}.",
                f"A rule of the plan stands against it: {rule.label.en}.",
            )
    return Text("배분안의 여러 규칙에 어긋납니다.", "Several rules of the plan stand against it.")
