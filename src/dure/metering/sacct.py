"""Slurm's job records as intervals of GPUs held, exact to the second.

Source of the formats: sacct(1) of Slurm 22.05 with `--parsable2`; the awkward cases are those of real logs (durations
of days, `CANCELLED by UID`, jobs that never started, typed and untyped GPUs side by side).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text

COLUMNS = ("jobidraw", "account", "user", "state", "start", "end", "elapsedraw", "alloctres", "nodelist")
"""What an agent asks sacct for, in this order."""

_NEEDED = ("account", "start", "end", "alloctres")
_UNKNOWN = ("Unknown", "None", "")


class GpuTresNotTracked(InvalidInput):
    """Slurm does not account for GPUs, so its records cannot say how many were held. Never read as zero."""

    def __init__(self, where: str, internal: str = "") -> None:
        super().__init__(
            Mistake(
                where,
                Text("Slurm이 GPU를 집계하지 않습니다.", "Slurm does not account for GPUs."),
                Text(
                    "slurm.conf의 AccountingStorageTRES에 gres/gpu를 넣고 slurmctld를 다시 시작해 주십시오.",
                    "Put gres/gpu into AccountingStorageTRES in slurm.conf and restart slurmctld.",
                ),
            ),
            internal,
        )


@dataclass(frozen=True, slots=True)
class Jobs:
    """Jobs that held something, one entry each; times in epoch seconds, `end` not included.

    `job` tells runs of one job from those of another; `account` is an index into `accounts`.
    """

    accounts: tuple[str, ...]
    job: NDArray[np.int64]
    account: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    gpus: NDArray[np.int64]
    nodes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.job)

    def gpu_seconds(self) -> int:
        """GPU-seconds held by all of them."""
        return int(np.sum((self.end - self.start) * self.gpus))

    def node_seconds(self) -> int:
        """Node-seconds held by all of them."""
        return int(np.sum((self.end - self.start) * self.nodes))


def parse(text: bytes, now: int, columns: Sequence[str] = COLUMNS) -> Jobs:
    """The jobs in `sacct --parsable2 --noheader` output of `columns`, times in UTC (run sacct with TZ=UTC).

    A job is known by JobID where that was asked for, else by JobIDRaw. One still running holds its GPUs up to `now`.
    One listed twice with the same start is a corrected record: the later line counts. A requeued job is listed once
    per run, and each run counts up to the next run's start.
    Raises InvalidInput for a line of another shape, GpuTresNotTracked when started jobs have no TRES at all.
    """
    if not text.strip():
        return _no_jobs()
    table = _table(text, columns)
    start, end = _epoch(table["start"]), _epoch(table["end"])
    table = table.append_column("first", start).append_column("last", pc.fill_null(end, now))
    table = table.filter(pc.is_valid(table["first"]))
    tres = table["alloctres"].combine_chunks().dictionary_encode()
    names = table["account"].combine_chunks().dictionary_encode()
    held = pc.greater(table["last"], table["first"])
    if bool(pc.any(pc.and_(held, pc.equal(table["alloctres"], ""))).as_py()):
        raise GpuTresNotTracked("sacct AllocTRES", "a job that ran has an empty AllocTRES")
    kind = tres.indices.to_numpy()
    columns_of_runs = (
        table["job"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64),
        names.indices.to_numpy().astype(np.int64),
        table["first"].to_numpy(),
        _shortened(table),
        gpus_of(tres.dictionary)[kind],
        _tres(tres.dictionary, r"(?:^|,)node=(?P<count>\d+)")[kind],
    )
    return Jobs(tuple(names.dictionary.to_pylist()), *_runs(*columns_of_runs))


def check_tracked(accounting_storage_tres: str) -> None:
    """Raises GpuTresNotTracked unless `AccountingStorageTRES` of slurm.conf counts GPUs of every type."""
    tracked = {name.strip() for name in accounting_storage_tres.split(",")}
    if "gres/gpu" not in tracked:
        raise GpuTresNotTracked("slurm.conf AccountingStorageTRES", accounting_storage_tres)


def gpus_of(tres: pa.StringArray) -> NDArray[np.int64]:
    """GPUs in each TRES string: `gres/gpu=N`, else the sum of `gres/gpu:TYPE=N`, else none."""
    whole = _tres(tres, r"(?:^|,)gres/gpu=(?P<count>\d+)", missing=-1)
    typed = np.flatnonzero((whole < 0) & pc.match_substring(tres, "gres/gpu:").to_numpy(zero_copy_only=False))
    counts = np.where(whole < 0, 0, whole)
    for index in typed.tolist():
        counts[index] = sum(int(n) for n in re.findall(r"gres/gpu:[^=,]+=(\d+)", tres[index].as_py()))
    return counts


def hourly_gpu_seconds(jobs: Jobs, edges: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Per account, GPU-seconds held between each two of the ascending `edges` (epoch seconds); sums are exact."""
    found = {}
    for index, name in enumerate(jobs.accounts):
        mine = jobs.account == index
        found[name] = held_between(jobs.start[mine], jobs.end[mine], jobs.gpus[mine], edges)
    return found


def held_between(
    start: NDArray[np.int64], end: NDArray[np.int64], amount: NDArray[np.int64], edges: NDArray[np.int64]
) -> NDArray[np.int64]:
    """`amount`-seconds of the intervals [start, end) between each two edges.

    Up to instant t an interval has held amount × (min(t, end) − min(t, start)); sorted prefix sums give that for all
    intervals at once, so the cost is O((intervals + edges) log intervals) whatever the intervals' lengths.
    """

    def held_until(points: NDArray[np.int64]) -> NDArray[np.int64]:
        order = np.argsort(points, kind="stable")
        ordered, weights = points[order], amount[order]
        at = np.searchsorted(ordered, edges, side="right")
        count = np.append(0, np.cumsum(weights))[at]
        moment = np.append(0, np.cumsum(weights * (ordered - edges[0])))[at]
        total: NDArray[np.int64] = count * (edges - edges[0]) - moment
        return total

    held: NDArray[np.int64] = np.diff(held_until(start) - held_until(end))
    return held


def _table(text: bytes, columns: Sequence[str]) -> pa.Table:
    job = "jobid" if "jobid" in columns else "jobidraw"
    needed = [job, *_NEEDED]
    absent = [name for name in needed if name not in columns]
    if absent:
        raise _unreadable(f"columns {absent} were not asked for")
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(text),
            read_options=pyarrow.csv.ReadOptions(column_names=list(columns)),
            parse_options=pyarrow.csv.ParseOptions(delimiter="|", quote_char=False),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=[*needed, *(name for name in ("elapsedraw",) if name in columns)],
                column_types=dict.fromkeys(columns, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        raise _unreadable(str(error)) from error
    return table.rename_columns(["job" if name == job else name for name in table.column_names])


def _epoch(column: pa.ChunkedArray) -> pa.ChunkedArray:
    known = pc.if_else(pc.is_in(column, pa.array(_UNKNOWN)), None, column)
    try:
        return pc.cast(pc.cast(known, pa.timestamp("s")), pa.int64())
    except pa.ArrowInvalid as error:
        raise _unreadable(str(error)) from error


def _integers(column: pa.ChunkedArray) -> NDArray[np.int64]:
    try:
        return np.asarray(pc.cast(column, pa.int64()).to_numpy(), dtype=np.int64)
    except pa.ArrowInvalid as error:
        raise _unreadable(str(error)) from error


def _tres(column: pa.StringArray, pattern: str, missing: int = 0) -> NDArray[np.int64]:
    found = pc.struct_field(pc.extract_regex(column, pattern), "count")
    return np.asarray(pc.fill_null(pc.cast(found, pa.int64()), missing).to_numpy(zero_copy_only=False), dtype=np.int64)


def _shortened(table: pa.Table) -> NDArray[np.int64]:
    """Where a job was suspended, ElapsedRaw is shorter than its span: it held its GPUs for ElapsedRaw only."""
    last: NDArray[np.int64] = table["last"].to_numpy()
    if "elapsedraw" not in table.column_names:
        return last
    ended = ~pc.is_in(table["end"], pa.array(_UNKNOWN)).to_numpy()
    held = table["first"].to_numpy() + _integers(table["elapsedraw"])
    return np.where(ended, np.minimum(last, held), last)


def _runs(
    job: NDArray[np.int64],
    account: NDArray[np.int64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    gpus: NDArray[np.int64],
    nodes: NDArray[np.int64],
) -> list[NDArray[np.int64]]:
    """The columns again, one entry per run that held something: corrected records and overlaps resolved."""
    order = np.lexsort((np.arange(len(job)), start, job))
    job, account, start, end, gpus, nodes = (a[order] for a in (job, account, start, end, gpus, nodes))
    again = np.zeros(len(job), dtype=bool)
    again[:-1] = (job[:-1] == job[1:]) & (start[:-1] == start[1:])
    kept = np.flatnonzero(~again)
    job, account, start, end, gpus, nodes = (a[kept] for a in (job, account, start, end, gpus, nodes))
    following = np.append(job[:-1] == job[1:], False) if len(job) else np.zeros(0, dtype=bool)
    next_start = np.append(start[1:], 0) if len(job) else start
    end = np.where(following, np.minimum(end, next_start), end)
    some = np.flatnonzero(end > start)
    return [column[some] for column in (job, account, start, end, gpus, nodes)]


def _no_jobs() -> Jobs:
    none = np.zeros(0, dtype=np.int64)
    return Jobs((), none, none, none, none, none, none)


def _unreadable(why: str) -> InvalidInput:
    return InvalidInput(
        Mistake(
            "sacct",
            Text("sacct의 출력을 읽을 수 없습니다.", "The output of sacct cannot be read."),
            Text("Slurm 판과 요청한 열을 확인해 주십시오.", "Check the version of Slurm and the columns asked for."),
        ),
        why,
    )
