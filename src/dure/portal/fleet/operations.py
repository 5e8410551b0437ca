"""Writing the fleet: what the programme file says, who holds which node when, agents' credentials and leases."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from dure.core.errors import InsufficientCapacity, InvalidInput, Mistake, NotFound, Stale
from dure.core.text import Text
from dure.portal.fleet import queries
from dure.portal.fleet.models import AgentToken, Booking, Cluster, Maintenance, Node, Provider
from dure.portal.framework.programme import current, current_hash
from dure.portal.framework.states import locked
from dure.portal.journal import operations as journal
from dure.portal.people.actor import Actor
from dure.programme import fleet as programme_fleet
from dure.protocol.inventory import Inventory

SEEN_EVERY = timedelta(seconds=30)
LONGEST_TOKEN_DAYS = 366


@dataclass(frozen=True)
class Wanted:
    """Nodes of one cluster to be held for a half-open period. `reference` says for what ("award:25-1-0007")."""

    cluster: str
    node_names: Sequence[str]
    start_at: datetime
    end_at: datetime
    kind: str
    organisation: str
    reference: str


# --- the programme file -------------------------------------------------------------------------------------------


@transaction.atomic
def load_programme(*, actor: Actor, now: datetime) -> int:
    """Make providers, clusters, nodes and self-use bookings as the programme file says; returns how many nodes are new.

    Idempotent. Clusters grow but never shrink: what stands in the portal is never removed by a file.
    """
    actor.require(actor.is_system or actor.is_programme_manager)
    programme = current()
    for provider in programme.providers:
        name = {"ko": provider.name.ko, "en": provider.name.en}
        Provider.objects.update_or_create(code=provider.code, defaults={"name": name})
    made = sum(_load_cluster(cluster, now) for cluster in programme.clusters)
    if made:
        detail = {"programme_hash": current_hash(), "new_nodes": made}
        journal.append(at=now, actor=actor.name, event="fleet.load", subject=f"programme:{programme.code}", **detail)
    return made


def _load_cluster(cluster: programme_fleet.Cluster, now: datetime) -> int:
    programme = current()
    supplied = programme.supply_period
    row, _ = Cluster.objects.update_or_create(
        code=cluster.code,
        defaults={
            "provider": Provider.objects.get(code=cluster.provider),
            "name": {"ko": cluster.name.ko, "en": cluster.name.en},
            "site": cluster.site.ko[:80],
            "gpu_model": cluster.gpu_model,
            "gpus_per_node": cluster.gpus_per_node,
            "share": cluster.share,
            "scheduler": cluster.scheduler,
            "delivered_at": max(programme.midnight(cluster.delivered_on), supplied.start),
            "retired_at": supplied.end,
        },
    )
    there = row.nodes.count()
    width = max(3, len(str(cluster.nodes)))
    new = Node.objects.bulk_create(
        Node(cluster=row, name=f"{row.code}-{number:0{width}d}", leaf=(number - 1) // cluster.leaf_nodes)
        for number in range(there + 1, cluster.nodes + 1)
    )
    if cluster.share == "self_use":
        reference = f"self-use:{row.code}"
        Booking.objects.bulk_create(
            Booking(
                node=node,
                start_at=row.delivered_at,
                end_at=row.retired_at,
                kind="self_use",
                reference=reference,
                created_at=now,
            )
            for node in new
        )
    return len(new)


# --- bookings -----------------------------------------------------------------------------------------------------


def book(
    *,
    actor: Actor,
    now: datetime,
    cluster: str,
    node_names: Sequence[str],
    start_at: datetime,
    end_at: datetime,
    kind: str,
    organisation: str,
    reference: str,
) -> None:
    """Hold nodes for a period. The chapter that calls has decided that it may be done.

    Raises InsufficientCapacity when a node is held by another or the cluster is not there yet (or any more),
    NotFound for a node the cluster lacks, InvalidInput for an empty period or a kind without meaning.
    """
    wanted = Wanted(cluster, node_names, start_at, end_at, kind, organisation, reference)
    book_all(actor=actor, now=now, wanted=[wanted])


@transaction.atomic
def book_all(*, actor: Actor, now: datetime, wanted: Sequence[Wanted]) -> None:
    """Hold all that is wanted, or nothing. Raises as `book` does."""
    rows: list[Booking] = []
    for code in sorted({item.cluster for item in wanted}):
        here = locked(Cluster.objects.all(), code=code)
        names = {name for item in wanted if item.cluster == code for name in item.node_names}
        by_name = {node.name: node for node in here.nodes.filter(name__in=names)}
        for item in wanted:
            if item.cluster == code:
                rows += _rows(here, by_name, item, now)
    _insert(rows)
    for item in wanted:
        journal.append(
            at=now,
            actor=actor.name,
            event="fleet.book",
            subject=item.reference,
            cluster=item.cluster,
            nodes=list(item.node_names),
            kind=item.kind,
            start_at=item.start_at.isoformat(),
            end_at=item.end_at.isoformat(),
        )


def _rows(here: Cluster, by_name: dict[str, Node], item: Wanted, now: datetime) -> list[Booking]:
    if item.kind not in Booking.KINDS or item.end_at <= item.start_at:
        what = Text("기간이나 종류가 올바르지 않습니다.", "The period or the kind is not right.")
        raise InvalidInput(Mistake("booking", what), f"{item.kind} {item.start_at}..{item.end_at}")
    unknown = sorted(set(item.node_names) - set(by_name))
    if unknown:
        raise NotFound(internal=f"{here.code} has no nodes {unknown}")
    if item.start_at < here.delivered_at or item.end_at > here.retired_at:
        raise InsufficientCapacity(internal=f"{here.code} is not there from {item.start_at} to {item.end_at}")
    return [
        Booking(
            node=by_name[name],
            start_at=item.start_at,
            end_at=item.end_at,
            kind=item.kind,
            organisation=item.organisation,
            reference=item.reference,
            created_at=now,
        )
        for name in item.node_names
    ]


def _insert(rows: Sequence[Booking]) -> None:
    """Insert, the database being the judge of overlaps: a trigger on SQLite, an exclusion constraint on PostgreSQL."""
    try:
        with transaction.atomic():
            Booking.objects.bulk_create(rows)
    except IntegrityError as error:
        if "booking_exclusion" not in str(error):
            raise
        raise InsufficientCapacity(internal=str(error)) from error


@transaction.atomic
def release(
    *, actor: Actor, now: datetime, reference: str, from_at: datetime, node_names: Iterable[str] | None = None
) -> int:
    """Give back what is booked under `reference` from `from_at` on, of these nodes or all; returns how many bookings.

    A booking that has begun is cut, a later one is deleted. Repeating changes nothing.
    """
    rows = Booking.objects.filter(reference=reference, end_at__gt=from_at)
    names = None if node_names is None else sorted(node_names)
    if names is not None:
        rows = rows.filter(node__name__in=names)
    cut = rows.filter(start_at__lt=from_at).update(end_at=from_at)
    gone, _ = rows.filter(start_at__gte=from_at).delete()
    if cut or gone:
        detail = {"from_at": from_at.isoformat(), "nodes": names, "cut": cut, "deleted": gone}
        journal.append(at=now, actor=actor.name, event="fleet.release", subject=reference, **detail)
    return cut + gone


@transaction.atomic
def postpone(*, actor: Actor, now: datetime, reference: str, to: datetime) -> int:
    """Give back what lies before `to` of the bookings under `reference`; returns how many bookings changed."""
    rows = Booking.objects.filter(reference=reference, start_at__lt=to)
    cut = rows.filter(end_at__gt=to).update(start_at=to)
    gone, _ = rows.filter(end_at__lte=to).delete()
    if cut or gone:
        detail = {"to": to.isoformat(), "cut": cut, "deleted": gone}
        journal.append(at=now, actor=actor.name, event="fleet.postpone", subject=reference, **detail)
    return cut + gone


# --- what a provider does -----------------------------------------------------------------------------------------


@transaction.atomic
def announce_maintenance(
    *,
    actor: Actor,
    now: datetime,
    cluster: str,
    node_names: Sequence[str],
    start_at: datetime,
    end_at: datetime,
    reason: str,
) -> int:
    """Take nodes out for a period; awards on them pause for it and its hours are not charged. Returns its id.

    Raises NotFound for another provider's cluster, InvalidInput for a period in the past or nodes unknown,
    InsufficientCapacity where other work is already announced.
    """
    view = queries.cluster(cluster, actor)
    actor.require(actor.speaks_for(view.provider))
    here = locked(Cluster.objects.all(), code=cluster)
    known = set(here.nodes.filter(name__in=node_names).values_list("name", flat=True))
    _check_maintenance(node_names, known, start_at, end_at, reason, now)
    names = sorted(known)
    row = Maintenance.objects.create(
        cluster=here,
        start_at=start_at,
        end_at=end_at,
        node_names=names,
        reason=reason.strip(),
        announced_at=now,
        announced_by=actor.name,
    )
    _step_aside(here, names, start_at, end_at)
    by_name = {node.name: node for node in here.nodes.filter(name__in=names)}
    wanted = Wanted(cluster, names, start_at, end_at, "maintenance", "", f"maintenance:{row.pk}")
    _insert(_rows(here, by_name, wanted, now))
    journal.append(
        at=now,
        actor=actor.name,
        event="fleet.announce_maintenance",
        subject=f"cluster:{cluster}",
        reason=row.reason,
        nodes=names,
        start_at=start_at.isoformat(),
        end_at=end_at.isoformat(),
    )
    return row.pk


def _check_maintenance(
    names: Sequence[str], known: set[str], start_at: datetime, end_at: datetime, reason: str, now: datetime
) -> None:
    mistakes = []
    if not names or set(names) - known:
        strange = ", ".join(sorted(set(names) - known)) or "–"
        mistakes.append(
            Mistake(
                "node_names",
                Text(f"이 클러스터에 없는 서버입니다: {strange}.", f"Not servers of this cluster: {strange}."),
                Text("서버 이름을 한 줄에 하나씩 적어 주십시오.", "Write server names, one a line."),
            )
        )
    if start_at < now:
        mistakes.append(
            Mistake(
                "start_at", Text("지난 시각에는 점검을 예고할 수 없습니다.", "Work cannot be announced for the past.")
            )
        )
    if end_at <= start_at:
        mistakes.append(Mistake("end_at", Text("종료가 시작보다 늦어야 합니다.", "The end must come after the start.")))
    if not reason.strip():
        mistakes.append(Mistake("reason", Text("점검 사유를 적어 주십시오.", "Say why the work is needed.")))
    if mistakes:
        raise InvalidInput(mistakes)


def _step_aside(here: Cluster, names: Sequence[str], start_at: datetime, end_at: datetime) -> None:
    """Cut awards and self-use out of the period, keeping what lies before and after."""
    for booking in Booking.objects.filter(
        node__cluster=here,
        node__name__in=names,
        kind__in=("award", "self_use"),
        start_at__lt=end_at,
        end_at__gt=start_at,
    ).select_related("node"):
        after = (max(end_at, booking.start_at), booking.end_at)
        if booking.start_at < start_at:
            Booking.objects.filter(pk=booking.pk).update(end_at=start_at)
        else:
            booking.delete()
        if after[0] < after[1]:
            booking.pk = None
            booking._state.adding = True
            booking.start_at, booking.end_at = after
            booking.save(force_insert=True)


def told_of_maintenance(*, now: datetime, maintenance_id: int) -> None:
    """Note that the holders were told of a maintenance."""
    Maintenance.objects.filter(pk=maintenance_id, told_at=None).update(told_at=now)


@transaction.atomic
def describe_access(*, actor: Actor, now: datetime, cluster: str, login_host: str, partition: str) -> None:
    """Say where holders sign in and which partition (or queue) they use. Raises NotFound as `announce_maintenance`."""
    view = queries.cluster(cluster, actor)
    actor.require(actor.speaks_for(view.provider) or actor.is_system)
    Cluster.objects.filter(code=cluster).update(login_host=login_host.strip(), partition=partition.strip())
    detail = {"login_host": login_host.strip(), "partition": partition.strip()}
    journal.append(at=now, actor=actor.name, event="fleet.describe_access", subject=f"cluster:{cluster}", **detail)


@transaction.atomic
def issue_token(*, actor: Actor, now: datetime, cluster: str, label: str, days: int) -> str:
    """A new credential for a cluster's agent, returned once and kept only as its hash.

    Raises NotFound for another provider's cluster, InvalidInput for a lifetime out of bounds or an empty label.
    """
    view = queries.cluster(cluster, actor)
    actor.require(actor.speaks_for(view.provider) or actor.is_system)
    mistakes = []
    if not 1 <= days <= LONGEST_TOKEN_DAYS:
        what = Text("유효 기간은 1일에서 366일까지입니다.", "A token lives from 1 to 366 days.")
        mistakes.append(Mistake("days", what))
    if not label.strip():
        what = Text("어디에 쓰는 토큰인지 이름을 적어 주십시오.", "Name the place where this token is used.")
        mistakes.append(Mistake("label", what))
    if mistakes:
        raise InvalidInput(mistakes)
    token = f"dure_{secrets.token_urlsafe(32)}"
    row = AgentToken.objects.create(
        cluster_id=view.id,
        label=label.strip()[:80],
        token_hash=queries.token_hash(token),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    journal.append(
        at=now,
        actor=actor.name,
        event="fleet.issue_token",
        subject=f"cluster:{cluster}",
        token=row.pk,
        label=row.label,
        days=days,
    )
    return token


@transaction.atomic
def revoke_token(*, actor: Actor, now: datetime, cluster: str, token_id: int) -> None:
    """End a credential at once; repeating changes nothing. Raises NotFound."""
    view = queries.cluster(cluster, actor)
    actor.require(actor.speaks_for(view.provider) or actor.is_system)
    row = locked(AgentToken.objects.all(), pk=token_id, cluster_id=view.id)
    if row.revoked_at is not None:
        return
    AgentToken.objects.filter(pk=row.pk).update(revoked_at=now)
    journal.append(
        at=now,
        actor=actor.name,
        event="fleet.revoke_token",
        subject=f"cluster:{cluster}",
        token=row.pk,
        label=row.label,
    )


# --- what an agent does -------------------------------------------------------------------------------------------


@transaction.atomic
def claim_epoch(*, now: datetime, cluster: str, instance: str) -> int:
    """The epoch in which `instance` speaks for the cluster. Another instance than the present one takes the next."""
    row = locked(Cluster.objects.all(), code=cluster)
    if row.agent_instance == instance and row.epoch:
        return row.epoch
    epoch = row.epoch + 1
    Cluster.objects.filter(pk=row.pk).update(epoch=epoch, agent_instance=instance, agent_seen_at=now)
    journal.append(
        at=now,
        actor=f"agent:{cluster}",
        event="fleet.claim",
        subject=f"cluster:{cluster}",
        epoch=epoch,
        instance=instance,
        before=row.agent_instance,
    )
    return epoch


def require_lease(*, cluster: str, instance: str, epoch: int) -> None:
    """Raise Stale unless this instance holds the lease in force: an older agent is fenced off."""
    in_force = queries.lease(cluster)
    if (epoch, instance) == in_force:
        return
    there, number = in_force[1] or "–", in_force[0]
    raise Stale(
        Text(
            f"다른 에이전트({there}, {number}차)가 이 클러스터를 맡고 있습니다. 이 에이전트를 멈추어 주십시오.",
            f"Another agent ({there}, epoch {number}) speaks for this cluster. Stop this one.",
        ),
        f"{cluster}: {instance} epoch {epoch}, in force {in_force}",
    )


def note_seen(*, now: datetime, cluster: str, token_id: int) -> None:
    """Remember that the agent was heard; written at most every half minute."""
    before = now - SEEN_EVERY
    old = Q(agent_seen_at=None) | Q(agent_seen_at__lt=before)
    stale = Cluster.objects.filter(old, code=cluster)
    if stale.exists() and stale.update(agent_seen_at=now):  # read first: an update takes SQLite's write lock
        AgentToken.objects.filter(pk=token_id).update(used_at=now)


@transaction.atomic
def record_inventory(*, now: datetime, inventory: Inventory) -> bool:
    """Take in what the agent sees of its nodes; an older view than the one kept changes nothing. Raises Stale.

    Nodes the portal does not know are not made: they are shown to the provider, as are missing ones.
    """
    row = locked(Cluster.objects.all(), code=inventory.cluster)
    require_lease(cluster=inventory.cluster, instance=inventory.instance, epoch=inventory.epoch)
    if row.inventory_at is not None and inventory.seen_at < row.inventory_at:
        return False
    seen = {node.name: node for node in inventory.nodes}
    ours = list(row.nodes.all())
    changed = []
    for node in ours:
        found = seen.get(node.name)
        state, reason = (found.state, found.reason[:200]) if found else ("unknown", "")
        if (node.observed, node.observed_reason) != (state, reason):
            node.observed, node.observed_reason = state, reason
            changed.append(node)
    Node.objects.bulk_update(changed, ["observed", "observed_reason"], batch_size=200)
    names = {node.name for node in ours}
    odd = {n.name for n in inventory.nodes if n.gpus != row.gpus_per_node or row.gpu_model not in n.gpu_model.lower()}
    mismatch = {"missing": sorted(names - set(seen)), "unknown": sorted(set(seen) - names), "gpus": sorted(odd & names)}
    Cluster.objects.filter(pk=row.pk).update(inventory_at=inventory.seen_at, inventory_mismatch=mismatch)
    if changed or mismatch != row.inventory_mismatch:
        detail = {"changed": len(changed), **{kind: len(found) for kind, found in mismatch.items()}}
        actor = f"agent:{inventory.cluster}"
        journal.append(at=now, actor=actor, event="fleet.inventory", subject=f"cluster:{row.code}", **detail)
    return True
