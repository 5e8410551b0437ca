"""A portal, a site directory with a configuration, and an agent between them."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from dure.agent import config as configuration
from dure.agent.run import opened
from dure.protocol.desired import DesiredAllocation
from tests.agent.fake_portal import TOKEN, FakePortal

T0 = datetime(2026, 3, 1, tzinfo=UTC)


def allocation(ident="a-1", nodes=("n001", "n002"), **changes) -> DesiredAllocation:
    fields = {
        "id": ident,
        "name": f"award-{ident}",
        "generation": 1,
        "present": True,
        "nodes": nodes,
        "start": T0,
        "end": T0 + timedelta(days=30),
        "gpu_model": "H200",
        "gpus_per_node": 8,
        "members": [{"login": "kim", "ssh_keys": ["ssh-ed25519 AAAA kim"]}],
        "limits": {"gpu_hours": 1000},
    }
    return DesiredAllocation.model_validate(fields | changes)


class Site:
    """One provider's site: a directory with a configuration file, and the portal it speaks to."""

    def __init__(self, folder, portal: FakePortal) -> None:
        self.folder, self.portal = folder, portal
        self.config_file = folder / "agent.yaml"
        (folder / "token").write_text(TOKEN + "\n")
        self.write()

    def write(self, **changes) -> None:
        content = {
            "portal": "https://portal.test",
            "cluster": "c-1",
            "token_file": "token",
            "state_dir": "state",
            "poll_seconds": 0.02,
            "adapter": {
                "kind": "simulated",
                "directory": "cluster",
                "nodes": "n[001-016]",
                "gpu_model": "H200",
                "nodes_per_leaf": 4,
                "seed": 7,
            },
        }
        self.config_file.write_text(yaml.safe_dump(content | changes))

    @property
    def config(self):
        return configuration.load(self.config_file)

    @property
    def cluster(self):
        return configuration.open_cluster(self.config)

    @contextmanager
    def agent(self, cluster=None):
        with opened(self.config, cluster, self.portal.transport()) as agent:
            yield agent

    def cycle(self) -> None:
        """One cycle of a freshly started agent."""
        with self.agent() as agent:
            agent.cycle()


@pytest.fixture
def portal() -> FakePortal:
    return FakePortal("c-1", T0)


@pytest.fixture
def site(tmp_path, portal) -> Site:
    return Site(tmp_path, portal)
