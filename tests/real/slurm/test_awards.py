"""Awards on a real Slurm through the whole agent: what holders, outsiders and faults meet."""

import random
import time
from datetime import UTC, datetime, timedelta

import pytest

from dure.agent.clusters.port import ClusterUnreachable
from dure.agent.config import AgentConfig
from tests.agent.conftest import Site, allocation
from tests.agent.fake_portal import FakePortal
from tests.agent.fake_prometheus import FakePrometheus, PrometheusServer
from tests.real.slurm.conftest import lab, slurm, submit


class SlurmSite(Site):
    """A site whose cluster is the lab's Slurm, and a portal that keeps real time."""

    telemetry = None

    def write(self, **changes):
        adapter = {
            "telemetry": self.telemetry,
            "kind": "slurm",
            "cluster_name": "lab",
            "gpu_model": "H200",
            "keys_directory": "keys",
            "state_directory": "slurm",
        }
        super().write(**{"adapter": adapter, "recheck_hours": 2, "settle_seconds": 0, "confirm_seconds": 0} | changes)

    def cycle(self):
        self.portal.now = instant()
        super().cycle()

    def seen(self, name="award-a-1"):
        return self.cluster.observe(instant()).standings.get(name)


def instant() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def award(ident="a-1", nodes=("n001", "n002"), people=("alice",), hours=24, **changes):
    start = changes.pop("start", instant() - timedelta(seconds=5))
    members = [{"login": name, "ssh_keys": [f"ssh-ed25519 AAAA {name}"]} for name in people]
    return allocation(ident, nodes, start=start, end=start + timedelta(hours=hours), members=members, **changes)


def state_of(job: str) -> tuple[str, str]:
    found = slurm("squeue", "-h", "-j", job, "-o", "%T|%r", check=False).strip()
    status, _, reason = found.partition("|")
    return status, reason


def until(job: str, *states: str, seconds: float = 120) -> tuple[str, str]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = state_of(job)
        if found[0] in states:
            return found
        time.sleep(0.2)
    raise AssertionError(f"job {job} is {state_of(job)}, not {states}")


def until_reason(job: str, reason: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while reason not in state_of(job)[1]:
        assert time.monotonic() < deadline, state_of(job)
        time.sleep(0.2)


@pytest.fixture
def portal():
    return FakePortal("c-1", instant(), "wall")


@pytest.fixture
def site(tmp_path, portal):
    return SlurmSite(tmp_path, portal)


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
    start = instant() + timedelta(seconds=12)
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


def test_an_award_ends_by_itself_with_its_jobs(site, portal):
    portal.want(award(start=instant() - timedelta(minutes=1), hours=75 / 3600))
    site.cycle()
    job = submit("alice", "award-a-1", "-t", "1")
    time.sleep(1)
    deadline = time.monotonic() + 150
    while portal.condition("Ended", "a-1")[0] != "true":
        assert time.monotonic() < deadline
        time.sleep(1)
        site.cycle()
    assert portal.condition("Ended", "a-1") == ("true", "PeriodEnded")
    assert state_of(job)[0] in ("", "CANCELLED", "TIMEOUT", "COMPLETING")


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


def test_a_hundred_cycles_change_nothing(site, portal):
    portal.want(award(), award("a-2", ("n003", "n004"), ("bob", "carol")))
    site.cycle()
    show = ("sacctmgr", "-n", "-P", "list", "assoc", "format=Account,ParentName,User,GrpTRES,GrpTRESMins,QOS,ID")
    before = slurm(*show), slurm("scontrol", "show", "reservation", "-o")
    changed = slurm("sacctmgr", "-n", "-P", "list", "transactions", "format=TimeStamp,Action,Where")
    with site.agent() as agent:
        for _ in range(100):
            portal.now = instant()
            agent.cycle()
    assert (slurm(*show), slurm("scontrol", "show", "reservation", "-o")) == before
    assert slurm("sacctmgr", "-n", "-P", "list", "transactions", "format=TimeStamp,Action,Where") == changed


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


DRIFT = {
    "members gone": ("sacctmgr", "-i", "delete", "user", "where", "name=alice", "account=award-a-1"),
    "member added": ("sacctmgr", "-i", "add", "user", "dave", "account=award-a-1"),
    "GPUs raised": ("sacctmgr", "-i", "modify", "account", "where", "name=award-a-1", "set", "GrpTRES=gres/gpu=64"),
    "GPUs lifted": ("sacctmgr", "-i", "modify", "account", "where", "name=award-a-1", "set", "GrpTRES=gres/gpu=-1"),
    "other TRES": ("sacctmgr", "-i", "modify", "account", "where", "name=award-a-1", "set", "GrpTRES=cpu=5"),
    "budget": ("sacctmgr", "-i", "modify", "account", "where", "name=award-a-1", "set", "GrpTRESMins=gres/gpu=1"),
    "budget lifted": (
        "sacctmgr",
        "-i",
        "modify",
        "account",
        "where",
        "name=award-a-1",
        "set",
        "GrpTRESMins=gres/gpu=-1",
    ),
    "max jobs": ("sacctmgr", "-i", "modify", "account", "where", "name=award-a-1", "set", "MaxJobs=1"),
    "max submit": ("sacctmgr", "-i", "modify", "account", "where", "name=award-a-1", "set", "MaxSubmitJobs=1"),
    "group jobs": ("sacctmgr", "-i", "modify", "account", "where", "name=award-a-1", "set", "GrpJobs=1"),
    "group wall": ("sacctmgr", "-i", "modify", "account", "where", "name=award-a-1", "set", "GrpWall=60"),
    "max wall": ("sacctmgr", "-i", "modify", "account", "where", "name=award-a-1", "set", "MaxWall=10"),
    "user limit": ("sacctmgr", "-i", "modify", "user", "where", "name=alice", "account=award-a-1", "set", "MaxJobs=1"),
    "child account": ("sacctmgr", "-i", "add", "account", "sub", "parent=award-a-1", "Description=x", "Organization=x"),
    "reservation gone": ("scontrol", "delete", "ReservationName=award-a-1"),
    "reservation nodes": ("scontrol", "update", "ReservationName=award-a-1", "Nodes=n[001-003]"),
    "reservation end": ("scontrol", "update", "ReservationName=award-a-1", "Duration=10-00:00:00"),
    "reservation accounts": ("scontrol", "update", "ReservationName=award-a-1", "Accounts=award-a-1,root"),
    "reservation users": ("scontrol", "update", "ReservationName=award-a-1", "Users=+alice"),
    "reservation partition": ("scontrol", "update", "ReservationName=award-a-1", "PartitionName=gpu"),
}


@pytest.mark.parametrize("kind", DRIFT)
def test_drift_is_reported_and_left(site, portal, kind):
    portal.want(award())
    site.cycle()
    slurm(*DRIFT[kind])
    found = site.seen()
    site.cycle()
    assert portal.condition("Drifted", "a-1") == ("true", "ForeignChange")
    assert portal.report.drift
    assert site.seen() == found


def test_keys_changed_by_hand_are_drift(site, portal):
    portal.want(award())
    site.cycle()
    (site.folder / "keys" / "alice" / "award-a-1").write_text("ssh-ed25519 BBBB mallory\n")
    site.cycle()
    assert [f.subject for f in portal.report.drift] == ["members/award-a-1"]


def test_an_account_of_the_site_with_our_name_is_not_touched(site, portal):
    slurm("sacctmgr", "-i", "add", "account", "award-a-1", "Description=ours", "Organization=site")
    portal.want(award())
    site.cycle()
    assert [(f.kind, f.subject) for f in portal.report.drift] == [("foreign", "account/award-a-1")]
    assert "ours" in slurm("sacctmgr", "-n", "-P", "list", "account", "name=award-a-1", "format=Descr")


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
