"""Fifty kills at random moments, of the agent's process or of Slurm's controller, and the final state exact."""

import os
import random
import signal
import time
import traceback

from dure.agent.clusters.port import wanted
from dure.agent.run import opened
from tests.agent.fake_portal import PortalServer
from tests.real.slurm.conftest import lab, slurm, wait_until
from tests.real.slurm.site import award, instant

KILLS = 50
CONTROLLER_EVERY = 5  # every fifth kill hits the controller


def forked(site) -> int:
    """The agent as a process of its own, one cycle after the other; its process id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        with opened(site.config) as agent:
            while True:
                agent.cycle()
    finally:  # never back into the tests: this is another process
        traceback.print_exc()
        os._exit(1)


def changes(portal):
    """What people decide, one after the other, for as long as there are kills."""
    held, people = [("n001", "n003"), ("n001", "n002", "n004"), ("n002",)], ["alice", "bob", "carol"]
    for turn in range(1000):
        portal.change("a-1", nodes=held[turn % 3], limits={"gpu_hours": 100 + turn})
        yield
        portal.change("a-2", members=[{"login": people[turn % 3]}, {"login": "dave"}])
        yield
        portal.want(award(f"b-{turn}", ("n010", "n011"), ("bob",)))
        yield
        portal.change(f"b-{turn}", present=False)
        yield


def test_fifty_random_kills_of_agent_and_controller_end_where_they_should(site, portal):
    draw = random.Random(1307)
    portal.want(award(), award("a-2", ("n005", "n006"), ("alice",)))
    decisions = changes(portal)
    with PortalServer(portal) as server:
        site.write(portal=server.url, confirm_seconds=120)
        pid = forked(site)
        try:
            for count in range(1, KILLS + 1):
                portal.now = instant()
                next(decisions)
                time.sleep(draw.random() * 0.9)  # about what one cycle with changes takes
                if count % CONTROLLER_EVERY == 0:
                    lab("restart", "slurmctld")
                if count % CONTROLLER_EVERY or os.waitpid(pid, os.WNOHANG) != (0, 0):
                    _end(pid)
                    pid = forked(site)
        finally:
            _end(pid)
    wait_until(lambda: "UP" in slurm("scontrol", "ping", check=False), "the controller")

    def settled() -> bool:
        site.cycle()
        ready = all(portal.condition("Ready", name)[0] == "true" for name in ("a-1", "a-2"))
        over = [one.id for one in portal.allocations.values() if not one.present]
        return ready and all(portal.condition("Ended", name)[0] == "true" for name in over)

    wait_until(settled, "the final state", seconds=180)
    now = instant()
    observed = site.cluster.observe(now)
    expected = {
        one.name: wanted(one, now, observed.lends) for one in portal.allocations.values() if not one.is_over(now)
    }
    assert observed.standings == expected
    assert portal.report.drift == ()
    print(f"\nfigure: random kills of agent or controller, final state exact: {KILLS} kills")


def _end(pid: int) -> None:
    """SIGKILL, unless it has ended by itself."""
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        return
