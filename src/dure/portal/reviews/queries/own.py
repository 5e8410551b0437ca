"""A reviewer's own assignments, without those in which a conflict stands."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dure.core.errors import NotFound, NotPermitted
from dure.core.text import Text
from dure.decide import scoring
from dure.portal.applications import queries as applications
from dure.portal.applications.content import Content
from dure.portal.calls import queries as calls
from dure.portal.people.actor import Actor
from dure.portal.people.queries import OrganisationView
from dure.portal.reviews import standing
from dure.portal.reviews.board import READER
from dure.portal.reviews.models import OPEN_STATES, Assignment, Declaration, Review, Reviewer

UNDECLARED = Text(
    "먼저 이 공모에 신청한 곳과 이해관계가 있는지 알려 주십시오. 그 전에는 과제가 보이지 않습니다: /reviews/mine/",
    "First declare your conflicts of interest in this call; until then no proposal is shown: /reviews/mine/",
)


@dataclass(frozen=True)
class ReviewView:
    """What a reviewer wrote: tenths of points by criterion, comments to the applicant apart from those to the panel."""

    points_tenths: dict[str, int]
    total_tenths: int | None
    to_applicant: str
    to_panel: str
    saved_at: datetime


@dataclass(frozen=True)
class AssignmentView:
    """A reviewer's duty to score one application, as its list shows it.

    The title is only the number until the reviewer has declared conflicts in the call (`is_declared`).
    """

    id: int
    number: str
    call_code: str
    title: Text
    state: str
    assigned_at: datetime
    due_at: datetime
    submitted_at: datetime | None
    total_tenths: int | None
    match_permille: int
    why: dict[str, Any]
    purpose: str
    is_declared: bool

    @property
    def points(self) -> str:
        """The total in points."""
        return scoring.points(self.total_tenths)

    @property
    def is_done(self) -> bool:
        """Whether the review is in."""
        return self.state == "submitted"


@dataclass(frozen=True)
class ProposalView:
    """An assignment with all a reviewer reads; no organisation and no team when review is double-blind."""

    assignment: AssignmentView
    content: Content
    organisation: OrganisationView | None
    review: ReviewView | None
    is_open: bool


def assignments(actor: Actor) -> list[AssignmentView]:
    """The person's own assignments, to do first, by due date; nothing of a conflicted proposal, not even its count."""
    rows = own_rows(actor)
    declared = declared_calls(rows[0].reviewer_id) if rows else set()
    views = applications.by_ids(row.application_id for row in rows)
    found = [_assignment(row, views[row.application_id], declared) for row in rows]
    return sorted(found, key=lambda a: a.is_done)


def assignment(assignment_id: int, actor: Actor) -> ProposalView:
    """One assignment of the person's own, with the proposal.

    Raises NotFound, also once a conflict stands, and NotPermitted before conflicts in the call were declared.
    """
    row = own_row(assignment_id, actor)
    declared = declared_calls(row.reviewer_id)
    require_declared(row, declared)
    view = applications.by_ids([row.application_id])[row.application_id]
    call = calls.call(view.call_code, READER)
    content, organisation = view.content, view.organisation
    is_blind = call.rules.blind == "double"
    if is_blind:
        content = content.model_copy(update={"team": (), "attachments": ()})  # files name people too
    review = _review_of(row)
    return ProposalView(
        assignment=_assignment(row, view, declared),
        content=content,
        organisation=None if is_blind else organisation,
        review=_review(review) if review else None,
        is_open=is_scoring(call.state, row.purpose),
    )


def seat(assignment_id: int, actor: Actor) -> AssignmentView:
    """One assignment of the person's own, without the proposal. Raises NotFound, also once a conflict stands."""
    row = own_row(assignment_id, actor)
    view = applications.by_ids([row.application_id])[row.application_id]
    return _assignment(row, view, declared_calls(row.reviewer_id))


def is_scoring(call_state: str, purpose: str) -> bool:
    """Whether reviews of this purpose may be written while the call is in this state."""
    return call_state == "reviewing" if purpose == "review" else call_state in ("deciding", "decided")


def declared_calls(reviewer_id: int) -> set[int]:
    """The calls (ids) in which the reviewer has declared conflicts."""
    return set(Declaration.objects.filter(reviewer_id=reviewer_id).values_list("call_id", flat=True))


def require_declared(row: Assignment, declared: Collection[int]) -> None:
    """Raise NotPermitted while this assignment's proposal may not be shown yet."""
    if not _is_declared(row, declared):
        raise NotPermitted(UNDECLARED, f"assignment {row.pk}: no declaration")


def _is_declared(row: Assignment, declared: Collection[int]) -> bool:
    return row.state == "submitted" or row.application.call_id in declared


def own_row(assignment_id: int, actor: Actor) -> Assignment:
    """The row of an open assignment of the person's own without conflict. Raises NotFound for anything else.

    All of the person's rows are read and judged whichever is asked for: what is kept from somebody and what does not
    exist cost the same queries.
    """
    for row in own_rows(actor):
        if row.pk == assignment_id:
            return row
    raise NotFound(internal=f"assignment {assignment_id} for {actor}")


def own_reviewer(actor: Actor) -> Reviewer | None:
    """The person as a reviewer, or None."""
    found = standing.reviewers(user_id=actor.user_id) if actor.user_id is not None else []
    return found[0] if found else None


def own_rows(actor: Actor) -> list[Assignment]:
    """The person's open assignments in which no conflict stands, by due date."""
    reviewer = own_reviewer(actor)
    if reviewer is None:
        return []
    rows = list(
        Assignment.objects.filter(reviewer=reviewer, state__in=OPEN_STATES)
        .select_related("review", "application")
        .order_by("due_at", "id")
    )
    barred = standing.bars([reviewer], (row.application_id for row in rows))
    return [row for row in rows if (reviewer.pk, row.application_id) not in barred]


def _review_of(row: Assignment) -> Review | None:
    return row.review if hasattr(row, "review") else None


def _review(row: Review) -> ReviewView:
    return ReviewView(dict(row.points_tenths), row.total_tenths, row.to_applicant, row.to_panel, row.saved_at)


def _total(row: Assignment) -> int | None:
    review = _review_of(row)
    return review.total_tenths if review else None


def _assignment(row: Assignment, view: applications.ApplicationView, declared: Collection[int]) -> AssignmentView:
    is_declared = _is_declared(row, declared)
    return AssignmentView(
        id=row.pk,
        number=view.number,
        call_code=view.call_code,
        title=view.title if is_declared else Text(view.number, view.number),
        state=row.state,
        assigned_at=row.assigned_at,
        due_at=row.due_at,
        submitted_at=row.submitted_at,
        total_tenths=_total(row),
        match_permille=row.match_permille,
        why=row.why,
        purpose=row.purpose,
        is_declared=is_declared,
    )
