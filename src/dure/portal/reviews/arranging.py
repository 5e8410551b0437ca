"""Pages of the programme's office around a review: matching compared, reminders, invitations, checks, interviews."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from dure.core.errors import IllegalTransition, InvalidInput
from dure.decide import scoring
from dure.decide.reminding import Rules
from dure.portal.calls import queries as calls
from dure.portal.framework.lists import Page, export
from dure.portal.framework.pages import add_mistakes, role_required
from dure.portal.reviews import operations, queries
from dure.portal.reviews.forms import InvitationForm, SlotsForm, UpkeepForm, language
from dure.portal.reviews.tabs import PANEL, tabs

overseers = role_required("programme_manager", "auditor")
managers = role_required("programme_manager")


@managers
def assign(request: HttpRequest, code: str) -> HttpResponse:
    """Both best matchings with their figures; choosing one seats the reviewers."""
    call = calls.call(code, request.actor)
    if request.method == "POST":
        return _assign(request, code)
    try:
        options = queries.matchings(code, request.actor)
    except InvalidInput as error:
        messages.error(request, error.public.in_(language()))
        return redirect("reviews-progress", code)
    context = {**tabs(code, "progress"), "call": call, "options": options}
    return render(request, "reviews/matchings.html", context)


def _assign(request: HttpRequest, code: str) -> HttpResponse:
    lifts_worst = request.POST.get("aim", "worst") != "total"
    try:
        done = operations.assign(actor=request.actor, now=request.now, call_code=code, lifts_worst=lifts_worst)
        text = ngettext("%(n)s건을 배정하였습니다.", "%(n)s건을 배정하였습니다.", len(done.pairs)) % {
            "n": len(done.pairs)
        }
        messages.success(request, text)
        if done.short:
            missing = sum(done.short.values())
            messages.warning(request, _("평가위원 %(n)s자리가 모자랍니다. 평가위원을 늘리십시오.") % {"n": missing})
    except InvalidInput as error:
        messages.error(request, error.public.in_(language()))
    return redirect("reviews-progress", code)


@overseers
def upkeep(request: HttpRequest, code: str) -> HttpResponse:
    """When reviewers are reminded and replaced, and what comes next by itself; the manager may stop it."""
    call = calls.call(code, request.actor)
    rules = queries.upkeep(call.id)
    form = UpkeepForm(request.POST or None, initial=_columns(rules))
    if request.method == "POST" and form.is_valid():
        try:
            operations.set_upkeep(
                actor=request.actor, now=request.now, call_code=code, rules=Rules(**form.cleaned_data)
            )
            messages.success(request, _("저장하였습니다."))
            return redirect("reviews-upkeep", code)
        except InvalidInput as error:
            add_mistakes(form, error)
    coming = queries.coming(code, request.actor, request.now)
    context = {**tabs(code, "upkeep"), "call": call, "form": form, "rules": rules, "coming": coming}
    return render(request, "reviews/upkeep.html", context, status=422 if form.errors else 200)


def _columns(rules: Rules) -> dict[str, Any]:
    return {name: getattr(rules, name) for name in Rules.__slots__}


@overseers
def invitations(request: HttpRequest) -> HttpResponse:
    """Who was invited into the pool, and what they answered; inviting somebody."""
    open_calls = calls.calls(request.actor, ("announced", "open", "closed", "reviewing"))
    form = InvitationForm([(call.code, call.title) for call in open_calls], request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            operations.invite(actor=request.actor, now=request.now, **form.cleaned_data)
            messages.success(request, _("초대하였습니다. 답은 이 화면에 나타납니다."))
            return redirect("reviews-invitations")
        except InvalidInput as error:
            add_mistakes(form, error)
    text = request.GET.get("q", "").strip().casefold()
    state = request.GET.get("state", "")
    rows = [
        one
        for one in queries.invitations(request.actor)
        if text in f"{one.email} {one.name} {one.call_code}".casefold() and state in ("", one.state)
    ]
    if request.GET.get("format") in ("csv", "xlsx"):
        header = ["email", "name", "call", "state", "reason", "sent_at", "expires_at", "answered_at"]
        listed = [
            [r.email, r.name, r.call_code, r.state, r.state_reason, r.sent_at, r.expires_at, r.answered_at or ""]
            for r in rows
        ]
        return export("invitations", request.GET["format"], header, listed)
    context = {"page": page_of(request, rows), "form": form, "exports": True, "crumbs": [PANEL, (_("초대"), "")]}
    return render(request, "reviews/invitations.html", context, status=422 if form.errors else 200)


@require_POST
@managers
def withdraw(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """Take a link back."""
    operations.withdraw_invitation(actor=request.actor, now=request.now, invitation_id=invitation_id)
    messages.success(request, _("초대를 취소하였습니다."))
    return redirect("reviews-invitations")


@overseers
def feasibility(request: HttpRequest, code: str) -> HttpResponse:
    """What the providers say about running each application; asking them, and judging an "infeasible"."""
    call = calls.call(code, request.actor)
    if request.method == "POST":
        return _feasibility(request, code)
    rows = queries.feasibility_of(code, request.actor)
    text, state = request.GET.get("q", "").strip().casefold(), request.GET.get("state", "")
    rows = [r for r in rows if text in f"{r.number} {r.title.ko} {r.provider}".casefold() and state in ("", r.state)]
    if request.GET.get("format") in ("csv", "xlsx"):
        header = ["number", "provider", "state", "reason", "asked_at", "due_at", "answered_at", "judgement_reason"]
        listed = [
            [r.number, r.provider, r.state, r.reason, r.asked_at, r.due_at, r.answered_at or "", r.judgement_reason]
            for r in rows
        ]
        return export(f"feasibility-{code}", request.GET["format"], header, listed)
    context = {**tabs(code, "feasibility"), "call": call, "page": page_of(request, rows), "exports": True}
    return render(request, "reviews/feasibility.html", context)


def _feasibility(request: HttpRequest, code: str) -> HttpResponse:
    who: dict[str, Any] = {"actor": request.actor, "now": request.now}
    try:
        if request.POST.get("action") == "ask":
            only_large = request.POST.get("which") == "large"
            count = operations.ask_providers(**who, call_code=code, only_large=only_large)
            messages.success(request, _("사업자에게 %(n)s건을 물었습니다.") % {"n": count})
        else:
            operations.judge_feasibility(
                **who,
                feasibility_id=int(request.POST.get("id", "0") or 0),
                upholds=request.POST.get("judgement") == "uphold",
                reason=request.POST.get("reason", ""),
            )
            messages.success(request, _("판단을 기록하였습니다."))
    except (InvalidInput, IllegalTransition) as error:
        messages.error(request, error.public.in_(language()))
    return redirect("reviews-feasibility", code)


@overseers
def interviews(request: HttpRequest, code: str) -> HttpResponse:
    """Interviews of large projects: times, invitations, results."""
    call = calls.call(code, request.actor)
    form = SlotsForm(request.POST if request.POST.get("action") == "slots" else None)
    if request.method == "POST":
        done = _interviews(request, code, form)
        if done is not None:
            return done
    found = queries.interviews(code, request.actor)
    due = queries.interviewed(call)
    context = {
        **tabs(code, "interviews"),
        "call": call,
        "interviews": found,
        "slots": queries.slots(code, request.actor),
        "uninvited": len(due) - len({one.number for one in found} & {view.number for view in due}),
        "percent": call.rules.interview_percent,
        "lines": call.rules.interview_from,
        "form": form,
    }
    return render(request, "reviews/interviews.html", context, status=422 if form.errors else 200)


def _interviews(request: HttpRequest, code: str, form: SlotsForm) -> HttpResponse | None:
    """The answer to what was posted; None where the form has to be shown again."""
    who: dict[str, Any] = {"actor": request.actor, "now": request.now}
    action = request.POST.get("action", "")
    try:
        if action == "slots":
            if not form.is_valid():
                return None
            count = operations.add_slots(**who, call_code=code, **form.cleaned_data)
            messages.success(request, _("면담 시간 %(n)s개를 만들었습니다.") % {"n": count})
        elif action == "invite":
            count = operations.invite_to_interviews(**who, call_code=code)
            messages.success(request, _("%(n)s곳을 면담에 초대하였습니다.") % {"n": count})
        else:
            operations.close_interview(
                **who,
                number=request.POST.get("number", ""),
                event=action,
                total_tenths=scoring.tenths(request.POST.get("total", "")),
                note=request.POST.get("note", ""),
            )
            messages.success(request, _("면담을 기록하였습니다."))
    except InvalidInput as error:
        if action == "slots":
            add_mistakes(form, error)
            return None
        messages.error(request, error.public.in_(language()))
    except IllegalTransition as error:
        messages.error(request, error.public.in_(language()))
    return redirect("reviews-interviews", code)


def page_of(request: HttpRequest, rows: list[Any], size: int = 50) -> Page[Any]:
    """The page of a list that was asked for."""
    wanted = request.GET.get("page", "1")
    number = max(1, min(int(wanted) if wanted.isdigit() else 1, -(-len(rows) // size)))
    return Page(rows[(number - 1) * size : number * size], number, size, len(rows))
