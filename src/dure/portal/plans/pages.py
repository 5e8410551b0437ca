"""Pages of plans: the list, one plan with its audit and ranks, two side by side, accepting one."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dure.core.errors import InvalidInput
from dure.portal.calls import queries as calls
from dure.portal.framework.lists import export, paged
from dure.portal.framework.pages import add_mistakes, role_required
from dure.portal.plans import operations, queries
from dure.portal.plans.forms import NewPlan, Reason

SORTS = ("score_tenths", "application__number", "nodes", "waitlist_rank", "start_at")
OUTCOMES = ("awarded", "waitlisted", "below_mark", "ineligible")
overseers = role_required("programme_manager", "auditor")


@require_GET
@overseers
def plans_list(request: HttpRequest) -> HttpResponse:
    """Plans, newest first."""
    code = request.GET.get("call", "")
    found = queries.plans(request.actor, code)
    return render(
        request,
        "plans/list.html",
        {"plans": found, "codes": [one.code for one in calls.calls(request.actor)], "chosen": code},
    )


@role_required("programme_manager")
def new(request: HttpRequest) -> HttpResponse:
    """Queue a plan."""
    language = get_language() or "ko"
    choices = [
        (one.code, f"{one.code} {one.title.in_(language)}")
        for one in calls.calls(request.actor)
        if one.state in ("reviewing", "deciding")
    ]
    start = {"call": request.GET.get("call", ""), "rule": "merit", "title": _("기본 규칙")}
    form = NewPlan(request.POST or None, calls=choices, initial=start)
    if request.method == "POST" and form.is_valid():
        read = form.cleaned_data
        try:
            plan_id = operations.queue(
                actor=request.actor,
                now=request.now,
                call_code=read["call"],
                title=read["title"],
                rule=read["rule"],
                delta_tenths=None if read["delta"] is None else int(read["delta"] * 10),
                budget=read["budget"],
            )
            return redirect("plans-show", plan_id)
        except InvalidInput as refusal:
            add_mistakes(form, refusal)
    crumbs = [(_("배분안"), "/plans/"), (_("새로 계산"), "")]
    context = {"form": form, "crumbs": crumbs, "choices": choices, "cancel_url": "/plans/"}
    return render(request, "plans/new.html", context, status=422 if form.errors else 200)


@require_GET
@overseers
def show(request: HttpRequest, plan_id: int) -> HttpResponse:
    """One plan: progress while it is solved, then figures, audit and what it says of every application."""
    plan = queries.plan(plan_id, request.actor)
    rows = _ranks(request, plan_id)
    if request.GET.get("format") in ("csv", "xlsx"):
        return _export(request.GET["format"], plan, [queries.rank_view(row) for row in rows])
    others = [one for one in queries.plans(request.actor, plan.call_code) if one.id != plan.id and one.hash]
    context = {
        "plan": plan,
        "page": paged(rows, request.GET.get("page"), queries.rank_view),
        "exports": True,
        "outcomes": OUTCOMES,
        "outcome": request.GET.get("outcome", ""),
        "sort": "-score_tenths",
        "others": others,
        "is_running": plan.state in ("queued", "solving"),
        "crumbs": [(_("배분안"), "/plans/"), (plan.title, "")],
    }
    template = "plans/progress.html" if request.htmx and context["is_running"] else "plans/show.html"
    response = render(request, template, context)
    if request.htmx and not context["is_running"]:
        response["HX-Refresh"] = "true"
    return response


def _ranks(request: HttpRequest, plan_id: int) -> Any:
    order = request.GET.get("sort", "")
    order = order if order.lstrip("-") in SORTS else "-score_tenths"
    outcome = request.GET.get("outcome", "")
    text = request.GET.get("q", "").strip()
    return queries.ranks(plan_id, outcome=outcome if outcome in OUTCOMES else "", text=text, order=order)


def _export(form: str, plan: queries.PlanView, ranks: list[queries.RankView]) -> HttpResponse:
    header = ["number", "organisation", "class", "region", "score", "outcome", "cluster", "nodes", "requested_nodes"]
    header += ["start", "end", "waitlist_rank", "lottery_rank"]
    rows = [
        [
            one.number,
            one.organisation,
            one.applicant_class,
            one.region,
            "" if one.score_tenths is None else f"{one.score_tenths // 10}.{one.score_tenths % 10}",
            one.outcome,
            one.cluster,
            one.nodes,
            one.requested_nodes,
            one.start_at or "",
            one.end_at or "",
            one.waitlist_rank or "",
            one.lottery_rank,
        ]
        for one in ranks
    ]
    return export(f"plan-{plan.call_code}-{plan.id}", form, header, rows)


@require_GET
@overseers
def rank(request: HttpRequest, plan_id: int, number: str) -> HttpResponse:
    """What a plan says of one application, with every reason."""
    plan = queries.plan(plan_id, request.actor)
    found = queries.rank(plan_id, number)
    crumbs = [(_("배분안"), "/plans/"), (plan.title, f"/plans/{plan_id}/"), (number, "")]
    return render(request, "plans/rank.html", {"plan": plan, "rank": found, "crumbs": crumbs})


@require_GET
@overseers
def compare(request: HttpRequest) -> HttpResponse:
    """Two plans side by side."""
    chosen = [request.GET.get(side, "") for side in ("left", "right")]
    solved = [one for one in queries.plans(request.actor) if one.hash]
    comparison = None
    if all(part.isdigit() for part in chosen):
        comparison = queries.compare(int(chosen[0]), int(chosen[1]), request.actor)
    crumbs = [(_("배분안"), "/plans/"), (_("나란히 보기"), "")]
    return render(request, "plans/compare.html", {"comparison": comparison, "solved": solved, "crumbs": crumbs})


@require_GET
@overseers
def document(request: HttpRequest, plan_id: int, what: str) -> HttpResponse:
    """The problem or the plan as the file that was hashed: anybody can audit it with it."""
    queries.plan(plan_id, request.actor)
    content = queries.problem_document(plan_id) if what == "problem" else queries.plan_document(plan_id)
    response = HttpResponse(content, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{what}-{plan_id}.json"'
    return response


@role_required("programme_manager")
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
    context = {"plan": plan, "form": form, "crumbs": crumbs, "cancel_url": f"/plans/{plan_id}/"}
    return render(request, "plans/accept.html", context, status=422 if form.errors else 200)


@require_POST
@role_required("programme_manager")
def cancel(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Stop a plan that is queued or being solved."""
    operations.cancel(actor=request.actor, now=request.now, plan_id=plan_id)
    return redirect("plans-show", plan_id)


@require_POST
@role_required("programme_manager")
def discard(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Put a plan aside."""
    operations.discard(actor=request.actor, now=request.now, plan_id=plan_id, reason=request.POST.get("reason", ""))
    return redirect("plans-list")
