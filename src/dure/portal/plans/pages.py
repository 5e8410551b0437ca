"""Pages of plans: the list with its queue, one plan, what it says of an application, its files."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dure.decide.planning.scenario import departures
from dure.portal.calls import queries as calls
from dure.portal.framework import programme
from dure.portal.framework.lists import export, paged
from dure.portal.plans import figures, operations, posing, queries
from dure.portal.plans.access import managers, overseers

SORTS = ("score_tenths", "application__number", "nodes", "waitlist_rank", "start_at")
OUTCOMES = ("awarded", "waitlisted", "below_mark", "ineligible")
FIRMNESS = ("always", "margin", "never")
SHOWN_DISPLACED = 8


@require_GET
@overseers
def plans_list(request: HttpRequest) -> HttpResponse:
    """Plans, newest first, and the queue."""
    code = request.GET.get("call", "")
    found = queries.plans(request.actor, code)
    context = {
        "plans": found,
        "codes": [one.code for one in calls.calls(request.actor)],
        "chosen": code,
        "is_any_open": any(one.is_open for one in found),
    }
    template = "plans/table.html" if request.htmx else "plans/list.html"
    return render(request, template, context)


@require_GET
@overseers
def show(request: HttpRequest, plan_id: int) -> HttpResponse:
    """One plan: progress while it is solved, then figures, audit and what it says of every application."""
    plan = queries.plan(plan_id, request.actor)
    if request.htmx:
        return _progress(request, plan)
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
        "firmness": FIRMNESS,
        "firm": request.GET.get("stability", ""),
        "firm_counts": [(word, queries.stability_counts(plan_id).get(word, 0)) for word in FIRMNESS],
        "sort": "-score_tenths",
        "others": others,
        "is_running": plan.is_open,
        "is_undecided": calls.call(plan.call_code, posing.READER).state != "decided",
        "departures": _departures(plan),
        "charts": figures.of_plan(plan),
        "displaced": _displaced(plan),
        "crumbs": [(_("배분안"), "/plans/"), (plan.title, "")],
    }
    return render(request, "plans/show.html", context)


def _progress(request: HttpRequest, plan: queries.PlanView) -> HttpResponse:
    """The part of the page that htmx asks for again and again; when it is over, the page is loaded anew."""
    is_stability = request.GET.get("part") == "stability"
    if is_stability and plan.stability is not None and plan.stability.is_open:
        return render(request, "plans/stability_progress.html", {"plan": plan})
    response = render(request, "plans/progress.html", {"plan": plan, "is_running": plan.is_open})
    if is_stability or not plan.is_open:
        response["HX-Refresh"] = "true"
    return response


def _departures(plan: queries.PlanView) -> list[Any]:
    call = calls.call(plan.call_code, posing.READER)
    return departures(programme.current(), call.track, plan.changes)


def _displaced(plan: queries.PlanView) -> dict[str, Any] | None:
    """Who pays for the overrides: whom the plan treats otherwise than the one they were made from."""
    if not plan.overrides or plan.base_id is None or not plan.hash:
        return None
    ids = [plan.base_id, plan.id]
    (counts,) = queries.difference_counts(ids)
    rows = [
        row
        for kind in ("loses", "gains", "changes")
        for row in queries.rows_of(ids, queries.differences(ids, kind=kind)[:SHOWN_DISPLACED])
    ][:SHOWN_DISPLACED]
    return {"counts": counts, "rows": rows, "total": sum(counts.values())}


def _ranks(request: HttpRequest, plan_id: int) -> Any:
    order = request.GET.get("sort", "")
    order = order if order.lstrip("-") in SORTS else "-score_tenths"
    outcome, firm = request.GET.get("outcome", ""), request.GET.get("stability", "")
    return queries.ranks(
        plan_id,
        outcome=outcome if outcome in OUTCOMES else "",
        stability=firm if firm in FIRMNESS else "",
        text=request.GET.get("q", "").strip(),
        order=order,
    )


def _export(form: str, plan: queries.PlanView, ranks: list[queries.RankView]) -> HttpResponse:
    header = ["number", "organisation", "class", "region", "score", "outcome", "cluster", "nodes", "requested_nodes"]
    header += ["start", "end", "waitlist_rank", "lottery_rank", "stability", "funded_runs"]
    rows = [
        [
            one.number,
            one.organisation,
            one.applicant_class,
            one.region,
            "" if one.score_tenths is None else one.score,
            one.outcome,
            one.cluster,
            one.nodes,
            one.requested_nodes,
            one.start_at or "",
            one.end_at or "",
            one.waitlist_rank or "",
            one.lottery_rank,
            one.stability,
            "" if one.funded_runs is None else one.funded_runs,
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
def document(request: HttpRequest, plan_id: int, what: str) -> HttpResponse:
    """The problem or the plan as the file that was hashed: anybody can audit it with it."""
    queries.plan(plan_id, request.actor)
    content = queries.problem_document(plan_id) if what == "problem" else queries.plan_document(plan_id)
    response = HttpResponse(content, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{what}-{plan_id}.json"'
    return response


@require_POST
@managers
def cancel(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Stop a plan that is queued or being solved."""
    operations.cancel(actor=request.actor, now=request.now, plan_id=plan_id)
    return redirect("plans-show", plan_id)


@require_POST
@managers
def discard(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Put a plan aside."""
    operations.discard(actor=request.actor, now=request.now, plan_id=plan_id, reason=request.POST.get("reason", ""))
    return redirect("plans-list")


@require_POST
@managers
def ask_stability(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Ask how firm a plan is."""
    operations.ask_stability(actor=request.actor, now=request.now, plan_id=plan_id)
    return redirect("plans-show", plan_id)


@require_POST
@managers
def cancel_stability(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Stop working out how firm a plan is."""
    operations.cancel_stability(actor=request.actor, now=request.now, plan_id=plan_id)
    return redirect("plans-show", plan_id)
