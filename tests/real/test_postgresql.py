"""On PostgreSQL: all migrations, the exclusion constraint, the journal's guard, and the portal's own tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real import postgres

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres.server() as found:
        yield found


def test_the_portals_tests_pass_on_postgresql(url: str) -> None:
    chosen = ["tests/portal/journal", "tests/portal/fleet", "tests/portal/usage", "tests/portal/loops"]
    chosen += ["tests/portal/test_races.py", "tests/portal/test_false_agents.py", "tests/portal/framework"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", *chosen]
    environment = {**os.environ, "DURE_DATABASE_URL": url}
    environment.pop("PYTEST_XDIST_WORKER", None)
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
