"""What an allocation is made of on Kubernetes with Kueue: values in, objects out, and back again. No HTTP here.

The ClusterQueue is the record: its quota says how many GPUs, its annotations say which allocation, budget and nodes.
Everything else follows from the record and is compared with it; what differs was changed by somebody else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from dure.agent.clusters.options import KubernetesOptions
from dure.agent.clusters.port import Hold, Standing
from dure.protocol.desired import Limits
from dure.protocol.kueue import LOCAL_QUEUE, PRIORITIES

Object = dict[str, Any]

KUEUE = "kueue.x-k8s.io/v1beta2"
NAMESPACES, NODES, PODS = "/api/v1/namespaces", "/api/v1/nodes", "/api/v1/pods"
CLUSTER_QUEUES, FLAVORS, COHORTS, PRIORITY_CLASSES, LOCAL_QUEUES = (
    f"/apis/{KUEUE}/{plural}"
    for plural in ("clusterqueues", "resourceflavors", "cohorts", "workloadpriorityclasses", "localqueues")
)
ROLE_BINDINGS = "/apis/rbac.authorization.k8s.io/v1/rolebindings"
QUOTAS = "/api/v1/resourcequotas"

MANAGED = "app.kubernetes.io/managed-by"
ALLOCATION = "dure/allocation"  # on namespaces, and on the nodes that are held
IDENTITY, BUDGET, HOLD, UNFINISHED, STOPPED = (
    f"dure/{word}" for word in ("allocation-id", "gpu-hours", "hold", "unfinished", "stopped")
)
COHORT = FLAVOR = MEMBERS = QUOTA = "dure"
GPU = "nvidia.com/gpu"
_OF_LISTS = ("apiVersion", "kind")
_QUANTITY = re.compile(r"^(\d+)(\.0+)?(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)?$")
_UNITS = {None: 1} | {f"{c}i": 1024 ** (i + 1) for i, c in enumerate("KMGTP")}
_UNITS |= {c: 1000 ** (i + 1) for i, c in enumerate("kMGTP")}


def is_ours(found: Object) -> bool:
    """Whether an object bears our mark."""
    return bool((found["metadata"].get("labels") or {}).get(MANAGED) == "dure")


def notes_of(found: Object) -> dict[str, str]:
    """An object's annotations."""
    return found["metadata"].get("annotations") or {}


def in_namespace(collection: str, namespace: str, name: str) -> str:
    """The path of a namespaced object, from the path of its kind across namespaces."""
    start, _, plural = collection.rpartition("/")
    return f"{start}/namespaces/{namespace}/{plural}/{name}"


def named(collection: str, name: str) -> str:
    """The path of an object that has no namespace."""
    return f"{collection}/{name}"


# --- objects ------------------------------------------------------------------------------------------------------


def namespace(standing: Standing) -> Object:
    """Where the allocation's jobs live. Pod Security keeps its pods from the hosts they run on."""
    labels = {MANAGED: "dure", ALLOCATION: standing.name, "pod-security.kubernetes.io/enforce": "baseline"}
    return _object("v1", "Namespace", standing.name, labels=labels, annotations={IDENTITY: standing.id})


def cluster_queue(
    standing: Standing, options: KubernetesOptions, stopped: bool = False, unfinished: str = ""
) -> Object:
    """The quota and the record. Nothing of it may be borrowed by others or borrow before it has quota of its own."""
    notes = {IDENTITY: standing.id}
    if standing.limits.gpu_hours is not None:
        notes[BUDGET] = str(standing.limits.gpu_hours)
    if standing.hold is not None:
        notes[HOLD] = standing.hold.model_dump_json()
    if unfinished:
        notes[UNFINISHED] = unfinished
    if stopped:
        notes[STOPPED] = "budget"
    nodes, rest = divmod(max(standing.gpus, 0) * options.cpus_per_node, options.gpus_per_node)
    cpus = nodes + (rest > 0)
    memory = -(-max(standing.gpus, 0) * options.memory_gib_per_node // options.gpus_per_node)
    amounts = ((GPU, standing.gpus, ""), ("cpu", cpus, ""), ("memory", memory, "Gi"))
    more = options.borrow_nodes if standing.gpus > 0 else 0
    room = {GPU: options.gpus_per_node, "cpu": options.cpus_per_node, "memory": options.memory_gib_per_node}
    quotas = [
        {
            "name": name,
            "nominalQuota": f"{amount}{unit}",
            "borrowingLimit": f"{more * room[name]}{unit}",
            "lendingLimit": f"{amount if options.borrow_nodes else 0}{unit}",
        }
        for name, amount, unit in amounts
    ]
    flavor = flavor_of(standing.name, options)
    spec = {
        "cohortName": COHORT,
        "namespaceSelector": {"matchLabels": {ALLOCATION: standing.name}},
        "queueingStrategy": "BestEffortFIFO",
        # What is guaranteed is taken back from whoever borrowed it; nobody is pushed aside for a loan.
        "preemption": {
            "reclaimWithinCohort": "Any",
            "borrowWithinCohort": {"policy": "Never"},
            "withinClusterQueue": "LowerPriority",
        },
        "resourceGroups": [
            {"coveredResources": [GPU, "cpu", "memory"], "flavors": [{"name": flavor, "resources": quotas}]}
        ],
        "stopPolicy": "HoldAndDrain" if stopped else "None",
    }
    return _object(KUEUE, "ClusterQueue", standing.name, annotations=notes, spec=spec)


def local_queue(standing: Standing) -> Object:
    """The queue that jobs of the namespace name, or get when they name none: Kueue's default has this name."""
    spec = {"clusterQueue": standing.name, "stopPolicy": "None"}
    return _object(KUEUE, "LocalQueue", LOCAL_QUEUE, namespace=standing.name, spec=spec)


def role_binding(standing: Standing, options: KubernetesOptions) -> Object:
    """What members may do in the namespace: what the site's role says."""
    group = "rbac.authorization.k8s.io"
    return {
        **_object(f"{group}/v1", "RoleBinding", MEMBERS, namespace=standing.name),
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": options.member_role},
        "subjects": [
            {"apiGroup": group, "kind": "User", "name": options.user_prefix + member.login}
            for member in standing.members
        ],
    }


def resource_quota(standing: Standing, options: KubernetesOptions, stopped: bool = False) -> Object:
    """A bound the API server itself keeps, for pods that go around Kueue: quota and what may be borrowed."""
    most = 0 if stopped or standing.gpus <= 0 else standing.gpus + options.borrow_nodes * options.gpus_per_node
    spec = {"hard": {f"requests.{GPU}": str(most)}}
    return _object("v1", "ResourceQuota", QUOTA, namespace=standing.name, spec=spec)


def flavor_of(name: str, options: KubernetesOptions) -> str:
    """The flavor an allocation's quota is in: one for all where quota is lent, its own where nodes are set apart."""
    return FLAVOR if options.borrow_nodes else f"{FLAVOR}-{name}"


def flavor(name: str, options: KubernetesOptions) -> Object:
    """The nodes that quota stands for. Set apart, they bear the allocation's taint, which its jobs tolerate."""
    if options.borrow_nodes:
        key, _, value = options.pool.partition("=")
        return _object(KUEUE, "ResourceFlavor", FLAVOR, spec={"nodeLabels": {key: value}})
    spec = {"nodeLabels": {ALLOCATION: name}, "nodeTaints": [taint(name)], "tolerations": [toleration(name)]}
    return _object(KUEUE, "ResourceFlavor", flavor_of(name, options), spec=spec)


def taint(name: str) -> dict[str, str]:
    """What keeps everybody else's pods off a node that is set apart."""
    return {"key": ALLOCATION, "value": name, "effect": "NoSchedule"}


def toleration(name: str) -> dict[str, str]:
    """What lets the allocation's own pods on such a node."""
    return {"key": ALLOCATION, "operator": "Equal", "value": name, "effect": "NoSchedule"}


def shared(options: KubernetesOptions) -> Iterator[tuple[str, Object]]:
    """What all allocations have in common, with the path of each: cohort, priorities, and the flavor if it is one."""
    yield named(COHORTS, COHORT), _object(KUEUE, "Cohort", COHORT)
    for name, value in PRIORITIES.items():
        yield (
            named(PRIORITY_CLASSES, name),
            {**_object(KUEUE, "WorkloadPriorityClass", name), "value": value},
        )
    if options.borrow_nodes:
        yield named(FLAVORS, FLAVOR), flavor("", options)


def _object(version: str, kind: str, name: str, **more: Any) -> Object:
    metadata: Object = {"name": name, "labels": {MANAGED: "dure", **more.pop("labels", {})}}
    for key in ("namespace", "annotations"):
        if key in more:
            metadata[key] = more.pop(key)
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


# --- reading ------------------------------------------------------------------------------------------------------


def record(queue: Object) -> Standing:
    """The standing that a ClusterQueue records, without members. What somebody broke reads as a value never asked."""
    notes, spec = notes_of(queue), queue.get("spec") or {}
    budget = notes.get(BUDGET)
    try:
        hold = Hold.model_validate_json(notes[HOLD]) if HOLD in notes else None
    except ValidationError:
        hold = None
    try:
        quotas = spec["resourceGroups"][0]["flavors"][0]["resources"]
        gpus = next((amount(one["nominalQuota"]) for one in quotas if one["name"] == GPU), -1)
    except (KeyError, IndexError, TypeError):
        gpus = -1
    # Constructed unchecked: what somebody else wrote need not be what we would allow.
    return Standing.model_construct(
        id=notes.get(IDENTITY, ""),
        name=queue["metadata"]["name"],
        limits=Limits.model_construct(gpu_hours=int(budget) if budget and budget.isdigit() else None, qos=None),
        members=(),
        hold=hold,
        gpus=gpus,
        extras=(),
    )


def amount(quantity: object) -> int:
    """A quantity as a whole number; -1 where it is none (https://kubernetes.io/docs/reference, "Quantity")."""
    matched = _QUANTITY.match(str(quantity))
    return -1 if matched is None else int(matched[1]) * _UNITS[matched[3]]


def logins(binding: Object, options: KubernetesOptions) -> list[str]:
    """Who a RoleBinding lets in; a subject that is no user of ours is named with its kind."""
    found = []
    for subject in binding.get("subjects") or []:
        name, prefix = str(subject.get("name")), options.user_prefix
        is_user = subject.get("kind") == "User" and name.startswith(prefix)
        found.append(name.removeprefix(prefix) if is_user else f"{subject.get('kind')}/{name}")
    return sorted(found)


def differences(wanted: Any, found: Any, at: str = "") -> Iterator[str]:
    """Where `found` does not say what `wanted` says, as `path=value`; what `wanted` leaves out may be anything.

    Objects in a list do not say their version and kind: the list does.
    """
    if isinstance(wanted, dict):
        for key, value in wanted.items():
            if key in _OF_LISTS and "metadata" in wanted:
                continue
            here = f"{at}.{key}" if at else key
            yield from differences(value, found.get(key) if isinstance(found, dict) else None, here)
    elif _is_paired(wanted, found):
        for one, other in zip(wanted, found, strict=True):
            yield from differences(one, other, f"{at}[{one.get('name', '')}]")
    elif not _is_same(wanted, found):
        yield f"{at}={_short(found)}"


def yielding(wanted: Any, before: Any, found: Any) -> Any:
    """`wanted`, but where somebody changed `found` away from what it was `before`, that value: theirs is left alone."""
    if isinstance(wanted, dict):
        before, found = (one if isinstance(one, dict) else {} for one in (before, found))
        return {
            key: yielding(value, before[key], found[key]) if key in before else value
            for key, value in wanted.items()
            if key not in before or key in found  # else somebody took it away
        }
    if _is_paired(wanted, found) and _is_paired(wanted, before):
        return [yielding(*three) for three in zip(wanted, before, found, strict=True)]
    return wanted if _is_same(before, found) else found


def _is_paired(wanted: Any, found: Any) -> bool:
    """Whether two lists are of objects that stand for each other, one by one."""
    return (
        isinstance(wanted, list)
        and isinstance(found, list)
        and len(wanted) == len(found)
        and all(isinstance(one, dict) for one in (*wanted, *found))
        and [one.get("name") for one in wanted] == [one.get("name") for one in found]
    )


def _is_same(wanted: Any, found: Any) -> bool:
    if wanted == found or (not wanted and found is None):
        return True
    is_quantity = isinstance(wanted, str) and _QUANTITY.match(wanted) is not None and isinstance(found, (str, int))
    return is_quantity and amount(wanted) == amount(found)


def _short(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, sort_keys=True)[:200]


def overlapping(hold: Hold, others: Iterable[Standing]) -> Iterator[tuple[str, list[str]]]:
    """Which others hold some of the nodes at some time of `hold`, and which nodes."""
    for other in others:
        if other.hold is not None and max(hold.start, other.hold.start) < min(hold.end, other.hold.end):
            both = sorted(set(hold.nodes) & set(other.hold.nodes))
            if both:
                yield other.name, both
