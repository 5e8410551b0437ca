"""Daemons that die and an agent that is killed: in the end the cluster is as asked."""

import random
import time

import pytest

from dure.agent.clusters.port import ClusterUnreachable
from tests.real.slurm.conftest import lab
from tests.real.slurm.site import award, instant


def test_accounting_down_is_unreachable_and_made_up_for(site, portal):
    portal.want(award())
    lab("kill", "slurmdbd")
    try:
        site.cycle()
        assert portal.condition("Reachable") == ("false", "ClusterUnreachable")
        with pytest.raises(ClusterUnreachable):
            site.cluster.observe(instant())
    finally:
        lab("restart", "slurmdbd")
    for _ in range(60):
        site.cycle()
        if portal.condition("Reachable") == ("true", "Observed"):
            break
        time.sleep(0.5)
    assert portal.condition("Ready", "a-1") == ("true", "Applied")


@pytest.mark.parametrize("pause", [0, 6])
def test_a_crashed_controller_ends_up_with_what_was_made(site, portal, pause):
    """Killed at once it may come back without its last seconds; what was lost is made again."""
    time.sleep(6)  # until the controller has saved the end of the test before
    site.write(confirm_seconds=60)
    portal.want(award())
    site.cycle()
    time.sleep(pause)
    lab("restart", "slurmctld")
    for _ in range(60):
        site.cycle()
        if portal.condition("Reachable") == ("true", "Observed"):
            break
        time.sleep(0.5)
    assert portal.report.drift == ()
    assert portal.condition("Ready", "a-1") == ("true", "Applied")


class Killed(BaseException):
    """As SIGKILL: nothing catches it."""


def test_killed_between_any_two_commands_it_ends_where_it_should(site, portal, monkeypatch):
    from dure.agent.clusters.slurm_commands import Commands

    draw, order = random.Random(5), Commands.order
    portal.want(award(), award("a-2", ("n003",), ("bob",)))
    kills = 0

    def deadly(self, *words):
        nonlocal kills
        before = draw.random() < 0.5
        if before or draw.random() < 0.2:
            kills += 1
            if not before:
                order(self, *words)
            raise Killed
        order(self, *words)

    changes = [
        lambda: None,
        lambda: (portal.change("a-1", nodes=("n001", "n003")), portal.change("a-2", nodes=("n002",))),
        lambda: portal.change("a-1", members=[{"login": "carol"}], limits={"gpu_hours": 7}),
        lambda: portal.change("a-2", present=False),
    ]
    for change in changes:
        change()
        for _ in range(60):
            with monkeypatch.context() as patch:
                patch.setattr(Commands, "order", deadly)
                try:
                    site.cycle()
                except Killed:
                    continue
            break
        site.cycle()
        assert portal.report.drift == ()
    assert kills > 25
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    assert portal.condition("Ended", "a-2") == ("true", "Withdrawn")
    assert site.seen().hold.nodes == ("n001", "n003")
    assert [member.login for member in site.seen().members] == ["carol"]
