"""Metering: a national day of samples, a million job records, five years of hours, idle findings with known truth."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench import frame, telemetry
from bench.frame import Row, row
from bench.polling import polling
from bench.telemetry import Fleet, fleet
from dure.core.period import Month, Period
from dure.metering import dcgm, sacct, samples, store
from dure.metering.hours import HourUse
from dure.metering.rollup import Rolled, roll_up

NATIONAL_GPUS, DAY = 13_136, 1440
SACCT = (
    "GPU-hours from `sacct` equal ours to the second on the real sacct logs in `../shared/data/traces` and on generated"
    " ones of 1 million jobs; DST, month edges, arrays, requeue, overlapping corrections covered."
)
NATIONAL = (
    "Metering a national day (13,136 GPUs, one-minute samples, 18.9 M rows): per-allocation roll-up ≤ 1.5 s, ≤ 2.6"
    " bytes a row at rest, ≤ 2 GiB; parsing ≤ 0.12 ms CPU a node-minute and live path ≤ 1 ms CPU a cluster-minute after"
    " it; five years of billing re-run ≤ 60 s. Ratios against DuckDB SQL and against the numpy lower bound in the same"
    " run; growth to 260,000 GPUs."
)
IDLE = (
    "Idle rules on generated telemetry with known truth (training with evaluation gaps, inference bursts, debug"
    " sessions, NCCL hang, keep-busy cheat, exporter reading 0, missing exporter): recall ≥ 95 %, false reclaim 0, and"
    " what each rule gets wrong."
)
SQL = """
    WITH labelled AS (
        SELECT h.allocation, s.minute // 60 AS hour, s.power,
               CASE WHEN s.activity > 100 OR s.power > 2000 THEN 2
                    WHEN s.activity >= 5 THEN CASE WHEN s.power >= 160 THEN 1 ELSE 2 END
                    ELSE CASE WHEN s.power < 210 THEN 0 ELSE 2 END END AS state
        FROM s JOIN h ON s.gpu = h.gpu)
    SELECT allocation, hour, 60 * count(*) FILTER (state = 1), 60 * count(*) FILTER (state = 2),
           60 * sum(power) FILTER (power <= 2000)
    FROM labelled GROUP BY ALL ORDER BY ALL
"""


# Figures of the same list that need a real Slurm, as `make test-slurm` and `make demo-slurm` print them. Only the
# longer study runs those two; the short one leaves their rows as not run.
SUITE = ("-q", "-s", "-p", "no:cacheprovider", "tests/real/test_slurm.py")
PRINTED = re.compile(r"figure: (?P<name>.+): (?P<figure>[\d.]+) (?P<unit>\S+)$", re.MULTILINE)
Meets = Callable[[float], bool]
ON_SLURM: tuple[tuple[str, str, str, Meets], ...] = (
    ("Slurm suite on 64 nodes with 8 fake GPUs each", "minutes", "≤ 10 minutes", lambda m: m <= 10),
    ("three months, first job to last invoice", "s", "≤ 2 minutes", lambda s: s <= 120),
    ("acceptance of an award to its first running job", "s", "≤ 60 s", lambda s: s <= 60),
    ("changes by 100 repeated applies", "changes", "change nothing", lambda n: n == 0),
    ("kinds of drift reported and left alone", "kinds", "20 kinds of drift reported", lambda n: n >= 20),
    ("random kills of agent or controller, final state exact", "kills", "50 random kills", lambda n: n >= 50),
    ("demo-slurm, 1,307 nodes idle", "s", "up in ≤ 90 s", lambda s: s <= 90),
    ("demo-slurm, memory of all daemons", "MiB", "≤ 6 GiB", lambda m: m <= 6 * 1024),
)


def main() -> None:
    """Take every figure and write the rows."""
    full = frame.arguments(__doc__ or "").full
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            *national_day(Path(folder)),
            *growth(),
            parsing(),
            live_path(),
            five_years(Path(folder)),
            *job_records(),
            *idle_rules(Path(folder)),
            *polling(Path(folder)),
            *on_slurm(is_run=full),
        ]
    frame.write("metering", rows, full=full)


def on_slurm(*, is_run: bool) -> list[Row]:
    """The figures of the Slurm suite and of the Slurm demonstration, where they are run."""
    printed: dict[str, float] = {}
    if is_run:
        for command, more in (
            (("-m", "pytest", *SUITE), {"DURE_SLURM": "required", "LABNODES": "64"}),
            (("-m", "dure.simulate.slurm_demo", "--no-serve"), {}),
        ):
            done = subprocess.run(
                [sys.executable, *command], env=os.environ | more, stdout=subprocess.PIPE, text=True, check=False
            )
            if done.returncode == 0:  # figures of a run that failed are no figures
                printed |= {found["name"]: float(found["figure"]) for found in PRINTED.finditer(done.stdout)}
    return [row(name, printed.get(name), unit, target, meets) for name, unit, target, meets in ON_SLURM]


def national_day(folder: Path) -> list[Row]:
    """Roll-up of a day from its file, against DuckDB's SQL and against touching every sample once in numpy."""
    day = fleet(NATIONAL_GPUS, DAY, seed=1)
    path = folder / "day.parquet"
    names = tuple(f"n{gpu // 8:04d}/{gpu % 8}" for gpu in range(NATIONAL_GPUS))
    size = samples.write(path, samples.Recorded(names, day.samples, day.memory))
    count = NATIONAL_GPUS * DAY

    def ours() -> Rolled:
        return roll_up(samples.read_samples(path), day.held)

    def floor() -> tuple[int, int]:
        activity, power = day.samples.activity, day.samples.power
        return int(np.count_nonzero(activity >= 5)), int(power.sum(dtype=np.int64))

    seconds, least = frame.median_seconds(ours, 3), frame.median_seconds(floor, 3)
    in_memory = frame.median_seconds(lambda: roll_up(day.samples, day.held), 3)
    answer, in_sql = frame.timed(lambda: _in_duckdb(day))
    rolled = ours()
    same = bool((answer[2] == rolled.busy.reshape(-1)).all() and (answer[3] == rolled.missing.reshape(-1)).all())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return [
        row("national day, from file to hours per allocation", seconds, "s", NATIONAL, lambda s: s <= 1.5,
            baseline="DuckDB SQL on a table in memory", ratio=in_sql / seconds),
        row("the same from arrays in memory", in_memory, "s", NATIONAL, lambda s: s <= 1.5,
            baseline="numpy lower bound: two passes over the samples", ratio=in_memory / least),
        row("busy and missing equal DuckDB's to the second", int(same), "yes=1", NATIONAL, lambda ok: ok == 1),
        row("bytes a row at rest", size / count, "bytes", NATIONAL, lambda b: b <= 2.6),
        row("peak memory, SQL baseline included", peak, "GiB", NATIONAL, lambda g: g <= 2),
    ]  # fmt: skip


def _in_duckdb(day: Fleet) -> list[np.ndarray]:
    gpus, minutes = day.samples.activity.shape
    columns = {
        "gpu": np.repeat(np.arange(gpus, dtype=np.uint16), minutes),
        "minute": np.tile(np.arange(minutes, dtype=np.uint16), gpus),
        "activity": day.samples.activity.reshape(-1),
        "power": day.samples.power.reshape(-1),
    }
    with duckdb.connect() as database:
        database.register("s", pa.table(columns))
        database.register("h", pa.table({"gpu": day.held.gpu, "allocation": day.held.allocation}))
        found: dict[str, Any] = database.execute(SQL).fetchnumpy()
    return list(found.values())


def growth() -> list[Row]:
    """Cost of the roll-up against the number of GPUs, for one hour of samples."""
    sizes = [4_000, 16_000, 64_000, 260_000]
    costs = []
    for size in sizes:
        hour = fleet(size, 60, seed=size)
        costs.append(frame.median_seconds(lambda hour=hour: roll_up(hour.samples, hour.held), 3))  # type: ignore[misc]
    slope = frame.exponent(sizes, costs)
    per_gpu = costs[-1] / sizes[-1] * 1e9 / 60
    return [
        row(f"growth exponent, {sizes[0]:,} to {sizes[-1]:,} GPUs", slope, "", NATIONAL, lambda s: s <= 1.1),
        row(f"one sample at {sizes[-1]:,} GPUs", per_gpu, "ns", NATIONAL, lambda n: n <= 100),
    ]


def parsing() -> Row:
    """CPU for the text of one 8-GPU node, against splitting its lines."""
    text = _scrape()

    def lines() -> int:
        return sum(1 for line in text.splitlines() if not line.startswith(b"#") and line.split(b" "))

    def cpu(work: Any, times: int = 500) -> float:
        began = time.process_time()
        for _ in range(times):
            work()
        return (time.process_time() - began) / times * 1e3

    ours = min(cpu(lambda: dcgm.parse(text)) for _ in range(3))
    split = min(cpu(lines) for _ in range(3))
    return row(f"one node's {len(text):,} bytes of dcgm-exporter text", ours, "ms CPU", NATIONAL, lambda m: m <= 0.12,
               baseline="splitting the same lines", ratio=split / ours)  # fmt: skip


def _scrape() -> bytes:
    labels = (
        'UUID="GPU-{0:032x}",pci_bus_id="00000000:{0:02X}:00.0",device="nvidia{0}",'
        'modelName="NVIDIA H200",Hostname="n1"'
    )
    names = ("DEV_SM_CLOCK", "DEV_MEM_CLOCK", "DEV_GPU_TEMP", "DEV_POWER_USAGE", "DEV_TOTAL_ENERGY_CONSUMPTION",
             "DEV_GPU_UTIL", "DEV_MEM_COPY_UTIL", "DEV_XID_ERRORS", "DEV_FB_USED", "PROF_GR_ENGINE_ACTIVE",
             "PROF_SM_ACTIVE", "PROF_PIPE_TENSOR_ACTIVE")  # fmt: skip
    lines = [
        f'DCGM_FI_{name}{{gpu="{gpu}",{labels.format(gpu)}}} {0.4 if "PROF" in name else 90}'
        for name in names
        for gpu in range(8)
    ]
    return "\n".join(lines).encode()


def live_path() -> Row:
    """CPU of rolling up a finished hour of the largest cluster (255 servers of 8 GPUs), for each of its minutes."""
    hour = fleet(255 * 8, 60, seed=3)
    roll_up(hour.samples, hour.held)
    began = time.process_time()
    for _ in range(50):
        roll_up(hour.samples, hour.held)
    spent = (time.process_time() - began) / 50 / 60 * 1e3
    return row("live path after parsing, 2,040 GPUs", spent, "ms CPU a cluster-minute", NATIONAL, lambda ms: ms <= 1)


def five_years(folder: Path) -> Row:
    """Sums per allocation and month over sixty monthly files of hours."""
    zone = ZoneInfo("Asia/Seoul")
    months = [Month(2026, 3).plus(n) for n in range(60)]
    chance, paths, count = np.random.default_rng(5), [], 0
    for month in months:
        period = month.period(zone)
        starts = np.arange(int(period.start.timestamp()), int(period.end.timestamp()), 3600)
        hours, allocations = len(starts), 300
        numbers = {name: chance.integers(0, 115_200, hours * allocations) for name in store.INTEGER_COLUMNS}
        table = pa.table({
            "cluster": pa.array(["c-1"] * (hours * allocations)),
            "start": pa.array(np.tile(starts, allocations)).cast(pa.timestamp("s", "UTC")),
            "revision": np.zeros(hours * allocations, np.int32),
            "allocation": np.repeat([f"a-{month}-{n}" for n in range(allocations)], hours),
            **numbers,
        })  # fmt: skip
        path = folder / f"{month}.parquet"
        pq.write_table(table, path, compression="zstd")
        paths.append(path)
        count += table.num_rows
    _, seconds = frame.timed(lambda: store.sums(paths, [month.period(zone) for month in months]))
    return row(f"five years of billing, {count / 1e6:.1f} M hours of 300 allocations at a time", seconds, "s", NATIONAL,
               lambda s: s <= 60)  # fmt: skip


def job_records() -> list[Row]:
    """A million generated sacct lines: equal to the sum made while generating them, to the second."""
    chance = np.random.default_rng(9)
    count, base = 1_000_000, int(datetime(2026, 3, 1, tzinfo=UTC).timestamp())
    start = base + chance.integers(0, 90 * 86_400, count)
    length, gpus = chance.integers(0, 50_000, count), chance.integers(1, 65, count)
    stamps = {name: np.datetime_as_string(values.astype("datetime64[s]")) for name, values in
              (("start", start), ("end", start + length))}  # fmt: skip
    lines = [
        f"{n}|a-{n % 400}|u|COMPLETED|{s}|{e}|{d}|billing=1,gres/gpu:h200={g},gres/gpu={g},node={-(-g // 8)}|n1"
        for n, (s, e, d, g) in enumerate(
            zip(stamps["start"], stamps["end"], length.tolist(), gpus.tolist(), strict=True)
        )
    ]
    text = "\n".join(lines).encode()
    began = time.process_time()
    jobs = sacct.parse(text, 0)
    seconds = time.process_time() - began
    exact = jobs.gpu_seconds() == int((length * gpus).sum())
    return [
        row("a million job records, GPU-seconds exact", int(exact), "yes=1", SACCT, lambda ok: ok == 1),
        row("a million job records read", seconds, "s CPU", SACCT, lambda s: s <= 10),
    ]


def idle_rules(folder: Path) -> list[Row]:
    """Three days of every kind; the rule is a longest idle run of 24 hours, two signals agreeing."""
    three = fleet(telemetry.GPUS_EACH * 400, 3 * DAY, seed=21)
    rolled = roll_up(three.samples, three.held)
    start = datetime.fromtimestamp(three.samples.start, UTC)
    file = store.write(folder / "idle", _uses(rolled, start)).path
    period = Period(start, start + timedelta(days=3))
    found = {int(run.allocation) for run in store.idle_runs([file], period, 24 * 3600)}
    plain = {n for n, kind in enumerate(three.kinds) if kind == "idle"}
    wrong = {n for n in found if three.kinds[n] not in telemetry.TRULY_IDLE}
    cheats = {n for n, kind in enumerate(three.kinds) if kind == "cheat"}
    blind = {n for n, kind in enumerate(three.kinds) if kind == "cheat, no profiling"}
    return [
        row("idle awards found by a 24 h run", _share(found & plain, plain), "%", IDLE, lambda p: p >= 95),
        row("working, hung or unseen awards taken for idle", len(wrong), "awards", IDLE, lambda n: n == 0),
        row("keep-busy cheats seen through where the exporter gives SM activity", _share(found & cheats, cheats), "%",
            IDLE, lambda p: p >= 95),
        row("keep-busy cheats seen through where it gives only utilisation (blind spot, never reclaimed)",
            _share(found & blind, blind), "%", IDLE, lambda p: p >= 95),
    ]  # fmt: skip


def _uses(rolled: Rolled, start: datetime) -> list[HourUse]:
    return [
        HourUse(
            "c-1",
            start + timedelta(hours=hour),
            0,
            str(rolled.allocations[index]),
            allocated_gpu_seconds=seen.allocated,
            busy_gpu_seconds=seen.busy,
            missing_gpu_seconds=seen.missing,
            idle_lead_seconds=seen.idle_lead,
            idle_longest_seconds=seen.idle_longest,
            idle_tail_seconds=seen.idle_tail,
        )
        for index in range(len(rolled.allocations))
        for hour in range(rolled.busy.shape[1])
        for seen in [rolled.at(index, hour)]
    ]


def _share(found: set[int], all_of_them: set[int] | Sequence[int]) -> float:
    return 100 * len(found) / len(all_of_them) if all_of_them else 0.0


if __name__ == "__main__":
    main()
