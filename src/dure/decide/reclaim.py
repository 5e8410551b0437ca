"""When idle GPUs are asked about and taken back: the programme's idle rules on hourly findings.

The longest unbroken idle run counts, never a mean. An hour is idle only if as many independent sources as the rule
asks for say so: `busy` seconds (activity), the agent's idle run (activity and power, minute by minute), and whether a
job held the GPU. An hour with missing samples is not idle and ends the run; excused hours neither count nor end it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from dure.core.period import Period
from dure.programme.use import IdleRule, Signal, Step

HOUR = timedelta(hours=1)
HOUR_SECONDS = 3600
TAKING = ("shrink", "end")
_SOURCES: dict[Signal, str] = {"sm_active": "activity", "gpu_util": "activity", "power": "power", "process": "process"}


@dataclass(frozen=True, slots=True)
class Hour:
    """What was seen of one allocation in one hour, in GPU-seconds; idle runs are of all its GPUs together."""

    start: datetime
    allocated_gpu_seconds: int
    running_gpu_seconds: int
    busy_gpu_seconds: int
    missing_gpu_seconds: int
    idle_lead_seconds: int
    idle_longest_seconds: int
    idle_tail_seconds: int


@dataclass(frozen=True, slots=True)
class Excuses:
    """What is not held against a holder: instants before `free_until`, holidays (dates in `zone`), and periods."""

    free_until: datetime
    zone: ZoneInfo
    holidays: Collection[date] = ()
    periods: Sequence[Period] = ()

    def cover(self, hour: datetime) -> bool:
        """Whether any part of the hour that begins at `hour` is excused."""
        if hour < self.free_until or hour.astimezone(self.zone).date() in self.holidays:
            return True
        return any(period.overlaps(Period(hour, hour + HOUR)) for period in self.periods)


@dataclass(frozen=True, slots=True)
class Run:
    """An idle run that is still going on: since when, and how many seconds of it count."""

    since: datetime
    seconds: int


def current_run(rule: IdleRule, hours: Sequence[Hour], excuses: Excuses) -> Run | None:
    """The idle run that lasts to the end of the newest hour, or None when the allocation is in use (or unknown)."""
    run: Run | None = None
    before: datetime | None = None
    for hour in sorted(hours, key=lambda one: one.start):
        if before is not None and hour.start != before + HOUR:
            run = None  # nothing is known of the hours between
        before = hour.start
        if excuses.cover(hour.start):
            run = run if not hour.busy_gpu_seconds else None
        elif is_idle(rule, hour):
            run = Run(run.since if run else hour.start, (run.seconds if run else 0) + HOUR_SECONDS)
        elif hour.missing_gpu_seconds or not hour.idle_tail_seconds:
            run = None
        else:
            tail = min(hour.idle_tail_seconds, HOUR_SECONDS)
            run = Run(hour.start + HOUR - timedelta(seconds=tail), tail)
    return run


def is_idle(rule: IdleRule, hour: Hour) -> bool:
    """Whether the whole hour was idle by as many independent sources as the rule asks for. Missing is never idle."""
    if hour.missing_gpu_seconds or not hour.allocated_gpu_seconds:
        return False
    verdicts = {
        "activity": hour.busy_gpu_seconds == 0,
        "power": hour.idle_lead_seconds == hour.idle_longest_seconds == HOUR_SECONDS,
        "process": hour.running_gpu_seconds == 0,
    }
    asked = {_SOURCES[threshold.signal] for threshold in rule.signals}
    agreeing = sum(verdicts[source] for source in asked)
    return agreeing >= max(min(rule.agree, len(asked)), 1) and verdicts["activity"]


def rung(rule: IdleRule, run: Run | None) -> int | None:
    """The highest rung of the ladder that the run has reached, from 0; None below the first."""
    if run is None:
        return None
    reached = [index for index, step in enumerate(rule.ladder) if run.seconds >= step.after_hours * HOUR_SECONDS]
    return reached[-1] if reached else None


def answer_by(rule: IdleRule, index: int, run: Run, now: datetime) -> datetime:
    """Until when the holder may answer: the term of this rung if it takes something, else of the next that does."""
    for step in rule.ladder[index:]:
        if step.action in TAKING:
            wait = max(0, step.after_hours * HOUR_SECONDS - run.seconds)
            return now + timedelta(seconds=wait) + timedelta(days=step.objection_days)
    return now + timedelta(days=rule.ladder[index].objection_days)


def nodes_taken(step: Step, nodes: int) -> int:
    """How many of `nodes` the step takes: all at the end; a shrink leaves at least one and takes at least one."""
    if step.action == "end":
        return nodes
    if step.action != "shrink" or nodes < 2:
        return 0
    return min(max(1, nodes * step.takes_percent // 100), nodes - 1)
