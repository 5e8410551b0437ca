"""Starts a real Slurm in namespaces of its own and runs `tests/real/slurm` inside it."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

LAB = Path(__file__).parents[2] / "src" / "dure" / "simulate" / "slurm_lab.sh"
NODES = os.environ.get("LABNODES", "64")
NEEDED = ("slurmctld", "slurmd", "slurmdbd", "slurmrestd", "mariadbd", "munged", "unshare", "setpriv")
ABSENT = [name for name in NEEDED if shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") is None]
REQUIRED = os.environ.get("DURE_SLURM") == "required"  # make test-slurm: what is lacking fails
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")

pytestmark = [
    pytest.mark.real,
    pytest.mark.slurm,
    pytest.mark.slow,
    pytest.mark.skipif(bool(ABSENT) and not REQUIRED, reason=f"not installed: {', '.join(ABSENT)}"),
    pytest.mark.skipif(os.geteuid() != 0 and not REQUIRED, reason="namespaces of its own need root"),
]


def run_in_lab(lab: Path, nodes: str, **environment: str) -> None:
    """Run the directory `slurm` in a lab of `nodes` nodes; its output is shown when it fails."""
    inside = f"{LAB} up {nodes} && {sys.executable} -m pytest -q -s -p no:cacheprovider --nomigrations tests/real/slurm"
    done = subprocess.run(
        ["timeout", "-s", "KILL", "1500", str(LAB), "ns", "bash", "-c", inside],
        env={**os.environ, "LAB": str(lab), "SLURM_CONF": str(lab / "etc" / "slurm.conf"), **environment},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    print(*(line for line in done.stdout.splitlines() if "figure:" in line), sep="\n")


@pytest.fixture
def lab():
    """A directory that other users may enter, unlike pytest's own: jobs are submitted as people, not as root."""
    folder = Path(tempfile.mkdtemp(prefix="dure-slurm-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_the_slurm_suite_passes_in_its_lab(lab):
    began = time.monotonic()
    run_in_lab(lab, NODES, LABREST="1")
    print(f"figure: Slurm suite on {NODES} nodes with 8 fake GPUs each: {(time.monotonic() - began) / 60:.1f} minutes")


@pytest.mark.skipif(not FAKETIME.exists() and not REQUIRED, reason="not installed: faketime")
def test_three_months_pass_on_the_labs_own_clock(lab):
    run_in_lab(lab, "4", LABCLOCK="1", DURE_CLOCK="virtual")
