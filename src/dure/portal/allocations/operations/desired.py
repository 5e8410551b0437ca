"""What should be on a cluster: agreed awards become allocations, revisions replace revisions, generations rise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from dure.core.errors import IllegalTransition, InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.lifecycles import ALLOCATION
from dure.portal.allocations.models import Access, Allocation, Desired, Revision, SshKey
from dure.portal.allocations.queries import gpu_hour_budgets, login_of
from dure.portal.awards import queries as awards
from dure.portal.awards.queries import AwardView
from dure.portal.fleet import operations as fleet
from dure.portal.fleet import queries as fleet_queries
from dure.portal.fleet.queries import MaintenanceView
from dure.portal.framework.states import locked, move
from dure.portal.journal import operations as journal
from dure.portal.people.actor import Actor, system
from dure.protocol.desired import DesiredAllocation, DesiredMaintenance, DesiredState, Limits, Member

LOOP = system("loop:allocate")
_NAME_LIMIT = 40


def safe_name(award_number: str) -> str:
    """The allocation's name: lower case, digits and hyphens, for Slurm and Kubernetes alike."""
    return ("a-" + re.sub(r"[^a-z0-9-]+", "-", award_number.lower()))[:_NAME_LIMIT].rstrip("-")


def allocate_due(*, now: datetime) -> int:
    """Make every agreed award real that is not yet: one transaction, one generation per cluster. Returns how many.

    Awards of the future are made at once too: the agent prepares them and holds the nodes from their start.
    """
    if awards.state_counts().get("agreed", 0) == Allocation.objects.filter(award__state="agreed").count():
        return 0
    known = set(Allocation.objects.values_list("award_number", flat=True))
    by_cluster: dict[str, list[AwardView]] = {}
    for award in awards.agreed():
        if award.number not in known and award.end_at > now:
            by_cluster.setdefault(award.cluster, []).append(award)
    return sum(_allocate(cluster, found, now) for cluster, found in sorted(by_cluster.items()))


@transaction.atomic
def _allocate(cluster: str, agreed: Sequence[AwardView], now: datetime) -> int:
    desired = next_generation(cluster)
    known = set(Allocation.objects.filter(award_id__in=[a.id for a in agreed]).values_list("award_number", flat=True))
    new = [award for award in agreed if award.number not in known]
    if not new:
        return 0
    rows = Allocation.objects.bulk_create(
        Allocation(
            award_id=award.id,
            award_number=award.number,
            cluster_id=award.cluster_id,
            organisation_id=award.organisation_id,
            name=safe_name(award.number),
            created_at=now,
        )
        for award in new
    )
    Access.objects.bulk_create(
        Access(allocation=row, user_id=award.lead_id, since_at=now) for row, award in zip(rows, new, strict=True)
    )
    members = _members(rows)
    revisions = []
    for row, award in zip(rows, new, strict=True):
        start = max(award.start_at, _whole_second(now))
        if start > award.start_at:  # agreed late: what lies before was never theirs and is not charged
            fleet.postpone(actor=LOOP, now=now, reference=f"award:{award.number}", to=start)
        reason = "agreed"
        revisions.append(
            _revision(row, desired.generation, award.node_names, start, award.end_at, members[row.pk], reason, now)
        )
        subject = f"allocation:{row.name}"
        detail = {"award": award.number, "cluster": cluster, "generation": desired.generation}
        journal.append(at=now, actor=LOOP.name, event="allocations.allocate", subject=subject, **detail)
    _make_current(rows, Revision.objects.bulk_create(revisions))
    publish(cluster, desired, now)
    return len(rows)


def _whole_second(instant: datetime) -> datetime:
    """`instant`, or the next whole second after it: instants on the wire have no fractions."""
    return instant if not instant.microsecond else instant.replace(microsecond=0) + timedelta(seconds=1)


def _revision(
    row: Allocation,
    generation: int,
    nodes: Sequence[str],
    start: datetime,
    end: datetime,
    members: list[dict[str, Any]],
    reason: str,
    now: datetime,
    *,
    present: bool = True,
    lent: bool = False,
) -> Revision:
    return Revision(
        allocation=row,
        generation=generation,
        present=present,
        node_names=list(nodes),
        start_at=start,
        end_at=end,
        members=members,
        lent=lent,
        reason=reason,
        made_at=now,
    )


def _make_current(rows: Sequence[Allocation], revisions: Sequence[Revision]) -> None:
    for row, revision in zip(rows, revisions, strict=True):
        row.revision = revision
    Allocation.objects.bulk_update(rows, ["revision"], batch_size=200)


def _members(rows: Iterable[Allocation]) -> dict[int, list[dict[str, Any]]]:
    """Logins and live keys of everybody with access, by allocation."""
    ids = [row.pk for row in rows]
    accesses = list(
        Access.objects.filter(allocation_id__in=ids, removed_at=None).values_list("allocation_id", "user_id")
    )
    keys: dict[int, list[str]] = {}
    users = {user for _, user in accesses}
    for user, key in SshKey.objects.filter(user_id__in=users, revoked_at=None).values_list("user_id", "public_key"):
        keys.setdefault(user, []).append(key)
    found: dict[int, list[dict[str, Any]]] = {pk: [] for pk in ids}
    for allocation, user in accesses:
        found[allocation].append({"login": login_of(user), "ssh_keys": sorted(keys.get(user, []))})
    return found


def next_generation(cluster: str) -> Desired:
    """The cluster's desired state, locked, with the next generation taken; `publish` writes it."""
    cluster_id = fleet_queries.cluster_id(cluster)
    Desired.objects.get_or_create(cluster_id=cluster_id)
    desired: Desired = locked(Desired.objects.all(), cluster_id=cluster_id)
    desired.generation += 1
    return desired


def publish(cluster: str, desired: Desired, now: datetime) -> None:
    """Write the desired state of `desired.generation` as the document agents get."""
    epoch, _ = fleet_queries.lease(cluster)
    rows = list(
        Allocation.objects.filter(cluster_id=desired.cluster_id, is_listed=True)
        .select_related("revision", "cluster")
        .order_by("name")
    )
    budgets = gpu_hour_budgets(row.pk for row in rows)
    state = DesiredState(
        cluster=cluster,
        generation=desired.generation,
        epoch=epoch,
        allocations=tuple(_wire(row, budgets.get(row.pk)) for row in rows),
        maintenance=tuple(_work(view) for view in fleet_queries.announced_works(cluster, now)),
    )
    desired.etag, desired.document = state.etag(), state.model_dump_json()
    desired.save(update_fields=["generation", "etag", "document"])


def _work(view: MaintenanceView) -> DesiredMaintenance:
    return DesiredMaintenance(
        name=f"dure-work-{view.id}",
        nodes=view.node_names,
        start=view.start_at,
        end=view.announced_end_at,
        reason=view.reason,
        present=view.called_off_at is None,
    )


def _wire(row: Allocation, gpu_hours: int | None) -> DesiredAllocation:
    revision = row.revision
    return DesiredAllocation(
        id=row.name,
        name=row.name,
        generation=revision.generation,
        present=revision.present,
        nodes=tuple(revision.node_names),
        start=revision.start_at,
        end=revision.end_at,
        gpu_model=row.cluster.gpu_model,
        gpus_per_node=row.cluster.gpus_per_node,
        members=tuple(Member(login=m["login"], ssh_keys=tuple(m["ssh_keys"])) for m in revision.members),
        limits=Limits(gpu_hours=gpu_hours),
        lent=revision.lent,
    )


@transaction.atomic
def claim(*, now: datetime, cluster: str, instance: str) -> int:
    """Let an agent instance speak for a cluster; the epoch is part of the desired state. Returns the epoch."""
    cluster_id = fleet_queries.cluster_id(cluster)
    Desired.objects.get_or_create(cluster_id=cluster_id)
    desired = locked(Desired.objects.all(), cluster_id=cluster_id)  # before the journal, as a report of the agent does
    before, _ = fleet_queries.lease(cluster)
    epoch = fleet.claim_epoch(now=now, cluster=cluster, instance=instance)
    if epoch != before or not desired.document:
        publish(cluster, desired, now)
    return epoch


@transaction.atomic
def revise(
    *,
    actor: Actor,
    now: datetime,
    name: str,
    reason: str,
    node_names: Sequence[str] | None = None,
    end_at: datetime | None = None,
    present: bool = True,
) -> int:
    """Append a revision: fewer nodes, an earlier end, or gone (`present=False`). Returns its generation.

    Nodes given up are released from `now` on. Raises NotPermitted, NotFound, IllegalTransition for one that has
    ended, InvalidInput for nodes it does not hold or an end outside its period.
    """
    actor.require(actor.is_system or actor.is_programme_manager)
    row = locked(Allocation.objects.select_related("cluster", "revision"), name=name)
    if row.state != "present" or not row.revision.present:
        raise IllegalTransition("allocation", row.state, "revise")
    before = row.revision
    nodes = list(before.node_names if node_names is None else node_names)
    end = before.end_at if end_at is None else end_at
    _check_revision(before, nodes, end, reason)
    _give_back(actor, now, row, before, nodes, end, present)
    made = append_revision(row, reason=reason, now=now, nodes=nodes, end=end, present=present)
    if not present:
        move(row, ALLOCATION, "end", ended_at=now)
    detail = {"generation": made.generation, "nodes": len(nodes), "end_at": end.isoformat(), "present": present}
    journal.append(
        at=now, actor=actor.name, event="allocations.revise", subject=f"allocation:{name}", reason=reason, **detail
    )
    return made.generation


def append_revision(
    row: Allocation,
    *,
    reason: str,
    now: datetime,
    nodes: Sequence[str] | None = None,
    end: datetime | None = None,
    present: bool = True,
    lent: bool | None = None,
) -> Revision:
    """The next revision of a locked allocation, in a generation of its own; what is not given stays as it is.

    Bookings of the kind "lend" follow what is lent.
    """
    before = row.revision
    desired = next_generation(row.cluster.code)
    made = _revision(
        row,
        desired.generation,
        before.node_names if nodes is None else nodes,
        before.start_at,
        before.end_at if end is None else end,
        _members([row])[row.pk],
        reason.strip()[:300],
        now,
        present=present,
        lent=present and (before.lent if lent is None else lent),
    )
    made.save()
    if before.lent or made.lent:
        _book_lent(row, made, now)
    _make_current([row], [made])
    publish(row.cluster.code, desired, now)
    return made


def _book_lent(row: Allocation, made: Revision, now: datetime) -> None:
    reference = f"lend:{row.name}"
    fleet.release(actor=LOOP, now=now, reference=reference, from_at=now)
    if made.lent and now < made.end_at:
        fleet.book(
            actor=LOOP,
            now=now,
            cluster=row.cluster.code,
            node_names=made.node_names,
            start_at=now,
            end_at=made.end_at,
            kind="lend",
            organisation="",
            reference=reference,
        )


def _check_revision(before: Revision, nodes: list[str], end: datetime, reason: str) -> None:
    mistakes = []
    if not nodes or set(nodes) - set(before.node_names):
        what = Text("지금 가진 서버 가운데서만 남길 수 있습니다.", "Only nodes it holds now can be kept.")
        mistakes.append(Mistake("node_names", what))
    if not before.start_at < end <= before.end_at:
        what = Text(
            "종료는 시작보다 늦고 지금의 종료보다 이르거나 같아야 합니다.", "The end must lie within its period."
        )
        mistakes.append(Mistake("end_at", what))
    if not reason.strip():
        mistakes.append(Mistake("reason", Text("사유를 적어 주십시오.", "Give the reason.")))
    if mistakes:
        raise InvalidInput(mistakes)


def _give_back(
    actor: Actor, now: datetime, row: Allocation, before: Revision, nodes: list[str], end: datetime, present: bool
) -> None:
    reference = f"award:{row.award_number}"
    if not present:
        fleet.release(actor=actor, now=now, reference=reference, from_at=now)
        return
    gone = sorted(set(before.node_names) - set(nodes))
    if gone:
        fleet.release(actor=actor, now=now, reference=reference, from_at=now, node_names=gone)
    if end < before.end_at:
        fleet.release(actor=actor, now=now, reference=reference, from_at=max(now, end))


def renew_members(rows: Sequence[Allocation], reason: str, now: datetime) -> None:
    """Append a revision with today's members and keys to allocations that are present; one generation per cluster."""
    by_cluster: dict[str, list[Allocation]] = {}
    for row in rows:
        if row.state == "present" and row.revision.present:
            by_cluster.setdefault(row.cluster.code, []).append(row)
    for cluster, found in sorted(by_cluster.items()):
        desired = next_generation(cluster)
        members = _members(found)
        made = []
        for row in found:
            old = row.revision
            nodes = old.node_names
            made.append(
                _revision(
                    row,
                    desired.generation,
                    nodes,
                    old.start_at,
                    old.end_at,
                    members[row.pk],
                    reason,
                    now,
                    lent=old.lent,
                )
            )
        _make_current(found, Revision.objects.bulk_create(made))
        publish(cluster, desired, now)


def end_due(*, now: datetime) -> int:
    """Mark allocations ended whose period is over; their agents end them by themselves. Returns how many."""
    due = Allocation.objects.filter(state="present", revision__end_at__lte=now).values_list("name", flat=True)
    return sum(_end(name, now) for name in list(due))


@transaction.atomic
def _end(name: str, now: datetime) -> int:
    row = locked(Allocation.objects.select_related("revision"), name=name)
    if row.state != "present" or row.revision.end_at > now:
        return 0
    move(row, ALLOCATION, "end", ended_at=row.revision.end_at)
    journal.append(at=now, actor=LOOP.name, event="allocations.end", subject=f"allocation:{name}")
    return 1
