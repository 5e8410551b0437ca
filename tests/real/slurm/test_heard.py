"""What slurmdbd could not tell the controller: the agent notices, has it told, and says so."""

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from dure.agent.clusters import slurm_heard
from dure.agent.clusters.slurm_commands import Commands
from tests.real.slurm.conftest import lab, slurm, submit, wait_until
from tests.real.slurm.site import award, until


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """slurmdbd of the lab tells at once or never."""
    monkeypatch.setattr(slurm_heard, "_BETWEEN_SECONDS", 0.01)


@contextmanager
def deaf():
    """A controller that slurmdbd cannot reach, because it looks for it on another port."""
    port = slurm("scontrol", "show", "config").partition("SlurmctldPort")[2].split()[1]
    _controller_at("1")
    try:
        yield
    finally:
        _controller_at(port)


def _controller_at(port: str) -> None:
    socket = Path(os.environ["LAB"]) / "run" / "db.sock"
    statement = f"update cluster_table set control_port={port}"
    subprocess.run(["mariadb", "-uroot", "-S", str(socket), "slurm_acct", "-e", statement], check=True, timeout=60)


@pytest.fixture
def lose(monkeypatch):
    """Lose the first order that has `word` among its words on its way to the controller."""

    def arrange(*wanted: str) -> None:
        order, waiting = Commands.order, set(wanted)

        def losing(self, *words):
            if lost := waiting & set(words):
                waiting.difference_update(lost)
                with deaf():
                    order(self, *words)
            else:
                order(self, *words)

        monkeypatch.setattr(Commands, "order", losing)

    return arrange


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ("Parent=dure", "does not know this account"),
        ("alice", "does not know alice in this account"),
        ("GrpTRES=gres/gpu=16", "another limit of GPUs"),
        ("GrpTRESMins=gres/gpu=60000", "another limit of GPU-minutes"),
    ],
)
def test_what_the_controller_missed_is_made_anew(site, portal, lose, caplog, lost, said):
    portal.want(award(), award("a-2", ("n003",), ("alice",)))
    lose(lost)
    site.cycle()
    assert said in caplog.text
    assert caplog.text.count("slurmctld") == 1
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    assert portal.condition("Ready", "a-2") == ("true", "Applied")
    assert portal.report.drift == ()
    if "does not know" in said:
        until(submit("alice", "award-a-1"), "RUNNING")
    site.cycle()
    assert caplog.text.count("slurmctld") == 1
    assert portal.report.drift == ()


def test_while_the_controller_cannot_be_told_it_is_said_and_not_fought(site, portal, caplog):
    portal.want(award())
    with deaf(), site.agent() as agent:
        agent.cycle()
        agent.cycle()
        assert caplog.text.count("slurmctld") == 1
        assert "slurmctld does not know this account" in portal.report.drift[0].found
        (ready,) = [one for one in portal.report.allocations[0].conditions if one.type == "Ready"]
        assert (ready.status, "Invalid account" in ready.message) == ("false", True)
    site.cycle()
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    assert portal.report.drift == ()


def test_a_removal_the_controller_missed_is_said(site, portal):
    site.write(confirm_seconds=60)  # the controller restarts below and may come back without its last seconds
    portal.want(award(people=("alice", "bob")))
    site.cycle()
    portal.change("a-1", members=[{"login": "alice"}])
    try:
        with deaf():
            site.cycle()
        site.cycle()
        assert [found.found for found in portal.report.drift] == ["slurmctld still admits bob: restart it"]
    finally:
        lab("restart", "slurmctld")
        wait_until(lambda: "UP" in slurm("scontrol", "ping", check=False), "the controller")
    site.cycle()
    assert portal.report.drift == ()


def test_the_account_of_lent_jobs_is_made_anew_too(site, portal, lose):
    site.extra = {"lends": True}
    site.write()
    portal.want(award(), award("a-2", ("n003",), ("bob",)))
    site.cycle()
    lose("Parent=dure")
    portal.change("a-1", lent=True)
    site.cycle()
    site.cycle()
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    until(submit("bob", "dure-lent", "--reservation=award-a-1"), "RUNNING")
