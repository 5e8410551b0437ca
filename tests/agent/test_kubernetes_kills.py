"""The whole agent on Kubernetes: a story played to its end, and the same end when it dies at any effect."""

import os
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from dure.agent.clusters.kubernetes import KubernetesCluster
from tests.agent.conftest import T0, Site, allocation
from tests.agent.fake_portal import FakePortal
from tests.agent.test_every_line import Executioner, story, until_done
from tests.agent.test_kubernetes import options, pod, server


class KubernetesSite(Site):
    """A site whose agent drives the stand-in; `watch` may kill at each write to it."""

    def __init__(self, folder, portal, watch=lambda effect: effect) -> None:
        super().__init__(folder, portal)
        self.write(is_test=True)
        (folder / "kubernetes").mkdir()
        self.server = server()
        self._answer = self.server.transport().handler
        self._watched = watch(self._answer)

    @property
    def cluster(self):
        return KubernetesCluster(options(self.folder / "kubernetes"), httpx.MockTransport(self._send))

    def _send(self, request):
        return (self._answer if request.method == "GET" else self._watched)(request)

    def cycle(self) -> None:
        with self.agent(self.cluster) as agent:
            agent.cycle()


def play(folder: Path, patch: pytest.MonkeyPatch, at: int | None, after: bool):
    portal = FakePortal("c-1", T0)
    folder.mkdir()
    executioner = Executioner(at, after)
    site = KubernetesSite(folder, portal, executioner.around)
    with patch.context() as patched:
        patched.setattr(os, "fsync", lambda _: None)  # a killed process loses nothing it has written
        patched.setattr("dure.agent.clusters.kubernetes_api.time.sleep", lambda _: None)
        for step in story(portal):
            step()
            until_done(site)
            portal.advance(hours=2)
            executioner.next_scene()
        until_done(site)
    until_done(site)
    report = portal.report.model_dump()
    report.pop("instance")
    stored = {
        path: {key: value for key, value in one.items() if key not in ("metadata", "status")}
        for path, one in site.server.stored.items()
    }
    labels = {
        path: (one["metadata"].get("labels"), one["metadata"].get("annotations"))
        for path, one in site.server.stored.items()
    }
    windows = [(window.start, window.digest()) for window in portal.latest()]
    assert "conflict" not in portal.outcomes
    return executioner.counts, (report, windows, stored, labels)


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_death_at_any_write_to_the_cluster_changes_nothing_in_the_end(tmp_path, monkeypatch, after):
    writes, calm = play(tmp_path / "calm", monkeypatch, None, after)
    assert sum(writes) > 60
    assert calm[0]["drift"] == ()
    assert not [path for path in calm[2] if "award-" in path]  # all is over at the end of the story
    for at in range(1, max(writes) + 1):
        _, end = play(tmp_path / f"{at}", monkeypatch, at, after)
        assert end == calm, f"killed {'after' if after else 'before'} write {at}"


def test_an_award_is_real_after_one_cycle_and_its_budget_is_reported(tmp_path):
    portal = FakePortal("c-1", T0)
    site = KubernetesSite(tmp_path, portal)
    portal.want(allocation(limits={"gpu_hours": 100}))
    site.cycle()
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    assert portal.condition("WithinBudget", "a-1") == ("true", "HoursLeft")
    assert portal.report.allocations[0].nodes == ("n001", "n002")
    site.server.put("/api/v1/pods", pod("p", 16, "2026-03-01T00:00:00Z", space="award-a-1"))
    portal.advance(hours=7)
    site.cycle()
    assert portal.condition("WithinBudget", "a-1") == ("false", "HoursSpent")
    assert portal.condition("Ready", "a-1") == ("true", "Applied")
    portal.change("a-1", limits={"gpu_hours": 500})
    site.cycle()
    assert portal.condition("WithinBudget", "a-1") == ("true", "HoursLeft")
    assert [row.running_gpu_seconds for window in portal.latest() for row in window.rows] == [16 * 3600] * 7


def test_a_hundred_cycles_of_the_same_desired_state_write_nothing(tmp_path):
    portal = FakePortal("c-1", T0)
    site = KubernetesSite(tmp_path, portal)
    portal.want(allocation(), allocation("a-2", ("n003",)))
    site.cycle()
    writes = site.server.writes
    for _ in range(100):
        portal.advance(seconds=10)
        site.cycle()
    assert site.server.writes == writes


def test_drift_is_reported_and_the_award_stays_usable(tmp_path):
    portal = FakePortal("c-1", T0)
    site = KubernetesSite(tmp_path, portal)
    portal.want(allocation())
    site.cycle()
    path = "/apis/kueue.x-k8s.io/v1beta2/clusterqueues/award-a-1"
    site.server.edit(path, lambda one: one["spec"]["preemption"].update(reclaimWithinCohort="Never"))
    portal.advance(minutes=5)
    site.cycle()
    assert portal.condition("Drifted", "a-1") == ("true", "ForeignChange")
    (finding,) = portal.report.drift
    assert (finding.kind, finding.subject) == ("changed", "extras/award-a-1")
    assert "reclaimWithinCohort" in finding.found
    portal.change("a-1", end=T0 + timedelta(days=9))
    portal.advance(minutes=5)
    site.cycle()
    kept = site.server.stored[path]
    assert kept["spec"]["preemption"]["reclaimWithinCohort"] == "Never"
    assert "2026-03-10" in kept["metadata"]["annotations"]["dure/hold"]
