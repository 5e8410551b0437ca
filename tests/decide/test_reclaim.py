"""Idle rules: what counts as an idle run, what never does, and what each rung takes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dure import programmes
from dure.core.period import Period
from dure.decide import reclaim
from dure.decide.reclaim import Excuses, Hour, Run

RULE = programmes.read("korea-gpu-2025").idle_rules[0]
SEOUL = ZoneInfo("Asia/Seoul")
START = datetime(2026, 4, 20, tzinfo=UTC)
GPUS = 16
NO_EXCUSE = Excuses(free_until=START - timedelta(days=30), zone=SEOUL)


def hour(index: int, **changes: int) -> Hour:
    idle = {
        "allocated_gpu_seconds": GPUS * 3600, "running_gpu_seconds": 0, "busy_gpu_seconds": 0,
        "missing_gpu_seconds": 0, "idle_lead_seconds": 3600, "idle_longest_seconds": 3600, "idle_tail_seconds": 3600,
    }  # fmt: skip
    return Hour(start=START + index * reclaim.HOUR, **(idle | changes))


def busy(index: int, tail: int = 0) -> Hour:
    return hour(
        index, running_gpu_seconds=GPUS * 3600, busy_gpu_seconds=GPUS * (3600 - tail), idle_lead_seconds=0,
        idle_longest_seconds=tail, idle_tail_seconds=tail,
    )  # fmt: skip


def missing(index: int) -> Hour:
    return hour(
        index, missing_gpu_seconds=GPUS * 600, idle_lead_seconds=1000, idle_longest_seconds=2000, idle_tail_seconds=2000
    )


def run(*hours: Hour, excuses: Excuses = NO_EXCUSE) -> Run | None:
    return reclaim.current_run(RULE, hours, excuses)


def test_a_run_lasts_until_the_newest_hour() -> None:
    assert run(*(hour(n) for n in range(30))) == Run(START, 30 * 3600)
    assert run(*(hour(n) for n in range(30)), busy(30)) is None
    assert run() is None


def test_one_busy_hour_begins_the_count_again() -> None:
    found = run(*(hour(n) for n in range(20)), busy(20, tail=600), *(hour(n) for n in range(21, 24)))
    assert found == Run(START + 21 * reclaim.HOUR - timedelta(seconds=600), 600 + 3 * 3600)


def test_missing_telemetry_is_never_idle_and_ends_the_run() -> None:
    assert run(*(hour(n) for n in range(20)), missing(20)) is None
    assert run(*(hour(n) for n in range(20)), missing(20), hour(21)) == Run(START + 21 * reclaim.HOUR, 3600)


def test_hours_that_never_arrived_end_the_run() -> None:
    assert run(*(hour(n) for n in range(20)), *(hour(n) for n in range(22, 24))).seconds == 2 * 3600


def test_both_sources_must_agree() -> None:
    active_but_quiet = hour(0, busy_gpu_seconds=1)
    power_but_no_work = hour(0, idle_lead_seconds=3599, idle_longest_seconds=3599, idle_tail_seconds=0)
    assert not reclaim.is_idle(RULE, active_but_quiet)
    assert not reclaim.is_idle(RULE, power_but_no_work)
    assert reclaim.is_idle(RULE, hour(0))
    assert not reclaim.is_idle(RULE, hour(0, allocated_gpu_seconds=0))


def test_a_job_that_only_holds_the_gpu_is_still_idle() -> None:
    assert reclaim.is_idle(RULE, hour(0, running_gpu_seconds=GPUS * 3600))


def test_excused_hours_neither_count_nor_end_the_run() -> None:
    holiday = START.astimezone(SEOUL).date() + timedelta(days=1)
    excuses = Excuses(
        free_until=START + 2 * reclaim.HOUR,
        zone=SEOUL,
        holidays={holiday},
        periods=[Period(START + 8 * reclaim.HOUR, START + 10 * reclaim.HOUR)],
    )
    hours = [hour(n) for n in range(48)]
    counted = [h for h in hours if not excuses.cover(h.start)]
    assert len(counted) == 48 - 2 - 2 - 24
    assert run(*hours, excuses=excuses) == Run(counted[0].start, len(counted) * 3600)


def test_use_on_a_holiday_is_use() -> None:
    excuses = Excuses(free_until=START, zone=SEOUL, holidays={date(2026, 4, 20), date(2026, 4, 21)})
    assert run(*(hour(n) for n in range(5)), busy(5), excuses=excuses) is None


@pytest.mark.parametrize(
    ("idle_hours", "action"),
    [(23, None), (24, "notice"), (72, "notice"), (96, "lend"), (239, "lend"), (240, "shrink"), (504, "end")],
)
def test_the_published_ladder(idle_hours: int, action: str | None) -> None:
    index = reclaim.rung(RULE, Run(START, idle_hours * 3600))
    assert (RULE.ladder[index].action if index is not None else None) == action


def test_the_term_of_a_notice_is_that_of_the_next_rung_that_takes() -> None:
    assert reclaim.answer_by(RULE, 0, Run(START, 24 * 3600), START) == START + timedelta(hours=216, days=7)
    assert reclaim.answer_by(RULE, 3, Run(START, 240 * 3600), START) == START + timedelta(days=7)
    assert reclaim.answer_by(RULE, 4, Run(START, 504 * 3600), START) == START + timedelta(days=14)


def test_what_each_rung_takes() -> None:
    notice, _, lend, shrink, end = RULE.ladder
    assert [reclaim.nodes_taken(notice, 8), reclaim.nodes_taken(lend, 8)] == [0, 0]
    assert [reclaim.nodes_taken(shrink, n) for n in (1, 2, 3, 8)] == [0, 1, 1, 4]
    assert reclaim.nodes_taken(end, 8) == 8


kinds = st.sampled_from([hour, busy, missing])


@given(st.lists(kinds, max_size=60))
def test_the_run_is_the_idle_hours_at_the_end(made: list) -> None:
    hours = [make(index) for index, make in enumerate(made)]
    found = run(*hours)
    trailing = 0
    for make in reversed(made):
        if make is not hour:
            break
        trailing += 1
    assert (found.seconds if found else 0) == trailing * 3600


@given(st.lists(kinds, min_size=1, max_size=40), st.integers(0, 39))
def test_one_more_busy_or_unknown_hour_never_lengthens_it(made: list, where: int) -> None:
    hours = [make(index) for index, make in enumerate(made)]
    before = run(*hours)
    place = where % len(hours)
    for other in (busy, missing):
        changed = [*hours[:place], other(place), *hours[place + 1 :]]
        after = run(*changed)
        assert (after.seconds if after else 0) <= (before.seconds if before else 0)
