"""Pages of changes: what a holder may ask for or do at once, the receiving organisation's consent, the decision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dure.core.errors import IllegalTransition, InsufficientCapacity, InvalidInput, NotFound
from dure.core.text import Text
from dure.portal.awards import forms, queries
from dure.portal.awards.operations import changing
from dure.portal.framework import programme
from dure.portal.framework.pages import add_mistakes, person_required, role_required

KINDS: dict[str, tuple[Text, Text, type[django_forms.Form]]] = {
    "extend": (
        Text("이용 기간을 늘립니다", "Extend the period"),
        Text(
            "같은 서버를 더 씁니다. 사업 담당자가 결정합니다.", "Keep the same servers longer. The programme decides."
        ),
        forms.Extend,
    ),
    "reduce": (
        Text("서버 일부를 돌려줍니다", "Give some servers back"),
        Text("바로 반영되며 되돌릴 수 없습니다.", "Takes effect at once and cannot be undone."),
        forms.Reduce,
    ),
    "shorten": (
        Text("종료일을 앞당깁니다", "End earlier"),
        Text("바로 반영되며 되돌릴 수 없습니다.", "Takes effect at once and cannot be undone."),
        forms.Shorten,
    ),
    "hand_over": (
        Text("책임자를 바꿉니다", "Change the lead"),
        Text("같은 기관 안에서 바로 바뀝니다.", "Within the organisation, at once."),
        forms.HandOver,
    ),
    "transfer": (
        Text("다른 기관으로 넘깁니다", "Move to another organisation"),
        Text(
            "넘겨받을 기관이 동의하고 사업 담당자가 승인하면 다음 달부터 바뀝니다.",
            "From the coming month, once that organisation agrees and the programme approves.",
        ),
        forms.Transfer,
    ),
}


@person_required
def changes(request: HttpRequest, number: str) -> HttpResponse:
    """The changes of an award so far, and those that can be asked for."""
    found = queries.changes(number, request.actor)
    try:
        award = queries.award(number, request.actor)
    except NotFound:
        award = None  # a receiving organisation sees the transfer, not the award
    may_ask = award is not None and award.state == "agreed" and _acts_for(request, award)
    context = {
        "award": award,
        "number": number,
        "changes": [(one, KINDS[one.kind][0]) for one in found],
        "kinds": KINDS if may_ask and not any(one.is_open for one in found) else {},
        "headed": request.actor.headed,
        "may_ask": may_ask,
        "crumbs": [(_("선정"), "/awards/"), (number, f"/awards/{number}/"), (_("변경"), "")],
    }
    return render(request, "awards/changes.html", context)


def _acts_for(request: HttpRequest, award: queries.AwardView) -> bool:
    return award.lead_id == request.actor.user_id or award.organisation_id in request.actor.headed


@person_required
def ask(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """One kind of change: what it means, its fields, and then it is asked for or done."""
    award = queries.award(number, request.actor)
    if kind not in KINDS or not _acts_for(request, award):
        raise NotFound(internal=f"change {kind} of {number} for {request.actor}")
    title, what, shape = KINDS[kind]
    form = shape(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _ASK[kind](request, number, form.cleaned_data)
            messages.success(request, _("변경을 접수했습니다."))
            return redirect("awards-changes", number)
        except InvalidInput as refusal:
            add_mistakes(form, refusal)
        except IllegalTransition as refusal:
            form.add_error(None, refusal.public.in_(request.LANGUAGE_CODE))
    url = f"/awards/{number}/changes/"
    context = {
        "award": award,
        "title": title,
        "what": what,
        "form": form,
        "kind": kind,
        "fee": programme.current().fee_per_node_month(award.gpu_model, award.applicant_class, award.is_youth),
        "limit": programme.current().after_award.extension_months,
        "cancel_url": url,
        "crumbs": [(_("선정"), "/awards/"), (number, f"/awards/{number}/"), (_("변경"), url), (title, "")],
    }
    return render(request, "awards/change.html", context, status=422 if form.errors else 200)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=programme.zone())


_ASK: dict[str, Callable[[HttpRequest, str, dict[str, Any]], int]] = {
    "extend": lambda request, number, typed: changing.ask_extension(
        actor=request.actor, now=request.now, number=number, months=typed["months"], reason=typed["reason"]
    ),
    "reduce": lambda request, number, typed: changing.reduce(
        actor=request.actor, now=request.now, number=number, nodes=typed["nodes"], reason=typed["reason"]
    ),
    "shorten": lambda request, number, typed: changing.shorten(
        actor=request.actor,
        now=request.now,
        number=number,
        end_at=_midnight(typed["end_on"]),
        reason=typed["reason"],
    ),
    "hand_over": lambda request, number, typed: changing.hand_over(
        actor=request.actor, now=request.now, number=number, email=typed["email"], reason=typed["reason"]
    ),
    "transfer": lambda request, number, typed: changing.ask_transfer(
        actor=request.actor,
        now=request.now,
        number=number,
        organisation_code=typed["organisation"],
        email=typed["email"],
        reason=typed["reason"],
    ),
}


@require_POST
@person_required
def withdraw(request: HttpRequest, change_id: int) -> HttpResponse:
    """Take a request back."""
    number = changing.withdraw(actor=request.actor, now=request.now, change_id=change_id)
    return redirect("awards-changes", number)


@require_POST
@person_required
def consent(request: HttpRequest, change_id: int) -> HttpResponse:
    """Agree, for the receiving organisation, to take an award over."""
    number = changing.consent(actor=request.actor, now=request.now, change_id=change_id)
    messages.success(request, _("동의했습니다. 사업 담당자의 결정을 기다립니다."))
    return redirect("awards-changes", number)


@role_required("programme_manager", "auditor")
def queue(request: HttpRequest) -> HttpResponse:
    """Changes that wait for the programme."""
    waiting = [
        (one, KINDS[one.kind][0], queries.award(one.number, request.actor))
        for one in queries.changes_to_decide(request.actor)
    ]
    crumbs = [(_("선정"), "/awards/"), (_("변경 요청"), "")]
    return render(request, "awards/change_queue.html", {"waiting": waiting, "crumbs": crumbs})


@role_required("programme_manager")
def decide(request: HttpRequest, change_id: int) -> HttpResponse:
    """One request: what stands for and against it, approve or refuse with a reason."""
    change = next((one for one in queries.changes_to_decide(request.actor) if one.id == change_id), None)
    if change is None:
        raise NotFound(internal=f"change {change_id} is not waiting")
    award = queries.award(change.number, request.actor)
    form = forms.Reason(request.POST or None)
    if request.method == "POST" and form.is_valid():
        act = changing.approve if request.POST.get("action") == "approve" else changing.refuse
        try:
            act(actor=request.actor, now=request.now, change_id=change_id, reason=form.cleaned_data["reason"])
            return redirect("awards-change-queue")
        except (InsufficientCapacity, IllegalTransition) as refusal:
            form.add_error(None, refusal.public.in_(request.LANGUAGE_CODE))
        except InvalidInput as refusal:
            form.add_error(None, refusal.mistakes[0].sentence(request.LANGUAGE_CODE))
    context = {
        "change": change,
        "title": KINDS[change.kind][0],
        "award": award,
        "form": form,
        "against": queries.obstacle(change_id, request.now),
        "crumbs": [(_("선정"), "/awards/"), (_("변경 요청"), "/awards/changes/"), (change.number, "")],
    }
    return render(request, "awards/change_decide.html", context, status=422 if form.errors else 200)
