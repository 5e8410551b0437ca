"""The Kubernetes adapter on a real API server with Kueue's published kinds, with the rights it documents.

Kueue's controller is not there: nothing admits, lends or takes back. `tests/real/kubernetes/build.sh` builds the
programs; DURE_KUBERNETES_PROGRAMS says where they are.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from dure.agent.clusters.kubernetes import KubernetesCluster
from dure.agent.clusters.port import StepRefused
from dure.portal.allocations import instructions
from dure.protocol.desired import Limits
from tests.agent.conformance import ClusterConformance, Stage, set_field
from tests.agent.kubernetes_stand_in import CRDS
from tests.agent.test_kubernetes import made, node, options, pod
from tests.real.kubernetes.control_plane import ABSENT, AGENT, MEMBER, control_plane

RBAC = Path(__file__).parents[2] / "deploy" / "kubernetes" / "agent.yaml"
T0 = datetime(2026, 3, 1, tzinfo=UTC)
QUEUES = "/apis/kueue.x-k8s.io/v1beta2/clusterqueues"

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(bool(ABSENT), reason=f"not built (tests/real/kubernetes/build.sh): {', '.join(ABSENT)}"),
    pytest.mark.skipif(not CRDS.is_dir(), reason="Kueue's published schemas are not at hand"),
]


@pytest.fixture(scope="module")
def plane():
    with control_plane(CRDS, RBAC) as found:
        for number in range(1, 9):
            body = node(number)
            found.make(body, "/api/v1/nodes")
            patch = {"status": body["status"]}
            found.admin.patch(
                f"/api/v1/nodes/{body['metadata']['name']}/status",
                json=patch,
                headers={"Content-Type": "application/strategic-merge-patch+json"},
            ).raise_for_status()
        yield found


class Site:
    """The adapter on the real server, as the agent's own account."""

    def __init__(self, plane, folder, **changes) -> None:
        self.plane, self._folder, self._changes = plane, folder, changes
        self.cluster = self.reopen()

    def reopen(self) -> KubernetesCluster:
        made = options(self._folder, server=self.plane.url, ca_file=self.plane.certificate, **self._changes)
        made.token_file.write_text(AGENT)
        return KubernetesCluster(made)


def cleared(plane) -> None:
    """Take away what a test left."""
    for path in (QUEUES, "/apis/kueue.x-k8s.io/v1beta2/resourceflavors", "/api/v1/namespaces"):
        for one in plane.admin.get(path, params={"labelSelector": "app.kubernetes.io/managed-by=dure"}).json()["items"]:
            plane.admin.delete(f"{path}/{one['metadata']['name']}")
    for one in plane.admin.get("/api/v1/nodes", params={"labelSelector": "dure/allocation"}).json()["items"]:
        taints = [taint for taint in one["spec"].get("taints", []) if taint["key"] != "dure/allocation"]
        patch = {"metadata": {"labels": {"dure/allocation": None}}, "spec": {"taints": taints}}
        header = {"Content-Type": "application/merge-patch+json"}
        plane.admin.patch(f"/api/v1/nodes/{one['metadata']['name']}", json=patch, headers=header).raise_for_status()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not plane.admin.get(
            "/api/v1/namespaces", params={"labelSelector": "app.kubernetes.io/managed-by=dure"}
        ).json()["items"]:
            return
        time.sleep(0.3)
    raise TimeoutError("namespaces do not end")


class _Contract(ClusterConformance):
    changes: dict = {}

    @pytest.fixture
    def stage(self, plane, tmp_path):
        site = Site(plane, tmp_path, **self.changes)
        yield Stage(site.cluster, [f"n{i:03d}" for i in range(1, 7)], T0, site.reopen)
        cleared(plane)


class TestLent(_Contract):
    """Quota in one flavor."""


class TestSetApart(_Contract):
    """Nodes tainted, a flavor for each allocation."""

    changes = {"borrow_nodes": 0}


@pytest.fixture
def site(plane, tmp_path):
    yield Site(plane, tmp_path)
    cleared(plane)


def test_a_hundred_applies_of_what_is_so_change_nothing(site, plane):
    standing = made(site)
    before = versions(plane)
    for _ in range(100):
        for field in ("limits", "members"):
            site.cluster.apply(set_field(standing, field, getattr(standing, field)), T0)
    assert versions(plane) == before


def versions(plane) -> dict[str, str]:
    paths = (QUEUES, "/api/v1/namespaces", "/apis/rbac.authorization.k8s.io/v1/rolebindings", "/api/v1/nodes")
    found = [one["metadata"] for path in paths for one in plane.admin.get(path).json()["items"]]
    return {one["uid"]: one["resourceVersion"] for one in found}


def test_somebody_elses_change_is_seen_and_sent_back_as_it_is(site, plane):
    standing = made(site)
    patch = {"spec": {"preemption": {"reclaimWithinCohort": "Never"}, "stopPolicy": "Hold"}}
    header = {"Content-Type": "application/merge-patch+json"}
    plane.admin.patch(f"{QUEUES}/award-one?fieldManager=kubectl-edit", json=patch, headers=header).raise_for_status()
    found = site.reopen().observe(T0).standings["award-one"]
    assert found.extras == ('spec.preemption.reclaimWithinCohort="Never"', 'spec.stopPolicy="Hold"')
    site.cluster.apply(set_field(standing, "limits", Limits(gpu_hours=7)), T0)
    site.cluster.apply(set_field(standing, "gpus", 24), T0)
    body = plane.admin.get(f"{QUEUES}/award-one").json()
    assert body["spec"]["preemption"]["reclaimWithinCohort"] == "Never"
    assert body["spec"]["stopPolicy"] == "Hold"
    assert body["spec"]["resourceGroups"][0]["flavors"][0]["resources"][0]["nominalQuota"] == "24"


def test_the_api_server_itself_refuses_pods_beyond_the_namespaces_quota(site, plane):
    made(site)  # 16 GPUs, and 32 that may be borrowed
    assert pod_answer(plane, "fits", 48) == 201
    assert pod_answer(plane, "too-much", 1) == 403
    quota = "/api/v1/namespaces/award-one/resourcequotas/dure"
    assert "pods" not in plane.admin.get(quota).json()["spec"]["hard"]


def pod_answer(plane, name: str, gpus: int) -> int:
    body = pod(name, gpus, "2026-03-01T00:00:00Z")
    body.pop("status")
    body["spec"].pop("nodeName")
    deadline = time.monotonic() + 20
    while True:  # a new quota counts for nothing until its controller has counted
        answer = plane.admin.post("/api/v1/namespaces/award-one/pods", json=body)
        if "status unknown for quota" not in answer.text or time.monotonic() > deadline:
            return answer.status_code
        time.sleep(0.3)


def test_members_may_work_in_their_namespace_and_nowhere_else(site, plane):
    standing = made(site)
    deadline = time.monotonic() + 20
    with plane.client(MEMBER) as alice:
        while alice.get("/api/v1/namespaces/award-one/pods").status_code != 200 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert alice.get("/api/v1/namespaces/award-one/pods").status_code == 200
        assert alice.get("/api/v1/namespaces/dure-agent/pods").status_code == 403
        assert alice.get("/api/v1/nodes").status_code == 403
        binding = "/apis/rbac.authorization.k8s.io/v1/namespaces/award-one/rolebindings"
        assert alice.post(binding, json={"metadata": {"name": "x"}}).status_code == 403
        assert alice.delete("/api/v1/namespaces/award-one/resourcequotas/dure").status_code == 403
        site.cluster.apply(set_field(standing, "members", ()), T0)
        began = time.monotonic()
        while alice.get("/api/v1/namespaces/award-one/pods").status_code == 200 and time.monotonic() < began + 20:
            time.sleep(0.1)
        assert alice.get("/api/v1/namespaces/award-one/pods").status_code == 403


def test_a_spent_budget_stops_the_queue(site, plane):
    made(site)
    assert pod_answer(plane, "p", 16) == 201
    patch = {"status": {"phase": "Running", "startTime": "2026-03-01T00:00:00Z"}}
    header = {"Content-Type": "application/strategic-merge-patch+json"}
    plane.admin.patch("/api/v1/namespaces/award-one/pods/p/status", json=patch, headers=header).raise_for_status()
    later = T0 + timedelta(hours=7)
    assert site.cluster.spent(later) == {"award-one": 16 * 7 * 3600}
    assert plane.admin.get(f"{QUEUES}/award-one").json()["spec"]["stopPolicy"] == "HoldAndDrain"


def test_the_agents_account_may_not_do_more_than_it_needs(site, plane):
    with plane.client(AGENT) as agent:
        assert agent.get("/api/v1/secrets").status_code == 403
        assert agent.delete("/api/v1/nodes/n001").status_code == 403
        assert agent.delete("/api/v1/namespaces/dure-agent/pods/x").status_code == 403


def test_a_role_the_agent_may_not_hand_out_is_refused(plane, tmp_path):
    site = Site(plane, tmp_path, member_role="cluster-admin")
    try:
        with pytest.raises(StepRefused, match="forbidden"):
            made(site)
    finally:
        cleared(plane)


def test_the_server_takes_the_first_job_that_holders_are_given(site, plane):
    made(site)
    job = yaml.safe_load(instructions.first_job(SimpleNamespace(name="award-one", gpus_per_node=8)))
    answer = plane.admin.post("/apis/batch/v1/namespaces/award-one/jobs", params={"dryRun": "All"}, json=job)
    assert answer.status_code == 201, answer.text
    assert answer.json()["metadata"]["name"].startswith("first-")
