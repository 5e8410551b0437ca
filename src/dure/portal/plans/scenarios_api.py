"""Scenarios over JSON, for programme managers: drafted, changed, copied, compared, changed by hand, sealed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from dure.core.errors import NotFound
from dure.core.text import Text
from dure.decide.planning.overrides import Override
from dure.decide.planning.plan import Award
from dure.decide.planning.scenario import Changes
from dure.portal.framework.api import TextOut, answers, signed_in
from dure.portal.plans import operations, queries
from dure.portal.plans.operations import Scenario

router = Router(tags=["plans"])


class ChangesIn(Schema):
    """What differs from the programme; what is left out stays as it is. `weights` in points per criterion, `rules` by
    name in thousandths of the supply or in won."""

    rule: Literal["merit", "value"] | None = None
    delta_tenths: int | None = Field(None, ge=1, le=1000)
    weights: dict[str, int] = Field(default_factory=dict, max_length=50)
    rules: dict[str, int] = Field(default_factory=dict, max_length=200)
    price_percent: int | None = Field(None, ge=0, le=100)


class ScenarioIn(Schema):
    """A scenario as a manager writes it down; without a budget the planner's default is used."""

    title: str = Field(max_length=120)
    note: str = Field("", max_length=2000)
    changes: ChangesIn = Field(default_factory=ChangesIn)
    budget: int | None = Field(None, ge=1, le=10**15)

    def scenario(self) -> Scenario:
        """The same in the operations' words."""
        return Scenario(self.title, self.note, Changes(**self.changes.dict()), self.budget)


class NewScenario(ScenarioIn):
    """A scenario for a call."""

    call_code: str = Field(max_length=40)


class AwardIn(Schema):
    """Where an application is put in: `start` in slots from the first of the problem's calendar."""

    cluster: str = Field(max_length=40)
    start: int = Field(ge=0, le=4_000)
    nodes: int = Field(ge=1, le=100_000)


class OverrideIn(Schema):
    """One application put in (`award`) or left out (null), and why; the reason is published with the decision."""

    application: str = Field(max_length=40)
    award: AwardIn | None
    reason: TextOut

    def override(self) -> Override:
        """The same in the operations' words."""
        award = None if self.award is None else Award(self.application, **self.award.dict())
        return Override(self.application, Text(self.reason.ko.strip()[:500], self.reason.en.strip()[:500]), award)


class OverrideOut(Schema):
    """An override that stands in a plan."""

    application: str
    kind: str
    reason: TextOut


class ScenarioOut(Schema):
    """A plan as a scenario: what it changes, its figures as the auditor found them, `measures` to lay beside others'.

    `base_value` is the value of the plan before the overrides: the difference is their price.
    """

    id: int
    title: str
    note: str
    call_code: str
    rule: str
    delta_tenths: int
    budget: int | None
    state: str
    changes: ChangesIn
    overrides: list[OverrideOut]
    base_id: int | None
    base_value: int | None
    confirmed_at: datetime | None
    value: int | None
    gap: float | None
    envy: int | None
    size_envy: int | None
    measures: dict[str, Any] | None


class DifferencesOut(Schema):
    """How one plan differs from the first: numbers of applications it awards newly, no longer, or otherwise."""

    plan_id: int
    gains: list[str]
    loses: list[str]
    changes: list[str]


class SideBySide(Schema):
    """Plans of one call, and whom each treats otherwise than the first."""

    plans: list[ScenarioOut]
    differences: list[DifferencesOut]


class SealOut(Schema):
    """The sealed decision: fingerprint and size of the file, signature in hex, the programme's public key (PEM)."""

    plan_id: int
    hash: str
    size: int
    signature: str
    public_key: str
    made_at: datetime


class Named(Schema):
    """A name for the copy."""

    title: str = Field(max_length=120)


class Renamed(Schema):
    """Another name and note."""

    title: str = Field(max_length=120)
    note: str = Field("", max_length=2000)


class Why(Schema):
    """Why it is put aside."""

    reason: str = Field("", max_length=300)


class Made(Schema):
    """The id of what was made."""

    id: int


@router.post("/plans/drafts", response=answers(Made, created=True), auth=signed_in, summary="Draft a scenario")
def scenarios_draft(request: HttpRequest, body: NewScenario) -> Any:
    """Keep a scenario for a call without solving it yet."""
    asked = {"call_code": body.call_code, "scenario": body.scenario()}
    return Status(201, {"id": operations.draft(actor=request.actor, now=request.now, **asked)})


@router.get("/plans/{int:plan_id}/scenario", response=answers(ScenarioOut), auth=signed_in, summary="What it changes")
def scenarios_show(request: HttpRequest, plan_id: int) -> Any:
    """What a plan changes of the programme, and its figures."""
    return queries.plan(plan_id, request.actor)


@router.put("/plans/{int:plan_id}/scenario", response=answers(ScenarioOut), auth=signed_in, summary="Change a draft")
def scenarios_revise(request: HttpRequest, plan_id: int, body: ScenarioIn) -> Any:
    """Change a scenario that has not been queued."""
    operations.revise(actor=request.actor, now=request.now, plan_id=plan_id, scenario=body.scenario())
    return queries.plan(plan_id, request.actor)


@router.post("/plans/{int:plan_id}/submit", response=answers(Made), auth=signed_in, summary="Queue a draft")
def scenarios_submit(request: HttpRequest, plan_id: int) -> Any:
    """Have a draft solved; the id is another plan's where the same one was in the queue already."""
    return {"id": operations.submit(actor=request.actor, now=request.now, plan_id=plan_id)}


@router.post("/plans/{int:plan_id}/duplicate", response=answers(Made, created=True), auth=signed_in, summary="Copy")
def scenarios_duplicate(request: HttpRequest, plan_id: int, body: Named) -> Any:
    """A new draft with the same changes."""
    made = operations.duplicate(actor=request.actor, now=request.now, plan_id=plan_id, title=body.title)
    return Status(201, {"id": made})


@router.post("/plans/{int:plan_id}/rename", response=answers(ScenarioOut), auth=signed_in, summary="Rename")
def scenarios_rename(request: HttpRequest, plan_id: int, body: Renamed) -> Any:
    """Another name and note for a plan that is not the decision."""
    operations.rename(actor=request.actor, now=request.now, plan_id=plan_id, title=body.title, note=body.note)
    return queries.plan(plan_id, request.actor)


@router.post("/plans/{int:plan_id}/discard", response=answers(ScenarioOut), auth=signed_in, summary="Put aside")
def scenarios_discard(request: HttpRequest, plan_id: int, body: Why) -> Any:
    """Put a plan that is not being solved aside; it stays in the records."""
    operations.discard(actor=request.actor, now=request.now, plan_id=plan_id, reason=body.reason)
    return queries.plan(plan_id, request.actor)


@router.post(
    "/plans/{int:plan_id}/overrides", response=answers(Made, created=True), auth=signed_in, summary="Change by hand"
)
def scenarios_override(request: HttpRequest, plan_id: int, body: OverrideIn) -> Any:
    """Put an application in or leave it out; a new plan is queued, which tells what that costs."""
    made = operations.override(actor=request.actor, now=request.now, plan_id=plan_id, override=body.override())
    return Status(201, {"id": made})


@router.post("/plans/{int:plan_id}/confirm", response=answers(ScenarioOut), auth=signed_in, summary="Let it stand")
def scenarios_confirm(request: HttpRequest, plan_id: int) -> Any:
    """Let the changes by hand of a solved plan stand, knowing their price."""
    operations.confirm(actor=request.actor, now=request.now, plan_id=plan_id)
    return queries.plan(plan_id, request.actor)


@router.post("/plans/{int:plan_id}/seal", response=answers(ScenarioOut), auth=signed_in, summary="Seal again")
def scenarios_seal(request: HttpRequest, plan_id: int) -> Any:
    """Have an accepted plan sealed that could not be."""
    operations.seal_again(actor=request.actor, now=request.now, plan_id=plan_id)
    return queries.plan(plan_id, request.actor)


class PlansIn(Schema):
    """Plans by number, as `?plan=1&plan=2`."""

    plan: list[int] = []


@router.get("/plans/compare", response=answers(SideBySide), auth=signed_in, summary="Plans side by side")
def scenarios_compare(request: HttpRequest, chosen: Query[PlansIn]) -> Any:
    """Two to four solved plans of one call, with whom each treats otherwise than the first."""
    views = queries.compared(chosen.plan, request.actor)
    first = views[0].id
    return {
        "plans": views,
        "differences": [
            {"plan_id": view.id}
            | {
                kind: list(
                    queries.differences([first, view.id], kind=kind).values_list("application__number", flat=True)
                )
                for kind in queries.KINDS
            }
            for view in views[1:]
        ],
    }


@router.get("/calls/{code}/decision/seal", response=answers(SealOut), auth=None, summary="The sealed decision")
def decision_seal(request: HttpRequest, code: str) -> Any:
    """Fingerprint, signature and key of the sealed decision. Public."""
    found = queries.seal(code)
    if found is None:
        raise NotFound(internal=f"call {code} has no sealed decision")
    return found
