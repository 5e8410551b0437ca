"""Awards over JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from dure.portal.awards import operations, queries
from dure.portal.framework.api import answers, signed_in

router = Router(tags=["awards"])


class AwardOut(Schema):
    """An award; `nodes` awarded, `requested_nodes` asked for; the period is half-open."""

    number: str
    organisation: str
    applicant_class: str
    region: str
    cluster: str
    gpu_model: str
    nodes: int
    gpus: int
    requested_nodes: int
    start_at: datetime
    end_at: datetime
    state: str
    offered_at: datetime
    respond_by: datetime
    is_synthetic: bool


class Reason(Schema):
    """Why."""

    reason: str = Field(max_length=300)


@router.get("/awards", response=answers(list[AwardOut]), auth=signed_in, summary="Awards you may see")
def awards_list(request: HttpRequest, call: str = "", state: str = "") -> Any:
    """Your organisations' awards; all of them for those who oversee the programme."""
    return [queries.award_view(row) for row in queries.awards(request.actor, call_code=call, state=state)]


@router.get("/awards/{number}", response=answers(AwardOut), auth=signed_in, summary="One award")
def awards_show(request: HttpRequest, number: str) -> Any:
    """One award."""
    return queries.award(number, request.actor)


@router.post("/awards/{number}/accept", response=answers(AwardOut), auth=signed_in, summary="Accept an offer")
def awards_accept(request: HttpRequest, number: str) -> Any:
    """Accept the offer before its deadline."""
    operations.accept(actor=request.actor, now=request.now, number=number)
    return queries.award(number, request.actor)


@router.post("/awards/{number}/decline", response=answers(AwardOut), auth=signed_in, summary="Decline an award")
def awards_decline(request: HttpRequest, number: str, body: Reason) -> Any:
    """Give the award up; its nodes go to the waitlist."""
    operations.decline(actor=request.actor, now=request.now, number=number, reason=body.reason)
    return queries.award(number, request.actor)


@router.post("/awards/{number}/sign", response=answers(AwardOut), auth=signed_in, summary="Sign the agreement")
def awards_sign(request: HttpRequest, number: str) -> Any:
    """Sign the agreement for the applicant."""
    operations.sign(actor=request.actor, now=request.now, number=number)
    return queries.award(number, request.actor)


@router.post("/awards/{number}/countersign", response=answers(AwardOut), auth=signed_in, summary="Countersign")
def awards_countersign(request: HttpRequest, number: str) -> Any:
    """Sign the agreement for the programme; the award may now be made real."""
    operations.countersign(actor=request.actor, now=request.now, number=number)
    return queries.award(number, request.actor)
