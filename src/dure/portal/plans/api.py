"""Plans over JSON: for those who oversee the programme; the decision of a call is public."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from dure.core.errors import NotFound
from dure.portal.framework.api import TextOut, answers, signed_in
from dure.portal.plans import operations, queries, scenarios_api

router = Router(tags=["plans"])
router.add_router("", scenarios_api.router)


class PlanOut(Schema):
    """A plan. `gap` is the auditor's, a fraction of the proved bound; figures are None until solved."""

    id: int
    title: str
    call_code: str
    rule: str
    delta_tenths: int
    state: str
    progress_permille: int
    problem_hash: str
    hash: str
    value: int | None
    gap: float | None
    envy: int | None
    awards: int
    first_month_nodes: int
    queued_at: datetime
    solved_at: datetime | None
    accepted_at: datetime | None


class RankOut(Schema):
    """What a plan says of one application. `score_tenths` in tenths of a point, `nodes` awarded."""

    number: str
    organisation: str
    applicant_class: str
    region: str
    requested_nodes: int
    outcome: str
    score_tenths: int | None
    cluster: str
    nodes: int
    start_at: datetime | None
    end_at: datetime | None
    waitlist_rank: int | None
    lottery_rank: int
    explanation: dict[str, Any]


class NewPlan(Schema):
    """A plan to be solved; without a band the programme's is used, without a budget the planner's default."""

    call_code: str = Field(max_length=40)
    title: str = Field(max_length=120)
    rule: str = Field("merit", max_length=10)
    delta_tenths: int | None = Field(None, ge=1, le=1000)
    budget: int | None = Field(None, ge=1, le=10**15)


class Created(Schema):
    """The id of what was made."""

    id: int


class Acceptance(Schema):
    """Why this plan is accepted."""

    reason: str = Field(max_length=2000)


class ComparisonOut(Schema):
    """Numbers of the applications the right plan awards newly, no longer, or under other conditions."""

    gains: list[str]
    loses: list[str]
    changes: list[str]


class Done(Schema):
    """What happened, in words."""

    message: TextOut


@router.get("/plans", response=answers(list[PlanOut]), auth=signed_in, summary="Plans, newest first")
def plans_list(request: HttpRequest, call: str = "") -> Any:
    """Plans of all calls or of one."""
    return queries.plans(request.actor, call)


@router.post("/plans", response=answers(Created, created=True), auth=signed_in, summary="Queue a plan")
def plans_queue(request: HttpRequest, body: NewPlan) -> Any:
    """Freeze the call's problem and queue a plan for it."""
    made = operations.queue(actor=request.actor, now=request.now, **body.dict())
    return Status(201, {"id": made})


@router.get("/plans/{int:plan_id}", response=answers(PlanOut), auth=signed_in, summary="One plan")
def plans_show(request: HttpRequest, plan_id: int) -> Any:
    """One plan and how far it is."""
    return queries.plan(plan_id, request.actor)


@router.get("/plans/{int:plan_id}/ranks", response=answers(list[RankOut]), auth=signed_in, summary="Its applications")
def plans_ranks(request: HttpRequest, plan_id: int, outcome: str = "") -> Any:
    """What the plan says of every application, best score first."""
    queries.plan(plan_id, request.actor)
    return [queries.rank_view(row) for row in queries.ranks(plan_id, outcome=outcome)]


@router.get(
    "/plans/{int:left}/compare/{int:right}",
    response=answers(ComparisonOut),
    auth=signed_in,
    summary="Two plans compared",
)
def plans_compare(request: HttpRequest, left: int, right: int) -> Any:
    """Application numbers that the right plan treats differently."""
    ids = [view.id for view in queries.compared([left, right], request.actor)]
    return {
        kind: list(queries.differences(ids, kind=kind).values_list("application__number", flat=True))
        for kind in queries.KINDS
    }


@router.post("/plans/{int:plan_id}/cancel", response=answers(PlanOut), auth=signed_in, summary="Cancel a plan")
def plans_cancel(request: HttpRequest, plan_id: int) -> Any:
    """Stop a plan that is queued or being solved."""
    operations.cancel(actor=request.actor, now=request.now, plan_id=plan_id)
    return queries.plan(plan_id, request.actor)


@router.post("/plans/{int:plan_id}/accept", response=answers(PlanOut), auth=signed_in, summary="Accept a plan")
def plans_accept(request: HttpRequest, plan_id: int, body: Acceptance) -> Any:
    """Make the plan the decision of its call."""
    operations.accept(actor=request.actor, now=request.now, plan_id=plan_id, reason=body.reason)
    return queries.plan(plan_id, request.actor)


@router.get("/calls/{code}/decision", response=answers(PlanOut), auth=None, summary="The accepted plan of a call")
def decision(request: HttpRequest, code: str) -> Any:
    """Which plan decided the call, with the hashes by which anybody can check it. Public."""
    found = queries.accepted(code)
    if found is None:
        raise NotFound(internal=f"call {code} has not been decided")
    return found
