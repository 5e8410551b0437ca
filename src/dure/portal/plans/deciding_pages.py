"""Pages of deciding: overrides by hand, acceptance, and the decision as everybody may check it."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dure.core.errors import InvalidInput, NotFound
from dure.core.period import Month
from dure.decide.planning.overrides import Override
from dure.decide.planning.plan import Award
from dure.decide.planning.scenario import departures
from dure.portal.calls import queries as calls
from dure.portal.framework import programme
from dure.portal.framework.pages import add_mistakes
from dure.portal.plans import operations, posing, queries
from dure.portal.plans.access import managers
from dure.portal.plans.forms import OverrideForm, Reason

FILES = {
    "zip": ("decision-{}.zip", "application/zip"),
    "sig": ("decision-{}.zip.sig", "application/octet-stream"),
    "pem": ("public-key.pem", "application/x-pem-file"),
}


@managers
def override(request: HttpRequest, plan_id: int, number: str) -> HttpResponse:
    """Put an application in or leave it out by hand: why, and how; then its price is worked out."""
    plan, rank = queries.plan(plan_id, request.actor), queries.rank(plan_id, number)
    problem = json.loads(queries.ground_document(plan_id))
    asked = next((one for one in problem["applications"] if one["id"] == number), None)
    if asked is None:
        raise NotFound(internal=f"application {number} is not in the problem of plan {plan_id}")
    clusters, months = _clusters(problem, asked), _months(problem, asked)
    initial = _initial(problem, asked, rank)
    form = OverrideForm(request.POST or None, clusters=clusters, months=months, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = operations.override(
                actor=request.actor, now=request.now, plan_id=plan_id, override=_override(number, form)
            )
            return redirect("plans-show", made)
        except InvalidInput as refusal:
            add_mistakes(form, refusal)
    crumbs = [(_("배분안"), "/plans/"), (plan.title, f"/plans/{plan_id}/")]
    crumbs += [(number, f"/plans/{plan_id}/ranks/{number}/"), (_("손으로 바꾸기"), "")]
    context = {"plan": plan, "rank": rank, "asked": asked, "form": form, "crumbs": crumbs}
    context |= {"cancel_url": f"/plans/{plan_id}/ranks/{number}/"}
    return render(request, "plans/override.html", context, status=422 if form.errors else 200)


def _override(number: str, form: OverrideForm) -> Override:
    read = form.cleaned_data
    if read["kind"] == "out":
        return Override(number, form.reason)
    return Override(number, form.reason, Award(number, read["cluster"], read["start"], read["nodes"]))


def _clusters(problem: dict[str, Any], asked: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (
            one["cluster"],
            _("{cluster}, {least}대에서 {most}대까지").format(
                cluster=programme.current().cluster(one["cluster"]).name.in_(get_language() or "ko"),
                least=one["min_nodes"],
                most=one["max_nodes"],
            ),
        )
        for one in asked["options"]
    ]


def _months(problem: dict[str, Any], asked: dict[str, Any]) -> list[tuple[int, str]]:
    calendar = problem["calendar"]
    first, per_month = Month.parse(calendar["first"]), calendar["slots_per_month"]
    last = min(asked["latest"], calendar["slots"] - asked["duration"])
    return [
        (slot, first.plus(slot // per_month).words.in_(get_language() or "ko"))
        for slot in range(asked["earliest"], last + 1)
    ]


def _initial(problem: dict[str, Any], asked: dict[str, Any], rank: queries.RankView) -> dict[str, Any]:
    """What it has; or, without an award, what it asked for where it is most useful."""
    if rank.outcome == "awarded" and rank.start_at is not None:
        start = Month.of(rank.start_at, programme.zone()).minus(Month.parse(problem["calendar"]["first"]))
        slot = start * problem["calendar"]["slots_per_month"]
        return {"kind": "in", "cluster": rank.cluster, "start": slot, "nodes": rank.nodes}
    best = max(asked["options"], key=lambda one: one["utility"], default=None)
    if best is None:
        return {"kind": "out"}
    return {"kind": "in", "cluster": best["cluster"], "start": asked["earliest"], "nodes": best["max_nodes"]}


@require_POST
@managers
def confirm(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Let overrides stand, knowing their price."""
    operations.confirm(actor=request.actor, now=request.now, plan_id=plan_id)
    return redirect("plans-show", plan_id)


@require_POST
@managers
def seal_again(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Try again to seal an accepted plan."""
    operations.seal_again(actor=request.actor, now=request.now, plan_id=plan_id)
    return redirect("plans-show", plan_id)


@managers
def accept(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Make a plan the decision: first what it means, then the reason, then it is done."""
    plan = queries.plan(plan_id, request.actor)
    form = Reason(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            operations.accept(actor=request.actor, now=request.now, plan_id=plan_id, reason=form.cleaned_data["reason"])
            return redirect("awards-offer", plan_id)
        except InvalidInput as refusal:
            add_mistakes(form, refusal)
    crumbs = [(_("배분안"), "/plans/"), (plan.title, f"/plans/{plan_id}/"), (_("확정"), "")]
    context = {
        "plan": plan,
        "form": form,
        "crumbs": crumbs,
        "cancel_url": f"/plans/{plan_id}/",
        "departures": _departures(plan),
        "is_outdated": plan.state == "solved" and posing.is_outdated(plan_id),
    }
    return render(request, "plans/accept.html", context, status=422 if form.errors else 200)


def _departures(plan: queries.PlanView) -> list[Any]:
    call = calls.call(plan.call_code, posing.READER)
    return departures(programme.current(), call.track, plan.changes)


@require_GET
def decision(request: HttpRequest, code: str) -> HttpResponse:
    """How a call was decided, in words and in files, and how anybody can check it. Public."""
    plan = queries.accepted(code)
    if plan is None:
        raise NotFound(internal=f"call {code} has not been decided")
    context = {
        "plan": plan,
        "call": calls.call(code, posing.READER),
        "seal": queries.seal(code),
        "departures": _departures(plan),
        "overrides": queries.override_lines(plan),
        "crumbs": [(_("공모"), "/calls/"), (code, f"/calls/{code}/"), (_("결정 확인하기"), "")],
    }
    return render(request, "plans/decision.html", context)


@require_GET
def decision_file(request: HttpRequest, code: str, what: str) -> HttpResponse:
    """The sealed file, its signature or the key to check it with. Public once there is one."""
    content = queries.sealed_file(code, what)
    name, kind = FILES[what]
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name.format(code)}"'
    return response
