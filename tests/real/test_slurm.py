"""Starts a real Slurm in namespaces of its own and runs `tests/real/slurm` inside it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LAB = Path(__file__).parent / "slurm" / "lab.sh"
NODES = os.environ.get("LABNODES", "16")
NEEDED = ("slurmctld", "slurmd", "slurmdbd", "mariadbd", "munged", "unshare", "setpriv")
ABSENT = [name for name in NEEDED if shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") is None]


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(bool(ABSENT), reason=f"not installed: {', '.join(ABSENT)}")
@pytest.mark.skipif(os.geteuid() != 0, reason="namespaces of its own need root")
def test_the_slurm_suite_passes_in_its_lab(tmp_path):
    lab = tmp_path / "lab"
    lab.mkdir()
    tmp_path.chmod(0o755)
    inside = f"{LAB} up {NODES} && {sys.executable} -m pytest -q -p no:cacheprovider tests/real/slurm"
    environment = {**os.environ, "LAB": str(lab), "SLURM_CONF": str(lab / "etc" / "slurm.conf")}
    done = subprocess.run(
        ["timeout", "-s", "KILL", "600", str(LAB), "ns", "bash", "-c", inside],
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
