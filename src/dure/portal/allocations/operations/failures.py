"""Failed servers give way to spares: after the programme's hours, of the same cluster, on the same leaf if possible."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from dure.core.text import Text
from dure.portal.allocations.models import Access, Allocation, NoSpare
from dure.portal.allocations.operations.desired import LOOP, append_revision
from dure.portal.fleet import operations as fleet
from dure.portal.fleet import queries as fleet_queries
from dure.portal.framework.programme import current
from dure.portal.framework.states import locked
from dure.portal.journal import operations as journal
from dure.portal.messages import operations as messages

REPLACED = "failed node replaced"


def replace_failed(*, now: datetime) -> int:
    """Replace every node that has been down for longer than the programme allows; returns how many things were done.

    Where there is no spare the holders are told so, once. Nodes that came back are free again.
    """
    limit = timedelta(hours=current().after_award.replace_failed_after_hours)
    done = 0
    for cluster, nodes in sorted(fleet_queries.down_since(now - limit).items()):
        for row in _holding(cluster, now):
            for name in sorted(set(row.revision.node_names) & set(nodes)):
                done += _replace(row.pk, name, nodes[name], now)
    return done + fleet.take_back_repaired(actor=LOOP, now=now)


def _holding(cluster: str, now: datetime) -> list[Allocation]:
    rows = Allocation.objects.filter(
        cluster__code=cluster,
        state="present",
        revision__present=True,
        revision__start_at__lte=now,
        revision__end_at__gt=now,
    )
    return list(rows.select_related("revision", "cluster"))


def _replace(pk: int, failed: str, since: datetime, now: datetime) -> int:
    """Put a spare in the place of one failed node; 1 when something was done."""
    view = Allocation.objects.select_related("revision", "cluster").get(pk=pk)
    spares = fleet_queries.spares(view.cluster.code, now, view.revision.end_at, leaf_of=failed)
    if not spares and NoSpare.objects.filter(allocation_id=pk, node_name=failed, down_since=since).exists():
        return 0
    with transaction.atomic():
        row = locked(Allocation.objects.select_related("revision", "cluster", "organisation"), pk=pk)
        if row.state != "present" or failed not in row.revision.node_names:
            return 0
        if not spares:
            return _tell_no_spare(row, failed, since, now)
        is_moved = fleet.give_way(
            actor=LOOP,
            now=now,
            cluster=row.cluster.code,
            failed=failed,
            spare=spares[0],
            reference=f"award:{row.award_number}",
            organisation=row.organisation.code,
        )
        if is_moved:  # else it is out for announced work: that is known and has an end
            _move(row, failed, spares[0], since, now)
        return int(is_moved)


def _move(row: Allocation, failed: str, spare: str, since: datetime, now: datetime) -> None:
    nodes = sorted({*row.revision.node_names, spare} - {failed})
    made = append_revision(row, reason=REPLACED, now=now, nodes=nodes)
    detail = {"failed": failed, "spare": spare, "down_since": since.isoformat(), "generation": made.generation}
    subject = f"allocation:{row.name}"
    journal.append(at=now, actor=LOOP.name, event="allocations.replace_failed", subject=subject, **detail)
    title = Text(
        f"[{row.award_number}] 고장 난 서버를 바꾸었습니다", f"[{row.award_number}] A failed server was replaced"
    )
    body = Text(
        f"{failed} 서버가 멈추어 {spare} 서버로 바꾸었습니다. {failed}에서 돌던 작업은 다시 내 주십시오. "
        f"자세히: /allocations/{row.name}/",
        f"{failed} is down and {spare} has taken its place. Submit again what ran on {failed}. "
        f"More: /allocations/{row.name}/",
    )
    _tell(row, f"replaced:{row.name}:{failed}:{made.generation}", title, body, now)


def _tell_no_spare(row: Allocation, failed: str, since: datetime, now: datetime) -> int:
    NoSpare.objects.create(allocation=row, node_name=failed, down_since=since, told_at=now)
    detail = {"failed": failed, "down_since": since.isoformat()}
    subject = f"allocation:{row.name}"
    journal.append(at=now, actor=LOOP.name, event="allocations.no_spare", subject=subject, **detail)
    title = Text(f"[{row.award_number}] 멈춘 서버가 있습니다", f"[{row.award_number}] One of your servers is down")
    body = Text(
        f"{failed} 서버가 멈추었으나 이 클러스터에 예비 서버가 없습니다. 예비 서버가 생기면 바로 바꿉니다. "
        f"자세히: /allocations/{row.name}/",
        f"{failed} is down and its cluster has no spare. It will be replaced as soon as there is one. "
        f"More: /allocations/{row.name}/",
    )
    _tell(row, f"no-spare:{row.name}:{failed}:{since:%Y%m%dT%H%M}", title, body, now)
    return 1


def _tell(row: Allocation, key: str, subject: Text, body: Text, now: datetime) -> None:
    for user in Access.objects.filter(allocation=row, removed_at=None).values_list("user_id", flat=True):
        messages.announce(key=f"{key}:{user}", user_id=user, subject=subject, body=body, now=now)
