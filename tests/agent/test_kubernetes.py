"""The Kubernetes adapter against the stand-in: contract, drift, kills at every effect, budgets, use."""

from datetime import UTC, datetime, timedelta

import pytest

from dure.agent.clusters.kubernetes import KubernetesCluster
from dure.agent.clusters.options import KubernetesOptions
from dure.agent.clusters.port import ClusterUnreachable, Standing, Step, StepRefused
from dure.protocol.desired import Limits
from tests.agent.conformance import ClusterConformance, Stage, create, set_field
from tests.agent.kubernetes_stand_in import COLLECTIONS, CRDS, KUEUE, TOKEN, StandIn, schema_of

T0 = datetime(2026, 3, 1, tzinfo=UTC)
QUEUE = KUEUE + "clusterqueues/award-one"
SPACE = "/api/v1/namespaces/award-one"
INSIDE = "/api/v1/namespaces/award-one/resourcequotas/dure"
BINDING = "/apis/rbac.authorization.k8s.io/v1/namespaces/award-one/rolebindings/dure"
LOCAL = KUEUE + "namespaces/award-one/localqueues/default"


def options(folder, **changes) -> KubernetesOptions:
    (folder / "token").write_text(TOKEN)
    fields = {
        "server": "https://kube.test",
        "token_file": folder / "token",
        "gpu_model": "B200",
        "cpus_per_node": 192,
        "memory_gib_per_node": 1900,
        "pool": "dure/pool=b200",
        "leaf_label": "dure/leaf",
        "state_directory": folder / "kube",
    }
    return KubernetesOptions(**(fields | changes))


def node(number: int) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": f"n{number:03d}", "labels": {"dure/pool": "b200", "dure/leaf": f"leaf{number // 4:02d}"}},
        "spec": {"taints": [{"key": "nvidia.com/gpu", "effect": "NoSchedule"}]},
        "status": {
            "capacity": {"nvidia.com/gpu": "8"},
            "allocatable": {"nvidia.com/gpu": "8"},
            "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
        },
    }


def pod(name: str, gpus: int, start: str, end: str | None = None, space="award-one", on="n001") -> dict:
    status = {"phase": "Running", "startTime": start}
    if end:
        terminated = {"terminated": {"finishedAt": end, "exitCode": 0}}
        status |= {"phase": "Succeeded", "containerStatuses": [{"name": "main", "state": terminated}]}
    resources = {"limits": {"nvidia.com/gpu": str(gpus)}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": space, "uid": f"uid-of-{name}"},
        "spec": {"nodeName": on, "containers": [{"name": "main", "image": "cuda", "resources": resources}]},
        "status": status,
    }


def server() -> StandIn:
    found = StandIn()
    for number in range(1, 9):
        found.put("/api/v1/nodes", node(number))
    found.put("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system"}})
    return found


class Site:
    """A stand-in and the adapter on it."""

    def __init__(self, folder, **changes) -> None:
        self.server, self._folder, self._changes = server(), folder, changes
        self.cluster = self.reopen()

    def reopen(self) -> KubernetesCluster:
        return KubernetesCluster(options(self._folder, **self._changes), self.server.transport())


@pytest.fixture
def site(tmp_path) -> Site:
    return Site(tmp_path)


class _Contract(ClusterConformance):
    @pytest.fixture
    def stage(self, site):
        return Stage(site.cluster, [f"n{i:03d}" for i in range(1, 7)], T0, site.reopen)


class TestLent(_Contract):
    """Quota in one flavor, lent to the others of the cohort."""


class TestSetApart(_Contract):
    """Nodes tainted, a flavor for each allocation, nothing lent."""

    @pytest.fixture
    def site(self, tmp_path):
        return Site(tmp_path, borrow_nodes=0)


def made(site, **changes) -> Standing:
    """An award of two nodes, made."""
    contract = ClusterConformance()
    stage = Stage(site.cluster, [f"n{i:03d}" for i in range(1, 7)], T0, site.reopen)
    standing = contract.standing(stage, **changes)
    contract.make(stage, standing)
    return standing


def seen(site, name="award-one", now=T0) -> Standing:
    return site.reopen().observe(now).standings[name]


# --- what is made -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not CRDS.is_dir(), reason="Kueue's published schemas are not at hand")
@pytest.mark.parametrize("borrow_nodes", [0, 4])
def test_every_object_of_kueue_obeys_the_published_schema(tmp_path, borrow_nodes):
    site = Site(tmp_path, borrow_nodes=borrow_nodes)
    made(site)
    kinds = {one["kind"] for path, one in site.server.stored.items() if path.startswith(KUEUE)}
    assert kinds == {"ClusterQueue", "LocalQueue", "ResourceFlavor", "Cohort", "WorkloadPriorityClass"}
    assert all(schema_of(kind) is not None for kind in kinds)
    # And the schema bites: a field that does not exist is refused.
    path, body = next((p, o) for p, o in site.server.stored.items() if o["kind"] == "ClusterQueue")
    site.server.stored.pop(path)
    body["spec"]["cohort"] = "dure"
    body["metadata"] = {"name": "award-one"}
    with pytest.raises(StepRefused, match="cohort"):
        site.cluster._api.apply(path, body)


def test_guaranteed_quota_is_the_awards_and_what_is_unused_is_lent_and_taken_back(site):
    made(site)
    spec = site.server.stored[QUEUE]["spec"]
    (quota,) = [one for one in spec["resourceGroups"][0]["flavors"][0]["resources"] if one["name"] == "nvidia.com/gpu"]
    assert quota == {"name": "nvidia.com/gpu", "nominalQuota": "16", "borrowingLimit": "32", "lendingLimit": "16"}
    assert spec["cohortName"] == "dure"
    assert spec["preemption"]["reclaimWithinCohort"] == "Any"
    assert spec["preemption"]["borrowWithinCohort"] == {"policy": "Never"}
    assert spec["stopPolicy"] == "None"
    assert site.server.stored[INSIDE]["spec"]["hard"] == {"requests.nvidia.com/gpu": "48"}
    assert site.server.stored[LOCAL]["spec"]["clusterQueue"] == "award-one"


def test_before_it_begins_nothing_runs_and_nothing_is_borrowed(site):
    standing = made(site)
    site.cluster.apply(set_field(standing, "gpus", 0), T0)
    (flavor,) = site.server.stored[QUEUE]["spec"]["resourceGroups"][0]["flavors"]
    assert {one[key] for one in flavor["resources"] for key in one if key != "name"} == {"0", "0Gi"}
    assert site.server.stored[INSIDE]["spec"]["hard"] == {"requests.nvidia.com/gpu": "0"}


def test_nodes_set_apart_bear_a_taint_and_others_taints_stay(tmp_path):
    site = Site(tmp_path, borrow_nodes=0)
    standing = made(site)
    first = site.server.stored["/api/v1/nodes/n001"]
    assert first["metadata"]["labels"]["dure/allocation"] == "award-one"
    assert {one["key"] for one in first["spec"]["taints"]} == {"nvidia.com/gpu", "dure/allocation"}
    flavor = site.server.stored[KUEUE + "resourceflavors/dure-award-one"]["spec"]
    assert flavor["nodeLabels"] == {"dure/allocation": "award-one"}
    site.cluster.apply(Step(verb="remove", before=standing, after=None), T0)
    left = site.server.stored["/api/v1/nodes/n001"]
    assert "dure/allocation" not in left["metadata"]["labels"]
    assert [one["key"] for one in left["spec"]["taints"]] == ["nvidia.com/gpu"]
    rest = [one["metadata"] for path, one in site.server.stored.items() if "award-one" in path]
    assert all("deletionTimestamp" in one for one in rest)


def test_members_are_subjects_with_the_sites_prefix(tmp_path):
    site = Site(tmp_path, user_prefix="oidc:", member_role="dure-member")
    made(site)
    binding = site.server.stored[BINDING]
    assert [one["name"] for one in binding["subjects"]] == ["oidc:alice", "oidc:bob"]
    assert binding["roleRef"]["name"] == "dure-member"


def test_a_hundred_applies_of_what_is_so_change_nothing(site):
    standing = made(site)
    before = {path: one["metadata"]["resourceVersion"] for path, one in site.server.stored.items()}
    for _ in range(100):
        site.cluster.apply(create(standing), T0)
        for field in ("limits", "members", "gpus"):
            site.cluster.apply(set_field(standing, field, getattr(standing, field)), T0)
    after = {path: one["metadata"]["resourceVersion"] for path, one in site.server.stored.items()}
    changed = {path for path in after if after[path] != before.get(path)}
    assert changed <= {QUEUE}  # marked as unfinished and finished again, as `gpus` is more than one object
    assert seen(site) == standing


def test_a_qos_is_refused_since_kueue_has_none(site):
    standing = made(site)
    with pytest.raises(StepRefused, match="QOS"):
        site.cluster.apply(set_field(standing, "limits", Limits(qos="urgent")), T0)


# --- what others have or change -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [SPACE, QUEUE])
def test_what_is_not_ours_is_foreign_and_never_touched(site, path):
    kind = "Namespace" if path == SPACE else "ClusterQueue"
    body = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "award-one"}}
    site.server.put(path.rpartition("/")[0], body)
    before = dict(site.server.stored)
    assert "award-one" in site.cluster.observe(T0).foreign
    with pytest.raises(StepRefused, match="not ours"):
        site.cluster.apply(create(Standing(id="x", name="award-one")), T0)
    with pytest.raises(StepRefused, match="not ours"):
        site.cluster.apply(Step(verb="remove", before=Standing(id="x", name="award-one"), after=None), T0)
    assert site.server.stored == before


def queue_field(*at, value):
    def change(body):
        for key in at[:-1]:
            body = body[key]
        body[at[-1]] = value

    return QUEUE, change


def quota(key, value):
    return queue_field("spec", "resourceGroups", 0, "flavors", 0, "resources", 0, key, value=value)


def field_of(path, *at, value):
    return path, queue_field(*at, value=value)[1]


def without(path):
    return path, None


DRIFT = {
    "quota raised": (quota("nominalQuota", "64"), "gpus"),
    "loan raised": (quota("borrowingLimit", "800"), "extras"),
    "lending stopped": (quota("lendingLimit", "0"), "extras"),
    "taken out of the cohort": (queue_field("spec", "cohortName", value="other"), "extras"),
    "preemption off": (queue_field("spec", "preemption", "reclaimWithinCohort", value="Never"), "extras"),
    "queueing strategy": (queue_field("spec", "queueingStrategy", value="StrictFIFO"), "extras"),
    "queue held": (queue_field("spec", "stopPolicy", value="Hold"), "extras"),
    "open to all namespaces": (queue_field("spec", "namespaceSelector", "matchLabels", value={}), "extras"),
    "budget changed": (queue_field("metadata", "annotations", "dure/gpu-hours", value="9999"), "limits"),
    "record of nodes broken": (queue_field("metadata", "annotations", "dure/hold", value="{}"), "hold"),
    "local queue led elsewhere": (field_of(LOCAL, "spec", "clusterQueue", value="other"), "extras"),
    "local queue stopped": (field_of(LOCAL, "spec", "stopPolicy", value="Hold"), "extras"),
    "local queue gone": (without(LOCAL), "extras"),
    "namespace quota raised": (field_of(INSIDE, "spec", "hard", "requests.nvidia.com/gpu", value="999"), "extras"),
    "namespace quota gone": (without(INSIDE), "extras"),
    "stranger let in": (field_of(BINDING, "subjects", value=[{"kind": "User", "name": "mallory"}]), "members"),
    "group let in": (field_of(BINDING, "subjects", value=[{"kind": "Group", "name": "all"}]), "members"),
    "role raised": (field_of(BINDING, "roleRef", "name", value="admin"), "extras"),
    "role binding gone": (without(BINDING), "members"),
    "pod security off": (
        field_of(SPACE, "metadata", "labels", "pod-security.kubernetes.io/enforce", value="privileged"),
        "extras",
    ),
    "namespace gone": (without(SPACE), "extras"),
    "node taken": (field_of("/api/v1/nodes/n001", "metadata", "labels", "dure/allocation", value="x"), "hold"),
    "node added": (field_of("/api/v1/nodes/n005", "metadata", "labels", "dure/allocation", value="award-one"), "hold"),
    "flavor of other nodes": (
        field_of(KUEUE + "resourceflavors/dure", "spec", "nodeLabels", value={"dure/pool": "cpu"}),
        "extras",
    ),
    "priority changed": (field_of(KUEUE + "workloadpriorityclasses/dure-high", "value", value=1), "extras"),
}


@pytest.mark.parametrize("what", sorted(DRIFT))
def test_drift_is_seen_in_its_field_and_left_alone(site, what):
    standing = made(site)
    site.server.stored[BINDING].setdefault("roleRef", {})
    (path, change), field = DRIFT[what]
    if change is None:
        site.server.drop(path)
    else:
        site.server.edit(path, change)
    found = seen(site)
    assert getattr(found, field) != getattr(standing, field), found
    if path in site.server.stored and field != "limits":
        there = {key: value for key, value in site.server.stored[path].items() if key != "metadata"}
        site.cluster.apply(set_field(standing, "limits", Limits(gpu_hours=7)), T0)
        assert {key: value for key, value in site.server.stored[path].items() if key != "metadata"} == there


def test_other_things_in_the_namespace_are_told(site):
    made(site)
    more = {"metadata": {"name": "more", "namespace": "award-one"}, "apiVersion": "v1"}
    site.server.put("/api/v1/resourcequotas", {**more, "kind": "ResourceQuota", "spec": {"hard": {"pods": "3"}}})
    site.server.put("/apis/rbac.authorization.k8s.io/v1/rolebindings", {**more, "kind": "RoleBinding"})
    assert seen(site).extras == ("resourcequota/more", "rolebinding/more")


def test_a_node_that_somebody_else_marked_is_not_taken(site):
    site.server.edit("/api/v1/nodes/n002", lambda one: one["metadata"]["labels"].update({"dure/allocation": "theirs"}))
    with pytest.raises(StepRefused, match="n002 bears the label of theirs"):
        made(site)
    assert site.server.stored["/api/v1/nodes/n002"]["metadata"]["labels"]["dure/allocation"] == "theirs"


# --- things that go wrong -----------------------------------------------------------------------------------------


def test_somebody_writing_in_between_is_met_by_reading_again(site):
    standing = made(site)
    left = [2]

    def meddle(method, path):
        if path == QUEUE and left[0]:
            left[0] -= 1
            site.server.edit(QUEUE, lambda one: one.update(status={"pendingWorkloads": left[0]}))

    site.server.before_write = meddle
    site.cluster.apply(set_field(standing, "limits", Limits(gpu_hours=8)), T0)
    assert seen(site).limits == Limits(gpu_hours=8)
    left[0] = 100
    with pytest.raises(StepRefused):
        site.cluster.apply(set_field(standing, "limits", Limits(gpu_hours=9)), T0)
    assert seen(site).limits == Limits(gpu_hours=8)


def test_a_list_that_expires_between_pages_is_read_again(site):
    made(site)
    site.server.expire_next_page = True
    assert len(site.cluster.inventory(T0)) == 8
    assert not site.server.expire_next_page


@pytest.mark.parametrize("how", ["away", "token", "no kueue"])
def test_a_server_that_cannot_be_asked_is_out_of_reach(site, tmp_path, how, monkeypatch):
    if how == "away":
        site.server.is_away = True
    elif how == "token":
        (tmp_path / "token").write_text("old")
    else:
        monkeypatch.delitem(COLLECTIONS, KUEUE + "clusterqueues")
    with pytest.raises(ClusterUnreachable):
        site.cluster.observe(T0)


def test_a_namespace_that_takes_long_to_end_is_waited_for_in_the_next_cycle(site, monkeypatch):
    standing = made(site)
    removal = Step(verb="remove", before=standing, after=None)
    monkeypatch.setattr("dure.agent.clusters.kubernetes_api.time.monotonic", iter(range(0, 10_000, 6)).__next__)
    monkeypatch.setattr("dure.agent.clusters.kubernetes_api.time.sleep", lambda _: None)
    site.server.slow_endings[SPACE] = 4
    with pytest.raises(StepRefused, match="still ending"):
        site.cluster.apply(removal, T0)
    assert "award-one" in site.reopen().observe(T0).standings
    for _ in range(3):
        if "award-one" in site.reopen().observe(T0).standings:
            site.cluster.apply(removal, T0)
    assert "award-one" not in site.reopen().observe(T0).standings


def test_nodes_that_cannot_work_say_why(site):
    def cordon(one):
        one["spec"]["unschedulable"] = True

    def lose(one):
        one["status"]["conditions"] = [{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}]

    site.server.edit("/api/v1/nodes/n001", cordon)
    site.server.edit("/api/v1/nodes/n002", cordon)
    site.server.edit("/api/v1/nodes/n003", lose)
    site.server.edit("/api/v1/nodes/n004", lambda one: one["status"]["allocatable"].update({"nvidia.com/gpu": "7"}))
    site.server.put("/api/v1/pods", pod("p", 8, "2026-03-01T00:00:00Z", space="elsewhere", on="n001"))
    found = {one.name: (one.state, one.reason) for one in site.cluster.inventory(T0)}
    assert found["n001"] == ("draining", "cordoned")
    assert found["n002"] == ("drained", "cordoned")
    assert found["n003"] == ("down", "NodeStatusUnknown")
    assert found["n004"] == ("ready", "7 of 8 GPUs can be used")
    assert site.cluster.inventory(T0)[3].leaf == "leaf01"


# --- budgets and use ----------------------------------------------------------------------------------------------


def test_a_spent_budget_stops_the_queue_and_a_raised_one_opens_it(site):
    standing = made(site)  # 100 GPU-hours
    site.server.put("/api/v1/pods", pod("p", 16, "2026-03-01T00:00:00Z"))
    assert site.cluster.spent(T0 + timedelta(hours=6)) == {"award-one": 16 * 6 * 3600}
    assert site.server.stored[QUEUE]["spec"]["stopPolicy"] == "None"
    later = T0 + timedelta(hours=6, minutes=15)
    assert site.reopen().spent(later) == {"award-one": 100 * 3600}
    assert site.server.stored[QUEUE]["spec"]["stopPolicy"] == "HoldAndDrain"
    assert site.server.stored[INSIDE]["spec"]["hard"] == {"requests.nvidia.com/gpu": "0"}
    assert seen(site, now=later) == standing  # our own stop is no drift
    site.cluster = site.reopen()
    site.cluster.apply(set_field(standing, "limits", Limits(gpu_hours=200)), later)
    site.cluster.spent(later)
    assert site.server.stored[QUEUE]["spec"]["stopPolicy"] == "None"
    assert site.server.stored[INSIDE]["spec"]["hard"] == {"requests.nvidia.com/gpu": "48"}


def test_somebody_elses_stop_is_drift_and_not_opened(site):
    made(site)
    site.server.edit(QUEUE, lambda one: one["spec"].update(stopPolicy="Hold"))
    site.cluster.spent(T0)
    assert site.server.stored[QUEUE]["spec"]["stopPolicy"] == "Hold"
    assert seen(site).extras == ('spec.stopPolicy="Hold"',)


def test_a_spent_budget_counts_while_the_agent_was_away(site):
    made(site)
    site.server.put("/api/v1/pods", pod("done", 8, "2026-03-01T00:00:00Z", "2026-03-01T10:00:00Z"))
    site.server.put("/api/v1/pods", pod("runs", 4, "2026-03-01T02:00:00Z"))
    assert site.reopen().spent(T0 + timedelta(hours=24)) == {"award-one": (8 * 10 + 4 * 22) * 3600}


def test_use_is_what_pods_held_and_a_vanished_pod_counts_to_the_last_look(site):
    made(site)
    site.cluster.spent(T0)
    site.server.put("/api/v1/pods", pod("whole", 8, "2026-03-01T00:30:00Z", "2026-03-01T02:15:00Z"))
    site.server.put("/api/v1/pods", pod("vanishes", 4, "2026-03-01T01:00:00Z"))
    site.server.put("/api/v1/pods", pod("no-gpu", 0, "2026-03-01T01:00:00Z"))
    site.server.put("/api/v1/pods", pod("stranger", 8, "2026-03-01T01:00:00Z", space="kube-system"))
    site.cluster.spent(T0 + timedelta(hours=1, minutes=40))
    site.server.drop("/api/v1/namespaces/award-one/pods/vanishes")
    site.cluster.spent(T0 + timedelta(hours=2, minutes=30))
    hours = site.reopen().usage(T0, T0 + timedelta(hours=3))
    rows = [rows for _, rows in hours]
    assert [[one.running_gpu_seconds for one in row] for row in rows] == [
        [8 * 1800],
        [8 * 3600 + 4 * 2400],
        [8 * 900],
    ]
    assert [row[0].jobs for row in rows] == [1, 2, 1]
    assert all(row[0].allocated_gpu_seconds == 16 * 3600 for row in rows)
    assert all(row[0].missing_gpu_seconds == row[0].allocated_gpu_seconds for row in rows)  # nobody measured: not idle
    again = [site.cluster.usage(T0 + timedelta(hours=n), T0 + timedelta(hours=n + 1))[0] for n in range(3)]
    assert again == list(hours)


def test_what_was_held_stays_known_after_the_end(site):
    standing = made(site)
    site.cluster.spent(T0)
    site.cluster.apply(Step(verb="remove", before=standing, after=None), T0 + timedelta(minutes=90))
    found = site.reopen().usage(T0, T0 + timedelta(hours=3))
    assert [[one.allocated_node_seconds for one in rows] for _, rows in found] == [[7200], [3600], []]


def test_with_its_files_lost_the_record_on_the_cluster_says_what_is_held(site, tmp_path):
    made(site)
    (tmp_path / "kube" / "use.json").unlink()
    fresh = site.reopen()
    fresh.spent(T0 + timedelta(hours=5))
    assert [rows[0].allocated_node_seconds for _, rows in fresh.usage(T0, T0 + timedelta(hours=2))] == [7200, 7200]
