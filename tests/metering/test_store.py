"""Hours at rest: exact sums, later revisions, idle runs across hours, and files that survive kills."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dure.core.period import Month, Period
from dure.metering import store
from dure.metering.hours import SUMMED, HourUse

T0 = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = Period(T0, T0 + timedelta(days=1))


def use(hour=0, allocation="a-1", revision=0, cluster="c-1", **changes):
    fields = {"allocated_node_seconds": 3600, "allocated_gpu_seconds": 28800, "busy_gpu_seconds": 100}
    return HourUse(cluster, T0 + hour * HOUR, revision, allocation, **(fields | changes))


def idle(hour=0, lead=3600, longest=3600, tail=3600, busy=0, **changes):
    return use(
        hour,
        busy_gpu_seconds=busy,
        idle_lead_seconds=lead,
        idle_longest_seconds=longest,
        idle_tail_seconds=tail,
        **changes,
    )


def test_the_same_hours_give_the_same_file(tmp_path):
    one = store.write(tmp_path, [use(1), use(0)])
    two = store.write(tmp_path, [use(0), use(1)])
    assert one == two
    assert [p.name for p in tmp_path.iterdir()] == [one.path.name]
    assert store.verify(one)
    one.path.write_bytes(one.path.read_bytes()[:-1] + b"x")
    assert not store.verify(one)
    one.path.unlink()
    assert not store.verify(one)


def test_nothing_and_a_contradiction_are_not_written(tmp_path):
    for uses in ([], [use(), use(busy_gpu_seconds=7)]):
        with pytest.raises(ValueError):
            store.write(tmp_path, uses)
    assert list(tmp_path.iterdir()) == []


def test_a_file_cut_off_while_being_written_is_never_read(tmp_path):
    written = store.write(tmp_path, [use()])
    (tmp_path / f".{written.path.name}.part").write_bytes(b"half")
    assert store.write(tmp_path, [use()]) == written
    assert [p.name for p in tmp_path.iterdir()] == [written.path.name]


def test_sums_follow_the_calendar_of_the_programme(tmp_path):
    seoul = ZoneInfo("Asia/Seoul")
    hours = [use(h) for h in range(-48, 24 * 40)]
    file = store.write(tmp_path, hours).path
    months = [Month(2026, m).period(seoul) for m in (2, 3, 4)]
    found = {s.period: s for s in store.sums([file], months)}
    assert found[months[1]].hours == 31 * 24
    assert found[months[1]].allocated_node_seconds == months[1].seconds
    assert sum(s.hours for s in found.values()) == len(hours)


def test_a_later_revision_replaces_the_hour_whole_in_whatever_order_files_are_listed(tmp_path):
    first = store.write(tmp_path, [use(0), use(0, "a-2"), use(1)]).path
    late = store.write(tmp_path, [use(0, revision=1, busy_gpu_seconds=7)]).path
    for paths in ([first, late], [late, first]):
        found = {s.allocation: s for s in store.sums(paths, [DAY])}
        assert found["a-1"].busy_gpu_seconds == 107
        assert "a-2" not in found
    nothing = store.write(tmp_path, [HourUse("c-1", T0, 2, "")]).path
    assert [s.hours for s in store.sums([first, late, nothing], [DAY])] == [1]
    assert [h.start for h in store.hourly([first, late, nothing], "a-1", DAY)] == [T0 + HOUR]


def test_a_window_in_two_files_counts_once(tmp_path):
    one = store.write(tmp_path, [use(0)]).path
    two = store.write(tmp_path, [use(0), use(1)]).path
    assert [s.hours for s in store.sums([one, two], [DAY])] == [2]


def test_no_files_no_use(tmp_path):
    assert store.sums([], [DAY]) == []
    assert store.hourly([], "a-1", DAY) == []
    assert store.idle_runs([], DAY, 0) == []
    file = store.write(tmp_path, [use(0)]).path
    assert store.sums([file], []) == []
    assert store.idle_runs([file], Period(T0 - HOUR, T0), 0) == []


def test_hours_come_back_as_written(tmp_path):
    hours = [use(h, energy_joules=2**60 + h, jobs=h) for h in range(5)]
    file = store.write(tmp_path, hours).path
    assert store.hourly([file], "a-1", DAY) == hours


def test_idle_runs_join_over_hours_and_stop_at_anything_unknown(tmp_path):
    hours = [
        idle(0, lead=600, longest=1200, tail=900, busy=5),
        idle(1),
        idle(2),
        idle(3, lead=100, longest=100, tail=0, busy=9),
        idle(4, lead=3600 - 60, longest=3600 - 60, tail=0, busy=0, missing_gpu_seconds=60),
        idle(5),
    ]
    file = store.write(tmp_path, hours).path
    (run,) = store.idle_runs([file], DAY, 0)
    assert run.longest_seconds == 900 + 3600 + 3600 + 100
    assert run.ended_by == T0 + 4 * HOUR
    assert run.current_seconds == 3600
    assert store.idle_runs([file], DAY, 8201) == []


def test_an_hour_nobody_reported_breaks_an_idle_run(tmp_path):
    file = store.write(tmp_path, [idle(0), idle(2), idle(3)]).path
    (run,) = store.idle_runs([file], DAY, 0)
    assert run.longest_seconds == 7200


SECONDS = 6  # a toy hour of six "seconds", stretched by 600, so that Hypothesis can reach every pattern


@st.composite
def patterns(draw):
    """Per allocation a run of hours, each a pattern of idle (True) or busy (False) slots."""
    return draw(st.lists(st.lists(st.booleans(), min_size=SECONDS, max_size=SECONDS), min_size=1, max_size=6))


def longest_run(flags):
    best = current = 0
    for flag in flags:
        current = current + 1 if flag else 0
        best = max(best, current)
    return best


def leading(flags):
    return next((i for i, flag in enumerate(flags) if not flag), len(flags))


@settings(max_examples=60, deadline=None)
@given(patterns(), patterns())
def test_runs_joined_from_hours_equal_runs_counted_slot_by_slot(tmp_path_factory, one, two):
    unit = 3600 // SECONDS
    hours = []
    for name, pattern in (("a-1", one), ("a-2", two)):
        for h, flags in enumerate(pattern):
            hours.append(
                idle(
                    h,
                    lead=leading(flags) * unit,
                    longest=longest_run(flags) * unit,
                    tail=leading(flags[::-1]) * unit,
                    busy=flags.count(False),
                    allocation=name,
                )
            )
    file = store.write(tmp_path_factory.mktemp("h"), hours).path
    found = {run.allocation: run for run in store.idle_runs([file], DAY, 0)}
    for name, pattern in (("a-1", one), ("a-2", two)):
        flat = [flag for flags in pattern for flag in flags]
        assert found[name].longest_seconds == longest_run(flat) * unit
        assert found[name].current_seconds == leading(flat[::-1]) * unit


row = st.tuples(st.integers(0, 5), st.sampled_from(["a", "b"]), st.integers(0, 2), st.integers(0, 2**40))


@settings(max_examples=40, deadline=None)
@given(st.lists(row, min_size=1, max_size=30, unique_by=lambda r: r[:3]), st.randoms())
def test_sums_are_exact_and_need_no_order(tmp_path_factory, rows, random):
    uses = [use(h, a, r, busy_gpu_seconds=n) for h, a, r, n in rows]
    random.shuffle(uses)
    folder = tmp_path_factory.mktemp("s")
    place = {(h, r): random.random() < 0.5 for h, _, r, _ in rows}  # a window is never cut
    parts = [[u for u in uses if place[(u.start - T0) // HOUR, u.revision] is side] for side in (True, False)]
    files = [store.write(folder, part).path for part in parts if part]
    newest = {}
    for h, _, r, _ in rows:
        newest[h] = max(newest.get(h, -1), r)
    expected = {}
    for h, a, r, n in rows:
        if newest[h] == r:
            expected[a] = expected.get(a, 0) + n
    found = {s.allocation: s.busy_gpu_seconds for s in store.sums(files, [DAY])}
    assert found == expected


def test_every_summed_column_is_a_field_of_sums():
    assert set(SUMMED) <= set(store.Sums.__dataclass_fields__)
