"""A proposal's reviews side by side and the talk about them, for its reviewers without conflict and the programme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dure.core.errors import NotFound, NotPermitted
from dure.core.text import Text
from dure.decide import scoring
from dure.portal.applications import queries as applications
from dure.portal.calls import queries as calls
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor
from dure.portal.people.queries import OrganisationView
from dure.portal.reviews import standing
from dure.portal.reviews.board import READER
from dure.portal.reviews.models import Assignment, Remark, ScoreChange
from dure.portal.reviews.queries.own import own_rows

OWN_FIRST = Text(
    "본인의 평가를 제출하면 다른 평가위원의 의견이 보입니다.",
    "The other reviews show once your own is in.",
)


@dataclass(frozen=True)
class PeerReview:
    """One reviewer's submitted review as fellow reviewers and the programme see it; `is_barred`: it does not count."""

    assignment_id: int
    reviewer: str
    is_mine: bool
    is_barred: bool
    points_tenths: dict[str, int]
    total_tenths: int
    to_applicant: str
    to_panel: str

    @property
    def points(self) -> str:
        """The total in points."""
        return scoring.points(self.total_tenths)


@dataclass(frozen=True)
class RemarkView:
    """One contribution."""

    author: str
    text: str
    made_at: datetime


@dataclass(frozen=True)
class ChangeView:
    """A total that was changed after handing in."""

    reviewer: str
    before: str
    after: str
    reason: str
    made_at: datetime


@dataclass(frozen=True)
class Discussion:
    """Everything that is said about one proposal; no organisation for reviewers under double-blind review."""

    application_id: int
    number: str
    call_code: str
    title: Text
    organisation: OrganisationView | None
    assignment_id: int | None
    may_write: bool
    reviews: Sequence[PeerReview]
    remarks: Sequence[RemarkView]
    changes: Sequence[ChangeView]


def discussion(number: str, actor: Actor) -> Discussion:
    """The discussion of a proposal.

    Raises NotFound for anybody but the programme and its reviewers without conflict, and NotPermitted for a reviewer
    whose own review is not in.
    """
    own = None
    if not actor.may_oversee:
        own = next((row for row in own_rows(actor) if row.application.number == number), None)
        if own is None or own.purpose != "review":
            raise NotFound(internal=f"discussion of {number} for {actor}")
        if own.state != "submitted":
            raise NotPermitted(OWN_FIRST, f"{actor}: own review of {number} is not in")
    view = applications.application(number, READER)
    call = calls.call(view.call_code, READER)
    is_blind = own is not None and call.rules.blind == "double"
    return Discussion(
        application_id=view.id,
        number=number,
        call_code=view.call_code,
        title=view.title,
        organisation=None if is_blind else view.organisation,
        assignment_id=own.pk if own else None,
        may_write=call.state in ("reviewing", "deciding") and (own is not None or actor.is_programme_manager),
        reviews=_reviews(view.id, own),
        remarks=_remarks(view.id),
        changes=_changes(view.id),
    )


def _reviews(application_id: int, own: Assignment | None) -> list[PeerReview]:
    rows = list(
        Assignment.objects.filter(application_id=application_id, state="submitted", purpose="review")
        .select_related("review", "reviewer__user")
        .order_by("id")
    )
    barred = standing.between({(row.reviewer_id, application_id) for row in rows})
    return [
        PeerReview(
            assignment_id=row.pk,
            reviewer=row.reviewer.user.name or row.reviewer.user.email,
            is_mine=own is not None and row.pk == own.pk,
            is_barred=(row.reviewer_id, application_id) in barred,
            points_tenths=dict(row.review.points_tenths),
            total_tenths=row.review.total_tenths or 0,
            to_applicant=row.review.to_applicant,
            to_panel=row.review.to_panel,
        )
        for row in rows
        if own is None or (row.reviewer_id, application_id) not in barred
    ]


def _remarks(application_id: int) -> list[RemarkView]:
    rows = list(Remark.objects.filter(application_id=application_id))
    names = people.persons(row.author_id for row in rows)
    return [RemarkView(names[row.author_id].shown, row.text, row.made_at) for row in rows]


def _changes(application_id: int) -> list[ChangeView]:
    rows = ScoreChange.objects.filter(assignment__application_id=application_id)
    return [
        ChangeView(
            row.assignment.reviewer.user.name or row.assignment.reviewer.user.email,
            scoring.points(row.total_before_tenths),
            scoring.points(row.total_after_tenths),
            row.reason,
            row.made_at,
        )
        for row in rows.select_related("assignment__reviewer__user")
    ]
