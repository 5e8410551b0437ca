"""What Slurm prints, read without a Slurm: lines as 22.05.8 printed them, and the odd ones."""

from datetime import UTC, datetime

import pytest

from dure.agent.clusters import slurm_text as text
from dure.agent.clusters.port import ClusterUnreachable, StepRefused
from dure.agent.clusters.slurm import _asked_start, _identity, _mark
from dure.agent.clusters.slurm_commands import Commands

RESERVATION = (
    "ReservationName=award-x StartTime=2026-11-22T04:32:45 EndTime=2027-03-01T00:00:00 Duration=98-19:27:15 "
    "Nodes=n[001-002] NodeCnt=2 CoreCnt=128 Features=(null) PartitionName=gpu Flags=SPEC_NODES,MAGNETIC TRES=cpu=128 "
    "Users=(null) Groups=(null) Accounts=award-x Licenses=(null) State=ACTIVE BurstBuffer=(null) Watts=n/a "
    "MaxStartDelay=(null)"
)
NODE = (
    "NodeName=n006 Arch=x86_64 CoresPerSocket=32  CPUAlloc=0 CPUEfctv=64 CPUTot=64 CPULoad=3.58 Gres=gpu:h200:8 "
    "NodeAddr=127.0.0.1 OS=Linux 6.1 #1 SMP  RealMemory=1000000 State=IDLE+DRAIN ThreadsPerCore=1 "
    "CfgTRES=cpu=64,mem=1000000M,gres/gpu=8 AllocTRES= CapWatts=n/a Reason=bad fan, see ticket=7 [root@T04:33]"
)


def test_a_reservation():
    (found,) = text.reservations(RESERVATION + "\n")
    assert found.nodes == ("n001", "n002")
    assert found.start == datetime(2026, 11, 22, 4, 32, 45, tzinfo=UTC)
    assert found.accounts == ("award-x",)
    assert found.is_active
    assert found.rest == {"PartitionName": "gpu"}
    assert list(text.reservations("No reservations in the system\n")) == []


def test_a_node():
    ((node, cpus),) = text.nodes(NODE, "H200")
    assert (node.name, node.gpus, node.state, cpus) == ("n006", 8, "drained", 64)
    assert node.reason.startswith("bad fan, see")


@pytest.mark.parametrize(
    ("printed", "state"),
    [
        ("IDLE", "ready"),
        ("MIXED+RESERVED", "ready"),
        ("ALLOCATED+DRAIN", "draining"),
        ("IDLE+DRAIN", "drained"),
        ("DOWN", "down"),
        ("IDLE*", "down"),
        ("DOWN*+DRAIN", "down"),
        ("IDLE+MAINTENANCE", "maintenance"),
        ("UNKNOWN", "unknown"),
        ("", "unknown"),
    ],
)
def test_states_of_nodes(printed, state):
    assert text.node_state(printed) == state


def test_associations_history_and_tres():
    row = "award-x|dure||||gres/gpu=16,cpu=4|gres/gpu=6000" + "|" * len(text.LIMIT_COLUMNS)
    (found,) = text.associations(row)
    assert (found.tres, found.tres_minutes, found.limits) == ({"gres/gpu": 16, "cpu": 4}, {"gres/gpu": 6000}, {})
    (stretch,) = text.history("award-x|2026-11-22T04:33:35|2026-11-22T04:33:39|cpu=128\n")
    assert stretch[3] == 128
    assert text.tres("mem=62.50G,node=8") == {"node": 8}
    for broken in ("award-x|dure", "a|b|c|d|e"):
        with pytest.raises(ValueError):
            list(text.associations(broken))


def test_what_the_controller_knows():
    tres = (
        "GrpTRES=cpu=N(0),gres/gpu={}(3),gres/gpu:h200=N(0) GrpTRESMins=cpu=N(0),gres/gpu={}(7) GrpTRESRunMins=cpu=N(0)"
    )
    printed = "\n".join(
        [
            "Current Association Manager state",
            "ClusterName=lab Account=award-x UserName= Partition= ID=4 ParentAccount=dure(3) " + tres.format(16, 600),
            "ClusterName=lab Account=award-x UserName=kim(5001) Partition= ID=5 ParentAccount= "
            + tres.format("N", "N"),
        ]
    )
    assert text.heard(printed) == {("award-x", ""): (16, 600), ("award-x", "kim"): (-1, -1)}
    assert text.heard("No associations currently cached in Slurm.") == {}


@pytest.mark.parametrize("identity", ["a-1", "Award/KAIST.7", "ABC", "x"])
def test_marks_survive_lower_case(identity):
    start = datetime(2026, 3, 1, tzinfo=UTC)
    mark = _mark(identity, start)
    assert mark == mark.lower()
    assert _identity(mark) == identity
    assert _asked_start(mark) == start
    assert _asked_start(_mark(identity, None)) is None
    assert _identity(_mark(identity, None).replace("dure:", "dure-ended:")) == identity


def test_failures_are_told_apart():
    slurm = Commands(timeout_seconds=5)
    slurm.order("sh", "-c", "echo ' Nothing new added.'; exit 1")
    with pytest.raises(StepRefused):
        slurm.order("sh", "-c", "echo 'Requested nodes are busy' >&2; exit 1")
    with pytest.raises(ClusterUnreachable):
        slurm.order("sh", "-c", "echo 'sacctmgr: error: Connection refused' >&2; exit 1")
    with pytest.raises(ClusterUnreachable):
        slurm.ask("sh", "-c", "exit 1")
    with pytest.raises(ClusterUnreachable):
        slurm.ask("/no/such/sacctmgr")
    with pytest.raises(ClusterUnreachable):
        Commands(timeout_seconds=0.05).ask("sleep", "5")
    with pytest.raises(ClusterUnreachable):
        slurm.read(int, "echo", "not a number")
