"""Slurm's job records: exact to the second, on real logs and against a count second by second."""

import tarfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dure.core.errors import InvalidInput
from dure.metering import sacct

TRACES = Path(__file__).parents[3] / "shared" / "data" / "traces" / "xdmod-slurm-sacct-2016.tar.xz"
LOG_COLUMNS = """
    jobid jobidraw cluster partition qos account group gid user uid submit eligible start end
    elapsed exitcode state nnodes ncpus reqcpus reqmem reqtres alloctres timelimit nodelist jobname
"""
LOG = tuple(LOG_COLUMNS.split())
EPOCH = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp())


def at(seconds):
    return datetime.fromtimestamp(EPOCH + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def line(job, start, end, gpus=8, account="a", elapsed=None, tres=None, state="COMPLETED"):
    tres = f"billing=1,cpu=1,gres/gpu:h200={gpus},gres/gpu={gpus},node=1" if tres is None else tres
    begun = "None" if start is None else at(start)
    ended = "Unknown" if end is None else at(end)
    elapsed = max((end or 0) - (start or 0), 0) if elapsed is None else elapsed
    return f"{job}|{account}|u|{state}|{begun}|{ended}|{elapsed}|{tres}|n001"


def parse(*lines, now=10**6):
    return sacct.parse("\n".join(lines).encode(), EPOCH + now)


@pytest.mark.skipif(not TRACES.exists(), reason="the public traces are not beside this checkout")
def test_a_real_log_gives_its_known_answers():
    with tarfile.open(TRACES) as archive:
        text = archive.extractfile("xdmod-slurm-sacct-2016/phillips.log").read()
    jobs = sacct.parse(text, 0, LOG)
    assert jobs.gpu_seconds() == 1_824_886  # two jobs: 10-13:27:06 and … of two GPUs each, 506.91 GPU-hours
    assert jobs.node_seconds() == 4_841_527  # 1,344.87 node-hours
    by_hand = 0
    for record in text.decode().splitlines():
        fields = dict(zip(LOG, record.split("|"), strict=True))
        days, _, clock = fields["elapsed"].rpartition("-")
        h, m, s = (int(x) for x in clock.split(":"))
        by_hand += (int(days or 0) * 86400 + h * 3600 + m * 60 + s) * int(fields["nnodes"])
    assert by_hand == jobs.node_seconds()


@pytest.mark.skipif(not TRACES.exists(), reason="the public traces are not beside this checkout")
def test_a_real_log_without_tres_is_a_loud_error():
    with tarfile.open(TRACES) as archive:
        text = archive.extractfile("xdmod-slurm-sacct-2016/accounting-logs-with-job-arrays.log").read()
    with pytest.raises(sacct.GpuTresNotTracked):
        sacct.parse(text, 0, LOG)


def test_a_job_that_never_started_held_nothing():
    assert len(parse(line(1, None, 50, tres="", state="CANCELLED by 0"), line(2, None, None, tres=""))) == 0


def test_a_running_job_counts_up_to_now():
    assert parse(line(1, 100, None, elapsed=5), now=160).gpu_seconds() == 8 * 60


def test_a_suspended_job_counts_what_it_held():
    assert parse(line(1, 0, 100, elapsed=70)).gpu_seconds() == 8 * 70


def test_a_corrected_record_replaces_the_earlier_one():
    assert parse(line(1, 0, 100), line(1, 0, 90)).gpu_seconds() == 8 * 90


def test_a_requeued_job_counts_each_run_and_no_second_twice():
    jobs = parse(line(1, 0, 100), line(1, 60, 200, gpus=4), line(1, 300, 310))
    assert jobs.gpu_seconds() == 8 * 60 + 4 * 140 + 8 * 10


def test_array_tasks_are_jobs_of_their_own():
    columns = ("jobid", *sacct.COLUMNS)
    text = "\n".join(f"7_{n}|{line(7, 0, 10)}" for n in range(3)).encode()
    assert sacct.parse(text, EPOCH, columns).gpu_seconds() == 3 * 80


@pytest.mark.parametrize(
    ("tres", "gpus"),
    [
        ("cpu=1,node=1", 0),
        ("billing=1,gres/gpu=3,node=1", 3),
        ("gres/gpu:h200=2,gres/gpu:b200=5,node=1", 7),
        ("gres/gpu:h200=2,gres/gpu=9", 9),
        ("gres/gpu=2", 2),
        ("gres/gpumem=40,gres/gpu:h200:x=1", 1),
    ],
)
def test_gpus_are_read_from_tres(tres, gpus):
    assert parse(line(1, 0, 1, tres=tres)).gpu_seconds() == gpus


def test_a_job_that_ran_without_any_tres_is_a_loud_error():
    with pytest.raises(sacct.GpuTresNotTracked):
        parse(line(1, 0, 100, tres=""))


def test_gpus_must_be_tracked():
    sacct.check_tracked("cpu,mem,gres/gpu,gres/gpu:h200")
    for config in ("cpu,mem,node", "", "gres/gpu:h200", "gres/gpumem"):
        with pytest.raises(sacct.GpuTresNotTracked):
            sacct.check_tracked(config)


@pytest.mark.parametrize(
    "text", ["1|a", "\n".join([line(1, 0, 9), "rubbish"]), line(1, 0, 9).replace("2026-", "20x6-")]
)
def test_what_is_not_sacct_is_refused(text):
    with pytest.raises(InvalidInput):
        sacct.parse(text.encode(), EPOCH)


def test_columns_that_are_needed_must_be_asked_for():
    with pytest.raises(InvalidInput):
        sacct.parse(b"1|a", 0, ("jobidraw", "account"))


def test_no_jobs_are_no_jobs():
    assert len(sacct.parse(b"\n", 0)) == 0
    assert sacct.hourly_gpu_seconds(sacct.parse(b"", 0), np.array([0, 3600])) == {}


span = st.tuples(st.integers(0, 60), st.integers(0, 40), st.integers(1, 9), st.sampled_from(["a", "b"]))


@settings(max_examples=60, deadline=None)
@given(st.lists(span, min_size=1, max_size=8), st.lists(st.integers(0, 110), min_size=2, max_size=5, unique=True))
def test_hours_equal_a_count_second_by_second(spans, cuts):
    edges = sorted(cuts)
    jobs = parse(*(line(i, s, s + n, g, a) for i, (s, n, g, a) in enumerate(spans)))
    found = sacct.hourly_gpu_seconds(jobs, np.array(edges, dtype=np.int64) + EPOCH)
    for account in {a for _, n, _, a in spans if n}:
        for index in range(len(edges) - 1):
            expected = sum(
                g
                for t in range(edges[index], edges[index + 1])
                for s, n, g, a in spans
                if a == account and s <= t < s + n
            )
            assert found[account][index] == expected
