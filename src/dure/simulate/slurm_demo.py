"""The government fleet of Korea's programme as real Slurm clusters with fake GPUs on this machine.

Call 25-1 (SYNTHETIC applications) is played to its awards; five agents make them real on five Slurm clusters; on every
award a job of its whole size runs. `python -m dure.simulate.slurm_demo`; needs root for namespaces of its own, in which
everything lives and with which everything ends.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dure.simulate import slurm_outside
from dure.simulate.slurm_fleet import Measured, memory


@dataclass
class Times:
    """Seconds of each part, for the table at the end."""

    up: float = 0
    call: float = 0
    real: float = 0
    running: float = 0


def main() -> int:
    """Outside the namespaces: make a folder, go in, clean up. Inside: play."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--no-serve", action="store_true", help="end when all is said")
    words.add_argument("--port", type=int, default=8000, help="where the portal is open afterwards")
    words.add_argument("--inside", help=argparse.SUPPRESS)
    words.add_argument("--door", type=int, help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.inside is not None:
        return _inside(Path(asked.inside), asked.door, asked.port)
    missing = slurm_outside.missing()
    if missing:
        Console(stderr=True).print(f"Needed first: {', '.join(missing)}. Debian: bash tests/install-packages.sh slurm")
        return 1
    folder = Path(tempfile.mkdtemp(prefix="dure-slurm-"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the folder is removed then too
    folder.chmod(0o755)  # jobs run as people, who must be able to enter
    try:
        return slurm_outside.run(folder, asked.port, serve=not asked.no_serve)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _inside(folder: Path, door: int | None, port: int) -> int:
    os.environ.update(
        DURE_HOME=str(folder / "portal"),
        DURE_CLOCK="virtual",
        DURE_PROGRAMME="korea-gpu-2025",
        DURE_PUBLIC_URL=f"http://127.0.0.1:{port}",
        DJANGO_SETTINGS_MODULE="dure.portal.settings",
        PYTHONUNBUFFERED="1",
    )
    (folder / "portal").mkdir()
    import django

    django.setup()
    from dure.simulate.slurm_play import Play

    console = Console()
    play = Play(folder, port, console)
    started, times, sizes = time.monotonic(), Times(), list[Measured]()
    try:
        for one in play.fleet.up():
            sizes.append(one)
            console.print(f"{one.cluster}: {one.nodes:,} nodes up after {one.seconds:.1f} s, {one.mebibytes:,} MiB")
        times.up = time.monotonic() - started
        _figure(console, f"demo-slurm, {sizes[-1].nodes:,} nodes idle: {times.up:.1f} s")
        times.call = _timed(play.call)
        times.real = _timed(play.make_real)
        times.running = _timed(play.run_jobs)
        _print(console, play.figures(), times, sizes)
        if door is not None:
            play.stay_open(door)
    finally:
        play.stop()
    return 0


def _timed(part: Callable[[], None]) -> float:
    began = time.monotonic()
    part()
    return time.monotonic() - began


def _print(console: Console, figures: dict[str, int], times: Times, sizes: list[Measured]) -> None:
    growth = Table(title="Real Slurm clusters with fake GPUs on this machine")
    for column in ("cluster", "nodes so far", "GPUs so far", "seconds so far", "MiB so far", "MiB per node"):
        is_name = column == "cluster"
        growth.add_column(column, justify="left" if is_name else "right", no_wrap=is_name)
    for one in sizes:
        figure = (f"{one.nodes:,}", f"{one.nodes * 8:,}", f"{one.seconds:.1f}", f"{one.mebibytes:,}")
        growth.add_row(one.cluster, *figure, f"{one.mebibytes / one.nodes:.1f}")
    console.print(growth)
    table = Table(title="Call 25-1 made real (synthetic applications; kakao-b200 is Kubernetes in the programme file)")
    table.add_column("what")
    table.add_column("how much", justify="right")
    for label, number in figures.items():
        table.add_row(label, f"{number:,}")
    for label, seconds in (
        ("seconds until all nodes were idle", times.up),
        ("seconds for the call, in virtual time", times.call),
        ("seconds until every award was real", times.real),
        ("seconds until a job ran on every award", times.running),
    ):
        table.add_row(label, f"{seconds:.1f}")
    for program, size in memory().items():
        table.add_row(f"MiB of {program} at the end", f"{size:,}")
    console.print(table)
    _figure(console, f"demo-slurm, memory of all daemons: {sum(memory().values())} MiB")


def _figure(console: Console, said: str) -> None:
    """A line that the metering bench reads."""
    console.print(f"figure: {said}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
