"""Announced work: the people whose servers it takes are told, and their agent; also when it is called off."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dure.core.text import Text
from dure.portal.allocations.models import Access, Allocation
from dure.portal.allocations.operations.desired import next_generation, publish
from dure.portal.fleet import operations as fleet
from dure.portal.fleet import queries as fleet_queries
from dure.portal.fleet.queries import MaintenanceView
from dure.portal.messages import operations as messages


def tell_of_maintenance(*, now: datetime) -> int:
    """Tell everybody whose nodes are to be taken out, or are not any more, and the agent; returns how many works."""
    works = fleet_queries.maintenances_untold()
    for work in works:
        with transaction.atomic():
            if work.called_off_at is None or work.told_at is not None:
                for row in _touched(work):
                    _tell(row, work, now)
            publish(work.cluster, next_generation(work.cluster), now)
            fleet.told_of_maintenance(now=now, maintenance_id=work.id)
    return len(works)


def _touched(work: MaintenanceView) -> list[Allocation]:
    rows = Allocation.objects.filter(
        cluster__code=work.cluster,
        state="present",
        revision__start_at__lt=work.announced_end_at,
        revision__end_at__gt=work.start_at,
    ).select_related("revision")
    return [row for row in rows if set(row.revision.node_names) & set(work.node_names)]


def _tell(row: Allocation, work: MaintenanceView, now: datetime) -> None:
    nodes = ", ".join(sorted(set(row.revision.node_names) & set(work.node_names)))
    if work.called_off_at is None:
        what, subject = "maintenance", Text("서버 점검 안내", "Planned maintenance")
        body = Text(
            f"{nodes} 서버가 점검에 들어갑니다. 이 시간은 요금에서 빠집니다.\n"
            f"사유: {work.reason}\n자세한 시각: /allocations/{row.name}/",
            f"Maintenance on {nodes}. These hours are not charged.\nReason: {work.reason}\n"
            f"Times: /allocations/{row.name}/",
        )
    else:
        what, subject = "maintenance-off", Text("서버 점검이 취소되었습니다", "Maintenance called off")
        body = Text(
            f"{nodes} 서버의 점검이 취소되어 지금부터 다시 쓰실 수 있습니다.\n자세한 내용: /allocations/{row.name}/",
            f"Maintenance on {nodes} has been called off; they can be used again from now on.\n"
            f"Details: /allocations/{row.name}/",
        )
    title = Text(f"[{row.award_number}] {subject.ko}", f"[{row.award_number}] {subject.en}")
    for user in Access.objects.filter(allocation=row, removed_at=None).values_list("user_id", flat=True):
        key = f"{what}:{work.id}:{row.name}:{user}"
        messages.announce(key=key, user_id=user, subject=title, body=body, now=now)
