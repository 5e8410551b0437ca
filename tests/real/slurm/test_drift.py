"""What others change on a real Slurm is reported and left; what nobody changed stays as it is."""

import pytest

from tests.real.slurm.conftest import slurm
from tests.real.slurm.site import award, instant


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
