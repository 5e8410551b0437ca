"""The agent as the guide for providers has it: no root, only an administrator in Slurm's accounting."""

import os
import shutil
from datetime import timedelta

import pytest

from tests.real.slurm.conftest import PEOPLE, slurm, submit, wait_until
from tests.real.slurm.site import SlurmSite, award, instant, until
from tests.real.slurm.test_awards import work

AGENT = "dave"


@pytest.fixture
def site(tmp_path, portal, monkeypatch):
    """A site whose agent's Slurm commands run as `AGENT`."""
    uid, folder = PEOPLE[AGENT], tmp_path / "bin"
    folder.mkdir()
    for name in ("sacctmgr", "scontrol", "sacct", "squeue", "scancel", "sshare"):
        shim = folder / name
        shim.write_text(
            f'#!/bin/sh\nexec setpriv --reuid={uid} --regid={uid} --clear-groups {shutil.which(name)} "$@"\n'
        )
        shim.chmod(0o755)

    class Unprivileged(SlurmSite):
        extra = {"lends": True}

        def cycle(self):
            with monkeypatch.context() as patch:
                patch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
                super().cycle()

    slurm("sacctmgr", "-i", "add", "user", AGENT, "account=root", "AdminLevel=Admin")
    yield Unprivileged(tmp_path, portal)
    slurm("sacctmgr", "-i", "delete", "user", f"name={AGENT}")


def test_an_administrator_of_the_accounting_can_do_what_an_agent_does(site, portal, caplog):
    """Make, lend, shrink with a job running, close for work, end; only jobs are not told, which Slurm refuses."""
    portal.want(award(start=instant() - timedelta(hours=30), hours=90), award("a-2", ("n003",), ("bob",)))
    site.cycle()
    jobs = [submit("alice", "award-a-1", f"--nodelist={node}") for node in ("n001", "n002")]
    for job in jobs:
        until(job, "RUNNING")
    portal.change("a-2", lent=True)
    portal.change("a-1", nodes=("n001",))
    portal.announce(work(1, "n003", begins=60, ends=120))
    site.cycle()
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    assert portal.condition("Ready", "a-2") == ("true", "Applied")
    until(jobs[1], "COMPLETING", "CANCELLED", "")
    portal.change("a-1", end=instant() + timedelta(minutes=30))
    portal.call_off("dure-work-1")
    site.cycle()
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    assert portal.report.drift == ()
    assert "is not told of its end" in caplog.text
    assert "dure-work-1" not in slurm("scontrol", "show", "reservation", "-o")
    portal.change("a-1", present=False)
    portal.change("a-2", present=False)

    def are_over() -> bool:
        site.cycle()
        return all(portal.condition("Ended", name)[0] == "true" for name in ("a-1", "a-2"))

    wait_until(are_over, "the end of both")
    until(jobs[0], "CANCELLED", "")
