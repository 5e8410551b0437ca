"""Warnings before an award ends: its jobs end with it, so people hear in time to save their work."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from dure.core.text import Text
from dure.portal.allocations.models import Access, Allocation
from dure.portal.framework.programme import current
from dure.portal.framework.states import locked
from dure.portal.journal import operations as journal
from dure.portal.messages import operations as messages
from dure.portal.people.actor import system

LOOP = system("loop:allocate")
WARN_DAYS = (14, 3, 1)  # before the end, the earliest first


def warn_of_end(*, now: datetime) -> int:
    """Tell the people of every allocation that is about to end, once for each of `WARN_DAYS`; returns how many.

    An end that has been put off is warned of anew. Allocations too short for a warning are spared that one.
    """
    soon = now + timedelta(days=WARN_DAYS[0])
    rows = Allocation.objects.filter(state="present", revision__end_at__gt=now, revision__end_at__lte=soon)
    due = [row.name for row in rows.select_related("revision") if _due(row, now) is not None]
    return sum(_warn(name, now) for name in due)


def _due(row: Allocation, now: datetime) -> int | None:
    """The warning that is due: the latest one whose day has come, unless it has been given."""
    start, end = row.revision.start_at, row.revision.end_at
    come = [days for days in WARN_DAYS if start <= end - timedelta(days=days) <= now]
    if not come:
        return None
    is_given = row.warned_end_at == end and row.warned_days is not None and row.warned_days <= come[-1]
    return None if is_given else come[-1]


@transaction.atomic
def _warn(name: str, now: datetime) -> int:
    row = locked(Allocation.objects.select_related("revision"), name=name)
    days = _due(row, now)
    if row.state != "present" or days is None:
        return 0
    end = row.revision.end_at
    Allocation.objects.filter(pk=row.pk).update(warned_end_at=end, warned_days=days)
    local = end.astimezone(current().zone)
    subject = Text(f"[{row.award_number}] {days}일 뒤 이용이 끝납니다", f"[{row.award_number}] ends in {days} day(s)")
    body = Text(
        f"{local:%Y-%m-%d %H:%M}에 이용이 끝납니다. 그때 실행 중인 작업도 함께 종료되고 접속이 닫힙니다.\n"
        f"필요한 결과를 미리 저장해 주십시오. 자세한 내용: /allocations/{row.name}/",
        f"Use ends at {local:%Y-%m-%d %H:%M}. Jobs still running then are ended and access is closed.\n"
        f"Save what you need before. Details: /allocations/{row.name}/",
    )
    for user in Access.objects.filter(allocation=row, removed_at=None).values_list("user_id", flat=True):
        key = f"allocation-ends:{row.name}:{end:%Y%m%dT%H%M}:{days}:{user}"
        messages.announce(key=key, user_id=user, subject=subject, body=body, now=now)
    detail = {"end_at": end.isoformat(), "days": days}
    journal.append(at=now, actor=LOOP.name, event="allocations.warn_of_end", subject=f"allocation:{name}", **detail)
    return 1
