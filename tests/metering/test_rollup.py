"""Samples to hours: against a count second by second, and what silence and contradiction must never become."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dure.metering import samples as at_rest
from dure.metering.rollup import HOUR, NO_ACTIVITY, NO_POWER, Held, Samples, Signals, roll_up

START = 1_772_323_200


def samples(activity, power, start=START):
    return Samples(start, np.asarray(activity, dtype=np.uint8), np.asarray(power, dtype=np.uint16))


def held(*rows):
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return Held(*columns)


def hour(activity, power, *, gpus=1):
    return samples(np.full((gpus, 60), activity), np.full((gpus, 60), power))


@pytest.mark.parametrize(
    ("activity", "power", "busy", "missing"),
    [
        (90, 600, 3600, 0),
        (0, 90, 0, 0),
        (NO_ACTIVITY, 90, 0, 3600),
        (0, NO_POWER, 0, 3600),
        (0, 600, 0, 3600),  # an exporter stuck at 0 while the GPU draws power
        (99, 90, 0, 3600),  # a deadlock, or a program that only pretends
        (101, 600, 0, 3600),
        (90, 5000, 0, 3600),
        (5, 160, 3600, 0),
        (4, 159, 0, 0),
    ],
)
def test_busy_needs_two_signals_and_so_does_idle(activity, power, busy, missing):
    rolled = roll_up(hour(activity, power), held((1, 0, START, START + HOUR)))
    assert (rolled.busy[0, 0], rolled.missing[0, 0]) == (busy, missing)
    idle = 3600 - busy - missing
    assert rolled.idle_longest[0, 0] == rolled.idle_lead[0, 0] == rolled.idle_tail[0, 0] == idle
    assert rolled.energy[0, 0] == (power * 3600 if power <= 2000 else 0)


def test_one_busy_gpu_keeps_the_allocation_from_idling():
    activity = np.zeros((2, 60))
    power = np.full((2, 60), 90)
    activity[1, 20:30], power[1, 20:30] = 80, 500
    rows = [(7, gpu, START, START + HOUR) for gpu in (0, 1)]
    rolled = roll_up(samples(activity, power), held(*rows))
    assert rolled.busy[0, 0] == 600
    assert (rolled.idle_lead[0, 0], rolled.idle_longest[0, 0], rolled.idle_tail[0, 0]) == (1200, 1800, 1800)


def test_time_between_two_holds_is_not_idle_time():
    rows = [(7, 0, START, START + 600), (7, 0, START + 1200, START + 3600)]
    rolled = roll_up(hour(0, 90), held(*rows))
    assert rolled.allocated[0, 0] == 3000
    assert (rolled.idle_lead[0, 0], rolled.idle_longest[0, 0], rolled.idle_tail[0, 0]) == (600, 2400, 2400)


def test_what_cannot_be_rolled_up_is_refused():
    good = held((1, 0, START, START + HOUR))
    with pytest.raises(ValueError):
        roll_up(samples(np.zeros((1, 59)), np.zeros((1, 59))), good)
    with pytest.raises(ValueError):
        roll_up(samples(np.zeros((1, 60)), np.zeros((2, 60))), good)
    with pytest.raises(ValueError):
        roll_up(samples(np.zeros((1, 60)), np.zeros((1, 60)), START + 1), good)
    with pytest.raises(ValueError):
        roll_up(hour(0, 0), held((1, 1, START, START + HOUR)))


def test_nothing_held_is_nothing():
    assert roll_up(hour(0, 0), held()).allocated.shape == (0, 1)


levels = st.sampled_from([(0, 90), (90, 500), (0, 500), (NO_ACTIVITY, 90)])
interval = st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(-100, 7100), st.integers(1, 5000))


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.int64, (3, 120), elements=st.integers(0, 3)), st.lists(interval, max_size=5))
def test_sums_equal_a_count_second_by_second(kinds, intervals):
    table = np.array([(0, 90), (90, 500), (0, 500), (NO_ACTIVITY, 90)])
    activity, power = table[kinds][..., 0], table[kinds][..., 1]
    rows, taken = [], np.zeros((3, 3, 14000), dtype=bool)
    for allocation, gpu, begin, length in intervals:  # one allocation holds one GPU once at a time
        if not taken[allocation, gpu, begin + 200 : begin + 200 + length].any():
            taken[allocation, gpu, begin + 200 : begin + 200 + length] = True
            rows.append((allocation, gpu, START + begin, START + begin + length))
    rolled = roll_up(samples(activity, power), held(*rows))
    for index, allocation in enumerate(rolled.allocations.tolist()):
        for h in range(2):
            seconds = taken[allocation, :, 200 + h * HOUR : 200 + (h + 1) * HOUR]
            minute = np.repeat(np.arange(h * 60, h * 60 + 60), 60)
            kind = kinds[:, minute]
            assert rolled.allocated[index, h] == seconds.sum()
            assert rolled.busy[index, h] == (seconds & (kind == 1)).sum()
            assert rolled.missing[index, h] == (seconds & (kind >= 2)).sum()
            assert rolled.energy[index, h] == (seconds * power[:, minute]).sum()


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.int64, (2, 60), elements=st.integers(0, 1)), st.integers(0, 59), st.integers(1, 60))
def test_idle_runs_equal_a_count_minute_by_minute(busy, begin, length):
    activity, power = np.where(busy, 90, 0), np.where(busy, 500, 90)
    end = min(60, begin + length)
    rows = [(1, gpu, START + begin * 60, START + end * 60) for gpu in (0, 1)]
    rolled = roll_up(samples(activity, power), held(*rows))
    text = "".join("i" if column.sum() == 0 else "b" for column in busy[:, begin:end].T)
    parts = [len(part) * 60 for part in text.split("b")]
    assert rolled.idle_lead[0, 0] == parts[0]
    assert rolled.idle_longest[0, 0] == max(parts)
    assert rolled.idle_tail[0, 0] == parts[-1]


def test_thresholds_are_the_programmes():
    strict = Signals(busy_percent=50, busy_watts=300)
    assert roll_up(hour(40, 250), held((1, 0, START, START + HOUR)), strict).busy[0, 0] == 0
    assert roll_up(hour(40, 250), held((1, 0, START, START + HOUR))).busy[0, 0] == 3600


def test_a_small_kernel_in_a_loop_is_no_use_but_a_spinning_collective_is_unknown():
    looped = roll_up(hour(1, 190), held((1, 0, START, START + HOUR)))
    assert (looped.idle_longest[0, 0], looped.missing[0, 0]) == (HOUR, 0)
    for activity, power in ((99, 120), (0, 480)):  # a hang, and an exporter that reads 0
        unknown = roll_up(hour(activity, power), held((1, 0, START, START + HOUR)))
        assert (unknown.idle_longest[0, 0], unknown.missing[0, 0]) == (0, HOUR)


def test_samples_come_back_as_written(tmp_path):
    rng = np.random.default_rng(3)
    written = at_rest.Recorded(
        ("n001/0", "n001/1"),
        samples(rng.integers(0, 101, (2, 120)), rng.integers(0, 700, (2, 120))),
        rng.integers(0, 141_000, (2, 120)).astype(np.uint32),
    )
    size = at_rest.write(tmp_path / "day.parquet", written)
    assert size == (tmp_path / "day.parquet").stat().st_size
    back = at_rest.read(tmp_path / "day.parquet")
    only = at_rest.read_samples(tmp_path / "day.parquet")
    assert (only.power == back.samples.power).all()
    assert back.gpus == written.gpus
    assert back.samples.start == START
    assert (back.samples.activity == written.samples.activity).all()
    assert (back.samples.power == written.samples.power).all()
    assert (back.memory == written.memory).all()
    assert [p.name for p in tmp_path.iterdir()] == ["day.parquet"]


def test_shapes_must_agree_and_other_files_are_refused(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pytest.raises(ValueError):
        at_rest.write(tmp_path / "x", at_rest.Recorded(("a",), hour(0, 0, gpus=2), np.zeros((2, 60), np.uint32)))
    pq.write_table(pa.table({"activity": [1]}), tmp_path / "other.parquet")
    with pytest.raises(ValueError):
        at_rest.read(tmp_path / "other.parquet")
