"""The programme's pace tables: at each checkpoint every allocation is looked at once; who used too little is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from dure.core.period import Period
from dure.core.text import Text
from dure.decide import pull_back as paces
from dure.decide.pull_back import Verdict
from dure.metering.hours import HourUse
from dure.portal.allocations import queries as allocation_queries
from dure.portal.allocations.queries import AllocationView
from dure.portal.framework.programme import current, zone
from dure.portal.messages import operations as messages
from dure.portal.reclaims.models import Case, Look
from dure.portal.reclaims.operations.cases import LOOP, note
from dure.portal.reclaims.queries import OPEN
from dure.portal.usage import queries as usage
from dure.programme.use import PullBackRule

SETTLED = timedelta(days=2)
"""Windows of use may be late or corrected: a checkpoint is judged so long after its instant, on use up to it."""


def pull_back(*, now: datetime) -> int:
    """Judge every checkpoint that has passed and was not judged; returns how many looks were taken."""
    rules = current().pull_back_rules
    if not rules:
        return 0
    done = set(Look.objects.values_list("allocation_id", "rule", "place", "year"))
    taken = 0
    for view in allocation_queries.present(now):
        for rule in rules:
            if view.organisation.applicant_class in rule.applicant_classes:
                for look in paces.looks(rule, _local(view)):
                    key = (view.id, rule.code, look.index, _year(look))
                    if look.at + SETTLED <= now and key not in done:
                        taken += _judge(view, rule, look, now)
    return taken


def _local(view: AllocationView) -> Period:
    return Period(view.start_at.astimezone(zone()), view.end_at.astimezone(zone()))


def _year(look: paces.Look) -> int:
    return look.at.year if look.checkpoint.each_year_on else 0


def verdict_at(
    view: AllocationView, rule: PullBackRule, look: paces.Look, until: datetime, hours: Sequence[HourUse]
) -> Verdict:
    """What the rule would find with use up to `until`, given the allocation's hours from its start until then at least.

    Hours of which nothing is known count as used.
    """
    period = _local(view)
    used = _used(rule, [hour for hour in hours if hour.start < until])
    since = _used(rule, [hour for hour in hours if look.since <= hour.start < until])
    return paces.judge(
        rule,
        look,
        period,
        used_gpu_seconds=used,
        used_since_gpu_seconds=since,
        nodes=view.nodes,
        gpus_per_node=view.gpus_per_node,
        earlier=_earlier(view, rule),
    )


def _earlier(view: AllocationView, rule: PullBackRule) -> paces.Earlier:
    rows = Case.objects.filter(allocation_id=view.id, rule=rule.code, state="executed").exclude(closed_at=None)
    taken = list(rows.values_list("nodes_taken", "closed_at"))
    seconds = sum(nodes * view.gpus_per_node * int((view.end_at - at).total_seconds()) for nodes, at in taken if at)
    return paces.Earlier(sum(nodes for nodes, _ in taken), seconds)


def _used(rule: PullBackRule, hours: Sequence[HourUse]) -> int:
    total = 0
    for hour in hours:
        total += int(getattr(hour, f"{rule.measure}_gpu_seconds"))
        total += hour.missing_gpu_seconds if rule.measure != "allocated" else 0
    return total


@transaction.atomic
def _judge(view: AllocationView, rule: PullBackRule, look: paces.Look, now: datetime) -> int:
    """Take one look; a case is opened when something would be taken. 0 while another case of the rule is open."""
    if Case.objects.filter(allocation_id=view.id, rule=rule.code, state__in=OPEN).exists():
        return 0
    hours = usage.hourly(view.cluster, view.name, Period(view.start_at, look.at)) if look.at > view.start_at else []
    found = verdict_at(view, rule, look, look.at, hours)
    _, is_new = Look.objects.get_or_create(
        allocation_id=view.id,
        rule=rule.code,
        place=look.index,
        year=_year(look),
        defaults={
            "at": look.at,
            "used_percent": found.used_percent,
            "take_percent": found.take_percent,
            "nodes_taken": found.nodes_taken,
        },
    )
    if is_new and found.nodes_taken:
        _open(view, rule, look, found, now)
    return int(is_new)


def _open(view: AllocationView, rule: PullBackRule, look: paces.Look, found: Verdict, now: datetime) -> None:
    row = Case.objects.create(
        allocation_id=view.id,
        rule=rule.code,
        step=look.index,
        action="shrink",
        idle_since=look.since if rule.relative_to == "interval" else view.start_at,
        finding={
            "idle_seconds": 0,
            "used_percent": found.used_percent,
            "nodes": view.nodes,
            "would_take": found.nodes_taken,
        },
        opened_at=now,
        answer_by=now + timedelta(days=rule.notice_days),
    )
    by = row.answer_by.astimezone(zone())
    subject = Text(
        f"[{view.award_number}] 사용 실적이 기준에 못 미칩니다",
        f"[{view.award_number}] Use is below the programme's pace",
    )
    body = Text(
        f"기준의 {found.used_percent}%만 사용하여 서버 {found.nodes_taken}대를 회수하려고 합니다.\n"
        f"{by:%Y-%m-%d %H:%M}까지 사유를 알려 주시면 검토합니다: /reclaims/{row.pk}/",
        f"With {found.used_percent} % of the expected use, {found.nodes_taken} servers are to be taken back.\n"
        f"Tell us why by {by:%Y-%m-%d %H:%M} and we will consider it: /reclaims/{row.pk}/",
    )
    for person in allocation_queries.members(view.id):
        messages.announce(key=f"reclaim:{row.pk}:{person.id}", user_id=person.id, subject=subject, body=body, now=now)
    note(LOOP, now, "notice", row, "", allocation=view.name, used_percent=found.used_percent)
