"""What lies ahead of one allocation: burn-down, forecast, and what the programme's rules will do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dure.core.period import Month, Period
from dure.core.text import Text
from dure.decide import pull_back as paces
from dure.metering.hours import HourUse
from dure.portal.allocations.queries import AllocationView
from dure.portal.framework.programme import current, zone
from dure.portal.reclaims.operations.cases import Findings
from dure.portal.reclaims.operations.paces import verdict_at
from dure.portal.usage import queries as usage
from dure.portal.usage.queries import Use

LATELY = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Next:
    """What a rule will do next and when; `used_percent` is today's use by its measure, None for idle rules."""

    rule: Text
    at: datetime
    action: str
    used_percent: int | None
    below_percent: int | None
    nodes: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """GPU-seconds so far and as they would be at the end at the pace of the last fourteen days."""

    total: Use
    whole_gpu_seconds: int
    forecast_busy: int
    forecast_running: int
    first_busy_at: datetime | None
    seconds_to_first_busy: int | None
    weeks: Sequence[tuple[datetime, Use]]
    self_pay_ahead: int
    next_steps: Sequence[Next]


def outlook(view: AllocationView, now: datetime) -> Outlook:
    """The outlook of an allocation the caller may see, on the hours stored so far."""
    until = min(now, view.end_at)
    hours = usage.hourly(view.cluster, view.name, Period(view.start_at, until)) if until > view.start_at else []
    total, weeks = Use(), dict[datetime, Use]()
    lately = Use()
    for hour in hours:
        use = usage.use_of(hour)
        total = total.plus(use)
        lately = lately.plus(use) if hour.start >= until - LATELY else lately
        weeks_in = (hour.start - view.start_at) // timedelta(days=7)
        monday = view.start_at + weeks_in * timedelta(days=7)
        weeks[monday] = weeks.get(monday, Use()).plus(use)
    first = next((hour.start for hour in hours if hour.busy_gpu_seconds), None)
    ahead = int((view.end_at - until).total_seconds()) * view.nodes * view.gpus_per_node
    seen = lately.allocated_gpu_seconds
    fee = current().fee_per_node_month(view.gpu_model, view.organisation.applicant_class, view.organisation.is_youth)
    return Outlook(
        total=total,
        whole_gpu_seconds=view.period.seconds * view.nodes * view.gpus_per_node,
        forecast_busy=total.busy_gpu_seconds + (ahead * lately.busy_gpu_seconds // seen if seen else 0),
        forecast_running=total.running_gpu_seconds + (ahead * lately.running_gpu_seconds // seen if seen else 0),
        first_busy_at=first,
        seconds_to_first_busy=int((first - view.start_at).total_seconds()) if first else None,
        weeks=sorted(weeks.items()),
        self_pay_ahead=_self_pay(fee, view, until),
        next_steps=sorted([*_idle(view, now, hours), *_paces(view, now, hours)], key=lambda one: one.at),
    )


def _self_pay(fee: int, view: AllocationView, until: datetime) -> int:
    """Won from `until` to the end at today's size: whole months by their fee, parts of months by their seconds."""
    total, at = 0, max(until, view.start_at)
    while at < view.end_at:
        month = Month.of(at, zone()).period(zone())
        stop = min(month.end, view.end_at)
        total += fee * view.nodes * int((stop - at).total_seconds()) // month.seconds
        at = stop
    return total


def _idle(view: AllocationView, now: datetime, hours: list[HourUse]) -> list[Next]:
    """The next rung of every idle rule for an allocation that has been idle as long as the lowest rung asks."""
    found = []
    findings = Findings(now, {(view.cluster, view.name): hours})
    for rule in current().idle_rules:
        run = findings.run(view, rule) if view.organisation.applicant_class in rule.applicant_classes else None
        if run is None or run.seconds < findings.least.total_seconds():
            continue
        ahead = [step for step in rule.ladder if step.after_hours * 3600 > run.seconds]
        if ahead:
            at = now + timedelta(seconds=ahead[0].after_hours * 3600 - run.seconds)
            found.append(Next(rule.name, at, ahead[0].action, None, None, view.nodes))
    return found


def _paces(view: AllocationView, now: datetime, hours: list[HourUse]) -> list[Next]:
    """The next checkpoint of every pull-back rule, judged as if it were today."""
    found = []
    local = Period(view.start_at.astimezone(zone()), view.end_at.astimezone(zone()))
    for rule in current().pull_back_rules:
        if view.organisation.applicant_class not in rule.applicant_classes:
            continue
        look = next((one for one in paces.looks(rule, local) if one.at > now), None)
        if look is None:
            continue
        today = paces.Look(max(now, view.start_at + timedelta(hours=1)), look.index, look.checkpoint, look.since)
        verdict = verdict_at(view, rule, today, now, hours)
        highest = max(row.used_below_percent for row in look.checkpoint.brackets)
        action = "shrink" if verdict.nodes_taken else "notice"
        found.append(Next(rule.name, look.at, action, verdict.used_percent, highest, verdict.nodes_taken))
    return found
