"""Talking about a proposal, and changing a score in the meeting with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from dure.core import canonical
from dure.core.errors import IllegalTransition, InvalidInput, Mistake
from dure.core.text import Text
from dure.decide import scoring
from dure.portal.calls import queries as calls
from dure.portal.framework.states import locked
from dure.portal.journal.operations import append
from dure.portal.people.actor import Actor
from dure.portal.reviews import queries
from dure.portal.reviews.models import AgendaItem, Assignment, Minute, Remark, ScoreChange
from dure.portal.reviews.operations.assigning import require_reason

LONGEST_REMARK = 4_000


@transaction.atomic
def remark(*, actor: Actor, now: datetime, number: str, text: str) -> int:
    """Say something about a proposal; returns the remark's id. Raises NotFound, NotPermitted, InvalidInput."""
    found = queries.discussion(number, actor)
    actor.require(found.may_write)
    if not text.strip() or len(text) > LONGEST_REMARK:
        what = Text("내용이 비었거나 너무 깁니다.", "The text is empty or too long.")
        remedy = Text(f"{LONGEST_REMARK:,}자 이내로 적으십시오.", f"Use at most {LONGEST_REMARK:,} characters.")
        raise InvalidInput(Mistake("text", what, remedy))
    row = Remark.objects.create(
        application_id=found.application_id, author_id=actor.user_id, text=text.strip(), made_at=now
    )
    append(
        at=now,
        actor=actor.name,
        event="reviews.remark",
        subject=f"application:{number}",
        remark=row.pk,
        digest=canonical.digest(row.text),
    )
    return row.pk


@transaction.atomic
def change_score(*, actor: Actor, now: datetime, assignment_id: int, points: Mapping[str, object], reason: str) -> int:
    """A reviewer changes a submitted score while the panel has the proposal on the table; returns the new total.

    What was given before stays on record. Raises NotFound, IllegalTransition (not on the table), InvalidInput.
    """
    row = locked(
        Assignment.objects.select_related("application__call", "reviewer__user"),
        pk=queries.own_row(assignment_id, actor).pk,
    )
    item = AgendaItem.objects.filter(
        application_id=row.application_id, state="open", meeting__state="running", meeting__reviewers=row.reviewer_id
    ).first()
    if row.state != "submitted" or item is None:
        public = Text("이 과제를 심의하는 동안에만 고칠 수 있습니다.", "Only while the panel has it on the table.")
        raise IllegalTransition("review assignment", row.state, "change the score", public)
    require_reason(reason)
    rubric = calls.call(row.application.call.code, queries.READER).rubric
    tenths, mistakes = scoring.points_in_tenths(rubric, points)
    mistakes += [m for m in scoring.missing(rubric, tenths) if m.where not in {one.where for one in mistakes}]
    if mistakes:
        raise InvalidInput(mistakes)
    review, total = row.review, sum(tenths.values())
    ScoreChange.objects.create(
        assignment=row,
        before=review.points_tenths,
        after=tenths,
        total_before_tenths=review.total_tenths or 0,
        total_after_tenths=total,
        reason=reason.strip(),
        made_at=now,
    )
    before = scoring.points(review.total_tenths)
    review.points_tenths, review.total_tenths, review.saved_at = tenths, total, now
    review.save(update_fields=["points_tenths", "total_tenths", "saved_at"])
    _note(item, row, before, scoring.points(total), reason.strip(), actor, now)
    append(
        at=now,
        actor=actor.name,
        event="reviews.change_score",
        subject=f"assignment:{assignment_id}",
        reason=reason.strip(),
        total_tenths=total,
        item=item.pk,
    )
    return total


def _note(item: AgendaItem, row: Assignment, before: str, after: str, reason: str, actor: Actor, now: datetime) -> None:
    """The change as a line of the minutes."""
    name = row.reviewer.user.name or row.reviewer.user.email
    text = {
        "ko": f"{name}: {before}점을 {after}점으로 고침. {reason}",
        "en": f"{name}: {before} changed to {after} points. {reason}",
    }
    Minute.objects.create(
        meeting_id=item.meeting_id, item=item, kind="score", text=text, made_by=actor.name, made_at=now
    )
