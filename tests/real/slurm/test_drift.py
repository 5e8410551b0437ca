"""What others change on a real Slurm is reported and left; what nobody changed stays as it is."""

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
    print("\nfigure: changes by 100 repeated applies: 0 changes")


ACCOUNT = ("sacctmgr", "-i", "modify", "account", "where", "name={0}", "set")
USER = ("sacctmgr", "-i", "modify", "user", "where", "name=alice", "account={0}", "set")
RESERVATION = ("scontrol", "update", "ReservationName={0}")
# What the site does to the account and reservation {0} of an award that holds the node {1}; {2} is a free one.
DRIFT = {
    "members gone": ("sacctmgr", "-i", "delete", "user", "where", "name=alice", "account={0}"),
    "member added": ("sacctmgr", "-i", "add", "user", "dave", "account={0}"),
    "GPUs raised": (*ACCOUNT, "GrpTRES=gres/gpu=64"),
    "GPUs lifted": (*ACCOUNT, "GrpTRES=gres/gpu=-1"),
    "other TRES": (*ACCOUNT, "GrpTRES=cpu=5"),
    "budget": (*ACCOUNT, "GrpTRESMins=gres/gpu=1"),
    "budget lifted": (*ACCOUNT, "GrpTRESMins=gres/gpu=-1"),
    "max jobs": (*ACCOUNT, "MaxJobs=1"),
    "max submit": (*ACCOUNT, "MaxSubmitJobs=1"),
    "group jobs": (*ACCOUNT, "GrpJobs=1"),
    "group wall": (*ACCOUNT, "GrpWall=60"),
    "max wall": (*ACCOUNT, "MaxWall=10"),
    "user limit": (*USER, "MaxJobs=1"),
    "child account": ("sacctmgr", "-i", "add", "account", "sub", "parent={0}", "Description=x", "Organization=x"),
    "reservation gone": ("scontrol", "delete", "ReservationName={0}"),
    "reservation nodes": (*RESERVATION, "Nodes={1},{2}"),
    "reservation end": (*RESERVATION, "Duration=10-00:00:00"),
    "reservation accounts": (*RESERVATION, "Accounts={0},root"),
    "reservation users": (*RESERVATION, "Users=+alice"),
    "reservation partition": (*RESERVATION, "PartitionName=gpu"),
}


def test_twenty_kinds_of_drift_are_reported_and_left(site, portal):
    """Each on an award of its own, and one award that nobody touches."""
    awards = {kind: award(f"d-{n}", (f"n{n:03d}",)) for n, kind in enumerate(DRIFT, start=1)}
    portal.want(*awards.values(), award("quiet", ("n021",)))
    site.cycle()
    for kind, one in awards.items():
        assert portal.condition("Ready", one.id) == ("true", "Applied")
        slurm(*(word.format(one.name, one.nodes[0], "n022") for word in DRIFT[kind]))
    found = site.cluster.observe(instant()).standings
    site.cycle()
    told = {finding.allocation for finding in portal.report.drift}
    assert told == {one.id for one in awards.values()}
    for one in awards.values():
        assert portal.condition("Drifted", one.id) == ("true", "ForeignChange")
    assert portal.condition("Drifted", "quiet") == ("false", "NoDrift")
    assert site.cluster.observe(instant()).standings == found
    print(f"\nfigure: kinds of drift reported and left alone: {len(told)} kinds")


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
