"""From submitted reviews to the scores that decide; what applicants read of them; fresh looks for appeals."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from dure.decide import scoring
from dure.decide.calibration import Calibration, calibrate
from dure.decide.calibration import Review as Total
from dure.decide.scoring import Score
from dure.portal.applications import queries as applications
from dure.portal.calls import queries as calls
from dure.portal.people.actor import Actor
from dure.portal.reviews import standing
from dure.portal.reviews.board import READER
from dure.portal.reviews.models import Assignment, Interview, Review, SetAside


@dataclass(frozen=True)
class Scores:
    """All scores of a call: the deciding ones by number, raw and adjusted ones with reviewers' severity by row.

    `reviewed` holds every application's, also of those set aside; `interviews` the interviews' results, `set_aside`
    why an application is left out of `deciding`.
    """

    deciding: dict[str, Score]
    reviewed: dict[str, Score]
    calibration: Calibration
    interviews: dict[str, int]
    set_aside: dict[str, str]


@dataclass(frozen=True)
class _Given:
    """A total somebody gave."""

    application_id: int
    reviewer_id: int
    number: str
    total_tenths: int
    points_tenths: Mapping[str, int]


def deciding_scores(call_code: str, weights: Mapping[str, int] | None = None) -> dict[str, Score]:
    """The score of every application with at least one submitted review without conflict, by number.

    Raw (the reviewers' totals combined) or adjusted for their severity, as the call's rubric says. With `weights`
    (points per criterion, summing to 100) the scores as they would be had the criteria weighed that much.
    """
    return _scores(call_code, weights or {}).deciding


def scores(call_code: str, actor: Actor, barred: Collection[standing.Pair] | None = None) -> Scores:
    """All scores of a call, for the programme; who is `barred` is looked for unless the caller has just done so."""
    actor.require(actor.may_oversee)
    return _scores(call_code, barred=barred)


def _scores(
    call_code: str, weights: Mapping[str, int] | None = None, barred: Collection[standing.Pair] | None = None
) -> Scores:
    call = calls.call(call_code, READER)
    scale, rows = call.rubric.scale, _submitted(call_code, barred)
    if weights:
        rows = [replace(r, total_tenths=scoring.reweighed(call.rubric, r.points_tenths, weights)) for r in rows]
    totals: dict[str, list[int]] = {}
    for row in rows:
        totals.setdefault(row.number, []).append(row.total_tenths)
    found = {number: scoring.combine(given, scale) for number, given in sorted(totals.items())}
    fitted = calibrate(Total(row.application_id, row.reviewer_id, row.total_tenths) for row in rows)
    if scale.decides == "adjusted":
        numbers = {row.application_id: row.number for row in rows}
        adjusted = {numbers[one.application]: one.adjusted_tenths for one in fitted.scores}
        found = {n: replace(score, tenths=max(0, min(1000, adjusted[n]))) for n, score in found.items()}
    in_call = {"application__call__code": call_code}
    held = Interview.objects.filter(**in_call, state="held", total_tenths__isnull=False)
    interviews: dict[str, int] = dict(held.values_list("application__number", "total_tenths"))
    for number in interviews.keys() & found.keys():
        mixed = scoring.with_interview(found[number].tenths, interviews[number], call.rules.interview_percent)
        found[number] = replace(found[number], tenths=mixed)
    aside = dict(SetAside.objects.filter(**in_call).values_list("application__number", "reason"))
    deciding = {number: score for number, score in found.items() if number not in aside}
    return Scores(deciding, found, fitted, interviews, aside)


@dataclass(frozen=True)
class FreshView:
    """A fresh look at an application for its appeal; the total and the comments once it is submitted."""

    id: int
    number: str
    reviewer_id: int
    reviewer: str
    state: str
    state_reason: str
    asked_at: datetime
    due_at: datetime
    submitted_at: datetime | None
    total_tenths: int | None
    to_applicant: str
    to_panel: str


def fresh_reviews(application_number: str, actor: Actor) -> list[FreshView]:
    """Who was asked to look at an application anew for its appeal, oldest first; at most one is still at it."""
    actor.require(actor.may_oversee)
    rows = Assignment.objects.filter(application__number=application_number, purpose="appeal")
    found = []
    for row in rows.select_related("reviewer__user", "review").order_by("id"):
        review = row.review if row.state == "submitted" else None
        found.append(
            FreshView(
                id=row.pk,
                number=application_number,
                reviewer_id=row.reviewer_id,
                reviewer=row.reviewer.user.name or row.reviewer.user.email,
                state=row.state,
                state_reason=row.state_reason,
                asked_at=row.assigned_at,
                due_at=row.due_at,
                submitted_at=row.submitted_at,
                total_tenths=review.total_tenths if review else None,
                to_applicant=review.to_applicant if review else "",
                to_panel=review.to_panel if review else "",
            )
        )
    return found


def to_applicant(number: str, actor: Actor) -> list[str]:
    """What reviewers wrote for the applicant, once the call is decided; never what they wrote for the panel."""
    view = applications.application(number, actor)
    if calls.call(view.call_code, READER).state != "decided":
        return []
    counted = {row.reviewer_id for row in _submitted(view.call_code, application_id=view.id)}
    written = Review.objects.filter(
        assignment__application_id=view.id,
        assignment__state="submitted",
        assignment__purpose="review",
        assignment__reviewer_id__in=counted,
    )
    texts = written.order_by("assignment_id").values_list("to_applicant", flat=True)
    return [text for text in texts if text.strip()]


def _submitted(call_code: str, barred: Collection[standing.Pair] | None = None, **where: object) -> list[_Given]:
    """Totals of submitted reviews of reviewers without conflict."""
    found = Assignment.objects.filter(application__call__code=call_code, state="submitted", purpose="review", **where)
    found = found.order_by("id")
    columns = ("application_id", "reviewer_id", "application__number", "review__total_tenths", "review__points_tenths")
    rows = found.values_list(*columns)
    given = [_Given(*row) for row in rows]
    if barred is None:
        barred = standing.between({(row.reviewer_id, row.application_id) for row in given})
    return [row for row in given if (row.reviewer_id, row.application_id) not in barred]
