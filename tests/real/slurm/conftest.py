"""Inside the lab: a real Slurm of this test run's own. Outside it there is nothing to collect here.

`tests/real/test_slurm.py` starts the lab and runs this directory in it.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dure.agent.clusters.options import SlurmOptions
from dure.agent.clusters.slurm import SlurmCluster

LAB = os.environ.get("LAB")
CLOCK = os.environ.get("LABCLOCK")
collect_ignore_glob = ["test_*.py"] if not LAB else ["test_[!v]*.py"] if CLOCK else ["test_virtual.py"]
SCRIPT = Path(__file__).parents[3] / "src" / "dure" / "simulate" / "slurm_lab.sh"
FIRST_UID = 5001
PEOPLE = {name: FIRST_UID + index for index, name in enumerate(("alice", "bob", "carol", "dave"))}


def slurm(*words: str, check: bool = True, preload: bool = True) -> str:
    """Standard output of one of Slurm's commands, run as root, in UTC."""
    environment = {**os.environ, "TZ": "UTC", "SLURM_TIME_FORMAT": "standard"}
    if not preload:
        environment.pop("LD_PRELOAD", None)
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{words}: {done.stderr or done.stdout}")
    return done.stdout + done.stderr


def submit(person: str, account: str, *words: str, command: str = "sleep 600") -> str:
    """A job of one node with 8 GPUs, as `person` would submit it: its number, or Slurm's refusal."""
    uid = str(PEOPLE[person])
    become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    clock = os.environ.get("LD_PRELOAD")
    if clock:  # the semaphore of the clock's library belongs to whoever loads it first: the person, not root
        become = [*become, "env", f"LD_PRELOAD={clock}"]
    job = ["sbatch", "--parsable", "-A", account, "-t", "60", "-N1", "--gres=gpu:8", "-o", "/dev/null", *words]
    return slurm(*become, *job, "--wrap", command, check=False, preload=False).strip()


def lab(*words: str) -> None:
    subprocess.run([str(SCRIPT), *words], check=True, timeout=120)


@pytest.fixture
def options(tmp_path) -> SlurmOptions:
    return SlurmOptions(
        cluster_name="lab", gpu_model="H200", keys_directory=tmp_path / "keys", state_directory=tmp_path
    )


@pytest.fixture
def cluster(options) -> SlurmCluster:
    return SlurmCluster(options)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def portal():
    from tests.agent.fake_portal import FakePortal
    from tests.real.slurm.site import instant

    return FakePortal("c-1", instant(), "wall")


@pytest.fixture
def site(tmp_path, portal):
    from tests.real.slurm.site import SlurmSite

    return SlurmSite(tmp_path, portal)


@pytest.fixture(autouse=True)
def clean():
    """Every test ends with no jobs, reservations or accounts of ours, and every node idle."""
    yield
    if slurm("squeue", "-h").strip():
        slurm("scancel", "--partition=gpu", check=False)
        wait_until(lambda: not slurm("squeue", "-h").strip(), "all jobs gone")
    for line in slurm("scontrol", "show", "reservation", "-o").splitlines():
        if line.startswith("ReservationName="):
            slurm("scontrol", "delete", line.split()[0])
    accounts = set(slurm("sacctmgr", "-n", "-P", "list", "account", "format=Account").split()) - {"root"}
    slurm("sacctmgr", "-i", "delete", "user", f"name={','.join(PEOPLE)}", check=False)
    if accounts:
        slurm("sacctmgr", "-i", "delete", "account", f"name={','.join(sorted(accounts))}")
    heal()


def heal() -> None:
    """Resume the nodes that are not idle, and no others: a node resumed is unavailable until it has been heard of."""
    ill = slurm("sinfo", "-h", "-N", "-t", "down,drain,draining,drained,fail", "-o", "%N").split()
    if ill:
        slurm("scontrol", "update", f"NodeName={','.join(sorted(set(ill)))}", "State=RESUME")
    wait_until(lambda: set(slurm("sinfo", "-h", "-N", "-o", "%t").split()) <= {"idle"}, "all nodes idle")


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = 120) -> None:
    """Wait for a condition; a busy machine is slow, not wrong."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for: {what}"
        time.sleep(0.1)
