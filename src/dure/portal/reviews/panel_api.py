"""Wishes, panel meetings and discussions as JSON: the pages' own operations, with the pages' own permissions."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import AwareDatetime

from dure.core.errors import NotFound
from dure.portal.framework.api import TextOut, answers, signed_in
from dure.portal.reviews import operations, queries
from dure.portal.reviews.queries import Biddable, Discussion, MeetingView
from dure.portal.reviews.queries.meeting import MeetingLine

router = Router(tags=["reviews"])


class NamedOrganisationOut(Schema):
    """Who applies."""

    code: str
    name: str


class BiddableOut(Schema):
    """A proposal one may wish for; no organisation under double-blind review. `wish` is "" where none was given."""

    number: str
    title: TextOut
    summary: str
    keywords: list[str]
    field: str
    organisation: NamedOrganisationOut | None
    wish: str


class WishIn(Schema):
    """eager, willing or unwilling; "" takes a wish back."""

    wish: str


class MeetingLineOut(Schema):
    """A meeting in a list."""

    id: int
    call_code: str
    place: str
    starts_at: datetime
    state: str


class ItemOut(Schema):
    """One application on the agenda; `totals` in tenths of points, `out` who leaves the room for it."""

    id: int
    number: str
    title: TextOut
    organisation: NamedOrganisationOut | None
    summary: str
    state: str
    decision: str
    reason: str
    totals: list[int]
    out: list[str]
    own_assignment_id: int | None


class MinuteOut(Schema):
    """A line of the minutes."""

    text: TextOut
    number: str
    made_at: datetime


class MeetingOut(MeetingLineOut):
    """A meeting with the items this person may know of."""

    call_title: TextOut
    reviewers: list[str]
    items: list[ItemOut]
    minutes: list[MinuteOut]
    may_run: bool


class MeetingIn(Schema):
    """A meeting to plan: numbers of applications in the order of the agenda, and who takes part."""

    place: str
    starts_at: AwareDatetime
    numbers: list[str]
    reviewer_ids: list[int]


class PlannedOut(Schema):
    """The id of a new meeting."""

    id: int


class MinuteIn(Schema):
    """A line for the minutes, of one item where it is named."""

    text: str
    item_id: int | None = None


class SettlingIn(Schema):
    """What is decided ("keep" or "reject") and why; read only when an item is settled."""

    decision: str = ""
    reason: str = ""


class PeerReviewOut(Schema):
    """One submitted review as fellow reviewers and the programme see it; `is_barred`: it does not count."""

    reviewer: str
    is_mine: bool
    is_barred: bool
    points_tenths: dict[str, int]
    total_tenths: int
    to_applicant: str
    to_panel: str


class RemarkOut(Schema):
    """One contribution."""

    author: str
    text: str
    made_at: datetime


class ChangeOut(Schema):
    """A total that was changed after handing in, in points."""

    reviewer: str
    before: str
    after: str
    reason: str
    made_at: datetime


class DiscussionOut(Schema):
    """Everything that is said about one proposal."""

    number: str
    call_code: str
    title: TextOut
    organisation: NamedOrganisationOut | None
    may_write: bool
    reviews: list[PeerReviewOut]
    remarks: list[RemarkOut]
    changes: list[ChangeOut]


class RemarkIn(Schema):
    """Something to say."""

    text: str


class ChangeIn(Schema):
    """New points by criterion, and why."""

    points: dict[str, int | str]
    reason: str


class TotalOut(Schema):
    """A total in tenths of points."""

    total_tenths: int


@router.get("/calls/{code}/bids", response=answers(list[BiddableOut]), auth=signed_in, summary="What I may wish for")
def bids(request: HttpRequest, code: str, q: str = "") -> list[Biddable]:
    """A reviewer's proposals of a call, without those in which a conflict stands; `q` searches them."""
    return queries.biddable(code, request.actor, q)


@router.put("/calls/{code}/bids/{number}", response=answers(list[BiddableOut]), auth=signed_in, summary="Wish")
def bid(request: HttpRequest, code: str, number: str, body: WishIn) -> list[Biddable]:
    """Say how much one would like to review a proposal."""
    operations.bid(actor=request.actor, now=request.now, call_code=code, wishes={number: body.wish})
    return [one for one in queries.biddable(code, request.actor) if one.number == number]


@router.get("/calls/{code}/meetings", response=answers(list[MeetingLineOut]), auth=signed_in, summary="Panel meetings")
def meetings(request: HttpRequest, code: str) -> list[MeetingLine]:
    """The meetings of a call, for the programme."""
    return queries.meetings(code, request.actor)


@router.post("/calls/{code}/meetings", response=answers(PlannedOut, created=True), auth=signed_in, summary="Plan one")
def plan(request: HttpRequest, code: str, body: MeetingIn) -> Status[dict[str, int]]:
    """A meeting with its agenda; its reviewers are invited."""
    made = operations.plan_meeting(actor=request.actor, now=request.now, call_code=code, **body.model_dump())
    return Status(201, {"id": made})


@router.get("/reviews/meetings", response=answers(list[MeetingLineOut]), auth=signed_in, summary="My meetings")
def my_meetings(request: HttpRequest) -> list[MeetingLine]:
    """Those a reviewer takes part in that are not over."""
    return queries.my_meetings(request.actor)


@router.get("/reviews/meetings/{meeting_id}", response=answers(MeetingOut), auth=signed_in, summary="One meeting")
def meeting(request: HttpRequest, meeting_id: int) -> MeetingView:
    """For the programme and those who take part; nobody learns of an item in which they have a conflict."""
    return queries.meeting(meeting_id, request.actor)


@router.post("/reviews/meetings/{meeting_id}/steps/{event}", response=answers(MeetingOut), auth=signed_in)
def run(request: HttpRequest, meeting_id: int, event: str) -> MeetingView:
    """`event` is start, end, resume or cancel."""
    operations.run_meeting(actor=request.actor, now=request.now, meeting_id=meeting_id, event=event)
    return queries.meeting(meeting_id, request.actor)


@router.post("/reviews/meetings/{meeting_id}/minutes", response=answers(MeetingOut), auth=signed_in)
def note(request: HttpRequest, meeting_id: int, body: MinuteIn) -> MeetingView:
    """Add a line to the minutes."""
    operations.note(actor=request.actor, now=request.now, meeting_id=meeting_id, **body.model_dump())
    return queries.meeting(meeting_id, request.actor)


@router.post("/reviews/meetings/{meeting_id}/items/{item_id}/{event}", response=answers(MeetingOut), auth=signed_in)
def table(request: HttpRequest, meeting_id: int, item_id: int, event: str, body: SettlingIn) -> MeetingView:
    """`event` is open, reopen, postpone or settle."""
    known = {item.id for item in queries.meeting(meeting_id, request.actor).items}
    if item_id not in known:
        raise NotFound(internal=f"item {item_id} of meeting {meeting_id} for {request.actor}")
    operations.table(actor=request.actor, now=request.now, item_id=item_id, event=event, **body.model_dump())
    return queries.meeting(meeting_id, request.actor)


@router.get("/reviews/discussions/{number}", response=answers(DiscussionOut), auth=signed_in, summary="A discussion")
def discussion(request: HttpRequest, number: str) -> Discussion:
    """The reviews of a proposal side by side, for its reviewers without conflict and the programme."""
    return queries.discussion(number, request.actor)


@router.post("/reviews/discussions/{number}/remarks", response=answers(DiscussionOut), auth=signed_in)
def remark(request: HttpRequest, number: str, body: RemarkIn) -> Discussion:
    """Say something about a proposal."""
    operations.remark(actor=request.actor, now=request.now, number=number, text=body.text)
    return queries.discussion(number, request.actor)


@router.post("/reviews/assignments/{assignment_id}/change", response=answers(TotalOut), auth=signed_in)
def change(request: HttpRequest, assignment_id: int, body: ChangeIn) -> dict[str, int]:
    """Change a submitted score while the panel has the proposal on the table; what was before stays on record."""
    total = operations.change_score(
        actor=request.actor, now=request.now, assignment_id=assignment_id, points=body.points, reason=body.reason
    )
    return {"total_tenths": total}
