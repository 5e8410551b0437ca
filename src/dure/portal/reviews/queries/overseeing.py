"""The review of a call as the programme sees it: the pool, who reviews what, recorded conflicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dure.core.text import Text
from dure.decide import scoring
from dure.portal.applications import queries as applications
from dure.portal.calls import queries as calls
from dure.portal.people.actor import Actor
from dure.portal.reviews import standing
from dure.portal.reviews.models import OPEN_STATES, Assignment, Conflict, Reviewer
from dure.portal.reviews.standing import Bar


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
    application_id: int
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
    def pair(self) -> standing.Pair:
        """Reviewer and application, as conflicts name them."""
        return (self.reviewer_id, self.application_id)

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
    plan: str
    found_at: datetime


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
    found = Assignment.objects.filter(application__call__code=call_code, purpose="review")
    found = found.order_by("application__number", "id")
    rows = list(found.values(*_SEAT))
    barred = standing.between({(row["reviewer_id"], row["application_id"]) for row in rows})
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
            row.plan,
            row.found_at,
        )
        for row in rows
    ]


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
        application_id=row["application_id"],
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
