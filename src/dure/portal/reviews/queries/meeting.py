"""Panel meetings: the agenda as each person may see it, who is out of the room, what was decided."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from dure.core.errors import NotFound, NotPermitted
from dure.core.text import Text
from dure.decide import scoring
from dure.portal.applications import queries as applications
from dure.portal.calls import queries as calls
from dure.portal.people.actor import Actor
from dure.portal.people.queries import OrganisationView
from dure.portal.reviews import standing
from dure.portal.reviews.board import READER
from dure.portal.reviews.models import AgendaItem, Assignment, Meeting, Minute, Reviewer
from dure.portal.reviews.queries.own import UNDECLARED, declared_calls, own_reviewer


@dataclass(frozen=True)
class ItemView:
    """One application on the agenda; `out` are the people who have to leave the room for it."""

    id: int
    number: str
    title: Text
    organisation: OrganisationView | None
    summary: str
    state: str
    decision: str
    reason: str
    totals: Sequence[int]
    out: Sequence[str]
    own_assignment_id: int | None

    @property
    def points(self) -> str:
        """The totals in points, the lowest first."""
        return ", ".join(scoring.points(total) for total in self.totals)

    @property
    def mean(self) -> str:
        """The plain mean in points."""
        return (
            scoring.points((2 * sum(self.totals) + len(self.totals)) // (2 * len(self.totals))) if self.totals else ""
        )


@dataclass(frozen=True)
class MinuteView:
    """A line of the minutes."""

    text: Text
    number: str
    made_at: datetime


@dataclass(frozen=True)
class MeetingView:
    """A meeting with the items this person may know of; `current` is the one on the table.

    Somebody with a conflict sees neither the item nor that there is one: to them nothing is on the table.
    """

    id: int
    call_code: str
    call_title: Text
    place: str
    starts_at: datetime
    state: str
    reviewers: Sequence[str]
    items: Sequence[ItemView]
    current: ItemView | None
    minutes: Sequence[MinuteView]
    may_run: bool

    @property
    def seen(self) -> str:
        """What this person sees, in a word that changes with it: a page that has it is not sent again."""
        parts = (self.state, [(i.id, i.state, i.decision, i.totals, i.out) for i in self.items], len(self.minutes))
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class MeetingLine:
    """A meeting in a list."""

    id: int
    call_code: str
    place: str
    starts_at: datetime
    state: str


def meetings(call_code: str, actor: Actor) -> list[MeetingLine]:
    """The meetings of a call, the latest first."""
    actor.require(actor.may_oversee)
    return _lines(Meeting.objects.filter(call__code=call_code))


def my_meetings(actor: Actor) -> list[MeetingLine]:
    """The meetings a reviewer takes part in that are not over."""
    if actor.user_id is None:
        return []
    return _lines(Meeting.objects.filter(reviewers__user_id=actor.user_id, state__in=("planned", "running")))


def _lines(rows: QuerySet[Meeting]) -> list[MeetingLine]:
    return [
        MeetingLine(row.pk, row.call.code, row.place, row.starts_at, row.state) for row in rows.select_related("call")
    ]


def meeting(meeting_id: int, actor: Actor) -> MeetingView:
    """One meeting, for the programme and those who take part.

    Raises NotFound, and NotPermitted before a reviewer has declared conflicts in the call.
    """
    rows = Meeting.objects.select_related("call").filter(pk=meeting_id)
    reviewer = None
    if not actor.may_oversee:
        reviewer = own_reviewer(actor)
        rows = rows.filter(reviewers=reviewer) if reviewer else rows.none()
    row = rows.first()
    if row is None:
        raise NotFound(internal=f"meeting {meeting_id} for {actor}")
    if reviewer is not None and row.call_id not in declared_calls(reviewer.pk):
        raise NotPermitted(UNDECLARED, f"{actor} has not declared in {row.call.code}")
    attending = standing.reviewers(pk__in=row.reviewers.values_list("pk", flat=True))
    items = list(row.items.all())
    barred = standing.bars(attending, (item.application_id for item in items))
    if reviewer is not None:
        items = [item for item in items if (reviewer.pk, item.application_id) not in barred]
    shown = _items(items, attending, barred, reviewer, row.call.code)
    known = {item.pk for item in items}
    minutes = [line for line in row.minutes.select_related("item__application") if line.item_id in (None, *known)]
    return MeetingView(
        id=row.pk,
        call_code=row.call.code,
        call_title=calls.call(row.call.code, READER).title,
        place=row.place,
        starts_at=row.starts_at,
        state=row.state,
        reviewers=[_name(one) for one in attending],
        items=shown,
        current=next((item for item in shown if item.state == "open"), None),
        minutes=[_minute(line) for line in minutes],
        may_run=actor.is_programme_manager,
    )


def _items(
    items: Sequence[AgendaItem],
    attending: Sequence[Reviewer],
    barred: dict[standing.Pair, list[standing.Bar]],
    reviewer: Reviewer | None,
    call_code: str,
) -> list[ItemView]:
    views = applications.by_ids(item.application_id for item in items)
    is_blind = reviewer is not None and calls.call(call_code, READER).rules.blind == "double"
    seats = Assignment.objects.filter(
        application_id__in={item.application_id for item in items}, state="submitted", purpose="review"
    ).values_list("pk", "application_id", "reviewer_id", "review__total_tenths")
    totals: dict[int, list[int]] = {}
    own: dict[int, int] = {}
    given = list(seats)
    out = standing.between({(seat[2], seat[1]) for seat in given})
    for pk, application_id, reviewer_id, total in given:
        if (reviewer_id, application_id) not in out:
            totals.setdefault(application_id, []).append(total)
            if reviewer is not None and reviewer_id == reviewer.pk:
                own[application_id] = pk
    return [
        ItemView(
            id=item.pk,
            number=views[item.application_id].number,
            title=views[item.application_id].title,
            organisation=None if is_blind else views[item.application_id].organisation,
            summary=views[item.application_id].content.summary,
            state=item.state,
            decision=item.decision,
            reason=item.reason,
            totals=sorted(totals.get(item.application_id, ())),
            out=[_name(one) for one in attending if (one.pk, item.application_id) in barred],
            own_assignment_id=own.get(item.application_id),
        )
        for item in items
    ]


def _minute(line: Minute) -> MinuteView:
    number = line.item.application.number if line.item_id else ""
    return MinuteView(Text(line.text["ko"], line.text["en"]), number, line.made_at)


def _name(reviewer: Reviewer) -> str:
    return reviewer.user.name or reviewer.user.email
