"""What was changed at the award is taken over by its allocation: one revision per change, applied once."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dure.portal.allocations.models import Access, Allocation, Revision
from dure.portal.allocations.operations.desired import LOOP, append_revision
from dure.portal.awards import queries as awards
from dure.portal.awards.queries import ChangeView
from dure.portal.fleet import queries as fleet
from dure.portal.framework.states import locked
from dure.portal.journal import operations as journal
from dure.portal.people import queries as people


def apply_changes(*, now: datetime) -> int:
    """Take over what was changed at awards and is not yet in their allocations; returns how many changes."""
    changes = {_reason(change): change for change in awards.carried_out()}
    if not changes:
        return 0
    done = set(Revision.objects.filter(reason__in=list(changes)).values_list("reason", flat=True))
    return sum(_apply(change, now) for reason, change in changes.items() if reason not in done)


@transaction.atomic
def _apply(change: ChangeView, now: datetime) -> int:
    row = Allocation.objects.filter(award_number=change.number, state="present", revision__present=True).first()
    if row is None or (change.carried_out_at is not None and change.carried_out_at < row.created_at):
        return 0  # over, or made after the change from the award as it was by then
    row = locked(Allocation.objects.select_related("revision", "cluster"), pk=row.pk)
    if Revision.objects.filter(allocation=row, reason=_reason(change)).exists():
        return 0
    award = awards.award(change.number, LOOP)
    _change_people(row, award, now)
    booked = set(fleet.booked_nodes(f"award:{change.number}", max(now, row.revision.start_at)))
    kept = [name for name in row.revision.node_names if name in booked]
    made = append_revision(row, reason=_reason(change), now=now, nodes=kept or None, end=award.end_at)
    journal.append(
        at=now,
        actor=LOOP.name,
        event="allocations.apply_change",
        subject=f"allocation:{row.name}",
        change=change.id,
        kind=change.kind,
        generation=made.generation,
    )
    return 1


def _change_people(row: Allocation, award: awards.AwardView, now: datetime) -> None:
    """The lead may use it; after a transfer nobody of the organisation before."""
    if row.organisation_id != award.organisation_id:
        Allocation.objects.filter(pk=row.pk).update(organisation_id=award.organisation_id)
        row.organisation_id = award.organisation_id
        ours = [member.user_id for member in people.members(award.organisation_id)]
        Access.objects.filter(allocation=row, removed_at=None).exclude(user_id__in=ours).update(removed_at=now)
    Access.objects.get_or_create(  # whoever leads it may use it
        allocation=row, user_id=award.lead_id, removed_at=None, defaults={"since_at": now}
    )


def _reason(change: ChangeView) -> str:
    return f"award change {change.id}"
