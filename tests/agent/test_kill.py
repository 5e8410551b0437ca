"""SIGKILL the agent's process at random moments, start it again: the same final state as if nothing had happened."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest

from tests.agent.conftest import T0, Site, allocation
from tests.agent.fake_portal import FakePortal, PortalServer

pytestmark = pytest.mark.slow

DAYS = 6


def script(portal: FakePortal, day: int) -> None:
    """What people decide on each day."""
    if day == 0:
        portal.want(allocation(), allocation("a-2", ("n003", "n004"), end=T0 + timedelta(days=3, hours=5)))
    elif day == 1:
        portal.change("a-1", nodes=("n001", "n003"))
        portal.change("a-2", nodes=("n002", "n004"))
    elif day == 2:
        portal.want(allocation("a-3", ("n005",), start=T0 + timedelta(days=3)))
    elif day == 3:
        portal.change("a-1", members=[{"login": "lee"}], end=T0 + timedelta(days=5))
    elif day == 4:
        portal.change("a-3", present=False)


def start(site: Site) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "dure.cli", "agent", "run", "--config", str(site.config_file)],
        env={**os.environ, "PYTHONPATH": "src"},
        stderr=subprocess.PIPE,
    )


def stop(process: subprocess.Popen, how: int) -> None:
    process.send_signal(how)
    process.communicate(timeout=30)


def is_done(portal: FakePortal) -> bool:
    report = portal.report
    return report is not None and report.done_at >= portal.now and report.observed_generation >= portal.generation


def play(site: Site, portal: FakePortal, kills: random.Random | None) -> int:
    """Six days, one step a day. Returns how often the agent was killed."""
    killed, process = 0, start(site)
    try:
        for day in range(DAYS):
            script(portal, day)
            deadline = time.monotonic() + 60
            while not is_done(portal):
                assert time.monotonic() < deadline, "the agent does not get there"
                if kills is None or killed >= 12:
                    time.sleep(0.01)
                    continue
                time.sleep(kills.random() * 1.2)
                stop(process, signal.SIGKILL)
                killed += 1
                process = start(site)
            portal.advance(days=1)
        while not is_done(portal):
            time.sleep(0.01)
    finally:
        stop(process, signal.SIGTERM)
    return killed


def final(site: Site, portal: FakePortal):
    report = portal.report.model_dump()
    report.pop("instance")
    windows = [(w.start, w.digest()) for w in portal.latest()]
    return report, windows, site.cluster.observe(portal.now).model_dump()


def test_killed_at_random_moments_it_ends_in_the_same_state(tmp_path):
    ends = []
    for name, kills in (("calm", None), ("killed", random.Random(20260301))):
        portal = FakePortal("c-1", T0)
        (tmp_path / name).mkdir()
        site = Site(tmp_path / name, portal)
        with PortalServer(portal) as server:
            site.write(portal=server.url)
            killed = play(site, portal, kills)
        ends.append(final(site, portal))
        assert "conflict" not in portal.outcomes
        assert len(portal.windows) == DAYS * 24
        assert portal.epoch == 1
    assert killed == 12
    assert ends[0] == ends[1]


def test_a_replaced_agent_exits_with_status_3(tmp_path):
    portal = FakePortal("c-1", T0)
    portal.want(allocation())
    site = Site(tmp_path, portal)
    with PortalServer(portal) as server:
        site.write(portal=server.url)
        process = start(site)
        deadline = time.monotonic() + 60
        while not is_done(portal) and time.monotonic() < deadline:
            time.sleep(0.01)
        portal.epoch, portal.holder = 2, "another"
        _, said = process.communicate(timeout=30)
    assert process.returncode == 3
    assert b"taken over" in said
