"""slurmrestd instead of commands: the same contract, the same values, and its refusals told apart."""

from datetime import timedelta

import pytest

from dure.agent.clusters.options import RestOptions, SlurmOptions
from dure.agent.clusters.port import ClusterUnreachable
from dure.agent.clusters.slurm import SlurmCluster
from dure.agent.clusters.slurm_commands import Commands
from dure.agent.clusters.slurm_rest import RestLook
from dure.agent.clusters.slurm_views import CommandLook
from tests.agent.conformance import ClusterConformance, Stage
from tests.real.slurm.conftest import slurm, submit
from tests.real.slurm.site import award, until

URL = "http://127.0.0.1:17003"


@pytest.fixture
def rest(tmp_path) -> RestOptions:
    token = tmp_path / "slurm-token"
    token.write_text(slurm("scontrol", "token", "username=root", "lifespan=3600"))
    return RestOptions(url=URL, token_file=token)


@pytest.fixture
def rest_options(options, rest) -> SlurmOptions:
    return options.model_copy(update={"rest": rest})


class TestConformance(ClusterConformance):
    @pytest.fixture
    def stage(self, rest_options, now):
        nodes = [f"n{i:03d}" for i in range(1, 7)]
        return Stage(SlurmCluster(rest_options), nodes, now - timedelta(seconds=1), lambda: SlurmCluster(rest_options))


def test_both_ways_of_looking_see_the_same(site, portal, options, rest):
    portal.want(award(), award("a-2", ("n003",), ("bob", "carol"), limits={}))
    site.cycle()
    until(submit("alice", "award-a-1"), "RUNNING")
    limits = ("MaxJobs=3", "GrpSubmit=5", "GrpJobs=4", "MaxSubmitJobs=6", "Priority=7", "MaxTRES=cpu=64")
    slurm("sacctmgr", "-i", "modify", "account", "where", "name=award-a-1", "set", *limits)
    slurm("scontrol", "update", "NodeName=n004", "State=DRAIN", "Reason=bad fan")
    slurm("scontrol", "update", "ReservationName=award-a-2", "Users=+bob")
    commands = CommandLook(Commands(), options)
    through_rest = RestLook(rest, "lab", "H200")
    assert through_rest.accounts() == commands.accounts()
    assert through_rest.reservations() == commands.reservations()

    def order(one):
        return one.account, one.user

    assert sorted(through_rest.associations(), key=order) == sorted(commands.associations(), key=order)
    seen = {node.name: (node.state, node.gpus, cpus) for node, cpus in through_rest.nodes()}
    assert seen == {node.name: (node.state, node.gpus, cpus) for node, cpus in commands.nodes()}
    assert seen["n004"] == ("drained", 8, 64)


def test_an_agent_that_looks_through_rest(site, portal, rest):
    adapter = site.config.adapter.model_dump(mode="json") | {
        "keys_directory": "keys",
        "state_directory": "slurm",
        "rest": {"url": URL, "token_file": "slurm-token"},
    }
    site.write(adapter=adapter)
    portal.want(award())
    site.cycle()
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    until(submit("alice", "award-a-1"), "RUNNING")
    slurm("scontrol", "update", "ReservationName=award-a-1", "Nodes=n[001-003]")
    site.cycle()
    assert [finding.subject for finding in portal.report.drift] == ["hold/award-a-1"]
    rest.token_file.write_text("expired")
    site.cycle()
    assert portal.condition("Reachable") == ("false", "ClusterUnreachable")


def test_no_answer_is_no_empty_cluster(rest, tmp_path):
    with pytest.raises(ClusterUnreachable):
        RestLook(rest.model_copy(update={"token_file": None}), "lab", "H200").accounts()
    for url in ("http://127.0.0.1:9", f"unix:{tmp_path}/none.sock"):
        with pytest.raises(ClusterUnreachable):
            RestLook(rest.model_copy(update={"url": url}), "lab", "H200").nodes()
