"""Three months of an award in a minute: a real Slurm and the agent on one clock that jumps."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.agent.conftest import Site
from tests.agent.fake_portal import FakePortal
from tests.real.slurm.conftest import lab, slurm, submit
from tests.real.slurm.site import SlurmSite, award, until

LAB = Path(os.environ["LAB"])


class Times:
    """The lab's clock: real time plus a number of seconds."""

    def __init__(self):
        self.ahead = int(float((LAB / "clock").read_text()))

    def now(self) -> datetime:
        return (datetime.now(UTC) + timedelta(seconds=self.ahead)).replace(microsecond=0)

    def jump(self, instant: datetime) -> None:
        self.ahead += max(0, int((instant - self.now()).total_seconds()) + 1)
        lab("jump", str(self.ahead))


@pytest.fixture
def times(monkeypatch):
    """Every command that the agent or the test starts from here on runs on the lab's clock."""
    library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
    for name, value in {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(LAB / "clock"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }.items():
        monkeypatch.setenv(name, value)
    return Times()


def recorded(job: str) -> None:
    """Wait for the accounting database, which hears of jobs a second or so late: on this clock, weeks."""
    deadline = time.monotonic() + 20
    while not slurm("sacct", "-X", "-n", "-j", job).strip():
        assert time.monotonic() < deadline, f"job {job} is in no record"
        time.sleep(0.2)


def test_three_months_of_an_award_on_the_virtual_clock(tmp_path, times):
    began = time.monotonic()
    start = times.now().replace(minute=0, second=0) + timedelta(hours=1)
    portal = FakePortal("c-1", times.now(), "virtual")
    site = SlurmSite(tmp_path, portal)
    site.write(is_test=True, recheck_hours=744, settle_seconds=0)

    def cycle():
        portal.now = times.now()
        Site.cycle(site)  # not the real-time one

    portal.want(award(start=start, hours=24 * 90, limits={"gpu_hours": 2 * 8 * 24 * 90}))
    cycle()
    assert portal.condition("Ready", "a-1") == ("true", "NotYetStarted")
    times.jump(start)
    cycle()
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    first = submit("alice", "award-a-1", "--export=PATH", "-t", "2880")
    until(first, "RUNNING")
    recorded(first)
    for day in range(7, 91, 7):
        times.jump(start + timedelta(days=day))
        time.sleep(0.5)  # for Slurm to notice what is over
        cycle()
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    last = submit("alice", "award-a-1", "--export=PATH", "-t", "10000")
    until(last, "RUNNING")
    recorded(last)
    times.jump(start + timedelta(days=90, minutes=2))
    time.sleep(3)
    for _ in range(5):
        cycle()
        if portal.condition("Ended", "a-1")[0] == "true":
            break
    assert portal.condition("Ended", "a-1") == ("true", "PeriodEnded")
    times.jump(start + timedelta(days=90, hours=3))
    time.sleep(2)
    cycle()
    seconds = time.monotonic() - began
    assert seconds < 120
    held = portal.total("allocated_node_seconds")
    assert abs(held - 2 * 90 * 86_400) <= 2 * 60  # the reservation began and ended within seconds of the hour
    said = slurm("sacct", "-a", "-X", "-n", "-P", "-A", "award-a-1", "-S", "2020-01-01", "-o", "ElapsedRaw,AllocTRES")
    expected = sum(int(line.split("|")[0]) * 8 for line in said.splitlines())
    assert portal.total("running_gpu_seconds") == expected > 8 * 2 * 86_400 - 600
    assert set(portal.outcomes) == {"accepted"}
