"""Applications: an applicant's own from start to receipt; intake for the programme."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from dure.core.errors import Mistake
from dure.core.text import Text
from dure.portal.applications import content as contents
from dure.portal.applications import operations, queries
from dure.portal.applications.queries import ApplicationView, Receipt
from dure.portal.calls import queries as calls
from dure.portal.framework.api import MistakeOut, TextOut, answers, signed_in

router = Router(tags=["applications"])


class ReceiptOut(Schema):
    """A sealed version: the hash is of its canonical JSON, without spaces and with sorted keys."""

    number: str
    version: int
    hash: str
    started_at: datetime
    submitted_at: datetime


class ApplicationOut(Schema):
    """An application; `content` is the sealed one, or the draft's while nothing is sealed."""

    number: str
    call: str
    organisation: str
    state: str
    state_reason: TextOut
    content: dict[str, Any]
    draft: dict[str, Any]
    draft_edition: int
    receipts: list[ReceiptOut]
    is_synthetic: bool


class StartIn(Schema):
    """For which organisation, in which call; `renews` names an earlier application that it goes on from."""

    call: str
    organisation_id: int
    renews: str = ""


class StartedOut(Schema):
    """The number of a new application."""

    number: str


class DraftIn(Schema):
    """Fields to save; others stay. `edition` is the one the writer saw."""

    content: dict[str, Any]
    edition: int | None = None


class SavedOut(Schema):
    """The edition now saved, and what is still missing."""

    edition: int
    remaining: list[MistakeOut]


class RefusalIn(Schema):
    """Why an application is not eligible, for its applicant to read."""

    ko: str
    en: str


@router.get("/applications", response=answers(list[ApplicationOut]), auth=signed_in, summary="My applications")
def mine(request: HttpRequest) -> list[dict[str, Any]]:
    """Those of the person's organisations, the newest first."""
    return [_out(view) for view in queries.mine(request.actor)]


@router.post("/applications", response=answers(StartedOut, created=True), auth=signed_in, summary="Start one")
def start(request: HttpRequest, body: StartIn) -> Status[dict[str, str]]:
    """An empty draft."""
    number = operations.start(
        actor=request.actor,
        now=request.now,
        call_code=body.call,
        organisation_id=body.organisation_id,
        renews=body.renews,
    )
    return Status(201, {"number": number})


@router.get("/applications/{number}", response=answers(ApplicationOut), auth=signed_in, summary="One application")
def application(request: HttpRequest, number: str) -> dict[str, Any]:
    """For its organisation and the programme; others are told there is none."""
    return _out(queries.application(number, request.actor))


@router.patch("/applications/{number}/draft", response=answers(SavedOut), auth=signed_in, summary="Save a draft")
def save(request: HttpRequest, number: str, body: DraftIn) -> dict[str, Any]:
    """Saves what is given and says what is still missing."""
    edition = operations.save_draft(
        actor=request.actor, now=request.now, number=number, content=body.content, edition=body.edition
    )
    view = queries.application(number, request.actor)
    call = calls.call(view.call_code, request.actor)
    return {"edition": edition, "remaining": [_mistake(m) for m in queries.remaining(view, call)]}


@router.post("/applications/{number}/submit", response=answers(ReceiptOut), auth=signed_in, summary="Submit")
def submit(request: HttpRequest, number: str) -> Receipt:
    """Seals the draft; again gives the same receipt. The deadline is judged by when the request arrived."""
    started_at = request.arrived_at.astimezone(UTC)
    return operations.submit(actor=request.actor, now=request.now, started_at=started_at, number=number)


@router.post("/applications/{number}/withdraw", response=answers(ApplicationOut), auth=signed_in, summary="Withdraw")
def withdraw(request: HttpRequest, number: str) -> dict[str, Any]:
    """Until the deadline; it may then be submitted again."""
    operations.withdraw(actor=request.actor, now=request.now, number=number)
    return _out(queries.application(number, request.actor))


@router.post("/applications/{number}/carry", response=answers(StartedOut), auth=signed_in, summary="Next round")
def carry(request: HttpRequest, number: str) -> dict[str, str]:
    """Go on in the next round with a draft that missed its deadline."""
    return {"number": operations.carry_over(actor=request.actor, now=request.now, number=number)}


@router.get("/applications/{number}/versions/{version}", response=answers(dict[str, Any]), auth=signed_in)
def version(request: HttpRequest, number: str, version: int) -> dict[str, Any]:
    """A sealed version as the document its hash is taken of."""
    return queries.sealed(number, version, request.actor)


@router.get("/calls/{code}/applications", response=answers(list[ApplicationOut]), auth=signed_in, summary="Intake")
def of_call(request: HttpRequest, code: str, state: str = "") -> list[dict[str, Any]]:
    """A call's applications, for the programme."""
    return [_out(view) for view in queries.of_call(code, request.actor, [state] if state else ())]


@router.post("/applications/{number}/admit", response=answers(ApplicationOut), auth=signed_in, summary="Admit")
def admit(request: HttpRequest, number: str) -> dict[str, Any]:
    """Find an application eligible."""
    operations.admit(actor=request.actor, now=request.now, number=number)
    return _out(queries.application(number, request.actor))


@router.post("/applications/{number}/refuse", response=answers(ApplicationOut), auth=signed_in, summary="Refuse")
def refuse(request: HttpRequest, number: str, body: RefusalIn) -> dict[str, Any]:
    """Find an application ineligible, with the reason."""
    operations.refuse(actor=request.actor, now=request.now, number=number, reason=Text(body.ko, body.en))
    return _out(queries.application(number, request.actor))


def _out(view: ApplicationView) -> dict[str, Any]:
    return {
        "number": view.number,
        "call": view.call_code,
        "organisation": view.organisation.code,
        "state": view.state,
        "state_reason": _both(view.state_reason),
        "content": contents.stored(view.content),
        "draft": contents.stored(view.draft),
        "draft_edition": view.draft_edition,
        "receipts": list(view.receipts),
        "is_synthetic": view.is_synthetic,
    }


def _mistake(mistake: Mistake) -> dict[str, Any]:
    return {"where": mistake.where, "what": _both(mistake.what), "remedy": _both(mistake.remedy)}


def _both(text: Text) -> dict[str, str]:
    return {"ko": text.ko, "en": text.en}
