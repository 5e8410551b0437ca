"""Lending: others use what an allocation leaves unused, until its own jobs need the GPUs."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dure.core.text import Text
from dure.portal.allocations.models import Access, Allocation
from dure.portal.allocations.operations.desired import append_revision
from dure.portal.framework.states import locked
from dure.portal.journal import operations as journal
from dure.portal.messages import operations as messages
from dure.portal.people.actor import Actor

_LENT = Text("쉬는 GPU를 다른 과제에 빌려줍니다", "Your idle GPUs are lent")
_KEPT = Text("GPU를 다른 과제에 더는 빌려주지 않습니다", "Your GPUs are no longer lent")


@transaction.atomic
def lend(*, actor: Actor, now: datetime, name: str, lent: bool, reason: str) -> int:
    """Let others use what the allocation leaves unused, or keep it for its holders; returns 1 when that is a change.

    Nothing happens to one that is over. Raises NotPermitted, NotFound.
    """
    actor.require(actor.is_system or actor.is_programme_manager)
    row = locked(Allocation.objects.select_related("cluster", "revision"), name=name)
    if row.state != "present" or row.revision.lent == lent or now >= row.revision.end_at:
        return 0
    made = append_revision(row, reason=reason, now=now, lent=lent)
    _tell(row, lent, made.generation, now)
    detail = {"generation": made.generation, "lent": lent, "nodes": len(made.node_names)}
    journal.append(
        at=now, actor=actor.name, event="allocations.lend", subject=f"allocation:{name}", reason=reason, **detail
    )
    return 1


def _tell(row: Allocation, lent: bool, generation: int, now: datetime) -> None:
    what = _LENT if lent else _KEPT
    subject = Text(f"[{row.award_number}] {what.ko}", f"[{row.award_number}] {what.en}")
    body = Text(
        "할당은 그대로입니다. 작업을 내시면 빌려 쓰던 작업이 물러나고 바로 시작합니다.\n"
        f"자세한 내용: /allocations/{row.name}/",
        "Your allocation stays as it is. When you submit a job, borrowed jobs give way and yours starts.\n"
        f"Details: /allocations/{row.name}/",
    )
    for user in Access.objects.filter(allocation=row, removed_at=None).values_list("user_id", flat=True):
        key = f"lend:{row.name}:{generation}:{user}"
        messages.announce(key=key, user_id=user, subject=subject, body=body, now=now)
