"""Nodes of a Kubernetes cluster: which there are and how they stand, and our marks on those that are held.

Nodes are not ours. Only the label `dure/allocation` is, and the taint of that name where nodes are set apart.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from dure.agent.clusters import kubernetes_objects as objects
from dure.agent.clusters.kubernetes_api import KubernetesApi, Object
from dure.agent.clusters.kubernetes_use import gpus_of
from dure.agent.clusters.options import KubernetesOptions
from dure.agent.clusters.port import StepRefused
from dure.protocol.inventory import InventoryNode, NodeState


class Nodes:
    """The nodes that bear the programme's label."""

    def __init__(self, api: KubernetesApi, options: KubernetesOptions) -> None:
        self._api = api
        self._options = options

    def names(self) -> set[str]:
        """Their names."""
        return {one["metadata"]["name"] for one in self._all()}

    def labelled(self) -> dict[str, dict[str, bool]]:
        """By allocation: the nodes that bear its label, and whether each has the taint it should have."""
        found: dict[str, dict[str, bool]] = {}
        for one in self._api.items(objects.NODES, labelSelector=objects.ALLOCATION):
            name = one["metadata"]["labels"][objects.ALLOCATION]
            is_whole = bool(self._options.borrow_nodes) or objects.taint(name) in _bare(_taints(one))
            found.setdefault(name, {})[one["metadata"]["name"]] = is_whole
        return found

    def mark(self, name: str, nodes: Collection[str]) -> None:
        """Let these nodes, and no others, bear the allocation's marks. A node that has gone is passed over."""
        now = set(self.labelled().get(name, {}))
        for node in sorted(now - set(nodes)):
            self._mark(node, None, name)
        for node in sorted(nodes):
            self._mark(node, name, name)

    def inventory(self) -> tuple[InventoryNode, ...]:
        """All of them, with their state."""
        found = self._all()
        busy = self._busy() if any((one.get("spec") or {}).get("unschedulable") for one in found) else set()
        return tuple(sorted((self._node(one, busy) for one in found), key=lambda node: node.name))

    def _all(self) -> list[Object]:
        return self._api.items(objects.NODES, labelSelector=self._options.pool)

    def _busy(self) -> set[str]:
        """Nodes on which a pod holds GPUs."""
        return {
            str((pod.get("spec") or {}).get("nodeName"))
            for pod in self._api.items(objects.PODS)
            if gpus_of(pod) and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
        }

    def _node(self, found: Object, busy: set[str]) -> InventoryNode:
        name, status = found["metadata"]["name"], found.get("status") or {}
        ready = next((one for one in status.get("conditions") or [] if one.get("type") == "Ready"), None)
        state: NodeState = "ready"
        reason = ""
        if ready is None:
            state, reason = "unknown", "no Ready condition"
        elif ready.get("status") != "True":
            state, reason = "down", str(ready.get("reason") or "NotReady")
        elif (found.get("spec") or {}).get("unschedulable"):
            state, reason = ("draining" if name in busy else "drained"), "cordoned"
        gpus = max(0, objects.amount((status.get("capacity") or {}).get(objects.GPU, 0)))
        usable = max(0, objects.amount((status.get("allocatable") or {}).get(objects.GPU, gpus)))
        if state == "ready" and usable < gpus:
            reason = f"{usable} of {gpus} GPUs can be used"
        leaf = (found["metadata"].get("labels") or {}).get(self._options.leaf_label, "")
        return InventoryNode(
            name=name, leaf=leaf[:60], gpus=gpus, gpu_model=self._options.gpu_model, state=state, reason=reason[:500]
        )

    def _mark(self, node: str, value: str | None, name: str) -> None:
        """Set or take away our marks on one node, unless somebody else's allocation has it."""
        path = objects.named(objects.NODES, node)

        def attempt() -> None:
            found = self._api.get(path)
            if found is None:
                return
            there = (found["metadata"].get("labels") or {}).get(objects.ALLOCATION)
            if there not in (None, name):
                if value is None:
                    return
                raise StepRefused(internal=f"node {node} bears the label of {there}")
            rest = [one for one in _taints(found) if one.get("key") != objects.ALLOCATION]
            wanted = [*rest, objects.taint(name)] if value and not self._options.borrow_nodes else rest
            if there == value and _bare(wanted) == _bare(_taints(found)):
                return
            version = found["metadata"]["resourceVersion"]
            body: Object = {"metadata": {"resourceVersion": version, "labels": {objects.ALLOCATION: value}}}
            if _bare(wanted) != _bare(_taints(found)):
                body["spec"] = {"taints": wanted or None}
            self._api.merge(path, body)

        self._api.again(attempt)


def _taints(node: Object) -> list[dict[str, Any]]:
    return (node.get("spec") or {}).get("taints") or []


def _bare(taints: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Taints without the time at which they were added."""
    return [{key: one[key] for key in ("key", "value", "effect") if key in one} for one in taints]
