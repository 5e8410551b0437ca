"""What an agent says: the newest report counts, only what changed is written, ended allocations leave the list."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dure.core import canonical
from dure.core.condition import Condition
from dure.core.text import Text
from dure.portal.allocations.models import (
    Access,
    Allocation,
    ClusterReport,
    Desired,
    Observation,
    ObservedCondition,
)
from dure.portal.allocations.operations.desired import publish
from dure.portal.allocations.queries import STORAGE_WARNING_PERCENT, is_filling
from dure.portal.clock import operations as clock_operations
from dure.portal.clock import queries as clock
from dure.portal.fleet import operations as fleet
from dure.portal.framework.states import locked
from dure.portal.journal import operations as journal
from dure.portal.messages import operations as messages
from dure.protocol import words
from dure.protocol.report import AllocationReport, Report, StorageUse


@transaction.atomic
def record_report(*, now: datetime, report: Report) -> bool:
    """Take in an agent's account of its cluster; one older than the one kept changes nothing (False).

    Raises Stale for an agent that has been replaced, InvalidInput for a report of the future. In virtual time, a report
    that has seen the newest desired state and delivered all usage marks the agent's work up to `done_at` done.
    """
    fleet.require_past(report.done_at, "done_at", now)
    desired = _locked_desired(report.cluster)
    fleet.require_lease(cluster=report.cluster, instance=report.instance, epoch=report.epoch)
    last = ClusterReport.objects.filter(pk=desired.pk).first()
    if last is not None and (report.epoch, report.done_at) < (last.epoch, last.done_at):
        return False
    digest = canonical.digest(report.model_dump_json(exclude={"done_at", "instance", "epoch"}).encode())
    if last is None or last.digest != digest:
        _take(now, report, desired)
    ClusterReport.objects.update_or_create(
        cluster_id=desired.pk,
        defaults={
            "epoch": report.epoch,
            "observed_generation": report.observed_generation,
            "done_at": report.done_at,
            "drift": [finding.model_dump(mode="json") for finding in report.drift],
            "digest": digest,
        },
    )
    if clock.is_virtual() and _is_settled(report, desired):
        clock_operations.report_done(reporter=f"agent:{report.cluster}", at=report.done_at)
    return True


def _locked_desired(cluster: str) -> Desired:
    found: Desired = locked(Desired.objects.all(), cluster__code=cluster)
    return found


def _is_settled(report: Report, desired: Desired) -> bool:
    delivered = any(c.type == words.USAGE_DELIVERED and c.status == "true" for c in report.conditions)
    return delivered and report.observed_generation >= desired.generation


def _take(now: datetime, report: Report, desired: Desired) -> None:
    rows = {
        row.name: row
        for row in Allocation.objects.filter(cluster_id=desired.pk, is_listed=True).select_related(
            "revision", "observation"
        )
    }
    said = [(rows[one.id], one) for one in report.allocations if one.id in rows]
    ready, filling = _observe(said, report.done_at)
    conditions = {(None, c.type): c for c in report.conditions}
    conditions |= {(row.pk, c.type): c for row, one in said for c in one.conditions}
    changed = _keep_conditions(desired.pk, conditions, report.done_at)
    cleared = _delist(said, report.done_at)
    if cleared:
        desired.generation += 1
        publish(report.cluster, desired, now)
    for row in ready:
        _announce_ready(row, now)
    for row in filling:
        _announce_filling(row, now)
    detail = {"changed": changed, "ready": [row.name for row in ready], "cleared": cleared, "drift": len(report.drift)}
    actor, subject = f"agent:{report.cluster}", f"cluster:{report.cluster}"
    journal.append(at=now, actor=actor, event="allocations.report", subject=subject, **detail)


def _has(one: AllocationReport, kind: str, reason: str = "") -> bool:
    return any(c.type == kind and c.status == "true" and reason in ("", c.reason) for c in one.conditions)


def _observe(
    said: list[tuple[Allocation, AllocationReport]], at: datetime
) -> tuple[list[Allocation], list[Allocation]]:
    """Keep generation, nodes and storage of each allocation.

    Returns those that are ready for the first time, and those whose storage has become nearly full.
    """
    new, changed, ready, filling = [], [], [], []
    for row, one in said:
        seen = getattr(row, "observation", None)
        if seen is None:
            seen = Observation(allocation=row, generation=0, node_names=[])
            new.append(seen)
        else:
            changed.append(seen)
        seen.generation, seen.node_names = one.generation, list(one.nodes)
        if seen.ready_at is None and _has(one, words.READY, "Applied"):
            seen.ready_at = at
            ready.append(row)
        if seen.cleared_at is None and _has(one, words.ENDED):
            seen.cleared_at = at
        was_filling = is_filling(seen.storage_used, seen.storage_quota)
        _keep_storage(seen, one.storage, at)
        if is_filling(seen.storage_used, seen.storage_quota) and not was_filling:
            filling.append(row)
    Observation.objects.bulk_create(new)
    fields = ["generation", "node_names", "ready_at", "cleared_at"]
    fields += ["storage_path", "storage_used", "storage_quota", "storage_at"]
    Observation.objects.bulk_update(changed, fields, batch_size=100)
    return ready, filling


def _keep_storage(seen: Observation, said: StorageUse | None, at: datetime) -> None:
    """What the site says of the storage; what it no longer says is no longer known."""
    path, used, quota = ("", 0, 0) if said is None else (said.path, said.used_bytes, said.quota_bytes)
    if (seen.storage_path, seen.storage_used, seen.storage_quota) != (path, used, quota):
        seen.storage_path, seen.storage_used, seen.storage_quota = path, used, quota
        seen.storage_at = None if said is None else at


def _keep_conditions(cluster_id: int, said: dict[tuple[int | None, str], Condition], at: datetime) -> int:
    """Write the conditions that differ from those kept, delete those no longer said; returns how many changed."""
    kept = {(row.allocation_id, row.type): row for row in ObservedCondition.objects.filter(cluster_id=cluster_id)}
    new, changed = [], []
    for (allocation_id, kind), condition in said.items():
        row = kept.pop((allocation_id, kind), None)
        if row is None:
            row = ObservedCondition(cluster_id=cluster_id, allocation_id=allocation_id, type=kind, changed_at=at)
            new.append(row)
        elif _same(row, condition):
            continue
        else:
            changed.append(row)
        if row.status != condition.status:
            row.changed_at = at
        row.status, row.reason, row.message = condition.status, condition.reason, condition.message
        row.observed_generation = condition.observed_generation
    ObservedCondition.objects.bulk_create(new)
    fields = ["status", "reason", "message", "observed_generation", "changed_at"]
    ObservedCondition.objects.bulk_update(changed, fields, batch_size=150)
    if kept:
        ObservedCondition.objects.filter(pk__in=[row.pk for row in kept.values()]).delete()
    return len(new) + len(changed) + len(kept)


def _same(row: ObservedCondition, condition: Condition) -> bool:
    return (row.status, row.reason, row.message, row.observed_generation) == (
        condition.status,
        condition.reason,
        condition.message,
        condition.observed_generation,
    )


def _delist(said: list[tuple[Allocation, AllocationReport]], at: datetime) -> list[str]:
    """Take allocations off the list that are over and that the agent has cleared; returns their names."""
    over = [
        row for row, one in said if _has(one, words.ENDED) and (not row.revision.present or row.revision.end_at <= at)
    ]
    Allocation.objects.filter(pk__in=[row.pk for row in over]).update(is_listed=False)
    return [row.name for row in over]


def _announce_ready(row: Allocation, now: datetime) -> None:
    subject = Text(f"[{row.award_number}] GPU를 사용하실 수 있습니다", f"[{row.award_number}] Your GPUs are ready")
    body = Text(
        f"서버 {len(row.revision.node_names)}대가 준비되었습니다. 접속 방법: /allocations/{row.name}/",
        f"{len(row.revision.node_names)} servers are ready. How to get in: /allocations/{row.name}/",
    )
    for user in Access.objects.filter(allocation=row, removed_at=None).values_list("user_id", flat=True):
        key = f"allocation-ready:{row.name}:{user}"
        messages.announce(key=key, user_id=user, subject=subject, body=body, now=now)


def _announce_filling(row: Allocation, now: datetime) -> None:
    most = STORAGE_WARNING_PERCENT
    subject = Text(
        f"[{row.award_number}] 저장 공간이 {most}% 넘게 찼습니다",
        f"[{row.award_number}] Your storage is over {most}% full",
    )
    body = Text(
        f"가득 차면 작업이 멈출 수 있습니다. 쓰지 않는 자료를 옮겨 주십시오. 자세히: /allocations/{row.name}/",
        f"Jobs may stop when it is full. Move what you no longer need. More: /allocations/{row.name}/",
    )
    for user in Access.objects.filter(allocation=row, removed_at=None).values_list("user_id", flat=True):
        key = f"storage:{row.name}:{now:%Y-%m}:{user}"  # at most once a month, however often it goes up and down
        messages.announce(key=key, user_id=user, subject=subject, body=body, now=now)
