"""Awards on a real Slurm through the whole agent: what holders, outsiders and faults meet."""

import os
import time
from datetime import timedelta
from pathlib import Path

from dure.agent.config import AgentConfig
from dure.protocol.desired import DesiredMaintenance
from tests.agent.fake_prometheus import FakePrometheus, PrometheusServer
from tests.real.slurm.conftest import slurm, submit, wait_until
from tests.real.slurm.site import award, instant, state_of, until, until_reason


def test_from_accepted_award_to_running_job_within_a_minute(site, portal):
    began = time.monotonic()
    portal.want(award())
    site.cycle()
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    until(submit("alice", "award-a-1"), "RUNNING")
    assert time.monotonic() - began < 60
    assert (site.folder / "keys" / "alice" / "award-a-1").read_text() == "ssh-ed25519 AAAA alice\n"
    assert len(portal.inventory.nodes) >= 8
    assert {node.gpus for node in portal.inventory.nodes} == {8}


def test_more_than_awarded_waits_and_outsiders_stay_outside(site, portal):
    portal.want(award(), award("a-2", ("n003",), ("bob",)))
    site.cycle()
    for job in (submit("alice", "award-a-1"), submit("alice", "award-a-1")):
        until(job, "RUNNING")
    until_reason(submit("alice", "award-a-1"), "AssocGrpGRES")
    assert "Access denied" in submit("bob", "award-a-2", "--reservation=award-a-1")
    until_reason(submit("bob", "award-a-2", "--nodelist=n001"), "ReqNodeNotAvail")
    assert "Invalid account" in submit("carol", "award-a-1")


def test_a_spent_budget_stops_jobs(site, portal):
    portal.want(award(limits={"gpu_hours": 1}))
    site.cycle()
    until_reason(submit("alice", "award-a-1", "-t", "30"), "AssocGrpGRESMinutes")
    portal.change("a-1", limits={"gpu_hours": 100})
    site.cycle()
    until(submit("alice", "award-a-1", "-t", "30"), "RUNNING")


def test_grow_shrink_extend_and_reclaim(site, portal):
    portal.want(award())
    site.cycle()
    jobs = [submit("alice", "award-a-1", f"--nodelist={node}") for node in ("n001", "n002")]
    for job in jobs:
        until(job, "RUNNING")
    portal.change("a-1", nodes=("n001", "n002", "n003"), end=instant() + timedelta(hours=48))
    site.cycle()
    assert site.seen().hold.nodes == ("n001", "n002", "n003")
    until(submit("alice", "award-a-1"), "RUNNING")
    portal.change("a-1", nodes=("n001",))
    site.cycle()
    assert site.seen().hold.nodes == ("n001",)
    until(jobs[1], "COMPLETING", "CANCELLED", "")
    assert state_of(jobs[0])[0] == "RUNNING"
    portal.want(award("a-2", ("n002", "n003"), ("bob",)))
    site.cycle()
    until(submit("bob", "award-a-2"), "RUNNING")
    portal.change("a-1", present=False)
    for _ in range(5):
        site.cycle()
        if portal.condition("Ended", "a-1")[0] == "true":
            break
    assert portal.condition("Ended", "a-1") == ("true", "Withdrawn")
    until(jobs[0], "CANCELLED", "")
    assert "Invalid account" in submit("alice", "award-a-1")
    assert not (site.folder / "keys" / "alice" / "award-a-1").exists()
    assert portal.condition("Ready", "a-2") == ("true", "Applied")


def test_an_award_that_begins_later_lets_nobody_in_before(site, portal):
    start = instant() + timedelta(seconds=10)
    portal.want(award(start=start))
    site.cycle()
    assert portal.condition("Ready", "a-1") == ("true", "NotYetStarted")
    job = submit("alice", "award-a-1")
    until(job, "PENDING")
    while instant() <= start:
        time.sleep(0.3)
    site.cycle()
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    until(job, "RUNNING")


def test_an_award_ends_by_itself_with_its_jobs_which_are_told_before(site, portal):
    folder = Path(os.environ["LAB"]) / "said"
    folder.mkdir()
    folder.chmod(0o777)
    portal.want(award(start=instant() - timedelta(hours=30), hours=90))
    site.cycle()
    job = submit("alice", "award-a-1", "-t", "120", "-o", str(folder / "job.out"))  # longer than the award will be
    until(job, "RUNNING")
    end = instant() + timedelta(seconds=12)
    portal.change("a-1", end=end)
    site.cycle()
    site.cycle()  # told once
    wait_until(lambda: "award-a-1 할당이" in (folder / "job.out").read_text(), "the job to be told")

    def is_over() -> bool:
        site.cycle()
        return portal.condition("Ended", "a-1")[0] == "true"

    wait_until(is_over, "the end of the award")
    assert instant() >= end
    assert portal.condition("Ended", "a-1") == ("true", "PeriodEnded")
    assert state_of(job)[0] in ("", "CANCELLED", "TIMEOUT", "COMPLETING")
    assert (folder / "job.out").read_text().count(f"ends at {end:%Y-%m-%d %H:%M} UTC and this job with it") == 1


def test_members_come_and_go_at_once(site, portal):
    portal.want(award(people=("alice", "bob")))
    site.cycle()
    job = submit("bob", "award-a-1")
    until(job, "RUNNING")
    portal.change("a-1", members=[{"login": "alice"}, {"login": "carol"}])
    for _ in range(5):
        site.cycle()
        if portal.condition("Ready", "a-1")[0] == "true":
            break
    assert [member.login for member in site.seen().members] == ["alice", "carol"]
    until(job, "CANCELLED", "COMPLETING", "")
    assert "Invalid account" in submit("bob", "award-a-1")


def test_a_node_that_fails_or_drains_is_said_to(site, portal):
    portal.want(award())
    site.cycle()
    slurm("scontrol", "update", "NodeName=n002", "State=DRAIN", "Reason=bad fan")
    slurm("scontrol", "update", "NodeName=n005", "State=DOWN", "Reason=gone")
    site.cycle()
    assert portal.condition("NodesHealthy", "a-1") == ("false", "NodesDown")
    states = {node.name: (node.state, node.reason) for node in portal.inventory.nodes}
    assert states["n002"][0] == "drained"
    assert "bad fan" in states["n002"][1]
    assert states["n005"][0] == "down"
    assert portal.condition("Ready", "a-1") == ("true", "Applied")


def test_use_is_what_slurm_says_to_the_second(site, portal):
    portal.want(award(hours=48, start=instant() - timedelta(minutes=1)))
    site.cycle()
    jobs = [submit("alice", "award-a-1", command="sleep 3"), submit("alice", "award-a-1", command="sleep 5")]
    for job in jobs:
        until(job, "", "COMPLETED", seconds=60)
    slurm("scancel", "-A", "award-a-1")
    time.sleep(2)
    hour = instant().replace(minute=0, second=0)
    rows = [
        row
        for _, found in site.cluster.usage(hour - timedelta(hours=1), hour + timedelta(hours=1))
        for row in found
        if row.allocation == "a-1"
    ]
    said = slurm("sacct", "-a", "-X", "-n", "-P", "-A", "award-a-1", "-S", "now-1hour", "-o", "ElapsedRaw,AllocTRES")
    expected = sum(int(line.split("|")[0]) * 8 for line in said.splitlines())
    assert sum(row.running_gpu_seconds for row in rows) == expected > 0
    assert sum(row.jobs for row in rows) >= 2
    assert all(row.missing_gpu_seconds == row.allocated_gpu_seconds for row in rows)
    assert sum(row.allocated_node_seconds for row in rows) > 0


def test_nodes_that_are_not_the_programmes_are_not_touched(site, portal):
    config: AgentConfig = site.config
    adapter = config.adapter.model_dump(mode="json") | {
        "nodes": "n[001-004]",
        "keys_directory": "keys",
        "state_directory": "slurm",
    }
    site.write(adapter=adapter)
    portal.want(award(nodes=("n004", "n005")))
    site.cycle()
    assert portal.condition("Ready", "a-1") == ("false", "ApplyFailed")
    assert "ReservationName=award-a-1" not in slurm("scontrol", "show", "reservation", "-o")
    assert [node.name for node in portal.inventory.nodes] == ["n001", "n002", "n003", "n004"]


def work(number, *nodes, begins, ends):
    now = instant()
    start, end = now + timedelta(minutes=begins), now + timedelta(minutes=ends)
    return DesiredMaintenance(name=f"dure-work-{number}", nodes=nodes, start=start, end=end, reason="fans")


def test_announced_work_keeps_jobs_away_and_is_seen(site, portal):
    portal.want(award())
    site.cycle()
    portal.announce(work(1, "n002", begins=60, ends=120), work(2, "n003", begins=-1, ends=60))
    site.cycle()
    shown = slurm("scontrol", "show", "reservation", "dure-work-1", "-o")
    assert "MAINT" in shown and "Nodes=n002 " in shown
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    until_reason(submit("alice", "award-a-1", "-t", "180", "--nodelist=n002"), "ReqNodeNotAvail")
    until(submit("alice", "award-a-1", "-t", "30", "--nodelist=n002"), "RUNNING")
    assert _state_of_node(site, portal, "n002") == "ready"
    portal.want(award("a-2", ("n003", "n004"), ("bob",)))  # an award over nodes that are being worked on
    site.cycle()
    assert portal.condition("Ready", "a-2") == ("true", "Applied")
    wait_until(lambda: _state_of_node(site, portal, "n003") == "maintenance", "n003 to be seen in maintenance")
    assert portal.condition("NodesHealthy", "a-2") == ("false", "NodesDown")
    until_reason(submit("bob", "award-a-2", "-t", "5", "--nodelist=n003"), "ReqNodeNotAvail")
    until(submit("bob", "award-a-2", "-t", "5", "--nodelist=n004"), "RUNNING")
    portal.call_off("dure-work-1")
    site.cycle()
    assert "dure-work-1" not in slurm("scontrol", "show", "reservation", "-o")
    assert portal.report.drift == ()
    until(submit("alice", "award-a-1", "-t", "180", "--nodelist=n001"), "RUNNING")
    slurm("scontrol", "delete", "ReservationName=dure-work-2")  # done early: the site's own affair
    site.cycle()
    assert [(one.kind, one.subject) for one in portal.report.drift] == [("missing", "maintenance/dure-work-2")]
    assert "dure-work-2" not in slurm("scontrol", "show", "reservation", "-o")


def _state_of_node(site, portal, name):
    site.cycle()
    return next(node.state for node in portal.inventory.nodes if node.name == name)


def test_the_site_may_have_names_of_its_own_for_the_nodes(site, portal):
    """The portal says naver-h200-a-001 …, Slurm n010 …; each hears its own names."""
    adapter = site.config.adapter.model_dump(mode="json") | {
        "nodes": "naver-h200-a-[001-004]",
        "site_nodes": "n[010-013]",
        "keys_directory": "keys",
        "state_directory": "slurm",
    }
    site.write(adapter=adapter)
    held = ("naver-h200-a-001", "naver-h200-a-003")
    portal.want(award(nodes=held))
    site.cycle()
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    assert portal.report.allocations[0].nodes == held
    assert [node.name for node in portal.inventory.nodes] == [f"naver-h200-a-00{i}" for i in range(1, 5)]
    assert "Nodes=n[010,012]" in slurm("scontrol", "show", "reservation", "-o")
    jobs = [submit("alice", "award-a-1", f"--nodelist={node}") for node in ("n010", "n012")]
    for job in jobs:
        until(job, "RUNNING")
    portal.change("a-1", nodes=(held[1], "naver-h200-a-004"))
    site.cycle()
    assert "Nodes=n[012-013]" in slurm("scontrol", "show", "reservation", "-o")
    until(jobs[0], "COMPLETING", "CANCELLED", "")
    assert state_of(jobs[1])[0] == "RUNNING"
    assert portal.report.drift == ()


def test_busy_idle_and_unseen_come_from_telemetry(site, portal):
    """Node n001 computes, n002 idles, and nobody has seen n003: three numbers, none made up.

    On an award of its own name, since Slurm remembers the others' reservations of this hour.
    """
    fake = FakePrometheus()
    for gpu in range(8):
        fake.activity["n001", gpu], fake.power["n001", gpu] = lambda _: 80, lambda _: 500
        fake.activity["n002", gpu], fake.power["n002", gpu] = lambda _: 0, lambda _: 90
    with PrometheusServer(fake) as server:
        site.telemetry = {"url": server.url}
        site.write()
        portal.want(award("a-7", ("n001", "n002", "n003")))
        site.cycle()
        time.sleep(3)
        portal.change("a-7", present=False)
        site.cycle()
        time.sleep(1)
        hour = instant().replace(minute=0, second=0)
        rows = [r for _, found in site.cluster.usage(hour, hour + timedelta(hours=1)) for r in found]
        (row,) = [r for r in rows if r.allocation == "a-7"]
        seconds = row.allocated_node_seconds // 3
        assert row.busy_gpu_seconds == 8 * seconds
        assert row.missing_gpu_seconds == 8 * seconds
        assert row.idle_gpu_seconds == 8 * seconds
        assert row.energy_joules == 8 * seconds * (500 + 90)
        fake.answer_with = (503, b"")
        rows = [r for _, found in site.cluster.usage(hour, hour + timedelta(hours=1)) for r in found]
        (row,) = [r for r in rows if r.allocation == "a-7"]
        assert row.missing_gpu_seconds == row.allocated_gpu_seconds
