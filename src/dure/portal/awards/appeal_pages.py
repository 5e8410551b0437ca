"""Pages of appeals: lodging one, what came of it, and the programme's side."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dure.core.errors import IllegalTransition, InvalidInput, NotFound
from dure.decide.lifecycles import APPEAL
from dure.portal.applications import queries as applications
from dure.portal.awards import queries
from dure.portal.awards.forms import AppealAnswer, AppealText
from dure.portal.awards.operations import appealing
from dure.portal.framework.lists import export, paged
from dure.portal.framework.pages import add_mistakes, person_required, role_required
from dure.portal.plans import queries as plans
from dure.portal.reviews import queries as reviews

_DECISIONS = {"dismiss": appealing.dismiss, "uphold": appealing.uphold, "reject": appealing.reject}


@require_GET
@role_required("programme_manager", "auditor")
def appeals(request: HttpRequest) -> HttpResponse:
    """Every appeal, the oldest first."""
    state = request.GET.get("state", "")
    rows = queries.appeals(
        request.actor,
        state=state if state in APPEAL.states else "",
        text=request.GET.get("q", "").strip(),
    )
    if request.GET.get("format") in ("csv", "xlsx"):
        header = ["number", "call", "organisation", "state", "lodged_at", "decided_at"]
        found = map(queries.appeal_view, rows)
        cells = [[a.number, a.call_code, a.organisation, a.state, a.lodged_at, a.decided_at] for a in found]
        return export("appeals", request.GET["format"], header, cells)
    context = {
        "page": paged(rows, request.GET.get("page"), queries.appeal_view),
        "states": APPEAL.states,
        "chosen": state,
        "exports": True,
        "crumbs": [(_("선정"), "/awards/"), (_("이의신청"), "")],
    }
    return render(request, "awards/appeals.html", context)


@person_required
def appeal(request: HttpRequest, number: str) -> HttpResponse:
    """The appeal of one application: lodge it in time, see where it stands; the programme decides here."""
    application = applications.application(number, request.actor)
    limit = queries.appeal_limit(number)
    if limit is None:
        raise NotFound(internal=f"{number} has not been decided")
    found = queries.appeal(number, request.actor)
    may_lodge = application.lead_id == request.actor.user_id or application.organisation.id in request.actor.headed
    form = AppealText(request.POST or None) if found is None and may_lodge else None
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            appealing.lodge(actor=request.actor, now=request.now, number=number, text=form.cleaned_data["text"])
            messages.success(request, _("이의신청을 접수했습니다. 결과를 이메일로 알려 드립니다."))
            return redirect("awards-appeal", number)
        except InvalidInput as refusal:
            add_mistakes(form, refusal)
        except IllegalTransition as refusal:
            form.add_error(None, refusal.public.in_(request.LANGUAGE_CODE))
    fresh = reviews.fresh_reviews(number, request.actor) if found and request.actor.may_oversee else []
    context = {
        "application": application,
        "appeal": found,
        "limit": limit,
        "is_late": request.now >= limit.until,
        "form": form,
        "may_lodge": may_lodge,
        "rank": plans.decided_rank(number),
        "fresh": fresh,
        "has_opinion": any(one.state == "submitted" for one in fresh),
        "crumbs": [(_("결과"), f"/awards/{number}/"), (_("이의신청"), "")],
    }
    return render(request, "awards/appeal.html", context, status=422 if form and form.errors else 200)


@require_POST
@person_required
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """Take the appeal back."""
    appealing.withdraw(actor=request.actor, now=request.now, number=number)
    return redirect("awards-appeal", number)


@require_POST
@role_required("programme_manager")
def ask(request: HttpRequest, number: str) -> HttpResponse:
    """Ask a reviewer who did not score the application."""
    try:
        appealing.ask_reviewer(actor=request.actor, now=request.now, number=number)
        messages.success(request, _("점수를 주지 않은 평가위원에게 검토를 요청했습니다."))
    except InvalidInput as refusal:
        messages.error(request, refusal.mistakes[0].sentence(request.LANGUAGE_CODE))
    return redirect("awards-appeal", number)


@role_required("programme_manager")
def decide(request: HttpRequest, number: str, event: str) -> HttpResponse:
    """Answer an appeal: dismiss, uphold or reject it, in words the applicant reads."""
    found = queries.appeal(number, request.actor)
    if found is None or event not in _DECISIONS:
        raise NotFound(internal=f"appeal {number} {event}")
    form = AppealAnswer(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _DECISIONS[event](actor=request.actor, now=request.now, number=number, answer=form.cleaned_data["answer"])
            return redirect("awards-appeal", number)
        except InvalidInput as refusal:
            add_mistakes(form, refusal)
        except IllegalTransition as refusal:
            form.add_error(None, refusal.public.in_(request.LANGUAGE_CODE))
    context = {
        "appeal": found,
        "event": event,
        "form": form,
        "fresh": reviews.fresh_reviews(number, request.actor),
        "cancel_url": f"/appeals/{number}/",
        "crumbs": [(_("이의신청"), "/appeals/"), (number, f"/appeals/{number}/"), (_("결정"), "")],
    }
    return render(request, "awards/appeal_decide.html", context, status=422 if form.errors else 200)
