"""Hours in Parquet files, read by an in-memory DuckDB over exactly the files named: no shared database file.

A file is written under a temporary name, synced and renamed; its name holds its hash, so writing the same hours again
after a kill gives the same file. Later revisions of an hour replace earlier ones when reading.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dure.core.period import Period
from dure.metering.hours import SUMMED, HourUse

INTEGER_COLUMNS = [f.name for f in fields(HourUse) if f.name not in ("cluster", "start", "revision", "allocation")]
_SCHEMA = pa.schema(
    [
        ("cluster", pa.string()),
        ("start", pa.timestamp("s", "UTC")),
        ("revision", pa.int32()),
        ("allocation", pa.string()),
        *((name, pa.int64()) for name in INTEGER_COLUMNS),
    ]
)
# Each hour from its newest revision, and from one file even if two hold the same window. The windows are few beside
# their rows, so the choice is made on windows and joined back: no sort or window function over all rows.
_LATEST = """
    WITH spoken AS (
        SELECT cluster, epoch(start)::BIGINT AS start, revision, filename
        FROM read_parquet($paths, filename = true)
        WHERE epoch(start) >= $since AND epoch(start) < $until
        GROUP BY ALL),
    chosen AS (
        SELECT cluster, start, arg_min(filename, (-revision, filename)) AS filename, max(revision) AS revision
        FROM spoken GROUP BY cluster, start)
    SELECT rows.* EXCLUDE (start, filename), chosen.start AS start
    FROM read_parquet($paths, filename = true) AS rows
    JOIN chosen ON rows.cluster = chosen.cluster AND epoch(rows.start)::BIGINT = chosen.start
        AND rows.revision = chosen.revision AND rows.filename = chosen.filename
"""


@dataclass(frozen=True, slots=True)
class Written:
    """A file of hours: where it is, `sha256:` of its bytes, how many rows it holds."""

    path: Path
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class Sums:
    """One allocation's use on one cluster in one period; `hours` is how many windows speak of it."""

    cluster: str
    allocation: str
    period: Period
    hours: int
    allocated_node_seconds: int
    allocated_gpu_seconds: int
    running_gpu_seconds: int
    busy_gpu_seconds: int
    missing_gpu_seconds: int
    energy_joules: int


@dataclass(frozen=True, slots=True)
class IdleRun:
    """The longest span in which every GPU of an allocation was seen idle, and the one still going on.

    `ended_by` is the end of the hour in which the longest run ended. Spans with missing samples are not idle.
    """

    cluster: str
    allocation: str
    longest_seconds: int
    ended_by: datetime
    current_seconds: int


def write(directory: Path, uses: Sequence[HourUse]) -> Written:
    """Put `uses`, whole windows of them, into a new file in `directory`.

    Raises ValueError when there are none, or one is said twice.
    """
    if not uses:
        raise ValueError("a file of no hours would say nothing")
    if len({(use.cluster, use.start, use.revision, use.allocation) for use in uses}) != len(uses):
        raise ValueError("an allocation has two rows in one revision of one hour")
    ordered = sorted(uses, key=lambda use: (use.cluster, use.allocation, use.start, use.revision))
    columns = {name: [getattr(use, name) for use in ordered] for name in _SCHEMA.names}
    return _keep(directory, pa.table(columns, schema=_SCHEMA))


def merge(directory: Path, paths: Sequence[Path]) -> Written:
    """Put the hours of several files into one, all revisions kept; the same files give the same file.

    Raises FileNotFoundError, and ValueError for a file of another kind.
    """
    tables = [pq.read_table(path) for path in paths]
    strange = [str(path) for path, table in zip(paths, tables, strict=True) if table.schema.names != _SCHEMA.names]
    if strange:
        raise ValueError(f"no file of hours: {strange[0]}")
    order = [(name, "ascending") for name in ("cluster", "allocation", "start", "revision")]
    return _keep(directory, pa.concat_tables(table.cast(_SCHEMA) for table in tables).sort_by(order))


def _keep(directory: Path, table: pa.Table) -> Written:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", use_dictionary=["cluster", "allocation"])
    content = sink.getvalue().to_pybytes()
    digest = hashlib.sha256(content).hexdigest()
    ends = pc.min_max(table["start"]).as_py()
    first, last = ends["min"], ends["max"]
    path = directory / f"{first:%Y%m%dT%H}-{last:%Y%m%dT%H}-{digest[:16]}.parquet"
    directory.mkdir(parents=True, exist_ok=True)
    _put(path, content)
    return Written(path, f"sha256:{digest}", table.num_rows)


def verify(written: Written) -> bool:
    """Whether the file is there and holds the bytes that were written."""
    try:
        content = written.path.read_bytes()
    except FileNotFoundError:
        return False
    return "sha256:" + hashlib.sha256(content).hexdigest() == written.sha256


def sums(paths: Sequence[Path], periods: Sequence[Period]) -> list[Sums]:
    """Exact sums per cluster, allocation and period, for every period in which something was allocated.

    Hours belong to the period in which they start; periods must not overlap.
    """
    if not paths or not periods:
        return []
    ordered = sorted(periods)
    added = ", ".join(f"sum({name})::BIGINT" for name in SUMMED)
    query = f"""
        WITH latest AS ({_LATEST}),
             spans AS (SELECT unnest($starts::BIGINT[]) AS first, unnest($ends::BIGINT[]) AS after,
                              generate_subscripts($starts::BIGINT[], 1) AS place)
        SELECT cluster, allocation, place, count(*), {added}
        FROM latest JOIN spans ON latest.start >= spans.first AND latest.start < spans.after
        WHERE allocation <> ''
        GROUP BY cluster, allocation, place ORDER BY cluster, allocation, place
    """  # noqa: S608 - made of constants of this module only
    starts, ends = [_epoch(p.start) for p in ordered], [_epoch(p.end) for p in ordered]
    named = {"starts": starts, "ends": ends, "since": starts[0], "until": max(ends), "paths": [str(p) for p in paths]}
    with _database() as database:
        found = database.execute(query, named).fetchall()
    return [Sums(row[0], row[1], ordered[row[2] - 1], *row[3:]) for row in found]


def hourly(paths: Sequence[Path], allocation: str, period: Period) -> list[HourUse]:
    """Every hour of `allocation` in `period`, oldest first, in the newest revision."""
    return hours_of(paths, [allocation], period)


def hours_of(paths: Sequence[Path], allocations: Sequence[str], period: Period) -> list[HourUse]:
    """Every hour of some allocations in `period`, by cluster, allocation and time, in the newest revision.

    The newest revision of an hour is found before rows are chosen: a row that a later revision left out is gone.
    """
    if not paths or not allocations:
        return []
    names = ", ".join(INTEGER_COLUMNS)
    query = f"""
        WITH said AS (SELECT * EXCLUDE (start), epoch(start)::BIGINT AS start FROM read_parquet($paths)
                      WHERE epoch(start) >= $since AND epoch(start) < $until),
             newest AS (SELECT cluster, start, max(revision) AS revision FROM said GROUP BY cluster, start)
        SELECT DISTINCT cluster, start, revision, allocation, {names}
        FROM said JOIN newest USING (cluster, start, revision)
        WHERE list_contains($allocations::VARCHAR[], allocation) ORDER BY cluster, allocation, start
    """  # noqa: S608 - made of constants of this module only
    named = _named(paths, period) | {"allocations": list(allocations)}
    with _database() as database:
        found = database.execute(query, named).fetchall()
    return [HourUse(row[0], datetime.fromtimestamp(row[1], UTC), *row[2:]) for row in found]


def first_busy(paths: Sequence[Path], period: Period) -> dict[tuple[str, str], datetime]:
    """By cluster and allocation: the first hour in `period` in which a GPU of it computed."""
    if not paths:
        return {}
    query = f"""
        SELECT cluster, allocation, min(start) FROM ({_LATEST})
        WHERE allocation <> '' AND busy_gpu_seconds > 0 GROUP BY cluster, allocation
    """  # noqa: S608 - made of constants of this module only
    with _database() as database:
        found = database.execute(query, _named(paths, period)).fetchall()
    return {(cluster, name): datetime.fromtimestamp(start, UTC) for cluster, name, start in found}


def idle_runs(paths: Sequence[Path], period: Period, at_least_seconds: int) -> list[IdleRun]:
    """Allocations whose longest idle run in `period` reaches `at_least_seconds`, by cluster and name."""
    if not paths:
        return []
    query = f"""
        SELECT cluster, allocation, start, idle_lead_seconds AS lead, idle_longest_seconds AS longest,
               idle_tail_seconds AS tail, busy_gpu_seconds + missing_gpu_seconds = 0 AS whole
        FROM ({_LATEST}) WHERE allocation <> '' ORDER BY cluster, allocation, start
    """  # noqa: S608 - made of constants of this module only
    with _database() as database:
        rows = database.execute(query, _named(paths, period)).fetchnumpy()
    return [run for run in _runs(rows) if run.longest_seconds >= at_least_seconds]


def _runs(rows: dict[str, np.ndarray]) -> list[IdleRun]:
    """Join runs over hours: an hour idle throughout carries the run on, any other ends it with its lead."""
    start, count = rows["start"], len(rows["start"])
    if not count:
        return []
    joined = np.zeros(count, dtype=bool)
    same = (rows["cluster"][1:] == rows["cluster"][:-1]) & (rows["allocation"][1:] == rows["allocation"][:-1])
    joined[1:] = same & (start[1:] == start[:-1] + 3600)
    whole, tail = rows["whole"] & (rows["lead"] > 0), rows["tail"]
    begins = ~(joined & whole)
    total = np.cumsum(tail)
    at = np.maximum.accumulate(np.where(begins, np.arange(count), 0))
    going = total - total[at] + tail[at]
    before = np.where(joined, np.append(0, going[:-1]), 0)
    longest = np.maximum(rows["longest"], before + rows["lead"])
    first = np.flatnonzero(np.append(True, ~same))
    last = np.append(first[1:], count) - 1
    found = []
    for a, b in zip(first.tolist(), last.tolist(), strict=True):
        best = a + int(np.argmax(longest[a : b + 1]))
        ended = datetime.fromtimestamp(int(start[best]) + 3600, tz=UTC)
        found.append(
            IdleRun(str(rows["cluster"][a]), str(rows["allocation"][a]), int(longest[best]), ended, int(going[b]))
        )
    return found


def _database() -> duckdb.DuckDBPyConnection:
    database = duckdb.connect()
    database.execute("SET enable_progress_bar = false")
    return database


def _named(paths: Sequence[Path], period: Period) -> dict[str, object]:
    return {"paths": [str(p) for p in paths], "since": _epoch(period.start), "until": _epoch(period.end)}


def _epoch(instant: datetime) -> int:
    return int(instant.timestamp())


def _put(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.part")
    with beside.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
