"""Reviews: a reviewer's own assignments; progress and scores for the programme."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from dure.portal.applications import content as contents
from dure.portal.framework.api import TextOut, answers, signed_in
from dure.portal.reviews import checks_api, operations, panel_api, queries
from dure.portal.reviews.queries import AssignmentView, ReviewView

router = Router(tags=["reviews"])
router.add_router("", panel_api.router)
router.add_router("", checks_api.router)


class AssignmentOut(Schema):
    """An assignment of the person's own."""

    id: int
    number: str
    call_code: str
    title: TextOut
    state: str
    due_at: datetime
    submitted_at: datetime | None
    total_tenths: int | None


class ReviewOut(Schema):
    """What the reviewer wrote; tenths of points by criterion."""

    points_tenths: dict[str, int]
    total_tenths: int | None
    to_applicant: str
    to_panel: str


class ProposalOut(Schema):
    """An assignment with all the reviewer reads."""

    assignment: AssignmentOut
    content: dict[str, Any]
    review: ReviewOut | None
    is_open: bool


class ReviewIn(Schema):
    """Points by criterion (a whole number, or text such as "7.5"), and comments."""

    points: dict[str, int | str]
    to_applicant: str = ""
    to_panel: str = ""


class ConflictIn(Schema):
    """The kind of conflict (family, funding, co_author, mentor, competitor, other), and what it is."""

    kind: str
    evidence: str = ""


class ReasonIn(Schema):
    """Why."""

    reason: str


class DoneOut(Schema):
    """It is done."""

    done: bool = True


class ProgressOut(Schema):
    """How far the review of a call is."""

    needed: int
    assigned: int
    submitted: int
    short: dict[str, int]


class ScoreOut(Schema):
    """The deciding score of an application and the totals it is made of, in tenths."""

    number: str
    tenths: int | None
    totals: list[int]


@router.get("/reviews/assignments", response=answers(list[AssignmentOut]), auth=signed_in, summary="My assignments")
def assignments(request: HttpRequest) -> list[AssignmentView]:
    """Without those in which a conflict of interest stands."""
    return queries.assignments(request.actor)


@router.get("/reviews/assignments/{assignment_id}", response=answers(ProposalOut), auth=signed_in)
def assignment(request: HttpRequest, assignment_id: int) -> dict[str, Any]:
    """One assignment with its proposal; there is none once a conflict stands."""
    found = queries.assignment(assignment_id, request.actor)
    return {
        "assignment": found.assignment,
        "content": contents.stored(found.content),
        "review": found.review,
        "is_open": found.is_open,
    }


@router.put("/reviews/assignments/{assignment_id}/review", response=answers(ReviewOut), auth=signed_in)
def save(request: HttpRequest, assignment_id: int, body: ReviewIn) -> ReviewView | None:
    """Save a review that may be incomplete."""
    operations.save_review(
        actor=request.actor, now=request.now, assignment_id=assignment_id, **body.model_dump(exclude_unset=False)
    )
    return queries.assignment(assignment_id, request.actor).review


@router.post("/reviews/assignments/{assignment_id}/submit", response=answers(ReviewOut), auth=signed_in)
def submit(request: HttpRequest, assignment_id: int, body: ReviewIn) -> ReviewView | None:
    """Submit a complete review."""
    operations.submit_review(
        actor=request.actor, now=request.now, assignment_id=assignment_id, **body.model_dump(exclude_unset=False)
    )
    return queries.assignment(assignment_id, request.actor).review


@router.post("/reviews/assignments/{assignment_id}/reopen", response=answers(DoneOut), auth=signed_in)
def reopen(request: HttpRequest, assignment_id: int) -> dict[str, bool]:
    """Take a submitted review back while the review is open."""
    operations.reopen(actor=request.actor, now=request.now, assignment_id=assignment_id)
    return {"done": True}


@router.post("/reviews/assignments/{assignment_id}/decline", response=answers(DoneOut), auth=signed_in)
def decline(request: HttpRequest, assignment_id: int, body: ReasonIn) -> dict[str, bool]:
    """Give an assignment back."""
    operations.decline(actor=request.actor, now=request.now, assignment_id=assignment_id, reason=body.reason)
    return {"done": True}


@router.post("/reviews/assignments/{assignment_id}/conflict", response=answers(DoneOut), auth=signed_in)
def declare(request: HttpRequest, assignment_id: int, body: ConflictIn) -> dict[str, bool]:
    """Declare a conflict of interest; nothing of the proposal is shown any more."""
    operations.declare_conflict(
        actor=request.actor, now=request.now, assignment_id=assignment_id, kind=body.kind, evidence=body.evidence
    )
    return {"done": True}


@router.get("/calls/{code}/review", response=answers(ProgressOut), auth=signed_in, summary="Progress of the review")
def progress(request: HttpRequest, code: str) -> queries.Progress:
    """For the programme."""
    return queries.progress(code, request.actor)


@router.get("/calls/{code}/scores", response=answers(list[ScoreOut]), auth=signed_in, summary="Deciding scores")
def scores(request: HttpRequest, code: str) -> list[dict[str, Any]]:
    """For the programme."""
    request.actor.require(request.actor.may_oversee)
    found = queries.deciding_scores(code)
    return [{"number": number, "tenths": s.tenths, "totals": list(s.totals)} for number, s in found.items()]
