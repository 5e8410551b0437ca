"""Pace tables: the published ones can be written down, and taking never exceeds what they say."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dure.core.period import Period
from dure.decide import pull_back
from dure.programme.use import Bracket, Checkpoint, PullBackRule

SEOUL = ZoneInfo("Asia/Seoul")
YEAR = Period(datetime(2026, 7, 1, tzinfo=SEOUL), datetime(2027, 7, 1, tzinfo=SEOUL))


def rule(relative_to: str, takes: str, *checkpoints: Checkpoint) -> PullBackRule:
    return PullBackRule(
        code="pace", name={"ko": "실적", "en": "Pace"}, applicant_classes=("academia",), measure="running",
        relative_to=relative_to, takes=takes, notice_days=14, may_be_exempted=True, checkpoints=checkpoints,
    )  # type: ignore[arg-type]  # fmt: skip


def on(day: str, *rows: tuple[int, int]) -> Checkpoint:
    return Checkpoint(each_year_on=day, brackets=tuple(Bracket(used_below_percent=b, take_percent=t) for b, t in rows))


def months(after: int, *rows: tuple[int, int]) -> Checkpoint:
    return Checkpoint(
        after_months=after, brackets=tuple(Bracket(used_below_percent=b, take_percent=t) for b, t in rows)
    )


# The published tables, (used below, taken) in percent. ALCC 2026 and INCITE: of the award used, of the unused balance
# taken. NREL 2023: of what was planned to date used, of what was planned to date taken, all quarters together.
ALCC = rule("award", "unused_hours", on("11-01", (10, 25), (25, 15)), on("03-01", (25, 50), (50, 25)))
INCITE = rule("award", "unused_hours", on("05-01", (10, 30), (15, 15)), on("09-01", (10, 75), (33, 50), (50, 33)))
QUARTER = ((20, 80), (40, 55), (55, 35), (70, 20))
NREL = rule("pace", "planned_hours", months(3, *QUARTER), months(6, *QUARTER), months(9, *QUARTER))


def take(which: PullBackRule, index: int, used: int, nodes: int = 8, since: int = 0) -> pull_back.Verdict:
    look = pull_back.looks(which, YEAR)[index]
    return pull_back.judge(
        which, look, YEAR, used_gpu_seconds=used, used_since_gpu_seconds=since, nodes=nodes, gpus_per_node=8
    )


def test_alcc_looks_on_its_two_days_in_order_of_the_award() -> None:
    found = pull_back.looks(ALCC, YEAR)
    assert [(look.at.month, look.at.day, look.at.year) for look in found] == [(11, 1, 2026), (3, 1, 2027)]
    assert found[0].since == YEAR.start
    assert found[1].since == found[0].at


def test_alcc_takes_a_share_of_the_unused_hours_as_nodes_for_the_rest() -> None:
    whole = 8 * 8 * YEAR.seconds
    idle = take(ALCC, 0, 0)
    rest = int((YEAR.end - datetime(2026, 11, 1, tzinfo=SEOUL)).total_seconds())
    assert (idle.used_percent, idle.take_percent) == (0, 25)
    assert idle.nodes_taken == whole * 25 // 100 // (8 * rest) == 3
    assert [take(ALCC, 0, whole * used // 100).take_percent for used in (9, 10, 24, 25)] == [25, 15, 15, 0]
    assert [take(ALCC, 1, whole * used // 100).take_percent for used in (24, 25, 49, 50)] == [50, 25, 25, 0]


def test_incite_takes_more_later_in_the_year() -> None:
    whole = 8 * 8 * YEAR.seconds
    assert [look.at.month for look in pull_back.looks(INCITE, YEAR)] == [9, 5]  # of an award from July to June
    assert [take(INCITE, 1, whole * used // 100).take_percent for used in (9, 10, 14, 15)] == [30, 15, 15, 0]
    assert [take(INCITE, 0, whole * used // 100).take_percent for used in (9, 10, 32, 33, 49, 50)] == [
        75, 50, 50, 33, 33, 0,
    ]  # fmt: skip


def test_nrel_takes_part_of_what_was_planned_so_far_and_never_twice() -> None:
    planned = [8 * 100 * int((look.at - YEAR.start).total_seconds()) for look in pull_back.looks(NREL, YEAR)]
    bands = [take(NREL, 0, planned[0] * used // 100, nodes=100).take_percent for used in (19, 20, 40, 55, 69, 70)]
    assert bands == [80, 55, 35, 20, 20, 0]
    nodes, earlier = 100, pull_back.Earlier()
    for index, look in enumerate(pull_back.looks(NREL, YEAR)):  # of an award that is not used at all
        found = pull_back.judge(
            NREL,
            look,
            YEAR,
            used_gpu_seconds=0,
            used_since_gpu_seconds=0,
            nodes=nodes,
            gpus_per_node=8,
            earlier=earlier,
        )
        rest = 8 * int((YEAR.end - look.at).total_seconds())
        nodes -= found.nodes_taken
        earlier = pull_back.Earlier(100 - nodes, earlier.gpu_seconds + found.nodes_taken * rest)
        aim = planned[index] * 80 // 100
        if index < 2:
            assert aim - rest < earlier.gpu_seconds <= aim  # to the last whole server
    assert nodes == 1  # at the last, less is left than would be taken: hours that passed unused cannot be


def test_pace_compares_with_an_even_pace_and_interval_with_the_last_stretch() -> None:
    half = Checkpoint(after_percent=50, brackets=(Bracket(used_below_percent=50, take_percent=50),))
    whole = 8 * 8 * YEAR.seconds
    assert take(rule("pace", "nodes", half), 0, whole // 4).take_percent == 0  # exactly half of an even pace
    assert take(rule("pace", "nodes", half), 0, whole // 4 - 64).nodes_taken == 4
    quarters = tuple(
        Checkpoint(after_months=n, brackets=(Bracket(used_below_percent=30, take_percent=20),)) for n in (3, 6)
    )
    lately = rule("interval", "nodes", *quarters)
    assert take(lately, 1, used=whole // 4, since=0).used_percent == 0  # the first quarter does not help the second
    assert take(lately, 1, used=whole // 4, since=0).nodes_taken == 1


@given(
    used=st.integers(0, 10**12),
    nodes=st.integers(1, 64),
    takes=st.sampled_from(["nodes", "unused_hours", "planned_hours"]),
    relative_to=st.sampled_from(["award", "pace", "interval"]),
    percent=st.integers(1, 99),
)
def test_one_node_stays_and_more_use_never_takes_more(
    used: int, nodes: int, takes: str, relative_to: str, percent: int
) -> None:
    checkpoint = Checkpoint(
        after_percent=percent,
        brackets=(Bracket(used_below_percent=50, take_percent=30), Bracket(used_below_percent=20, take_percent=80)),
    )
    which = rule(relative_to, takes, checkpoint)
    less, more = take(which, 0, used, nodes, used), take(which, 0, used + 10**6, nodes, used + 10**6)
    assert 0 <= more.nodes_taken <= less.nodes_taken <= max(0, nodes - 1)
    assert less.used_percent <= more.used_percent


@pytest.mark.parametrize("days", [1, 400])
def test_looks_lie_inside_the_period(days: int) -> None:
    period = Period(YEAR.start, YEAR.start + timedelta(days=days))
    assert all(period.start < look.at < period.end for look in pull_back.looks(ALCC, period))
