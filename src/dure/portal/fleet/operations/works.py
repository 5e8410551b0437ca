"""A provider's work on nodes: announced, which pushes bookings aside, and called off, which puts them back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from dure.core.errors import IllegalTransition, InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.portal.fleet import queries
from dure.portal.fleet.models import Booking, Cluster, Maintenance, Node
from dure.portal.fleet.operations.bookings import Wanted, insert, release, rows_of
from dure.portal.framework.states import locked
from dure.portal.journal import operations as journal
from dure.portal.people.actor import Actor


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
    row.displaced = _step_aside(here, names, start_at, end_at)
    row.save(update_fields=["displaced"])
    by_name = {node.name: node for node in here.nodes.filter(name__in=names)}
    wanted = Wanted(cluster, names, start_at, end_at, "maintenance", "", f"maintenance:{row.pk}")
    insert(rows_of(here, by_name, wanted, now))
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


@transaction.atomic
def call_off_maintenance(*, actor: Actor, now: datetime, cluster: str, maintenance_id: int) -> None:
    """Let nodes go that were to be worked on, from now on; what the work pushed aside is put back where it was.

    Work that has begun ends now. Awards that have been ended or have given the node up meanwhile get nothing back.
    Raises NotFound for another provider's cluster, IllegalTransition for work that is over or called off already.
    """
    view = queries.cluster(cluster, actor)
    actor.require(actor.speaks_for(view.provider))
    here = locked(Cluster.objects.all(), code=cluster)
    row = Maintenance.objects.filter(pk=maintenance_id, cluster=here).first()
    if row is None:
        raise NotFound(internal=f"maintenance {maintenance_id} of {cluster}")
    if row.called_off_at is not None or now >= row.end_at:
        over = Text("이미 끝났거나 취소된 점검입니다.", "This work is over or has been called off.")
        raise IllegalTransition("maintenance", "over", "call off", over)
    Maintenance.objects.filter(pk=row.pk).update(called_off_at=now)
    release(actor=actor, now=now, reference=f"maintenance:{row.pk}", from_at=now)
    back = [_restored(here, one, now) for one in row.displaced or []]
    insert([booking for booking in back if booking is not None])
    journal.append(
        at=now,
        actor=actor.name,
        event="fleet.call_off_maintenance",
        subject=f"cluster:{cluster}",
        maintenance=row.pk,
        restored=sum(booking is not None for booking in back),
    )


def _step_aside(here: Cluster, names: Sequence[str], start_at: datetime, end_at: datetime) -> list[dict[str, Any]]:
    """Cut awards and self-use out of the period, keeping what lies before and after; what was cut out is returned."""
    displaced = []
    for booking in Booking.objects.filter(
        node__cluster=here,
        node__name__in=names,
        kind__in=("award", "self_use"),
        start_at__lt=end_at,
        end_at__gt=start_at,
    ).select_related("node"):
        displaced.append(
            {
                "node": booking.node.name,
                "start_at": max(start_at, booking.start_at).isoformat(),
                "end_at": min(end_at, booking.end_at).isoformat(),
                "kind": booking.kind,
                "organisation": booking.organisation,
                "reference": booking.reference,
                "whole": start_at <= booking.start_at and booking.end_at <= end_at,
            }
        )
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
    return displaced


def _restored(here: Cluster, one: dict[str, Any], now: datetime) -> Booking | None:
    """What is left of a displaced booking from `now` on, unless its holder has let the node go meanwhile."""
    start, end = (datetime.fromisoformat(one[key]) for key in ("start_at", "end_at"))
    node = Node.objects.get(cluster=here, name=one["node"])
    mine = Booking.objects.filter(node=node, reference=one["reference"])
    is_held = one["whole"] or mine.filter(end_at=start).exists() or mine.filter(start_at=end).exists()
    begin = max(start, now)
    if not is_held or begin >= end:
        return None
    return Booking(
        node=node,
        start_at=begin,
        end_at=end,
        kind=one["kind"],
        organisation=one["organisation"],
        reference=one["reference"],
        created_at=now,
    )


def told_of_maintenance(*, now: datetime, maintenance_id: int) -> None:
    """Note that the holders were told of a maintenance, and of its being called off where it was."""
    rows = Maintenance.objects.filter(pk=maintenance_id)
    rows.filter(told_at=None).update(told_at=now)
    rows.filter(called_off_at__isnull=False, told_off_at=None).update(told_off_at=now)
