"""Pages of the institution's endorsement, and of what the programme checks by hand."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dure.core.errors import InvalidInput
from dure.portal.applications import operations, queries
from dure.portal.applications.forms import language
from dure.portal.applications.pages import MINE, about
from dure.portal.calls import queries as calls
from dure.portal.framework.pages import limited, person_required, role_required


@require_POST
@person_required
@limited(20, 10)
def ask(request: HttpRequest, number: str) -> HttpResponse:
    """Ask the heads of one's institution."""
    try:
        operations.request_endorsement(actor=request.actor, now=request.now, number=number)
        messages.success(request, _("기관 대표자에게 확인을 요청하였습니다."))
    except InvalidInput as error:
        messages.error(request, error.public.in_(language()))
    return redirect("applications-show", number)


@person_required
def answer(request: HttpRequest, number: str) -> HttpResponse:
    """A head reads the draft, then stands behind it or says why not."""
    view = queries.application(number, request.actor)
    request.actor.require(view.organisation.id in request.actor.headed)
    mistakes, reason = [], request.POST.get("reason", "")
    if request.method == "POST":
        what = {"actor": request.actor, "now": request.now, "number": number}
        try:
            if request.POST.get("action") == "decline":
                operations.decline_endorsement(**what, reason=reason)
                messages.success(request, _("확인하지 않는다고 알렸습니다."))
            else:
                operations.endorse(**what)
                messages.success(request, _("확인하였습니다. 이제 제출할 수 있습니다."))
            return redirect("applications-show", number)
        except InvalidInput as error:
            mistakes = list(error.mistakes)
    context = {
        **about(view, calls.call(view.call_code, queries.READER), view.draft),
        "endorsement": queries.endorsement(view),
        "mistakes": mistakes,
        "reason": reason,
        "crumbs": [MINE, (number, f"/applications/{number}/"), (_("기관 확인"), "")],
    }
    return render(request, "applications/endorse.html", context, status=422 if mistakes else 200)


@require_POST
@role_required("programme_manager")
def clear(request: HttpRequest, number: str) -> HttpResponse:
    """Note what was found when checking answers by hand."""
    try:
        operations.clear(actor=request.actor, now=request.now, number=number, note=request.POST.get("note", ""))
        messages.success(request, _("확인한 내용을 기록하였습니다."))
    except InvalidInput as error:
        messages.error(request, " ".join(mistake.sentence(language()) for mistake in error.mistakes))
    return redirect("applications-show", number)
