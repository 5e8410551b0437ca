"""Reading reviews: a reviewer's own assignments without conflict; for the programme, all of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dure.core.errors import NotFound
from dure.core.text import Text
from dure.decide import scoring
from dure.decide.calibration import Calibration, calibrate
from dure.decide.calibration import Review as Total
from dure.decide.scoring import Score
from dure.portal.applications import queries as applications
from dure.portal.applications.content import Content
from dure.portal.calls import queries as calls
from dure.portal.people.actor import Actor, system
from dure.portal.people.queries import OrganisationView
from dure.portal.reviews import standing
from dure.portal.reviews.models import OPEN_STATES, Assignment, Conflict, Review, Reviewer
from dure.portal.reviews.standing import Bar

READER = system("reviews")


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
    """A reviewer's duty to score one application, as its list shows it."""

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


@dataclass(frozen=True)
class ReviewerView:
    """A reviewer of the pool, for the programme."""

    id: int
    user_id: int
    name: str
    email: str
    affiliation: str
    former_affiliations: Sequence[str]
    keywords: Sequence[str]
    load_limit: int
    is_active: bool
    is_synthetic: bool


@dataclass(frozen=True)
class Seat:
    """One assignment as the programme sees it; `bars` are conflicts that stand now."""

    id: int
    number: str
    reviewer_id: int
    reviewer: str
    state: str
    state_reason: str
    due_at: datetime
    submitted_at: datetime | None
    total_tenths: int | None
    match_permille: int
    why: dict[str, Any]
    bars: Sequence[Bar]

    @property
    def points(self) -> str:
        """The total in points."""
        return scoring.points(self.total_tenths)

    def is_late(self, now: datetime) -> bool:
        """Whether it should have been in by `now`."""
        return self.state in ("assigned", "in_progress") and now >= self.due_at


@dataclass(frozen=True)
class Progress:
    """How far the review of a call is; `late` are seats overdue at the instant asked about."""

    needed: int
    assigned: int
    submitted: int
    seats: Sequence[Seat]
    short: dict[str, int]  # application number: reviewers still to be found


@dataclass(frozen=True)
class Scores:
    """All scores of a call: the deciding ones by number, raw and adjusted ones with reviewers' severity by row."""

    deciding: dict[str, Score]
    calibration: Calibration


@dataclass(frozen=True)
class _Given:
    """A total somebody gave."""

    application_id: int
    reviewer_id: int
    number: str
    total_tenths: int


@dataclass(frozen=True)
class ConflictView:
    """A recorded conflict, for the programme."""

    id: int
    number: str
    reviewer: str
    kind: str
    source: str
    standing: str
    evidence: Text
    reason: str
    found_at: datetime


def assignments(actor: Actor) -> list[AssignmentView]:
    """The person's own assignments, to do first, by due date; nothing of a conflicted proposal, not even its count."""
    if actor.user_id is None:
        return []
    own = standing.reviewers(user_id=actor.user_id)
    if not own:
        return []
    reviewer = own[0]
    rows = list(
        Assignment.objects.filter(reviewer=reviewer, state__in=OPEN_STATES)
        .select_related("review")
        .order_by("due_at", "id")
    )
    barred = standing.bars([reviewer], (row.application_id for row in rows))
    rows = [row for row in rows if (reviewer.pk, row.application_id) not in barred]
    views = applications.by_ids(row.application_id for row in rows)
    found = [_assignment(row, views[row.application_id]) for row in rows]
    return sorted(found, key=lambda a: a.is_done)


def assignment(assignment_id: int, actor: Actor) -> ProposalView:
    """One assignment of the person's own, with the proposal. Raises NotFound, also once a conflict stands."""
    row = own_row(assignment_id, actor)
    view = applications.by_ids([row.application_id])[row.application_id]
    call = calls.call(view.call_code, READER)
    content, organisation = view.content, view.organisation
    is_blind = call.rules.blind == "double"
    if is_blind:
        content = content.model_copy(update={"team": ()})
    review = _review_of(row)
    return ProposalView(
        assignment=_assignment(row, view),
        content=content,
        organisation=None if is_blind else organisation,
        review=_review(review) if review else None,
        is_open=call.state == "reviewing",
    )


def own_row(assignment_id: int, actor: Actor) -> Assignment:
    """The row of an open assignment of the person's own without conflict. Raises NotFound for anything else."""
    row = Assignment.objects.filter(pk=assignment_id, state__in=OPEN_STATES, reviewer__user_id=actor.user_id).first()
    if actor.user_id is None or row is None:
        raise NotFound(internal=f"assignment {assignment_id} for {actor}")
    (reviewer,) = standing.reviewers(pk=row.reviewer_id)
    if standing.bars_of(reviewer, row.application_id):
        raise NotFound(internal=f"assignment {assignment_id}: conflict of {actor}")
    return row


def reviewers(actor: Actor) -> list[ReviewerView]:
    """The pool, by name."""
    actor.require(actor.may_oversee)
    rows = Reviewer.objects.select_related("user").order_by("user__name", "id")
    return [
        ReviewerView(
            row.pk,
            row.user_id,
            row.user.name,
            row.user.email,
            row.affiliation,
            row.former_affiliations,
            row.keywords,
            row.load_limit,
            row.is_active,
            row.is_synthetic,
        )
        for row in rows
    ]


def progress(call_code: str, actor: Actor) -> Progress:
    """Who reviews what and how far it is; conflicts as they stand now."""
    actor.require(actor.may_oversee)
    call = calls.call(call_code, actor)
    admitted = applications.numbers(call_code, "admitted")
    found = Assignment.objects.filter(application__call__code=call_code).order_by("application__number", "id")
    rows = list(found.values(*_SEAT))
    barred = _bars({(row["reviewer_id"], row["application_id"]) for row in rows})
    seats = [_seat(row, barred.get((row["reviewer_id"], row["application_id"]), ())) for row in rows]
    standing_seats = [s for s in seats if s.state in OPEN_STATES and not s.bars]
    short = dict.fromkeys(admitted, call.rules.reviewers)
    for seat in standing_seats:
        if seat.number in short:
            short[seat.number] -= 1
    return Progress(
        needed=call.rules.reviewers * len(admitted),
        assigned=len(standing_seats),
        submitted=sum(s.state == "submitted" for s in standing_seats),
        seats=seats,
        short={number: count for number, count in short.items() if count > 0},
    )


def deciding_scores(call_code: str) -> dict[str, Score]:
    """The score of every application with at least one submitted review without conflict, by number.

    Raw (the reviewers' totals combined) or adjusted for their severity, as the call's rubric says.
    """
    return _scores(call_code).deciding


def scores(call_code: str, actor: Actor) -> Scores:
    """All scores of a call, for the programme."""
    actor.require(actor.may_oversee)
    return _scores(call_code)


def _scores(call_code: str) -> Scores:
    scale = calls.call(call_code, READER).rubric.scale
    rows = _submitted(call_code)
    totals: dict[str, list[int]] = {}
    for row in rows:
        totals.setdefault(row.number, []).append(row.total_tenths)
    raw = {number: scoring.combine(given, scale) for number, given in sorted(totals.items())}
    fitted = calibrate(Total(row.application_id, row.reviewer_id, row.total_tenths) for row in rows)
    if scale.decides == "raw":
        return Scores(raw, fitted)
    numbers = {row.application_id: row.number for row in rows}
    adjusted = {numbers[one.application]: one.adjusted_tenths for one in fitted.scores}
    deciding = {n: replace(score, tenths=max(0, min(1000, adjusted[n]))) for n, score in raw.items()}
    return Scores(deciding, fitted)


def to_applicant(number: str, actor: Actor) -> list[str]:
    """What reviewers wrote for the applicant, once the call is decided; never what they wrote for the panel."""
    view = applications.application(number, actor)
    if calls.call(view.call_code, READER).state != "decided":
        return []
    counted = {row.reviewer_id for row in _submitted(view.call_code, application_id=view.id)}
    written = Review.objects.filter(
        assignment__application_id=view.id, assignment__state="submitted", assignment__reviewer_id__in=counted
    )
    texts = written.order_by("assignment_id").values_list("to_applicant", flat=True)
    return [text for text in texts if text.strip()]


def conflicts(call_code: str, actor: Actor) -> list[ConflictView]:
    """Recorded conflicts with applications of the call."""
    actor.require(actor.may_oversee)
    rows = Conflict.objects.filter(application__call__code=call_code).select_related("reviewer__user", "application")
    return [
        ConflictView(
            row.pk,
            row.application.number,
            row.reviewer.user.name,
            row.kind,
            row.source,
            row.standing,
            Text(row.evidence["ko"], row.evidence["en"]),
            row.reason,
            row.found_at,
        )
        for row in rows
    ]


def _submitted(call_code: str, **where: object) -> list[_Given]:
    """Totals of submitted reviews of reviewers without conflict."""
    found = Assignment.objects.filter(application__call__code=call_code, state="submitted", **where).order_by("id")
    rows = found.values_list("application_id", "reviewer_id", "application__number", "review__total_tenths")
    given = [_Given(*row) for row in rows]
    barred = _bars({(row.reviewer_id, row.application_id) for row in given})
    return [row for row in given if (row.reviewer_id, row.application_id) not in barred]


def _bars(pairs: Collection[standing.Pair]) -> dict[standing.Pair, list[Bar]]:
    judges = standing.reviewers(pk__in={reviewer_id for reviewer_id, _ in pairs})
    return standing.bars(judges, (application_id for _, application_id in pairs), pairs)


def _review_of(row: Assignment) -> Review | None:
    return row.review if hasattr(row, "review") else None


def _review(row: Review) -> ReviewView:
    return ReviewView(dict(row.points_tenths), row.total_tenths, row.to_applicant, row.to_panel, row.saved_at)


def _total(row: Assignment) -> int | None:
    review = _review_of(row)
    return review.total_tenths if review else None


def _assignment(row: Assignment, view: applications.ApplicationView) -> AssignmentView:
    return AssignmentView(
        id=row.pk,
        number=view.number,
        call_code=view.call_code,
        title=view.title,
        state=row.state,
        assigned_at=row.assigned_at,
        due_at=row.due_at,
        submitted_at=row.submitted_at,
        total_tenths=_total(row),
        match_permille=row.match_permille,
        why=row.why,
    )


_SEAT = (
    "id",
    "application_id",
    "application__number",
    "reviewer_id",
    "reviewer__user__name",
    "reviewer__user__email",
    "state",
    "state_reason",
    "due_at",
    "submitted_at",
    "review__total_tenths",
    "match_permille",
    "why",
)


def _seat(row: dict[str, Any], bars: Sequence[Bar]) -> Seat:
    return Seat(
        id=row["id"],
        number=row["application__number"],
        reviewer_id=row["reviewer_id"],
        reviewer=row["reviewer__user__name"] or row["reviewer__user__email"],
        state=row["state"],
        state_reason=row["state_reason"],
        due_at=row["due_at"],
        submitted_at=row["submitted_at"],
        total_tenths=row["review__total_tenths"],
        match_permille=row["match_permille"],
        why=row["why"],
        bars=bars,
    )
