"""Real Slurm clusters side by side on this machine, each with daemons, database and fake GPUs of its own.

Inside the namespaces of `slurm_lab.sh ns` only: it adds people to `/etc/passwd`, which there is a copy.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("slurm_lab.sh")
CLOCK_LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
DAEMONS = ("slurmd", "slurmctld", "slurmdbd", "mariadbd", "munged")
COMMANDS = ("sacct", "sacctmgr", "sbatch", "scancel", "scontrol", "sinfo", "squeue", "sshare")
FIRST_PORT, PORTS_EACH = 10_000, 2_000
FIRST_UID = 20_000
UP_WITHIN_SECONDS = 600


@dataclass(frozen=True, slots=True)
class SlurmCluster:
    """One cluster: its code is its name and the stem of its node names."""

    code: str
    nodes: int
    gpu_model: str
    folder: Path
    port: int

    @property
    def conf(self) -> Path:
        """Its slurm.conf."""
        return self.folder / "etc" / "slurm.conf"


@dataclass(frozen=True, slots=True)
class Measured:
    """Nodes up so far, seconds it took them, MiB (proportional set size) of all daemons."""

    cluster: str
    nodes: int
    seconds: float
    mebibytes: int


class Fleet:
    """Clusters on one clock that is `offset_seconds` from the real one."""

    def __init__(self, folder: Path, wanted: Sequence[tuple[str, int, str]], offset_seconds: int) -> None:
        self.offset_seconds = offset_seconds
        self._commands = folder / "bin"
        self.clusters = {
            code: SlurmCluster(code, nodes, gpu_model, folder / code, FIRST_PORT + place * PORTS_EACH)
            for place, (code, nodes, gpu_model) in enumerate(wanted)
        }

    def path(self) -> str:
        """A PATH on which Slurm's commands run on the fleet's clock.

        The clock's library is loaded into them alone: under it Python's own waits fail now and then (EINVAL, 0.9.10).
        """
        self._commands.mkdir(parents=True, exist_ok=True)
        clock = f"FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME={self.offset_seconds} LD_PRELOAD={CLOCK_LIBRARY}"
        for name in COMMANDS:
            script = self._commands / name
            if not script.exists():
                script.write_text(f'#!/bin/sh\n{clock} exec {shutil.which(name)} "$@"\n')
                script.chmod(0o755)
        return f"{self._commands}:{os.environ['PATH']}"

    def up(self) -> Iterable[Measured]:
        """Start one cluster after the other, each when the one before is idle."""
        began, nodes = time.monotonic(), 0
        for cluster in self.clusters.values():
            cluster.folder.mkdir(parents=True)
            lab = {
                "LAB": str(cluster.folder),
                "LABNAME": cluster.code,
                "LABNODE": f"{cluster.code}-",
                "LABGPU": cluster.gpu_model,
                "LABPORT": str(cluster.port),
                "LABOFFSET": str(self.offset_seconds),
            }
            words = [str(SCRIPT), "up", str(cluster.nodes)]
            subprocess.run(words, env={**os.environ, **lab}, check=True, timeout=UP_WITHIN_SECONDS)
            nodes += cluster.nodes
            seconds = time.monotonic() - began
            yield Measured(cluster.code, nodes, seconds, sum(memory().values()))

    def ask(self, code: str, *words: str) -> str:
        """What one of Slurm's commands says of a cluster. Raises CalledProcessError when it fails."""
        env = {**os.environ, "SLURM_CONF": str(self.clusters[code].conf), "TZ": "UTC"}
        whole = (str(self._commands / words[0]), *words[1:])
        return subprocess.run(whole, env=env, check=True, capture_output=True, text=True, timeout=120).stdout

    def submit(self, code: str, login: str, account: str, nodes: int) -> str:
        """A job on `nodes` whole nodes that sleeps for half an hour, as `login`; its number."""
        size = (f"-N{nodes}", "--gres=gpu:8", "-t", "60")
        place = ("-D", "/tmp", "-o", "/dev/null", "--export=NONE")  # noqa: S108 - a job needs some working directory
        words = ("sbatch", "--parsable", f"--uid={login}", "-A", account, *size, *place, "--wrap", "sleep 1800")
        return self.ask(code, *words).strip()

    def states(self, code: str) -> Mapping[str, str]:
        """State of every job by number."""
        rows = (line.split("|") for line in self.ask(code, "squeue", "-h", "-o", "%i|%T").splitlines())
        return {row[0]: row[1] for row in rows}


def add_people(logins: Iterable[str]) -> None:
    """The Unix accounts that a site makes for people of the programme."""
    there = {line.split(":")[0] for line in Path("/etc/passwd").read_text().splitlines()}
    with Path("/etc/passwd").open("a") as users, Path("/etc/group").open("a") as groups:
        for place, login in enumerate(sorted(set(logins) - there)):
            uid = FIRST_UID + len(there) + place
            users.write(f"{login}:x:{uid}:{uid}::/tmp:/bin/sh\n")
            groups.write(f"{login}:x:{uid}:\n")


def memory() -> dict[str, int]:
    """MiB (proportional set size) of the daemons here, by program."""
    kibibytes = dict.fromkeys(DAEMONS, 0)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            name = (process / "comm").read_text().strip()
            if name in kibibytes:
                rollup = (process / "smaps_rollup").read_text()
                kibibytes[name] += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended since
    return {name: size // 1024 for name, size in kibibytes.items()}
