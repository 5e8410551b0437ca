"""The demo ends in the same state, undisturbed or with its processes killed; and a rerun changes nothing."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import free_port

pytestmark = pytest.mark.slow
WITHIN_SECONDS = 300
KILLS = 8
VICTIMS = ("portal serve", "granian", "loop all", "agent run")


def _start(home: Path) -> subprocess.Popen[bytes]:
    home.mkdir(exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DURE_", "DJANGO_"))}
    command = [
        sys.executable,
        "-m",
        "dure.cli",
        "demo",
        "--scenario",
        "campus",
        "--no-serve",
        "--port",
        str(free_port()),
    ]
    with (home / "demo.log").open("ab") as log:
        return subprocess.Popen(
            command, env=environment | {"DURE_HOME": str(home)}, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )


def _finish(demo: subprocess.Popen[bytes], home: Path) -> dict[str, Any]:
    assert demo.wait(WITHIN_SECONDS) == 0, (home / "demo.log").read_text()[-4000:]
    return json.loads((home / "demo" / "summary.json").read_text())


def _children(root: int) -> list[tuple[int, str]]:
    """Process ids and command lines of everything `root` started."""
    parents: dict[int, int] = {}
    commands: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
                commands[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rsplit(")", 1)[1].split()[1])
    found, todo = [], [root]
    while todo:
        parent = todo.pop()
        below = [pid for pid, above in parents.items() if above == parent]
        found += [(pid, commands[pid]) for pid in below]
        todo += below
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    home = tmp_path_factory.mktemp("demo") / "quiet"
    return home, _finish(_start(home), home)


def test_the_demo_ends_with_awards_use_and_invoices(undisturbed: tuple[Path, dict[str, Any]]) -> None:
    _, found = undisturbed
    detail = found["detail"]
    assert detail["awards"]
    assert detail["allocations"]
    assert sum(line[1] for line in detail["use"]) > sum(line[2] for line in detail["use"])
    assert sum(line[2] for line in detail["use"]) > sum(line[3] for line in detail["use"]) > 0
    assert all(price == own + rest for _, price, own, rest in detail["invoices"])
    assert detail["invoices"]


def test_its_plan_passes_the_audit(undisturbed: tuple[Path, dict[str, Any]]) -> None:
    folder = undisturbed[0] / "demo"
    command = [
        sys.executable,
        "-m",
        "dure.cli",
        "plan",
        "audit",
        str(folder / "problem.json"),
        str(folder / "plan.json"),
    ]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert done.returncode == 0, report
    assert report["violations"] == []
    assert report["envy"] == 0


def test_the_journal_holds(undisturbed: tuple[Path, dict[str, Any]]) -> None:
    environment = os.environ | {"DURE_HOME": str(undisturbed[0]), "DURE_PROGRAMME": "campus-example"}
    command = [sys.executable, "-m", "dure.cli", "journal", "verify"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_rerun_changes_nothing(undisturbed: tuple[Path, dict[str, Any]]) -> None:
    home, before = undisturbed
    assert _finish(_start(home), home)["state"] == before["state"]


def test_killing_processes_changes_nothing(undisturbed: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    home, chance = tmp_path / "killed", random.Random(25)
    demo, killed = _start(home), 0
    deadline = time.monotonic() + WITHIN_SECONDS
    while demo.poll() is None:
        assert time.monotonic() < deadline, (home / "demo.log").read_text()[-4000:]
        time.sleep(chance.uniform(1.5, 4.0))
        if killed == KILLS:
            continue
        victims = [pid for pid, command in _children(demo.pid) if any(part in command for part in VICTIMS)]
        if victims:
            try:
                os.kill(chance.choice(victims), signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                continue
    found = _finish(demo, home)
    assert killed >= 3
    quiet = undisturbed[1]
    assert found["detail"] == quiet["detail"]
    assert found["state"] == quiet["state"]
