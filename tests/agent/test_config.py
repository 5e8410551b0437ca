"""An agent's configuration: every mistake is named, and nothing is left behind."""

from datetime import timedelta

import pytest

from dure.agent import config as configuration
from dure.agent.run import waiting
from dure.core.errors import InvalidInput


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"portal": "ftp://x"}, "portal"),
        ({"portal": "https://x y"}, "portal"),
        ({"portal": "http://gpu.example.org"}, "portal"),
        ({"portal": "http://127.0.0.1@gpu.example.org"}, "portal"),
        ({"cluster": "a cluster"}, "cluster"),
        ({"poll_seconds": 0}, "poll_seconds"),
        ({"pol_seconds": 3}, "pol_seconds"),
        ({"adapter": {"kind": "pbs"}}, "adapter"),
        ({"adapter": {"kind": "simulated", "directory": "c", "gpu_model": "H200"}}, "adapter.nodes"),
        ({"token_file": None}, "token_file"),
    ],
)
def test_a_mistake_names_its_key(site, change, where):
    site.write(**change)
    with pytest.raises(InvalidInput) as refused:
        configuration.load(site.config_file)
    assert any(where in mistake.where for mistake in refused.value.mistakes)
    assert all(mistake.what.ko and mistake.what.en for mistake in refused.value.mistakes)


@pytest.mark.parametrize("content", ["portal: [", "- a\n- b\n", "", "\x00"])
def test_what_is_no_configuration_is_refused(site, content):
    site.config_file.write_text(content)
    with pytest.raises(InvalidInput):
        configuration.load(site.config_file)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InvalidInput):
        configuration.load(tmp_path / "none.yaml")


def test_paths_are_relative_to_the_file(site):
    config = configuration.load(site.config_file)
    assert config.state_dir == site.folder / "state"
    assert config.adapter.directory == site.folder / "cluster"
    assert config.token_file == site.folder / "token"


def test_nodes_that_are_no_list_are_refused(site):
    site.write(adapter={"kind": "simulated", "directory": "c", "gpu_model": "H200", "nodes": "n[9-1]"})
    with pytest.raises(InvalidInput):
        configuration.load(site.config_file)


def test_waiting_grows_with_failures_and_stays_within_bounds():
    assert waiting(10, 0) == 10
    for failures in range(1, 200):
        wait = waiting(10, failures)
        assert min(10 * 2.0 ** min(failures, 20), 300) / 2 <= wait <= 300
    assert waiting(0.2, 99) <= 6


def test_slurms_records_are_given_time_and_looked_at_again_unless_told_otherwise(site):
    assert (site.config.settle, site.config.recheck) == (timedelta(0), timedelta(0))
    slurm = {"kind": "slurm", "cluster_name": "lab", "gpu_model": "H200", "keys_directory": "k", "state_directory": "s"}
    site.write(adapter=slurm)
    assert (site.config.settle, site.config.recheck) == (timedelta(minutes=2), timedelta(hours=48))
    site.write(adapter=slurm, settle_seconds=0, recheck_hours=3)
    assert (site.config.settle, site.config.recheck) == (timedelta(0), timedelta(hours=3))


KUBERNETES = {
    "kind": "kubernetes",
    "gpu_model": "B200",
    "cpus_per_node": 192,
    "memory_gib_per_node": 1900,
    "pool": "dure/pool=b200",
    "state_directory": "kube",
}


def test_a_kubernetes_cluster_needs_little_and_takes_paths_beside_the_file(site):
    site.write(adapter=KUBERNETES)
    adapter = site.config.adapter
    assert adapter.server == "https://kubernetes.default.svc"
    assert str(adapter.token_file) == "/var/run/secrets/kubernetes.io/serviceaccount/token"
    assert (adapter.state_directory, adapter.keys_directory) == (site.folder / "kube", None)
    site.write(adapter=KUBERNETES | {"token_file": "kube-token", "ca_file": "ca.crt"})
    assert site.config.adapter.ca_file == site.folder / "ca.crt"
    assert type(site.cluster).__name__ == "KubernetesCluster"


@pytest.mark.parametrize("change", [{"pool": "b200"}, {"server": "kube.test"}, {"borrow_nodes": -1}, {"cpus": 3}])
def test_a_mistake_in_a_kubernetes_adapter_names_its_key(site, change):
    site.write(adapter=KUBERNETES | change)
    with pytest.raises(InvalidInput) as refused:
        configuration.load(site.config_file)
    assert any(next(iter(change)) in mistake.where for mistake in refused.value.mistakes)


def test_the_sites_own_node_names_come_in_pairs(site):
    slurm = {"kind": "slurm", "cluster_name": "lab", "gpu_model": "H200", "keys_directory": "k", "state_directory": "s"}
    site.write(adapter=slurm | {"nodes": "a-[001-004]", "site_nodes": "gpu[1-4]"})
    assert site.config.adapter.site_nodes == "gpu[1-4]"
    for wrong in ({"site_nodes": "gpu[1-4]"}, {"nodes": "a-[001-004]", "site_nodes": "gpu[1-3]"}):
        site.write(adapter=slurm | wrong)
        with pytest.raises(InvalidInput):
            configuration.load(site.config_file)
