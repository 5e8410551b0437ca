"""The Slurm adapter on a real Slurm: the contract of every adapter, and what only Slurm can show."""

from datetime import timedelta

import pytest

from dure.agent.clusters.slurm import SlurmCluster
from tests.agent.conformance import ClusterConformance, Stage


class TestConformance(ClusterConformance):
    @pytest.fixture
    def stage(self, options, now):
        options = options.model_copy(update={"lends": True})
        nodes = [f"n{i:03d}" for i in range(1, 7)]
        return Stage(SlurmCluster(options), nodes, now - timedelta(seconds=1), lambda: SlurmCluster(options))
