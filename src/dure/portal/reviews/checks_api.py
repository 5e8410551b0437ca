"""Technical checks and interviews as JSON: the pages' own operations, with the pages' own permissions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import AwareDatetime

from dure.core.errors import NotFound
from dure.portal.framework.api import TextOut, answers, signed_in
from dure.portal.reviews import operations, queries
from dure.portal.reviews.queries import FeasibilityView
from dure.portal.reviews.queries.interviewing import Choice, InterviewView

router = Router(tags=["reviews"])


class CheckOut(Schema):
    """A technical check: what is asked for (no team, no scores) and what was said."""

    id: int
    number: str
    call_code: str
    provider: str
    state: str
    title: TextOut
    summary: str
    sizing: str
    models: list[str]
    requested_nodes: int
    min_nodes: int
    months: int
    reason: str
    asked_at: datetime
    due_at: datetime
    answered_at: datetime | None
    judgement_reason: str


class AskIn(Schema):
    """About which applications to ask: all, or only those large enough for an interview."""

    only_large: bool = False


class VerdictIn(Schema):
    """feasible, conditional (the conditions as reason) or infeasible (why)."""

    verdict: str
    reason: str = ""


class JudgementIn(Schema):
    """Whether the programme follows an "infeasible", and why."""

    upholds: bool
    reason: str


class SlotOut(Schema):
    """A time at which an interview may be held; `number` of the application that took it, for the programme."""

    id: int
    starts_at: datetime
    minutes: int
    place: str
    number: str


class OwnInterviewOut(Schema):
    """An interview as its applicant knows it: points and note are the programme's."""

    number: str
    title: TextOut
    state: str
    slot: SlotOut | None


class InterviewOut(OwnInterviewOut):
    """An interview; `points` once it was held."""

    points: str
    note: str


class InterviewsOut(Schema):
    """A call's interviews and their times."""

    interviews: list[InterviewOut]
    slots: list[SlotOut]


class ChoiceOut(Schema):
    """An applicant's own interview and the free times, the earliest first."""

    interview: OwnInterviewOut
    free: list[SlotOut]


class SlotsIn(Schema):
    """`count` times of `minutes` each, one after the other."""

    starts_at: AwareDatetime
    minutes: int
    count: int
    place: str


class BookingIn(Schema):
    """The time to take; null gives one's own back."""

    slot_id: int | None


class ClosingIn(Schema):
    """What came of it: tenths of points where it was held, and a note."""

    total_tenths: int | None = None
    note: str = ""


class CountOut(Schema):
    """How many are new."""

    new: int


@router.get("/reviews/checks", response=answers(list[CheckOut]), auth=signed_in, summary="My technical checks")
def checks(request: HttpRequest) -> list[FeasibilityView]:
    """What the person's provider is asked, open ones first."""
    return queries.feasibility_for(request.actor)


@router.post("/reviews/checks/{feasibility_id}/answer", response=answers(list[CheckOut]), auth=signed_in)
def answer(request: HttpRequest, feasibility_id: int, body: VerdictIn) -> list[FeasibilityView]:
    """Say whether it can be run; late answers are taken."""
    operations.answer_feasibility(
        actor=request.actor, now=request.now, feasibility_id=feasibility_id, **body.model_dump()
    )
    return [one for one in queries.feasibility_for(request.actor) if one.id == feasibility_id]


@router.get("/calls/{code}/checks", response=answers(list[CheckOut]), auth=signed_in, summary="Checks of a call")
def checks_of(request: HttpRequest, code: str) -> list[FeasibilityView]:
    """For the programme; what waits for its judgement first."""
    return queries.feasibility_of(code, request.actor)


@router.post("/calls/{code}/checks", response=answers(CountOut), auth=signed_in, summary="Ask the providers")
def ask(request: HttpRequest, code: str, body: AskIn) -> dict[str, int]:
    """Ask every provider that could host an application; asking again adds what is missing."""
    asked = operations.ask_providers(actor=request.actor, now=request.now, call_code=code, only_large=body.only_large)
    return {"new": asked}


@router.post("/calls/{code}/checks/{feasibility_id}/judge", response=answers(list[CheckOut]), auth=signed_in)
def judge(request: HttpRequest, code: str, feasibility_id: int, body: JudgementIn) -> list[FeasibilityView]:
    """Follow or overrule an "infeasible", with a reason."""
    if feasibility_id not in {one.id for one in queries.feasibility_of(code, request.actor)}:
        raise NotFound(internal=f"no technical check {feasibility_id} in {code}")
    operations.judge_feasibility(
        actor=request.actor, now=request.now, feasibility_id=feasibility_id, **body.model_dump()
    )
    return [one for one in queries.feasibility_of(code, request.actor) if one.id == feasibility_id]


@router.get("/calls/{code}/interviews", response=answers(InterviewsOut), auth=signed_in, summary="Interviews")
def interviews(request: HttpRequest, code: str) -> dict[str, Any]:
    """All of a call, for the programme."""
    return {"interviews": queries.interviews(code, request.actor), "slots": queries.slots(code, request.actor)}


@router.post("/calls/{code}/interviews/slots", response=answers(CountOut), auth=signed_in, summary="Add times")
def add_slots(request: HttpRequest, code: str, body: SlotsIn) -> dict[str, int]:
    """Times at which interviews may be held; those that are there already stay."""
    made = operations.add_slots(actor=request.actor, now=request.now, call_code=code, **body.model_dump())
    return {"new": made}


@router.post("/calls/{code}/interviews/invite", response=answers(CountOut), auth=signed_in, summary="Invite")
def invite(request: HttpRequest, code: str) -> dict[str, int]:
    """Invite every application that is large enough by the track's rule."""
    return {"new": operations.invite_to_interviews(actor=request.actor, now=request.now, call_code=code)}


@router.get("/reviews/interviews", response=answers(list[OwnInterviewOut]), auth=signed_in, summary="My interviews")
def my_interviews(request: HttpRequest) -> list[InterviewView]:
    """Those of the person's organisations whose time is still to be chosen."""
    return queries.my_interviews(request.actor)


@router.get("/reviews/interviews/{number}", response=answers(ChoiceOut), auth=signed_in, summary="One interview")
def interview(request: HttpRequest, number: str) -> Choice:
    """An applicant's own, with the free times."""
    return queries.my_interview(number, request.actor, request.now)


@router.put("/reviews/interviews/{number}/slot", response=answers(ChoiceOut), auth=signed_in, summary="Choose a time")
def book(request: HttpRequest, number: str, body: BookingIn) -> Choice:
    """Take a free time, another one, or give one's own back."""
    operations.book_interview(actor=request.actor, now=request.now, number=number, slot_id=body.slot_id)
    return queries.my_interview(number, request.actor, request.now)


@router.post("/calls/{code}/interviews/{number}/{event}", response=answers(InterviewsOut), auth=signed_in)
def close(request: HttpRequest, code: str, number: str, event: str, body: ClosingIn) -> dict[str, Any]:
    """`event` is hold, miss, cancel or invite (again); for the programme."""
    if number not in {one.number for one in queries.interviews(code, request.actor)}:
        raise NotFound(internal=f"no interview of {number} in {code}")
    operations.close_interview(actor=request.actor, now=request.now, number=number, event=event, **body.model_dump())
    return interviews(request, code)
