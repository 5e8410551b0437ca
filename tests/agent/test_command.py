"""`dure agent …` as a person at a provider meets it."""

import pytest
from typer.testing import CliRunner

from dure.cli.agent import app
from dure.core.errors import InvalidInput, Stale
from tests.agent.conftest import T0, allocation
from tests.agent.fake_portal import PortalServer


@pytest.fixture
def command(site, portal):
    portal.want(allocation())
    with PortalServer(portal) as server:
        site.write(portal=server.url)

        def call(*words, fails=False):
            result = CliRunner().invoke(app, [*words, "--config", str(site.config_file)])
            if result.exception is not None and not isinstance(result.exception, SystemExit):
                raise result.exception
            assert (result.exit_code != 0) == fails, result.output
            return result.output

        yield call


def test_diff_shows_the_plan_and_changes_nothing(command, site):
    said = command("diff")
    assert "create account" in said
    assert "n[001-002]" in said
    assert site.cluster.observe(T0).standings == {}
    assert not (site.folder / "state").exists()
    command("run", "--once")
    assert "Nothing to do" in command("diff")


def test_check_says_which_of_the_three_is_wrong(command, site):
    assert "portal" in command("check")
    (site.folder / "token").write_text("wrong")
    said = command("check", fails=True)
    assert "401" in said
    assert "cluster c-1: good" in said
    assert "servers: 16 with 128 GPUs, n[001-016]" in said
    command("simulate", "offline")
    assert "servers" not in command("check", fails=True)


def test_faults_are_made_and_healed(command, site, portal):
    with pytest.raises(InvalidInput):
        command("simulate", "fail-node", "n001")
    command("run", "--once")
    command("simulate", "fail-node", "n001")
    command("simulate", "fail-node", "n001")
    command("simulate", "blind-node", "n002")
    assert len(site.cluster.faults().nodes) == 2
    with pytest.raises(InvalidInput):
        command("simulate", "fail-node", "n099")
    portal.advance(hours=1)
    command("run", "--once")
    assert portal.condition("NodesHealthy", "a-1") == ("false", "NodesDown")
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    assert portal.condition("TelemetryFlowing") == ("false", "SamplesMissing")
    command("simulate", "heal-node", "n001")
    command("simulate", "heal-node", "n002")
    portal.advance(hours=2)
    command("run", "--once")
    assert portal.condition("NodesHealthy", "a-1") == ("true", "AllHealthy")
    assert portal.total("missing_gpu_seconds") == 2 * 8 * 3600


def test_offline_slow_and_online(command, site, portal):
    command("simulate", "offline")
    command("run", "--once")
    assert portal.condition("Reachable") == ("false", "ClusterUnreachable")
    command("simulate", "online")
    command("simulate", "slow", "0.01")
    command("run", "--once")
    assert portal.condition("Ready", "a-1") == ("true", "Applied")


def test_a_second_process_on_the_same_state_is_refused(command, site):
    with site.agent(), pytest.raises(Stale):
        command("run", "--once")


def test_a_configuration_that_is_wrong_is_refused_before_anything_runs(command, site):
    site.write(cluster="no such")
    with pytest.raises(InvalidInput):
        command("run", "--once")
    assert not (site.folder / "state").exists()
