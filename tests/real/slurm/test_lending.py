"""What an award leaves unused is lent: others' jobs run there until the holder's need the GPUs, then they give way."""

import time
from datetime import timedelta

import pytest

from dure.protocol.slurm import LENT_ACCOUNT
from tests.agent.fake_prometheus import FakePrometheus, PrometheusServer
from tests.real.slurm.conftest import slurm, submit
from tests.real.slurm.site import SlurmSite, award, instant, state_of, until, until_reason


@pytest.fixture
def site(tmp_path, portal):
    class LendingSite(SlurmSite):
        extra = {"lends": True}

    return LendingSite(tmp_path, portal)


def borrow(person="bob", *words):
    """A job of one whole node on whatever is lent: its number."""
    return submit(person, LENT_ACCOUNT, *words)


def where(job):
    return slurm("squeue", "-h", "-j", job, "-o", "%N", check=False).strip()


def lend(site, portal, lent=True, ident="a-1"):
    portal.change(ident, lent=lent)
    site.cycle()


def test_lent_gpus_are_used_by_others_and_given_back_by_preemption(site, portal):
    portal.want(award(), award("a-2", ("n003",), ("bob",)))
    site.cycle()
    lend(site, portal)
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    assert portal.report.drift == ()
    assert site.seen().lent
    only = "--nodelist=n001,n002", "-N2"  # with every other node to be had, the test would see nothing
    guest = borrow("bob", *only)
    until(guest, "RUNNING")
    assert where(guest) == "n[001-002]"
    own = submit("alice", "award-a-1", "-N2", "--nodelist=n001,n002")
    until(own, "RUNNING")
    assert where(own) == "n[001-002]"
    until(guest, "PENDING")
    slurm("scancel", own)
    until(borrow("bob", *only), "RUNNING")  # unused again, lent again; one that gave way waits two minutes
    assert "Invalid account" in submit("dave", LENT_ACCOUNT)  # dave has no allocation here


def test_what_is_no_longer_lent_is_the_holders_alone(site, portal):
    portal.want(award(), award("a-2", ("n003",), ("bob",)))
    site.cycle()
    lend(site, portal)
    guest = borrow("bob", "--nodelist=n002")
    until(guest, "RUNNING")
    lend(site, portal, lent=False)
    assert not site.seen().lent
    until(guest, "PENDING")
    until_reason(borrow("bob", "--nodelist=n002"), "ReqNodeNotAvail")
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    assert portal.report.drift == ()


def test_lent_nodes_that_change_hands_are_free_of_borrowers(site, portal):
    """Shrunk while lent, then ended while lent; the next award holds the nodes at once."""
    portal.want(award(), award("a-2", ("n003",), ("bob",)))
    site.cycle()
    lend(site, portal)
    guests = [borrow("bob", f"--nodelist={node}") for node in ("n001", "n002")]
    for guest in guests:
        until(guest, "RUNNING")
    portal.change("a-1", nodes=("n001",))
    portal.change("a-2", nodes=("n002", "n003"))
    site.cycle()
    assert portal.condition("Ready", "a-2") == ("true", "Applied")
    assert (site.seen().hold.nodes, site.seen().lent) == (("n001",), True)
    until(guests[1], "PENDING")
    assert state_of(guests[0])[0] == "RUNNING"
    portal.change("a-1", present=False)
    portal.change("a-2", nodes=("n001", "n002", "n003"))
    site.cycle()
    assert portal.condition("Ended", "a-1") == ("true", "Withdrawn")
    assert portal.condition("Ready", "a-2") == ("true", "Applied")
    assert "Invalid account" in submit("alice", LENT_ACCOUNT)  # alice has no allocation any more
    until_reason(borrow("bob", "--nodelist=n001"), "ReqNodeNotAvail")


def test_a_site_that_cannot_give_back_lends_nothing(site, portal):
    portal.want(award())
    site.cycle()
    slurm("sacctmgr", "-i", "modify", "qos", "normal", "set", "Preempt=")
    try:
        lend(site, portal)
        assert portal.condition("Ready", "a-1") == ("false", "ApplyFailed")
        assert not site.seen().lent
    finally:
        slurm("sacctmgr", "-i", "modify", "qos", "normal", "set", "Preempt=dure-lent")
    site.cycle()
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    slurm("scontrol", "update", "ReservationName=award-a-1", "Accounts=award-a-1")  # the site takes it back
    site.cycle()
    assert [one.subject for one in portal.report.drift] == ["lent/award-a-1"]


def test_what_borrowers_do_is_no_use_of_the_holders(site, portal):
    """On an award of its own name, since Slurm remembers the others' reservations of this hour."""
    fake = FakePrometheus()
    for gpu in range(8):
        fake.activity["n020", gpu], fake.power["n020", gpu] = lambda _: 90, lambda _: 600
    with PrometheusServer(fake) as server:
        site.telemetry = {"url": server.url}
        site.write()
        portal.want(award("a-9", ("n020",)), award("a-8", ("n021",), ("bob",)))
        site.cycle()
        lend(site, portal, ident="a-9")
        guest = borrow("bob", "--nodelist=n020")
        until(guest, "RUNNING")
        time.sleep(2)
        portal.change("a-9", present=False)
        site.cycle()
        time.sleep(1)
        hour = instant().replace(minute=0, second=0)
        rows = [r for _, found in site.cluster.usage(hour, hour + timedelta(hours=1)) for r in found]
        (row,) = [r for r in rows if r.allocation == "a-9"]
        assert row.allocated_gpu_seconds > 0
        assert (row.running_gpu_seconds, row.busy_gpu_seconds) == (0, 0)
        assert row.idle_longest_seconds > 0
