"""What every bench shares: rows with their targets, printed as a table and written to `bench/results/NAME.json`.

A row's target is the text of the issue's 'Must show', never edited. A row that is missing, was not run or falls short
stays in the file with `ok: false`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `baseline` says what `ratio` compares with; `figure` None means not run."""

    name: str
    figure: float | int | None
    unit: str
    target: str
    ok: bool
    baseline: str = ""
    ratio: float | None = None


def row(
    name: str,
    figure: float | int | None,
    unit: str,
    target: str,
    meets: Callable[[Any], bool],
    *,
    baseline: str = "",
    ratio: float | None = None,
) -> Row:
    """A row whose `ok` is `meets(figure)`; a figure of None is not ok."""
    rounded = round(figure, 6) if isinstance(figure, float) else figure
    met = figure is not None and bool(meets(figure))
    return Row(name, rounded, unit, target, met, baseline, None if ratio is None else round(ratio, 4))


def not_run(name: str, unit: str, target: str) -> Row:
    """A figure that this run did not take; it stays visible as not ok."""
    return Row(name, None, unit, target, False)


def arguments(description: str) -> argparse.Namespace:
    """The options of every bench: `--full` for the longer study."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--full", action="store_true", help="the longer study")
    return parser.parse_args()


def timed(work: Callable[[], Answer]) -> tuple[Answer, float]:
    """What `work` returns and the wall seconds it took."""
    start = time.perf_counter()
    answer = work()
    return answer, time.perf_counter() - start


def median_seconds(work: Callable[[], Any], runs: int = 5) -> float:
    """Median wall seconds of `runs` calls, after one that does not count."""
    work()
    return statistics.median(timed(work)[1] for _ in range(runs))


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The slope of log(cost) over log(size), least squares: 1 is linear growth."""
    import math

    xs, ys = [math.log(size) for size in sizes], [math.log(cost) for cost in costs]
    mean_x, mean_y = statistics.fmean(xs), statistics.fmean(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread


def write(name: str, rows: Iterable[Row], *, full: bool = False) -> None:
    """Print the rows and write them to `bench/results/NAME.json` (`NAME-full.json` with machine, date, commit)."""
    found = list(rows)
    table = Table(title=f"bench {name}{' (full)' if full else ''}")
    for column in ("name", "figure", "unit", "ratio", "baseline", "target", "ok"):
        table.add_column(column, overflow="fold")
    for one in found:
        cells = (one.name, one.figure, one.unit, one.ratio, one.baseline, one.target, "yes" if one.ok else "NO")
        table.add_row(*("" if cell is None else str(cell) for cell in cells))
    Console(width=160 if not sys.stdout.isatty() else None).print(table)
    RESULTS.mkdir(exist_ok=True)
    rows_json: Any = [asdict(one) for one in found]
    (RESULTS / f"{name}.json").write_text(json.dumps(rows_json, ensure_ascii=False, indent=1) + "\n")
    if full:
        kept = {
            "machine": _machine(),
            "date": datetime.now(UTC).date().isoformat(),
            "commit": _commit(),
            "rows": rows_json,
        }
        (RESULTS / f"{name}-full.json").write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n")


def _machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _commit() -> str:
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip()
