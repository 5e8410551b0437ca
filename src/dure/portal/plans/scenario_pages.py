"""Pages of scenarios: written, changed, copied, renamed, queued."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dure.core.errors import IllegalTransition, InvalidInput
from dure.decide.planning.scenario import settings
from dure.portal.calls import queries as calls
from dure.portal.framework import programme
from dure.portal.framework.pages import add_mistakes
from dure.portal.plans import operations, queries
from dure.portal.plans.access import managers
from dure.portal.plans.forms import CallChoice, NameForm, ScenarioForm, initial_of
from dure.portal.plans.operations import Scenario


@managers
def new(request: HttpRequest) -> HttpResponse:
    """Write a scenario for a call; keep it as a draft or queue it."""
    language = get_language() or "ko"
    open_calls = [one for one in calls.calls(request.actor) if one.state in ("reviewing", "deciding")]
    wanted = request.POST.get("call") or request.GET.get("call") or ""
    chosen = next((one for one in open_calls if one.code == wanted), open_calls[0] if open_calls else None)
    choices = [(one.code, f"{one.code} {one.title.in_(language)}") for one in open_calls]
    crumbs = [(_("배분안"), "/plans/"), (_("새로 계산"), "")]
    context = {"crumbs": crumbs, "choices": choices, "cancel_url": "/plans/", "is_new": True}
    if chosen is None:
        return render(request, "plans/scenario.html", context)
    known, current = settings(programme.current(), chosen.track), programme.current()
    initial = initial_of(current, known, Scenario(_("기본 규칙")))
    form = ScenarioForm(current, known, request.POST or None, initial)
    if request.method == "POST" and form.is_valid():
        who = {"actor": request.actor, "now": request.now}
        try:
            plan_id = operations.draft(**who, call_code=chosen.code, scenario=form.scenario())
            return redirect("plans-show", _sent(request, plan_id))
        except InvalidInput as refusal:
            form.refuse(refusal)
    context |= {"form": form, "call_form": CallChoice(calls=choices, initial={"call": chosen.code}), "call": chosen}
    return render(request, "plans/scenario.html", context, status=422 if form.errors else 200)


@managers
def edit(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Change a draft."""
    plan = queries.plan(plan_id, request.actor)
    if plan.state != "draft":
        raise IllegalTransition("plan", plan.state, "revise")
    call, current = calls.call(plan.call_code, request.actor), programme.current()
    known = settings(current, call.track)
    scenario = Scenario(plan.title, plan.note, plan.changes, plan.budget)
    form = ScenarioForm(current, known, request.POST or None, initial_of(current, known, scenario))
    if request.method == "POST" and form.is_valid():
        try:
            operations.revise(actor=request.actor, now=request.now, plan_id=plan_id, scenario=form.scenario())
            return redirect("plans-show", _sent(request, plan_id))
        except InvalidInput as refusal:
            form.refuse(refusal)
    crumbs = [(_("배분안"), "/plans/"), (plan.title, f"/plans/{plan_id}/"), (_("고치기"), "")]
    context = {"crumbs": crumbs, "form": form, "call": call, "cancel_url": f"/plans/{plan_id}/"}
    return render(request, "plans/scenario.html", context, status=422 if form.errors else 200)


def _sent(request: HttpRequest, plan_id: int) -> int:
    """Queue the draft unless it was only to be kept; the plan to look at."""
    if request.POST.get("action") == "draft":
        return plan_id
    return operations.submit(actor=request.actor, now=request.now, plan_id=plan_id)


@require_POST
@managers
def submit(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Queue a draft."""
    return redirect("plans-show", operations.submit(actor=request.actor, now=request.now, plan_id=plan_id))


@require_POST
@managers
def duplicate(request: HttpRequest, plan_id: int) -> HttpResponse:
    """A new draft with the same changes, to be changed further."""
    plan = queries.plan(plan_id, request.actor)
    title = _("{} 사본").format(plan.title[:110])
    made = operations.duplicate(actor=request.actor, now=request.now, plan_id=plan_id, title=title)
    return redirect("plans-edit", made)


@managers
def rename(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Another name and note."""
    plan = queries.plan(plan_id, request.actor)
    form = NameForm(request.POST or None, initial={"title": plan.title, "note": plan.note})
    if request.method == "POST" and form.is_valid():
        try:
            operations.rename(actor=request.actor, now=request.now, plan_id=plan_id, **form.cleaned_data)
            return redirect("plans-show", plan_id)
        except InvalidInput as refusal:
            add_mistakes(form, refusal)
    crumbs = [(_("배분안"), "/plans/"), (plan.title, f"/plans/{plan_id}/"), (_("이름 바꾸기"), "")]
    context = {"plan": plan, "form": form, "crumbs": crumbs, "cancel_url": f"/plans/{plan_id}/"}
    return render(request, "plans/rename.html", context, status=422 if form.errors else 200)
