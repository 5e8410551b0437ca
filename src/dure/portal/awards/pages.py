"""Pages of awards: the list, the decision with its reasons, answering it, signing, the waitlist."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dure.core.errors import InvalidInput, NotFound
from dure.portal.applications import queries as applications
from dure.portal.awards import operations, queries
from dure.portal.awards.forms import Reason
from dure.portal.fleet import queries as fleet
from dure.portal.framework.lists import export, paged
from dure.portal.framework.pages import add_mistakes, person_required, role_required
from dure.portal.plans import queries as plans
from dure.portal.reviews import queries as reviews

SORTS = ("number", "nodes", "start_at", "state", "offered_at")
STATES = ("offered", "accepted", "agreed", "declined", "expired", "revoked", "ended")


@require_GET
@person_required
def awards_list(request: HttpRequest) -> HttpResponse:
    """The awards this person may see."""
    order = request.GET.get("sort", "")
    state = request.GET.get("state", "")
    rows = queries.awards(
        request.actor,
        call_code=request.GET.get("call", ""),
        state=state if state in STATES else "",
        text=request.GET.get("q", "").strip(),
        order=order if order.lstrip("-") in SORTS else "number",
    )
    if request.GET.get("format") in ("csv", "xlsx"):
        return _export(request.GET["format"], [queries.award_view(row) for row in rows])
    context = {
        "page": paged(rows, request.GET.get("page"), queries.award_view),
        "states": STATES,
        "chosen": state,
        "exports": True,
        "sort": "number",
        "to_decide": len(queries.changes_to_decide(request.actor)) if request.actor.may_oversee else 0,
        "open_appeals": queries.open_appeals() if request.actor.may_oversee else 0,
        "to_sign": len(queries.to_countersign()) if request.actor.is_programme_manager else 0,
        "crumbs": [(_("선정"), "")],
    }
    return render(request, "awards/list.html", context)


def _export(form: str, rows: list[queries.AwardView]) -> HttpResponse:
    header = ["number", "organisation", "class", "region", "cluster", "gpu_model", "nodes", "gpus", "requested_nodes"]
    header += ["start", "end", "state"]
    cells = [
        [
            one.number,
            one.organisation,
            one.applicant_class,
            one.region,
            one.cluster,
            one.gpu_model,
            one.nodes,
            one.gpus,
            one.requested_nodes,
            one.start_at,
            one.end_at,
            one.state,
        ]
        for one in rows
    ]
    return export("awards", form, header, cells)


@person_required
def show(request: HttpRequest, number: str) -> HttpResponse:
    """The decision on an application: the award, or why there is none."""
    try:
        award = queries.award(number, request.actor)
    except NotFound:
        return _without_award(request, number)
    is_own = award.organisation_id in request.actor.organisations
    may_read = is_own or request.actor.may_oversee  # the reasons and what reviewers wrote; others see what was awarded
    rank = plans.decided_rank(number) if may_read else None
    may_answer = award.lead_id == request.actor.user_id or award.organisation_id in request.actor.headed
    context = {
        "award": award,
        "rank": rank,
        "cluster": fleet.cluster(award.cluster),
        "may_answer": may_answer,
        "comments": reviews.to_applicant(number, request.actor) if may_read else [],
        "may_read": may_read,
        "knows": may_read or request.actor.is_finance,
        "form": Reason(),
        "crumbs": [(_("선정"), "/awards/"), (number, "")],
    }
    return render(request, "awards/show.html", context)


def _without_award(request: HttpRequest, number: str) -> HttpResponse:
    """The decision on an application that got nothing; NotFound before the decision and for strangers."""
    application = applications.application(number, request.actor)
    rank = plans.decided_rank(number)
    is_own = application.organisation.id in request.actor.organisations
    if rank is None or not (is_own or request.actor.may_oversee):
        raise NotFound(internal=f"decision on {number} for {request.actor}")
    crumbs = [(_("신청"), "/applications/"), (number, f"/applications/{number}/"), (_("결과"), "")]
    comments = reviews.to_applicant(number, request.actor)
    context = {
        "application": application,
        "rank": rank,
        "comments": comments,
        "appeal_limit": queries.appeal_limit(number),
        "crumbs": crumbs,
    }
    return render(request, "awards/refused.html", context)


@require_POST
@person_required
def accept(request: HttpRequest, number: str) -> HttpResponse:
    """Accept the offer."""
    operations.accept(actor=request.actor, now=request.now, number=number)
    return redirect("awards-show", number)


@person_required
def decline(request: HttpRequest, number: str) -> HttpResponse:
    """Decline: a page that says what it means, with the reason; then it is done."""
    award = queries.award(number, request.actor)
    form = Reason(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            operations.decline(actor=request.actor, now=request.now, number=number, reason=form.cleaned_data["reason"])
            return redirect("awards-show", number)
        except InvalidInput as refusal:
            add_mistakes(form, refusal)
    crumbs = [(_("선정"), "/awards/"), (number, f"/awards/{number}/"), (_("포기"), "")]
    context = {"award": award, "form": form, "crumbs": crumbs, "cancel_url": f"/awards/{number}/"}
    return render(request, "awards/decline.html", context, status=422 if form.errors else 200)


@require_POST
@person_required
def sign(request: HttpRequest, number: str) -> HttpResponse:
    """Sign the agreement for the applicant."""
    operations.sign(actor=request.actor, now=request.now, number=number)
    return redirect("awards-show", number)


@role_required("programme_manager")
def countersign(request: HttpRequest) -> HttpResponse:
    """Agreements waiting for the programme's signature: read them, sign those chosen."""
    waiting = queries.to_countersign()
    if request.method == "POST":
        known = {award.number for award in waiting}
        for number in request.POST.getlist("number"):
            if number in known:
                operations.countersign(actor=request.actor, now=request.now, number=number)
        return redirect("awards-countersign")
    crumbs = [(_("선정"), "/awards/"), (_("협약 서명"), "")]
    return render(request, "awards/countersign.html", {"waiting": waiting, "crumbs": crumbs})


@role_required("programme_manager")
def offer(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Send the offers of an accepted plan; then offer freed servers to the waitlist."""
    plan = plans.plan(plan_id, request.actor)
    if request.method == "POST":
        if request.POST.get("what") == "next":
            operations.offer_down(actor=request.actor, now=request.now, plan_id=plan_id)
        else:
            operations.offer_plan(actor=request.actor, now=request.now, plan_id=plan_id)
        return redirect("awards-offer", plan_id)
    offered: dict[str, Any] = queries.state_counts(plan.call_code)
    context = {
        "plan": plan,
        "offered": offered,
        "offers": sum(offered.values()),
        "waitlist": plans.waitlist(plan_id)[:20],
        "crumbs": [(_("배분안"), "/plans/"), (plan.title, f"/plans/{plan_id}/"), (_("선정 통보"), "")],
    }
    return render(request, "awards/offer.html", context)


@role_required("programme_manager")
def revoke(request: HttpRequest, number: str) -> HttpResponse:
    """Take an offer back, with the reason."""
    award = queries.award(number, request.actor)
    form = Reason(request.POST or None)
    if request.method == "POST" and form.is_valid():
        operations.revoke(actor=request.actor, now=request.now, number=number, reason=form.cleaned_data["reason"])
        return redirect("awards-show", number)
    crumbs = [(_("선정"), "/awards/"), (number, f"/awards/{number}/"), (_("선정 취소"), "")]
    context = {"award": award, "form": form, "crumbs": crumbs, "cancel_url": f"/awards/{number}/"}
    return render(request, "awards/revoke.html", context, status=422 if form.errors else 200)
