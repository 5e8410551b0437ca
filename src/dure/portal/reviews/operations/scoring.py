"""Scores: saved while reading, submitted once complete, reopened until the review closes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from dure.core import canonical
from dure.core.errors import IllegalTransition, InvalidInput, Mistake
from dure.core.text import Text
from dure.decide import scoring
from dure.decide.lifecycles import ASSIGNMENT
from dure.portal.calls import operations as call_rows
from dure.portal.calls import queries as calls
from dure.portal.calls.queries import CallView
from dure.portal.framework.states import is_repeated, locked, move
from dure.portal.journal.operations import append
from dure.portal.people.actor import Actor
from dure.portal.reviews import queries, standing
from dure.portal.reviews.models import Assignment, Review

LONGEST_COMMENT = 4_000
_CLOSED = Text("평가 기간이 아니어서 고칠 수 없습니다.", "The review is not open, so nothing can be changed.")


@dataclass(frozen=True)
class ScoreRow:
    """A review made elsewhere: application, reviewer's user, points by criterion, comments."""

    number: str
    user_id: int
    points: Mapping[str, object]
    to_applicant: str = ""
    to_panel: str = ""


@transaction.atomic
def start(*, actor: Actor, now: datetime, assignment_id: int) -> None:
    """The reviewer begins to read; beginning again changes nothing."""
    row, _ = _open(actor, assignment_id)
    if row.state != "assigned":
        return
    move(row, ASSIGNMENT, "start")
    append(at=now, actor=actor.name, event="reviews.start", subject=f"assignment:{assignment_id}")


@transaction.atomic
def save_review(
    *,
    actor: Actor,
    now: datetime,
    assignment_id: int,
    points: Mapping[str, object],
    to_applicant: str,
    to_panel: str,
) -> int | None:
    """Save a review that may be incomplete; returns its total in tenths once every criterion has points.

    Raises InvalidInput for points off the scale, IllegalTransition for a submitted one. Not journalled.
    """
    row, call = _open(actor, assignment_id)
    if row.state == "submitted":
        raise IllegalTransition("review assignment", row.state, "save")
    if row.state == "assigned":
        move(row, ASSIGNMENT, "start")
    return _write(row, call, now, points, to_applicant, to_panel, is_final=False)


@transaction.atomic
def submit_review(
    *,
    actor: Actor,
    now: datetime,
    assignment_id: int,
    points: Mapping[str, object],
    to_applicant: str,
    to_panel: str,
) -> int:
    """Submit a complete review, also a late one, and return its total in tenths. Raises InvalidInput.

    The same review submitted again changes nothing; another one needs `reopen` first.
    """
    row, call = _open(actor, assignment_id)
    if row.state == "submitted" and _is_same(row.review, call, points, to_applicant, to_panel):
        return int(row.review.total_tenths or 0)
    ASSIGNMENT.after(row.state, "submit")
    total = _write(row, call, now, points, to_applicant, to_panel, is_final=True)
    move(row, ASSIGNMENT, "submit", submitted_at=now)
    append(
        at=now,
        actor=actor.name,
        event="reviews.submit",
        subject=f"assignment:{assignment_id}",
        total_tenths=total,
    )
    return int(total or 0)


@transaction.atomic
def reopen(*, actor: Actor, now: datetime, assignment_id: int) -> None:
    """Take a submitted review back to change it, while the review is open."""
    row, _ = _open(actor, assignment_id)
    if is_repeated(row, ASSIGNMENT, "reopen"):
        return
    move(row, ASSIGNMENT, "reopen", submitted_at=None)
    append(at=now, actor=actor.name, event="reviews.reopen", subject=f"assignment:{assignment_id}")


@transaction.atomic
def import_scores(*, actor: Actor, now: datetime, call_code: str, rows: Iterable[ScoreRow]) -> int:
    """Take over reviews made elsewhere, for assignments that stand; all or nothing, and returns how many.

    Raises InvalidInput with the line of every mistake: no such assignment, a conflict, points missing or off the scale.
    """
    actor.require(actor.is_programme_manager or actor.is_system)
    call = call_rows.hold(call_code)
    _require_reviewing(call)
    standing_rows = {
        (row.application.number, row.reviewer.user_id): row
        for row in Assignment.objects.filter(
            application__call_id=call.id, purpose="review", state__in=("assigned", "in_progress")
        ).select_related("application", "reviewer")
    }
    judges = standing.reviewers(pk__in={row.reviewer_id for row in standing_rows.values()})
    barred = standing.bars(judges, (row.application_id for row in standing_rows.values()))
    mistakes: list[Mistake] = []
    reviews: dict[int, Review] = {}
    for line, given in enumerate(rows, start=1):
        row = standing_rows.get((given.number, given.user_id))
        if row is None or row.pk in reviews or (row.reviewer_id, row.application_id) in barred:
            what = Text("점수를 받을 배정이 없습니다.", "There is no assignment to score.")
            mistakes.append(Mistake(f"rows.{line}", what, Text("배정을 먼저 확인하십시오.", "Check the assignment.")))
            continue
        review, found = _checked(row, call, now, given.points, given.to_applicant, given.to_panel, is_final=True)
        mistakes += [Mistake(f"rows.{line}.{m.where}", m.what, m.remedy) for m in found]
        reviews[row.pk] = review
    if mistakes:
        raise InvalidInput(mistakes)
    Review.objects.filter(assignment_id__in=reviews).delete()
    Review.objects.bulk_create(reviews.values(), batch_size=500)
    for state in ("assigned", "in_progress"):
        Assignment.objects.filter(pk__in=reviews, state=state).update(
            state=ASSIGNMENT.after(state, "submit"), submitted_at=now
        )
    totals = sorted([pk, int(review.total_tenths or 0)] for pk, review in reviews.items())
    append(
        at=now,
        actor=actor.name,
        event="reviews.import_scores",
        subject=f"call:{call_code}",
        reviews=len(reviews),
        digest=canonical.digest(totals),
    )
    return len(reviews)


def _open(actor: Actor, assignment_id: int) -> tuple[Assignment, CallView]:
    """The person's own assignment, locked, without conflict, conflicts declared, while its review is open."""
    row = locked(Assignment.objects.select_related("application__call"), pk=queries.own_row(assignment_id, actor).pk)
    queries.require_declared(row, queries.declared_calls(row.reviewer_id))
    call = calls.call(row.application.call.code, queries.READER)
    if not queries.is_scoring(call.state, row.purpose):
        raise IllegalTransition("call", call.state, "review", _CLOSED)
    return row, call


def _is_same(there: Review, call: CallView, points: Mapping[str, object], to_applicant: str, to_panel: str) -> bool:
    tenths, mistakes = scoring.points_in_tenths(call.rubric, points)
    kept = (dict(there.points_tenths), there.to_applicant, there.to_panel)
    return not mistakes and kept == (tenths, to_applicant.strip(), to_panel.strip())


def _require_reviewing(call: CallView) -> None:
    if call.state != "reviewing":
        raise IllegalTransition("call", call.state, "review", _CLOSED)


def _write(
    row: Assignment,
    call: CallView,
    now: datetime,
    points: Mapping[str, object],
    to_applicant: str,
    to_panel: str,
    *,
    is_final: bool,
) -> int | None:
    review, mistakes = _checked(row, call, now, points, to_applicant, to_panel, is_final=is_final)
    if mistakes:
        raise InvalidInput(mistakes)
    columns = ("points_tenths", "total_tenths", "to_applicant", "to_panel", "saved_at")
    Review.objects.update_or_create(assignment=row, defaults={name: getattr(review, name) for name in columns})
    return review.total_tenths


def _checked(
    row: Assignment,
    call: CallView,
    now: datetime,
    points: Mapping[str, object],
    to_applicant: str,
    to_panel: str,
    *,
    is_final: bool,
) -> tuple[Review, list[Mistake]]:
    tenths, mistakes = scoring.points_in_tenths(call.rubric, points)
    lacking = scoring.missing(call.rubric, tenths)
    if is_final:
        wrong = {m.where for m in mistakes}
        mistakes += [m for m in lacking if m.where not in wrong]
    for where, text in (("to_applicant", to_applicant), ("to_panel", to_panel)):
        if len(text) > LONGEST_COMMENT:
            what = Text("의견이 너무 깁니다.", "The comment is too long.")
            remedy = Text(f"{LONGEST_COMMENT:,}자 이내로 줄이십시오.", f"Use at most {LONGEST_COMMENT:,} characters.")
            mistakes.append(Mistake(where, what, remedy))
    review = Review(
        assignment=row,
        points_tenths=tenths,
        total_tenths=None if lacking else sum(tenths.values()),
        to_applicant=to_applicant.strip(),
        to_panel=to_panel.strip(),
        saved_at=now,
    )
    return review, mistakes
