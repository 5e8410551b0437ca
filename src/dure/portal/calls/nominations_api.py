"""Nominations as JSON: the pages' own operations, with the pages' own permissions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from dure.portal.calls import operations, queries
from dure.portal.calls.queries import NominationView
from dure.portal.framework.api import answers, signed_in

router = Router(tags=["calls"])


class NominationOut(Schema):
    """A project that a ministry nominated."""

    id: int
    call_code: str
    ministry: str
    organisation: str
    project: str
    reason: str
    nominated_at: datetime
    withdrawn_at: datetime | None
    withdrawn_reason: str


class NominationIn(Schema):
    """A project to nominate for one's ministry."""

    ministry: str
    organisation_id: int
    project: str
    reason: str


class WithdrawalIn(Schema):
    """Why a nomination is taken back."""

    reason: str


@router.get("/calls/{code}/nominations", response=answers(list[NominationOut]), auth=signed_in, summary="Nominations")
def nominations(request: HttpRequest, code: str) -> list[dict[str, Any]]:
    """A ministry's own, or all for the programme."""
    return [_out(one) for one in queries.nominations(code, request.actor)]


@router.post("/calls/{code}/nominations", response=answers(NominationOut, created=True), auth=signed_in)
def nominate(request: HttpRequest, code: str, body: NominationIn) -> Status[dict[str, Any]]:
    """Nominate a project; the organisation's heads are told."""
    made = operations.nominate(actor=request.actor, now=request.now, code=code, **body.model_dump())
    return Status(201, next(_out(one) for one in queries.nominations(code, request.actor) if one.id == made))


@router.post("/calls/{code}/nominations/{nomination_id}/withdraw", response=answers(NominationOut), auth=signed_in)
def withdraw(request: HttpRequest, code: str, nomination_id: int, body: WithdrawalIn) -> dict[str, Any]:
    """Take a nomination back before the deadline, with a reason."""
    operations.withdraw_nomination(
        actor=request.actor, now=request.now, code=code, nomination_id=nomination_id, reason=body.reason
    )
    return next(_out(one) for one in queries.nominations(code, request.actor) if one.id == nomination_id)


def _out(one: NominationView) -> dict[str, Any]:
    names = ("id", "call_code", "ministry", "project", "reason", "nominated_at", "withdrawn_at", "withdrawn_reason")
    return {name: getattr(one, name) for name in names} | {"organisation": one.organisation.code}
