"""Pace tables: at a checkpoint, who used too little of an award loses part of it.

ALCC and INCITE look on fixed days of the year at the share of the award used and remove part of what is unused; NREL
looks after each quarter at the use so far and removes part of what was planned so far, in all. All of them are rows of
`PullBackRule` (science.osti.gov, ALCC allocation reduction; doeleadershipcomputing.org, INCITE policies; nrel.gov, HPC
resource allocation reductions, 2023).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dure.core.period import Month, Period
from dure.programme.use import Checkpoint, PullBackRule


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a rule has taken of an award at earlier looks: nodes, and their GPU-seconds up to the award's end."""

    nodes: int = 0
    gpu_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """One checkpoint of one award: when it is, its row of the rule, and since when use counts for "interval"."""

    at: datetime
    index: int
    checkpoint: Checkpoint
    since: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look found: use as percent of what was expected (cut down), and what the rule takes."""

    used_percent: int
    take_percent: int
    nodes_taken: int


def looks(rule: PullBackRule, period: Period) -> list[Look]:
    """The checkpoints of an award that is used in `period`, in order; `period` is in the programme's zone."""
    found = sorted((at, index) for index, one in enumerate(rule.checkpoints) for at in _instants(one, period))
    since = [period.start, *(at for at, _ in found)]
    return [Look(at, index, rule.checkpoints[index], since[place]) for place, (at, index) in enumerate(found)]


def _instants(checkpoint: Checkpoint, period: Period) -> Iterator[datetime]:
    zone = period.start.tzinfo
    if checkpoint.after_percent is not None:
        seconds = period.seconds * checkpoint.after_percent // 100
        yield period.start + timedelta(seconds=seconds)
    elif checkpoint.after_months is not None:
        later = Month(period.start.year, period.start.month).plus(checkpoint.after_months)
        at = period.start.replace(year=later.year, month=later.month, day=min(period.start.day, 28))
        if at < period.end:
            yield at
    elif checkpoint.each_year_on is not None:
        month, day = (int(part) for part in checkpoint.each_year_on.split("-"))
        for year in range(period.start.year, period.end.year + 1):
            on = date(year, month, min(day, 28) if month == 2 else day)
            at = datetime(on.year, on.month, on.day, tzinfo=zone)
            if period.start < at < period.end:
                yield at


def judge(
    rule: PullBackRule,
    look: Look,
    period: Period,
    *,
    used_gpu_seconds: int,
    used_since_gpu_seconds: int,
    nodes: int,
    gpus_per_node: int,
    earlier: Earlier = Earlier(),
) -> Verdict:
    """What the rule takes at a look, of the `nodes` nodes left of those held for `period`.

    `used_gpu_seconds` is the rule's measure from the start to the look, `used_since_gpu_seconds` since the look before.
    Of "nodes", `take_percent` are taken; of hours, as many whole nodes for the rest of the period as hold that share:
    of "unused_hours", those not used so far, of "planned_hours", those an even pace of all nodes would have used by
    now, less what was taken `earlier`. One node always stays.
    """
    gpus = nodes * gpus_per_node
    award = gpus * period.seconds
    used, expected = used_gpu_seconds, award
    if rule.relative_to == "pace":
        expected = gpus * int((look.at - period.start).total_seconds())
    elif rule.relative_to == "interval":
        used, expected = used_since_gpu_seconds, gpus * int((look.at - look.since).total_seconds())
    percent = min(100, used * 100 // expected) if expected else 100
    rows = sorted(look.checkpoint.brackets, key=lambda row: row.used_below_percent)
    take = next((row.take_percent for row in rows if percent < row.used_below_percent), 0)
    if not take:
        return Verdict(percent, 0, 0)
    if rule.takes == "nodes":
        return Verdict(percent, take, min(max(1, nodes * take // 100), nodes - 1))
    hours = (award - used_gpu_seconds) * take // 100
    if rule.takes == "planned_hours":
        passed = int((look.at - period.start).total_seconds())
        hours = (nodes + earlier.nodes) * gpus_per_node * passed * take // 100 - earlier.gpu_seconds
    left = int((period.end - look.at).total_seconds()) * gpus_per_node
    return Verdict(percent, take, max(0, min(hours // left if left else 0, nodes - 1)))
