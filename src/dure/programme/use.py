"""What is asked of holders: idle rules, pull-back tables, reports, duties, invoices."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dure.programme.words import Code, Count, Days, Part, Percent, Words

Measure = Literal["allocated", "running", "busy"]
Signal = Literal["sm_active", "gpu_util", "power", "process"]


class Threshold(Part):
    """A signal counts as idle below this percentage (power: of the model's limit; process: 0 means none)."""

    signal: Signal
    below_percent: Percent


class Step(Part):
    """One rung of the ladder.

    It is due once the node has been idle `after_hours` without a break (the clock of later rungs does not restart).
    `takes_percent` of the award's idle nodes are concerned; the holder may object for `objection_days`.
    """

    action: Literal["notice", "lend", "shrink", "end"]
    after_hours: Count
    takes_percent: Percent
    objection_days: Days


Exemption = Literal["maintenance", "holiday", "failed_node", "justified", "no_telemetry"]


class IdleRule(Part):
    """GPUs that lie idle: the longest unbroken run counts, and at least `agree` of the signals must say so."""

    code: Code
    name: Words
    applicant_classes: tuple[Code, ...]
    signals: Annotated[tuple[Threshold, ...], Field(min_length=1)]
    agree: Count
    idle_gpus_percent: Percent
    first_days_free: Days
    exempt: tuple[Exemption, ...]
    ladder: Annotated[tuple[Step, ...], Field(min_length=1)]


class Bracket(Part):
    """Below `used_below_percent`, `take_percent` of what is measured by `takes` is taken."""

    used_below_percent: Percent
    take_percent: Percent


class Checkpoint(Part):
    """When use is looked at: on a day of every year ("11-01"), or after a part of the award's own period."""

    each_year_on: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")] | None = None
    after_months: Annotated[int, Field(ge=1, le=120)] | None = None
    after_percent: Annotated[int, Field(ge=1, le=99)] | None = None
    brackets: Annotated[tuple[Bracket, ...], Field(min_length=1)]


class PullBackRule(Part):
    """A pace table: at each checkpoint, those who used too little lose part of what is left.

    `relative_to` "award" compares use with the whole award, "pace" with what an even pace would have used by then,
    "interval" with what the award gave since the checkpoint before. Rows are read from the lowest bracket up. Taken is
    a share of the hours not used so far, of the hours an even pace would have used by then (those taken at earlier
    checkpoints among them: cumulative, not compounding), or of the servers.
    """

    code: Code
    name: Words
    applicant_classes: tuple[Code, ...]
    measure: Measure
    relative_to: Literal["award", "pace", "interval"]
    takes: Literal["unused_hours", "planned_hours", "nodes"]
    notice_days: Days
    may_be_exempted: bool
    checkpoints: Annotated[tuple[Checkpoint, ...], Field(min_length=1)]


class Duty(Part):
    """Something a holder owes, named by applicant classes."""

    code: Code
    name: Words
    description: Words


class Report(Part):
    """A report that falls due every so many months of use, or so many days after the end."""

    code: Code
    name: Words
    applicant_classes: tuple[Code, ...]
    every_months: Annotated[int, Field(ge=1, le=60)] | None = None
    after_end_days: Days | None = None
    grace_days: Days


class Invoicing(Part):
    """When a month is billed: issued on a day of the following month, payable within `due_days`."""

    issue_day: Annotated[int, Field(ge=1, le=28)]
    due_days: Count


class SupportTopic(Part):
    """What people ask help with: who answers, and within how many working days."""

    code: Code
    name: Words
    answered_by: Literal["programme", "provider"]
    working_days: Annotated[int, Field(ge=1, le=60)]
