"""Reading the fleet: clusters, nodes, who holds them when, and the agents' credentials."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet

from dure.core.errors import NotFound
from dure.core.period import Month, Period
from dure.core.text import Text
from dure.portal.fleet.models import AgentToken, Booking, Cluster, Maintenance, Node
from dure.portal.framework.programme import zone
from dure.portal.people.actor import Actor

EXCLUSIVE = ("award", "self_use", "maintenance")


@dataclass(frozen=True)
class ClusterView:
    """A cluster, its size, and when its agent was last heard."""

    id: int
    code: str
    provider: str
    provider_name: Text
    name: Text
    site: str
    gpu_model: str
    gpus_per_node: int
    share: str
    scheduler: str
    nodes: int
    delivered_at: datetime
    retired_at: datetime
    login_host: str
    partition: str
    api_server: str
    api_ca: str
    oidc_issuer: str
    oidc_client_id: str
    engine: str
    epoch: int
    agent_instance: str
    agent_seen_at: datetime | None
    inventory_at: datetime | None
    inventory_mismatch: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class NodeView:
    """A node, what its agent last saw of it, and what holds it now ("" when nothing does)."""

    name: str
    leaf: int
    observed: str
    observed_reason: str
    held_by: str
    organisation: str
    down_since: datetime | None = None


@dataclass(frozen=True)
class Capacity:
    """Node-seconds of one cluster in one month, by what held them. `free` is the rest, so they always sum."""

    month: Month
    supplied: int
    awarded: int
    self_use: int
    maintenance: int

    @property
    def free(self) -> int:
        """Node-seconds nobody held."""
        return self.supplied - self.awarded - self.self_use - self.maintenance


@dataclass(frozen=True)
class MaintenanceView:
    """Work announced on some nodes; `end_at` is when it was called off, where it was."""

    id: int
    cluster: str
    node_names: tuple[str, ...]
    start_at: datetime
    end_at: datetime
    reason: str
    announced_by: str
    told_at: datetime | None
    called_off_at: datetime | None
    announced_end_at: datetime

    @property
    def may_be_called_off(self) -> bool:
        """Whether it has not been called off yet."""
        return self.called_off_at is None


@dataclass(frozen=True)
class TokenView:
    """A credential as its provider sees it; the secret itself is not kept."""

    id: int
    label: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None

    def state(self, now: datetime) -> str:
        """`live`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "live" if now < self.expires_at else "expired"


@dataclass(frozen=True)
class Caller:
    """The agent that a token speaks for."""

    cluster: str
    token_id: int


def _text(pair: Mapping[str, str]) -> Text:
    return Text(pair["ko"], pair["en"])


def _cluster_view(row: Cluster) -> ClusterView:
    return ClusterView(
        id=row.pk,
        code=row.code,
        provider=row.provider.code,
        provider_name=_text(row.provider.name),
        name=_text(row.name),
        site=row.site,
        gpu_model=row.gpu_model,
        gpus_per_node=row.gpus_per_node,
        share=row.share,
        scheduler=row.scheduler,
        nodes=row.node_count,
        delivered_at=row.delivered_at,
        retired_at=row.retired_at,
        login_host=row.login_host,
        partition=row.partition,
        api_server=row.api_server,
        api_ca=row.api_ca,
        oidc_issuer=row.oidc_issuer,
        oidc_client_id=row.oidc_client_id,
        engine=row.engine,
        epoch=row.epoch,
        agent_instance=row.agent_instance,
        agent_seen_at=row.agent_seen_at,
        inventory_at=row.inventory_at,
        inventory_mismatch=row.inventory_mismatch,
    )


def _counted() -> QuerySet[Cluster]:
    return Cluster.objects.select_related("provider").annotate(node_count=Count("nodes"))


def may_see_all(actor: Actor) -> bool:
    """Whether this person may see every cluster."""
    return actor.may_oversee or actor.is_finance


def clusters(actor: Actor | None = None) -> list[ClusterView]:
    """All clusters, or those this actor may see."""
    rows = _counted()
    if actor is not None and not may_see_all(actor):
        rows = rows.filter(provider__code__in=actor.providers)
    return [_cluster_view(row) for row in rows]


def cluster(code: str, actor: Actor | None = None) -> ClusterView:
    """One cluster. Raises NotFound, also for one this actor may not know of."""
    row = _counted().filter(code=code).first()
    if row is None or (actor is not None and not may_see_all(actor) and not actor.speaks_for(row.provider.code)):
        raise NotFound(internal=f"cluster {code!r}")
    return _cluster_view(row)


def cluster_id(code: str) -> int:
    """The key of a cluster. Raises NotFound."""
    found = Cluster.objects.filter(code=code).values_list("id", flat=True).first()
    if found is None:
        raise NotFound(internal=f"cluster {code!r}")
    return found


def nodes(code: str, at: datetime) -> list[NodeView]:
    """The nodes of a cluster with what holds each at `at`."""
    held = {
        node_id: (kind, organisation)
        for node_id, kind, organisation in Booking.objects.filter(
            node__cluster__code=code, kind__in=EXCLUSIVE, start_at__lte=at, end_at__gt=at
        ).values_list("node_id", "kind", "organisation")
    }
    return [
        NodeView(row.name, row.leaf, row.observed, row.observed_reason, *held.get(row.pk, ("", "")), row.down_since)
        for row in Node.objects.filter(cluster__code=code)
    ]


def down_since(before: datetime) -> dict[str, dict[str, datetime]]:
    """Nodes their agents see down since before `before`, with since when, by cluster code."""
    found: dict[str, dict[str, datetime]] = defaultdict(dict)
    rows = Node.objects.filter(observed="down", down_since__lte=before).values_list(
        "cluster__code", "name", "down_since"
    )
    for code, name, since in rows:
        found[code][name] = since
    return dict(found)


def down_since_of(code: str, names: Iterable[str]) -> dict[str, datetime]:
    """Which of these nodes are seen down, and since when."""
    rows = Node.objects.filter(cluster__code=code, name__in=list(names), observed="down", down_since__isnull=False)
    return dict(rows.values_list("name", "down_since"))


def spares(code: str, start_at: datetime, end_at: datetime, leaf_of: str) -> list[str]:
    """Nodes free all through the period that their agent sees ready, those on the leaf of node `leaf_of` first."""
    free = dict(free_nodes(code, start_at, end_at))
    ready = Node.objects.filter(cluster__code=code, observed="ready", name__in=list(free))
    leaf = Node.objects.filter(cluster__code=code, name=leaf_of).values_list("leaf", flat=True).first()
    return [node.name for node in sorted(ready, key=lambda node: (node.leaf != leaf, node.name))]


def free_nodes(code: str, start_at: datetime, end_at: datetime) -> list[tuple[str, int]]:
    """Name and leaf of each node nobody holds at any instant of the period; none outside the cluster's lifetime."""
    busy = Booking.objects.filter(
        node__cluster__code=code, kind__in=EXCLUSIVE, start_at__lt=end_at, end_at__gt=start_at
    ).values("node_id")
    rows = Node.objects.filter(
        cluster__code=code, cluster__delivered_at__lte=start_at, cluster__retired_at__gte=end_at
    ).exclude(pk__in=busy)
    return list(rows.values_list("name", "leaf"))


def held(code: str, period: Period) -> dict[tuple[str, int], list[Period]]:
    """When each node (name, leaf) of a cluster is held, as far as that touches the period."""
    spans: dict[int, list[Period]] = defaultdict(list)
    for node, _, start, end in _bookings(code, period):
        spans[node].append(Period(start, end))
    rows = Node.objects.filter(cluster__code=code).order_by("name").values_list("pk", "name", "leaf")
    return {(name, leaf): spans.get(pk, []) for pk, name, leaf in rows}


def _bookings(code: str, period: Period) -> list[tuple[int, str, datetime, datetime]]:
    return list(
        Booking.objects.filter(
            node__cluster__code=code, kind__in=EXCLUSIVE, start_at__lt=period.end, end_at__gt=period.start
        )
        .order_by()
        .values_list("node_id", "kind", "start_at", "end_at")
    )


def _overlap(start: datetime, end: datetime, period: Period) -> int:
    return max(0, int((min(end, period.end) - max(start, period.start)).total_seconds()))


def capacity(code: str, months: Iterable[Month]) -> list[Capacity]:
    """Per month: node-seconds supplied, awarded, in self-use, under maintenance and free, in the programme's zone."""
    wanted, here = sorted(months), cluster(code)
    if not wanted:
        return []
    whole = Period(wanted[0].period(zone()).start, wanted[-1].period(zone()).end)
    rows = _bookings(code, whole)
    found = []
    for month in wanted:
        period = month.period(zone())
        held: dict[str, int] = defaultdict(int)
        for _, kind, start, end in rows:
            held[kind] += _overlap(start, end, period)
        supplied = here.nodes * _overlap(here.delivered_at, here.retired_at, period)
        found.append(Capacity(month, supplied, held["award"], held["self_use"], held["maintenance"]))
    return found


def free_per_month(code: str, months: Iterable[Month]) -> dict[Month, int]:
    """How many nodes are free all through each month: what a planner may count on."""
    wanted, here = sorted(months), cluster(code)
    if not wanted:
        return {}
    rows = _bookings(code, Period(wanted[0].period(zone()).start, wanted[-1].period(zone()).end))
    found = {}
    for month in wanted:
        period = month.period(zone())
        whole = here.delivered_at <= period.start and period.end <= here.retired_at
        touched = {node for node, _, start, end in rows if start < period.end and period.start < end}
        found[month] = here.nodes - len(touched) if whole else 0
    return found


def awarded_per_month(code: str, months: Iterable[Month]) -> dict[str, dict[Month, int]]:
    """Nodes that awards hold in each month, by organisation (its code); a node held for a part of it counts."""
    wanted = sorted(months)
    if not wanted:
        return {}
    whole = Period(wanted[0].period(zone()).start, wanted[-1].period(zone()).end)
    rows = Booking.objects.filter(
        node__cluster__code=code, kind="award", start_at__lt=whole.end, end_at__gt=whole.start
    ).order_by()
    found: dict[str, dict[Month, set[int]]] = defaultdict(lambda: defaultdict(set))
    for node, organisation, start, end in rows.values_list("node_id", "organisation", "start_at", "end_at"):
        for month in wanted:
            if _overlap(start, end, month.period(zone())):
                found[organisation][month].add(node)
    return {one: {month: len(nodes) for month, nodes in held.items()} for one, held in found.items()}


def occupancy(code: str, months: Sequence[Month]) -> list[tuple[str, list[str]]]:
    """Per node: what holds it longest in each month, "" where it is free all month. Months in order."""
    names = dict(Node.objects.filter(cluster__code=code).values_list("id", "name"))
    periods = [month.period(zone()) for month in months]
    held: dict[int, list[dict[str, int]]] = {pk: [{} for _ in periods] for pk in names}
    for node, kind, start, end in _bookings(code, Period(periods[0].start, periods[-1].end)):
        for place, period in enumerate(periods):
            seconds = _overlap(start, end, period)
            if seconds:
                held[node][place][kind] = held[node][place].get(kind, 0) + seconds
    return [
        (name, [max(cell, key=lambda kind: cell[kind]) if cell else "" for cell in held[pk]])
        for pk, name in names.items()
    ]


def booked_seconds(kind: str, period: Period) -> dict[tuple[str, str], int]:
    """Node-seconds of bookings of one kind within the period, by (cluster, reference)."""
    rows = (
        Booking.objects.filter(kind=kind, start_at__lt=period.end, end_at__gt=period.start)
        .order_by()
        .values_list("node__cluster__code", "reference", "start_at", "end_at")
    )
    found: dict[tuple[str, str], int] = defaultdict(int)
    for code, reference, start, end in rows:
        found[code, reference] += _overlap(start, end, period)
    return dict(found)


def booked_in_all(references: Iterable[str]) -> dict[str, int]:
    """Node-seconds booked under each reference, past and to come."""
    rows = Booking.objects.filter(reference__in=list(references)).order_by()
    found: dict[str, int] = defaultdict(int)
    for reference, start, end in rows.values_list("reference", "start_at", "end_at"):
        found[reference] += int((end - start).total_seconds())
    return dict(found)


def booked_nodes(reference: str, at: datetime) -> list[str]:
    """Names of the nodes booked under `reference` at `at`."""
    rows = Booking.objects.filter(reference=reference, start_at__lte=at, end_at__gt=at)
    return list(rows.order_by("node__name").values_list("node__name", flat=True))


def maintenances(code: str | None = None, *, ending_after: datetime) -> list[MaintenanceView]:
    """Announced work that is not over at `ending_after`, of one cluster or of all; the soonest first.

    What was called off before it began never was.
    """
    stands = Q(called_off_at=None) | (Q(called_off_at__gt=F("start_at")) & Q(called_off_at__gt=ending_after))
    rows = Maintenance.objects.select_related("cluster").filter(stands, end_at__gt=ending_after)
    if code is not None:
        rows = rows.filter(cluster__code=code)
    return [_maintenance(row) for row in rows.order_by("start_at", "id")]


def announced_works(code: str, now: datetime) -> list[MaintenanceView]:
    """All work on a cluster whose announced end is not past, called off or not: what its agent has to know of."""
    rows = Maintenance.objects.select_related("cluster").filter(cluster__code=code, end_at__gt=now)
    return [_maintenance(row) for row in rows.order_by("start_at", "id")]


def maintenances_untold() -> list[MaintenanceView]:
    """Work of which the holders have not been told yet that it is to be, or that it is not to be any more."""
    untold = Q(told_at=None) | Q(called_off_at__isnull=False, told_off_at=None)
    return [_maintenance(row) for row in Maintenance.objects.select_related("cluster").filter(untold)]


def _maintenance(row: Maintenance) -> MaintenanceView:
    return MaintenanceView(
        row.pk,
        row.cluster.code,
        tuple(row.node_names),
        row.start_at,
        row.end_at if row.called_off_at is None else row.called_off_at,
        row.reason,
        row.announced_by,
        row.told_at,
        row.called_off_at,
        row.end_at,
    )


def tokens(code: str, actor: Actor) -> list[TokenView]:
    """The credentials issued for a cluster. Raises NotPermitted for anybody but its provider and the overseers."""
    view = cluster(code, actor)
    actor.require(actor.speaks_for(view.provider) or actor.may_oversee)
    return [
        TokenView(row.pk, row.label, row.created_at, row.expires_at, row.revoked_at, row.used_at)
        for row in AgentToken.objects.filter(cluster__code=code)
    ]


def token_hash(token: str) -> str:
    """What is kept of a token: SHA-256, in hex. Tokens are 256 random bits, so no slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def cluster_of_token(token: str, now: datetime) -> Caller | None:
    """The cluster a live token speaks for, or None when it is unknown, expired or revoked."""
    live = Q(revoked_at=None) & Q(expires_at__gt=now)
    row = AgentToken.objects.filter(live, token_hash=token_hash(token)).values_list("cluster__code", "id").first()
    return Caller(*row) if row else None


def lease(code: str) -> tuple[int, str]:
    """Epoch and instance now in force for a cluster. Raises NotFound."""
    row = Cluster.objects.filter(code=code).values_list("epoch", "agent_instance").first()
    if row is None:
        raise NotFound(internal=f"cluster {code!r}")
    return row
