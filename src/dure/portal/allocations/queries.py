"""Reading allocations: what should be on a cluster, what its agent says is, and one person's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from dure.core.condition import Condition
from dure.core.errors import NotFound
from dure.core.period import Period
from dure.core.text import Text
from dure.portal.allocations.models import (
    Access,
    Allocation,
    ClusterReport,
    Desired,
    NoSpare,
    Observation,
    ObservedCondition,
    Revision,
    SshKey,
)
from dure.portal.fleet import queries as fleet
from dure.portal.framework.programme import current
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor
from dure.portal.people.queries import OrganisationView, PersonView
from dure.protocol import words


@dataclass(frozen=True)
class ConditionView:
    """One condition with its meaning in plain words."""

    type: str
    status: str
    reason: str
    meaning: Text
    why: Text
    message: str
    changed_at: datetime


@dataclass(frozen=True)
class AllocationView:
    """An allocation as it should be (its newest revision), and how far the agent has come."""

    id: int
    name: str
    award_number: str
    organisation: OrganisationView
    cluster: str
    cluster_name: Text
    provider: str
    gpu_model: str
    gpus_per_node: int
    login_host: str
    partition: str
    needs_ssh_key: bool
    state: str
    generation: int
    node_names: tuple[str, ...]
    start_at: datetime
    end_at: datetime
    reason: str
    created_at: datetime
    ended_at: datetime | None
    lent: bool
    held_nodes: tuple[str, ...]
    applied_generation: int
    ready_at: datetime | None
    cleared_at: datetime | None

    @property
    def nodes(self) -> int:
        """How many nodes it should hold."""
        return len(self.node_names)

    @property
    def period(self) -> Period:
        """From when to when."""
        return Period(self.start_at, self.end_at)

    @property
    def is_applied(self) -> bool:
        """Whether the agent has applied the newest revision."""
        return self.applied_generation >= self.generation


@dataclass(frozen=True)
class StorageView:
    """The storage of an allocation as its site last reported it; bytes."""

    path: str
    used: int
    quota: int
    reported_at: datetime | None

    @property
    def is_filling(self) -> bool:
        """Whether it is so full that its people are warned."""
        return is_filling(self.used, self.quota)


@dataclass(frozen=True)
class WayIn:
    """How people get into a cluster, in its provider's words, and what its agent really drives."""

    scheduler: str
    engine: str
    login_host: str
    partition: str
    api_server: str
    api_ca: str
    oidc_issuer: str
    oidc_client_id: str

    @property
    def has_kubeconfig(self) -> bool:
        """Whether everything a kubeconfig needs is known."""
        return self.scheduler == "kubernetes" and all((self.api_server, self.oidc_issuer, self.oidc_client_id))


@dataclass(frozen=True)
class RevisionView:
    """One revision, for the timeline."""

    generation: int
    present: bool
    nodes: int
    start_at: datetime
    end_at: datetime
    reason: str
    made_at: datetime


@dataclass(frozen=True)
class KeyView:
    """A person's public key."""

    id: int
    label: str
    kind: str
    fingerprint: str
    added_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class ReportView:
    """What a cluster's agent last said of itself, against what is asked of it."""

    cluster: str
    generation: int
    observed_generation: int
    done_at: datetime | None
    epoch: int
    conditions: Sequence[ConditionView]
    drift: Sequence[dict[str, Any]]

    @property
    def is_current(self) -> bool:
        """Whether the agent speaks of the newest desired state."""
        return self.observed_generation >= self.generation


STORAGE_WARNING_PERCENT = 80


def is_filling(used: int, quota: int) -> bool:
    """Whether storage is so full that its people are warned."""
    return quota > 0 and used * 100 >= quota * STORAGE_WARNING_PERCENT


# --- for agents ---------------------------------------------------------------------------------------------------


def desired(cluster: str) -> tuple[int, str, str]:
    """Generation, entity tag and document of a cluster's desired state; generation 0 without a document if none yet."""
    row = Desired.objects.filter(cluster__code=cluster).values_list("generation", "etag", "document").first()
    return row or (0, "", "")


def desired_tag(cluster: str) -> str:
    """Only the entity tag: all that most polls need."""
    return Desired.objects.filter(cluster__code=cluster).values_list("etag", flat=True).first() or ""


def agents_behind(at: datetime) -> set[str]:
    """Clusters with a desired state whose agent has not yet done, seen and delivered all that was due at `at`."""
    behind = {}
    for code, cluster_id, generation in Desired.objects.values_list("cluster__code", "cluster_id", "generation"):
        behind[cluster_id] = (code, generation)
    delivered = set(
        ObservedCondition.objects.filter(allocation=None, type=words.USAGE_DELIVERED, status="true").values_list(
            "cluster_id", flat=True
        )
    )
    for report in ClusterReport.objects.filter(cluster_id__in=behind, done_at__gte=at):
        if report.observed_generation >= behind[report.cluster_id][1] and report.cluster_id in delivered:
            del behind[report.cluster_id]
    return {code for code, _ in behind.values()}


# --- for people ---------------------------------------------------------------------------------------------------


def _rows() -> QuerySet[Allocation]:
    return Allocation.objects.select_related("organisation", "cluster__provider", "revision", "observation")


def _visible(actor: Actor) -> QuerySet[Allocation]:
    if actor.may_oversee or actor.is_finance:
        return _rows()
    mine = Q(organisation_id__in=actor.organisations) | Q(cluster__provider__code__in=actor.providers)
    if actor.user_id is not None:
        with_access = Access.objects.filter(user_id=actor.user_id, removed_at=None)
        mine |= Q(pk__in=with_access.values("allocation_id"))
    return _rows().filter(mine)


def listing(
    actor: Actor, *, text: str = "", state: str = "", cluster: str = "", order: str = "name"
) -> QuerySet[Allocation]:
    """The allocations this person may see, for `framework.lists.paged(…, make=view_of)`."""
    rows = _visible(actor)
    if text:
        rows = rows.filter(
            Q(name__icontains=text)
            | Q(organisation__name__icontains=text)
            | Q(organisation__name_en__icontains=text)
            | Q(award_number__icontains=text)
        )
    if state:
        rows = rows.filter(state=state)
    if cluster:
        rows = rows.filter(cluster__code=cluster)
    orders = {"name": "name", "start": "revision__start_at", "end": "revision__end_at", "organisation": "organisation"}
    sign = "-" if order.startswith("-") else ""
    return rows.order_by(sign + orders.get(order.lstrip("-"), "name"), "name")


def view_of(row: Allocation) -> AllocationView:
    """One row of `listing`."""
    revision, seen = row.revision, getattr(row, "observation", None)
    cluster = row.cluster
    return AllocationView(
        id=row.pk,
        name=row.name,
        award_number=row.award_number,
        organisation=people.organisation_view(row.organisation),
        cluster=cluster.code,
        cluster_name=Text(cluster.name["ko"], cluster.name["en"]),
        provider=cluster.provider.code,
        gpu_model=cluster.gpu_model,
        gpus_per_node=cluster.gpus_per_node,
        login_host=cluster.login_host,
        partition=cluster.partition,
        needs_ssh_key=cluster.scheduler != "kubernetes" or bool(cluster.login_host),
        state=row.state,
        generation=revision.generation,
        node_names=tuple(revision.node_names),
        start_at=revision.start_at,
        end_at=revision.end_at,
        reason=revision.reason,
        created_at=row.created_at,
        ended_at=row.ended_at,
        lent=revision.lent and row.state == "present",
        held_nodes=tuple(seen.node_names) if seen else (),
        applied_generation=seen.generation if seen else 0,
        ready_at=seen.ready_at if seen else None,
        cleared_at=seen.cleared_at if seen else None,
    )


def mine(actor: Actor) -> list[AllocationView]:
    """The allocations of the person's organisations and those they have access to."""
    with_access = Access.objects.filter(user_id=actor.user_id, removed_at=None).values("allocation_id")
    rows = _rows().filter(Q(organisation_id__in=actor.organisations) | Q(pk__in=with_access))
    return [view_of(row) for row in rows]


def allocation(name: str, actor: Actor) -> AllocationView:
    """One allocation. Raises NotFound, also for one this person may not know of."""
    row = _visible(actor).filter(name=name).first()
    if row is None:
        raise NotFound(internal=f"allocation {name!r} for {actor}")
    return view_of(row)


def of_award(number: str, actor: Actor) -> AllocationView | None:
    """The allocation of an award, once it exists and if this person may see it."""
    row = _visible(actor).filter(award_number=number).first()
    return view_of(row) if row else None


def of_cluster(code: str) -> list[AllocationView]:
    """The allocations that are still listed in a cluster's desired state."""
    return [view_of(row) for row in _rows().filter(cluster__code=code, is_listed=True)]


def by_award(numbers: Iterable[str]) -> dict[str, AllocationView]:
    """Allocations by their awards' numbers."""
    return {row.award_number: view_of(row) for row in _rows().filter(award_number__in=list(numbers))}


def first_start() -> datetime | None:
    """When the earliest allocation began, or will; None while there is none."""
    return Revision.objects.order_by("start_at").values_list("start_at", flat=True).first()


def started(at: datetime) -> list[AllocationView]:
    """Allocations whose period has begun at `at`, ended ones too."""
    return [view_of(row) for row in _rows().filter(revision__start_at__lte=at).order_by("name")]


def present(at: datetime) -> list[AllocationView]:
    """Allocations that hold nodes at `at`."""
    rows = _rows().filter(state="present", revision__present=True)
    return [view_of(row) for row in rows.filter(revision__start_at__lte=at, revision__end_at__gt=at)]


def _condition(row: ObservedCondition) -> ConditionView:
    # Some types are said of an allocation and of a cluster alike.
    meanings = {**words.CLUSTER_CONDITIONS, **(words.ALLOCATION_CONDITIONS if row.allocation_id else {})}
    empty = Text("", "")
    return ConditionView(
        row.type,
        row.status,
        row.reason,
        meanings.get(row.type, empty),
        words.REASONS.get(row.reason, empty),
        row.message,
        row.changed_at,
    )


def conditions(allocation_id: int) -> list[ConditionView]:
    """What the agent last reported of an allocation, in the order the protocol lists the types."""
    order = list(words.ALLOCATION_CONDITIONS)
    rows = ObservedCondition.objects.filter(allocation_id=allocation_id)
    return sorted((_condition(row) for row in rows), key=lambda c: order.index(c.type) if c.type in order else 99)


def report(cluster: str) -> ReportView:
    """What the agent of a cluster last reported, beside the generation asked of it."""
    generation, _, _ = desired(cluster)
    row = ClusterReport.objects.filter(cluster__code=cluster).first()
    found = ObservedCondition.objects.filter(cluster__code=cluster, allocation=None)
    return ReportView(
        cluster=cluster,
        generation=generation,
        observed_generation=row.observed_generation if row else 0,
        done_at=row.done_at if row else None,
        epoch=row.epoch if row else 0,
        conditions=[_condition(c) for c in found],
        drift=row.drift if row else [],
    )


def cluster_conditions() -> dict[str, list[Condition]]:
    """The conditions every agent reported of its cluster, by cluster code."""
    found: dict[str, list[Condition]] = {}
    for row in ObservedCondition.objects.filter(allocation=None).select_related("cluster"):
        found.setdefault(row.cluster.code, []).append(Condition(row.type, row.status, row.reason, row.message))
    return found


def revisions(allocation_id: int) -> list[RevisionView]:
    """What was asked, from the first revision to the newest."""
    return [
        RevisionView(r.generation, r.present, len(r.node_names), r.start_at, r.end_at, r.reason, r.made_at)
        for r in Revision.objects.filter(allocation_id=allocation_id)
    ]


def members(allocation_id: int) -> list[PersonView]:
    """The people who may use an allocation, the longest-standing first."""
    ids = list(Access.objects.filter(allocation_id=allocation_id, removed_at=None).values_list("user_id", flat=True))
    found = people.persons(ids)
    return [found[user_id] for user_id in ids]


def storage(allocation_id: int) -> StorageView | None:
    """The storage of an allocation; None where its site reports none."""
    row = Observation.objects.filter(allocation_id=allocation_id).exclude(storage_path="").first()
    return row and StorageView(row.storage_path, row.storage_used, row.storage_quota, row.storage_at)


def filling(allocation_ids: Iterable[int]) -> set[int]:
    """Which of these allocations have storage that is nearly full."""
    rows = Observation.objects.filter(allocation_id__in=list(allocation_ids), storage_quota__gt=0)
    return {row.allocation_id for row in rows if is_filling(row.storage_used, row.storage_quota)}


def way_in(allocation_id: int) -> WayIn:
    """How people get into the cluster of an allocation."""
    names = [field.name for field in fields(WayIn)]
    return WayIn(*Allocation.objects.values_list(*(f"cluster__{name}" for name in names)).get(pk=allocation_id))


def without_spare(view: AllocationView) -> list[str]:
    """Nodes of an allocation that are down and had no spare when one was looked for."""
    rows = NoSpare.objects.filter(allocation_id=view.id, node_name__in=view.node_names)
    down = fleet.down_since_of(view.cluster, view.node_names)
    return sorted(row.node_name for row in rows if down.get(row.node_name) == row.down_since)


def gpu_hour_budgets(allocation_ids: Iterable[int]) -> dict[int, int]:
    """GPU-hours the jobs of each may use in all, where its track sets a budget: a share of what is booked for it.

    What is booked grows and shrinks with the award, so the budget does, too.
    """
    shares = {track.code: track.gpu_hours_percent for track in current().tracks if track.gpu_hours_percent}
    if not shares:
        return {}
    rows = Allocation.objects.filter(pk__in=list(allocation_ids), award__application__call__track__in=shares)
    named = list(rows.values_list("pk", "award_number", "cluster__gpus_per_node", "award__application__call__track"))
    booked = fleet.booked_in_all(f"award:{number}" for _, number, _, _ in named)
    return {
        pk: booked.get(f"award:{number}", 0) * gpus * shares[track] // 100 // 3600 for pk, number, gpus, track in named
    }


def lent_by_others(view: AllocationView) -> int:
    """How many GPUs other allocations on the same cluster lend now; only Slurm lends on demand."""
    rows = Allocation.objects.filter(
        cluster__code=view.cluster, cluster__scheduler="slurm", state="present", revision__lent=True
    )
    names = rows.exclude(pk=view.id).values_list("revision__node_names", flat=True)
    return sum(map(len, names)) * view.gpus_per_node


def login_of(user_id: int) -> str:
    """The login name a person has on every cluster. It says nothing about the person."""
    return f"du{user_id}"


def accessible(user_id: int) -> list[AllocationView]:
    """The allocations a person has access to by name."""
    with_access = Access.objects.filter(user_id=user_id, removed_at=None).values("allocation_id")
    return [view_of(row) for row in _rows().filter(pk__in=with_access)]


def ssh_keys(user_id: int) -> list[KeyView]:
    """A person's keys, the newest first, revoked ones included."""
    return [
        KeyView(row.pk, row.label, row.public_key.split(" ", 1)[0], row.fingerprint, row.added_at, row.revoked_at)
        for row in SshKey.objects.filter(user_id=user_id)
    ]
