"""Support requests as JSON: the pages' own operations, with the pages' own permissions. Files go through the pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status

from dure.portal.framework.api import TextOut, answers, refuse_too_often, signed_in
from dure.portal.framework.lists import paged
from dure.portal.messages import operations, queries

router = Router(tags=["support"])


class SupportLineOut(Schema):
    """A request with its clock; `is_overdue`: it waits longer than was promised."""

    id: int
    topic: str
    answerer: str
    asked_by: TextOut
    title: str
    about: str
    state: str
    asked_at: datetime
    respond_by: datetime
    answered_at: datetime | None
    closed_at: datetime | None
    is_overdue: bool


class EntryOut(Schema):
    """One message of a thread; its files are at /support/{id}/files/{file_id}/."""

    written_by: TextOut
    written_at: datetime
    is_answer: bool
    text: str
    file_ids: list[int]


class SupportOut(SupportLineOut):
    """A request with its thread."""

    entries: list[EntryOut]


class SupportPageOut(Schema):
    """A page of requests; `total` counts all that match."""

    total: int
    page: int
    size: int
    requests: list[SupportLineOut]


class WantedSupport(Schema):
    """What to look for; everything may be left out."""

    q: str = ""
    state: str = ""
    topic: str = ""
    overdue: bool = False
    page: int = 1


class SupportIn(Schema):
    """A question; `provider` for topics that providers answer, `about` an address of the portal."""

    topic: str = ""
    title: str
    text: str
    provider: str = ""
    about: str = ""


class ReplyIn(Schema):
    """One more message in the thread."""

    text: str


class PassingIn(Schema):
    """Who answers from now on ("programme" or a provider's code), and why."""

    to: str
    reason: str


class PassedOut(Schema):
    """It was passed on; whoever did so may no longer see it."""

    to: str


@router.get("/support", response=answers(SupportPageOut), auth=signed_in, summary="Support requests")
def listing(request: HttpRequest, wanted: Query[WantedSupport]) -> dict[str, Any]:
    """One's own, and those one answers or oversees; what waits first."""
    rows = queries.support_list(
        request.actor,
        state=wanted.state,
        topic=wanted.topic,
        text=wanted.q.strip(),
        overdue_at=request.now if wanted.overdue else None,
    )
    page = paged(rows, wanted.page, lambda row: _line(queries.support_view(row), request.now))
    return {"total": page.total, "page": page.number, "size": page.size, "requests": list(page)}


@router.post("/support", response=answers(SupportOut, created=True), auth=signed_in, summary="Ask")
def ask(request: HttpRequest, body: SupportIn) -> Status[dict[str, Any]]:
    """Ask the programme or a provider; the answer is due within the topic's working days."""
    if refused := refuse_too_often(request, "messages.api.ask", 20, 10):
        return refused
    made = operations.ask_support(actor=request.actor, now=request.now, **body.model_dump())
    return Status(201, _out(request, made))


@router.get("/support/{request_id}", response=answers(SupportOut), auth=signed_in, summary="One request")
def show(request: HttpRequest, request_id: int) -> dict[str, Any]:
    """For whoever asked, answers or oversees it; others are told there is none."""
    return _out(request, request_id)


@router.post("/support/{request_id}/reply", response=answers(SupportOut), auth=signed_in, summary="Write into it")
def reply(request: HttpRequest, request_id: int, body: ReplyIn) -> Any:
    """From the asker it waits again; from whoever answers it counts as the answer."""
    if refused := refuse_too_often(request, "messages.api.reply", 60, 10):
        return refused
    operations.reply_support(actor=request.actor, now=request.now, request_id=request_id, text=body.text)
    return _out(request, request_id)


@router.post("/support/{request_id}/pass-on", response=answers(PassedOut), auth=signed_in, summary="Pass it on")
def pass_on(request: HttpRequest, request_id: int, body: PassingIn) -> dict[str, str]:
    """Let somebody else answer; the clock goes on."""
    operations.pass_on(actor=request.actor, now=request.now, request_id=request_id, **body.model_dump())
    return {"to": body.to}


@router.post("/support/{request_id}/close", response=answers(SupportOut), auth=signed_in, summary="Close it")
def close(request: HttpRequest, request_id: int) -> dict[str, Any]:
    """Close a request; asking on opens it again."""
    operations.close_support(actor=request.actor, now=request.now, request_id=request_id)
    return _out(request, request_id)


def _out(request: HttpRequest, request_id: int) -> dict[str, Any]:
    view = queries.support(request_id, request.actor)
    return _line(view, request.now) | {"entries": list(view.entries)}


def _line(view: queries.SupportView, now: datetime) -> dict[str, Any]:
    names = ("id", "topic", "answerer", "asked_by", "title", "about", "state", "asked_at", "respond_by")
    found: dict[str, Any] = {name: getattr(view, name) for name in (*names, "answered_at", "closed_at")}
    return found | {"is_overdue": view.is_overdue(now)}
