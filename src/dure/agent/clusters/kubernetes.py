"""A Kubernetes cluster with Kueue, through its API server.

An allocation is a namespace and, of the same name, a ClusterQueue in one cohort, with a LocalQueue, a RoleBinding for
its members and a ResourceQuota in the namespace; the nodes it holds bear its label. Whatever lacks our mark is
somebody else's. Lending and taking back are Kueue's own. The ClusterQueue is made last and deleted last, and is the
record: a change that touches more than it is marked there as unfinished until the rest is done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import httpx

from dure.agent.clusters import kubernetes_objects as objects
from dure.agent.clusters.hostlist import fold
from dure.agent.clusters.keys import KeyDirectory
from dure.agent.clusters.kubernetes_api import KubernetesApi, Object
from dure.agent.clusters.kubernetes_nodes import Nodes
from dure.agent.clusters.kubernetes_objects import in_namespace, named
from dure.agent.clusters.kubernetes_use import UseBook
from dure.agent.clusters.options import KubernetesOptions
from dure.agent.clusters.port import Hold, Observed, Standing, Step, StepRefused
from dure.agent.clusters.storage import StorageCommand
from dure.core.text import Text
from dure.protocol.desired import Member
from dure.protocol.inventory import InventoryNode
from dure.protocol.report import StorageUse
from dure.protocol.usage import UsageRow

log = logging.getLogger("dure.agent")


class KubernetesCluster:
    """The cluster behind one API server; `transport` stands in for the network."""

    def __init__(self, options: KubernetesOptions, transport: httpx.BaseTransport | None = None) -> None:
        self._options = options
        self._api = KubernetesApi(options, transport)
        self._nodes = Nodes(self._api, options)
        self._keys = KeyDirectory(options.keys_directory or options.state_directory / "keys")
        self._use = UseBook(options)
        self._storage = StorageCommand(options.storage)

    def observe(self, now: datetime) -> Observed:
        """What stands; read only."""
        queues = {one["metadata"]["name"]: one for one in self._api.items(objects.CLUSTER_QUEUES)}
        spaces = {one["metadata"]["name"]: one for one in self._api.items(objects.NAMESPACES)}
        inside = _Inside(self._api)
        shared = self._shared_differences()
        labelled = self._nodes.labelled()
        standings, foreign = {}, {}
        for name in sorted({*queues, *spaces}):
            queue, space = queues.get(name), spaces.get(name)
            if any(one is not None and not objects.is_ours(one) for one in (queue, space)):
                foreign[name] = "a namespace or ClusterQueue without our mark"
            elif queue is None and space is not None:
                standings[name] = Standing(id=objects.notes_of(space).get(objects.IDENTITY, ""), name=name)
            elif queue is not None:
                found = self._standing(queue, space, inside, labelled.get(name, {}), now)
                standings[name] = found.model_copy(update={"extras": (*found.extras, *shared)})
        return Observed(standings=standings, foreign=foreign)

    def apply(self, step: Step, now: datetime) -> None:
        """Do one step. Raises StepRefused in the API server's own words."""
        if step.after is None:
            self._remove(step.name, now)
        elif step.field is None:
            self._create(step.after)
        elif step.field == "extras":
            raise StepRefused(internal=f"{step.field} of {step.name} is somebody else's")
        else:
            self._set(step, step.after, now)

    def inventory(self, now: datetime) -> tuple[InventoryNode, ...]:
        """The nodes the programme may use."""
        return self._nodes.inventory()

    def usage(self, since: datetime, until: datetime) -> Sequence[tuple[datetime, tuple[UsageRow, ...]]]:
        """Rows per whole hour, from what was looked at while it ran."""
        return self._use.rows(since, until)

    def spent(self, now: datetime) -> Mapping[str, int]:
        """GPU-seconds used, by name. Stops queues that have spent their budget, opens them again when it was raised;
        finishes changes that were cut off and are no longer asked for."""
        queues = [one for one in self._api.items(objects.CLUSTER_QUEUES) if objects.is_ours(one)]
        ids = {one["metadata"]["name"]: objects.notes_of(one).get(objects.IDENTITY, "") for one in queues}
        self._use.look(self._api.items(objects.PODS), ids, now)
        found = {}
        for queue in queues:
            standing = objects.record(queue)
            self._use.note_hold(standing.id, standing.name, standing.hold, now)
            used = self._use.gpu_seconds(standing.id, now)
            budget = standing.limits.gpu_hours
            if budget is not None:
                found[standing.name] = used
            self._keep(queue, standing, budget is not None and used >= budget * 3600, now)
        return found

    def storage(self, now: datetime) -> Mapping[str, StorageUse]:
        """What the site's own command says, where there is one."""
        if self._options.storage is None:
            return {}
        spaces = self._api.items(objects.NAMESPACES, labelSelector=f"{objects.MANAGED}=dure")
        return self._storage.of([one["metadata"]["name"] for one in spaces], now)

    # What stands.

    def _standing(
        self, queue: Object, space: Object | None, inside: _Inside, labelled: Mapping[str, bool], now: datetime
    ) -> Standing:
        """The record, with what differs from it: a value of its own where there is one, else an extra."""
        standing = objects.record(queue)
        name, options = standing.name, self._options
        binding = inside.mine(objects.ROLE_BINDINGS, name)
        members = tuple(
            Member.model_construct(login=login, ssh_keys=self._keys.of(login, name))
            for login in (objects.logins(binding, options) if binding else [])
        )
        standing = standing.model_copy(update={"members": members})
        notes = objects.notes_of(queue)
        is_stopped, unfinished = objects.STOPPED in notes, notes.get(objects.UNFINISHED, "")
        extras = list(objects.differences(objects.cluster_queue(standing, options, is_stopped, unfinished), queue))
        if space is None:
            extras.append("namespace is gone")
        elif not unfinished:
            extras += self._inside_differences(standing, space, inside, is_stopped)
            hold = standing.hold
            if hold is not None and standing.gpus > 0 and hold.start <= now < hold.end:
                if set(labelled) != set(hold.nodes):
                    nodes = tuple(sorted(labelled))
                    moved = Hold(nodes=nodes, start=hold.start, end=hold.end) if nodes else None
                    standing = standing.model_copy(update={"hold": moved})
                extras += [f"node {node}: taint is gone" for node, is_whole in sorted(labelled.items()) if not is_whole]
        if standing.hold is not None and standing.hold.end <= now:
            standing = standing.model_copy(update={"hold": None})
        return standing.model_copy(update={"extras": tuple(sorted(extras))})

    def _inside_differences(self, standing: Standing, space: Object, inside: _Inside, is_stopped: bool) -> list[str]:
        name, options = standing.name, self._options
        found = list(objects.differences(objects.namespace(standing), space, "namespace"))
        if "deletionTimestamp" in space["metadata"]:
            found.append("namespace is being deleted")
        asked = (
            (objects.LOCAL_QUEUES, "localqueue", objects.local_queue(standing)),
            (objects.ROLE_BINDINGS, "rolebinding", objects.role_binding(standing, options)),
            (objects.QUOTAS, "resourcequota", objects.resource_quota(standing, options, is_stopped)),
        )
        for kind, word, wanted in asked:
            there = inside.of(kind, name)
            own = there.pop(wanted["metadata"]["name"], None)
            found += [f"{word} is gone"] if own is None else objects.differences(wanted, own, word)
            found += [f"{word}/{other}" for other in sorted(there)]
        if not options.borrow_nodes:
            found += self._flavor_differences(name)
        return found

    def _flavor_differences(self, name: str) -> list[str]:
        wanted = objects.flavor(name, self._options)
        found = self._api.get(named(objects.FLAVORS, wanted["metadata"]["name"]))
        return (
            ["resourceflavor is gone"] if found is None else list(objects.differences(wanted, found, "resourceflavor"))
        )

    def _shared_differences(self) -> list[str]:
        """What somebody changed of the things all allocations share. What was never made is no difference."""
        found: list[str] = []
        for path, wanted in objects.shared(self._options):
            there = self._api.get(path)
            if there is not None:
                word = f"{wanted['kind'].lower()}/{wanted['metadata']['name']}"
                found += objects.differences(wanted, there, word)
        return found

    # What is changed.

    def _create(self, standing: Standing) -> None:
        """An empty standing, the ClusterQueue last: what was cut off before it is made anew."""
        name, options = standing.name, self._options
        for path in (named(objects.NAMESPACES, name), named(objects.CLUSTER_QUEUES, name)):
            there = self._api.get(path)
            if there is not None and not objects.is_ours(there):
                raise _refused(f"{path} exists and is not ours")
            if there is not None and objects.notes_of(there).get(objects.IDENTITY) != standing.id:
                raise _refused(f"{path} is of another allocation")
        for path, body in objects.shared(options):
            self._make_shared(path, body)
        if not options.borrow_nodes:
            self._api.apply(named(objects.FLAVORS, objects.flavor_of(name, options)), objects.flavor(name, options))
        self._api.apply(named(objects.NAMESPACES, name), objects.namespace(standing))
        if self._api.get(named(objects.CLUSTER_QUEUES, name)) is None:
            self._put_inside(objects.QUOTAS, objects.resource_quota(standing, options))
            self._put_inside(objects.ROLE_BINDINGS, objects.role_binding(standing, options))
            self._put_inside(objects.LOCAL_QUEUES, objects.local_queue(standing))
            self._api.apply(named(objects.CLUSTER_QUEUES, name), objects.cluster_queue(standing, options))

    def _make_shared(self, path: str, body: Object) -> None:
        there = self._api.get(path)
        if there is None:
            self._api.apply(path, body)
        elif not objects.is_ours(there):
            raise _refused(f"{path} exists and is not ours")

    def _set(self, step: Step, after: Standing, now: datetime) -> None:
        queue = self._api.get(named(objects.CLUSTER_QUEUES, step.name))
        if queue is None:  # cut off while being made
            self._create(Standing(id=after.id, name=after.name))
        if step.field == "members":
            self._set_members(after)
        elif step.field == "limits":
            if after.limits.qos is not None:
                raise _refused(f"Kueue knows no QOS ({after.limits.qos})")
            self._change(step.name, lambda standing: standing.model_copy(update={"limits": after.limits}))
        elif step.field == "gpus":
            self._change(step.name, lambda standing: standing.model_copy(update={"gpus": after.gpus}), "gpus", now)
        else:
            self._may_hold(after, now)
            self._use.note_hold(after.id, after.name, after.hold, now)
            self._change(step.name, lambda standing: standing.model_copy(update={"hold": after.hold}), "hold", now)

    def _set_members(self, after: Standing) -> None:
        name, wanted = after.name, {member.login for member in after.members}
        for member in after.members:
            self._keys.put(member.login, name, member.ssh_keys)
        for login in set(self._keys.logins(name)) - wanted:
            self._keys.drop(login, name)
        self._put_inside(objects.ROLE_BINDINGS, objects.role_binding(after, self._options))

    def _change(
        self, name: str, change: Callable[[Standing], Standing], field: str = "", now: datetime | None = None
    ) -> None:
        """Write a changed record; where more follows from it (`field`), that first, under the mark."""
        if field and now is not None:
            self._write_record(name, lambda standing: standing, field)
            queue = self._api.get(named(objects.CLUSTER_QUEUES, name))
            if queue is None:
                raise _refused(f"ClusterQueue {name} is gone")
            self._follow(change(objects.record(queue)), objects.STOPPED in objects.notes_of(queue), now)
        self._write_record(name, change)

    def _write_record(
        self, name: str, change: Callable[[Standing], Standing], unfinished: str = "", stopped: bool | None = None
    ) -> None:
        """Write the ClusterQueue, leaving alone what somebody else changed of it; nobody may come between."""
        path = named(objects.CLUSTER_QUEUES, name)

        def attempt() -> None:
            found = self._api.get(path)
            if found is None:
                raise _refused(f"ClusterQueue {name} is gone")
            old, notes = objects.record(found), objects.notes_of(found)
            was_stopped = objects.STOPPED in notes
            before = objects.cluster_queue(old, self._options, was_stopped, notes.get(objects.UNFINISHED, ""))
            wanted = objects.cluster_queue(
                change(old), self._options, was_stopped if stopped is None else stopped, unfinished
            )
            merged = objects.yielding(wanted, before, found)
            merged["metadata"]["resourceVersion"] = found["metadata"]["resourceVersion"]
            self._api.apply(path, merged)

        self._api.again(attempt)

    def _follow(self, standing: Standing, is_stopped: bool, now: datetime) -> None:
        """Make what follows from a record: the namespace's quota, and the marks on nodes held now."""
        self._put_inside(objects.QUOTAS, objects.resource_quota(standing, self._options, is_stopped))
        hold = standing.hold
        is_held = hold is not None and hold.start <= now < hold.end
        self._nodes.mark(standing.name, set(hold.nodes) if hold is not None and is_held else set())

    def _keep(self, queue: Object, standing: Standing, is_spent: bool, now: datetime) -> None:
        """Stop or open a queue by its budget, and finish what was cut off. A refusal is said and tried again."""
        notes = objects.notes_of(queue)
        if "deletionTimestamp" in queue["metadata"]:
            return
        if (objects.STOPPED in notes) == is_spent and objects.UNFINISHED not in notes:
            return
        try:
            self._write_record(standing.name, lambda one: one, notes.get(objects.UNFINISHED, "budget"), is_spent)
            self._follow(standing, is_spent, now)
            self._write_record(standing.name, lambda one: one)
        except StepRefused as error:
            log.warning("%s: %s", standing.name, error.internal or error.public.en)

    def _remove(self, name: str, now: datetime) -> None:
        """Stop the queue, end the jobs with their namespace, let the nodes go; the record goes last."""
        path, space = named(objects.CLUSTER_QUEUES, name), named(objects.NAMESPACES, name)
        queue, there = self._api.get(path), self._api.get(space)
        for one in (queue, there):
            if one is not None and not objects.is_ours(one):
                raise _refused(f"{name} is not ours")
        if queue is not None:
            if "deletionTimestamp" not in queue["metadata"]:
                self._write_record(name, lambda one: one.model_copy(update={"gpus": 0}), "removal", stopped=True)
            self._use.note_hold(objects.record(queue).id, name, None, now)
        if there is not None:
            self._api.delete(space)
            self._api.wait_gone(space)
        self._nodes.mark(name, set())
        if not self._options.borrow_nodes:
            self._api.delete(named(objects.FLAVORS, objects.flavor_of(name, self._options)))
        for login in self._keys.logins(name):
            self._keys.drop(login, name)
        if queue is not None:
            self._api.delete(path)
            self._api.wait_gone(path)

    def _may_hold(self, after: Standing, now: datetime) -> None:
        hold = after.hold
        if hold is None:
            return
        unknown = sorted(set(hold.nodes) - self._nodes.names())
        if unknown:
            raise StepRefused(
                Text(f"사업에 쓸 수 있는 서버가 아닙니다: {unknown[0]}", f"Not a node of the programme: {unknown[0]}"),
                f"nodes {fold(unknown)} do not bear {self._options.pool}",
            )
        rest = hold.model_copy(update={"start": max(hold.start, now)})
        others = [
            objects.record(one)
            for one in self._api.items(objects.CLUSTER_QUEUES)
            if objects.is_ours(one) and one["metadata"]["name"] != after.name
        ]
        for other, nodes in objects.overlapping(rest, others):
            raise StepRefused(
                Text(
                    f"{nodes[0]} 서버는 같은 기간에 {other}이(가) 쓰고 있습니다.",
                    f"Node {nodes[0]} is held by {other} in that period.",
                ),
                f"{after.name} overlaps {other} on {fold(nodes)}",
            )

    def _put_inside(self, kind: str, body: Object) -> None:
        metadata = body["metadata"]
        self._api.apply(in_namespace(kind, metadata["namespace"], metadata["name"]), body)


class _Inside:
    """Objects in namespaces, each kind listed once for all of them."""

    def __init__(self, api: KubernetesApi) -> None:
        self._api = api
        self._found: dict[str, dict[str, dict[str, Object]]] = {}

    def of(self, kind: str, namespace: str) -> dict[str, Object]:
        """The objects of one kind in one namespace, by name."""
        if kind not in self._found:
            found: dict[str, dict[str, Object]] = {}
            for one in self._api.items(kind):
                found.setdefault(one["metadata"]["namespace"], {})[one["metadata"]["name"]] = one
            self._found[kind] = found
        return dict(self._found[kind].get(namespace, {}))

    def mine(self, kind: str, namespace: str) -> Object | None:
        """Ours of that kind."""
        return self.of(kind, namespace).get(objects.MEMBERS)


def _refused(why: str) -> StepRefused:
    return StepRefused(Text(f"클러스터가 변경을 거부했습니다: {why}", f"The cluster refused the change: {why}"), why)
