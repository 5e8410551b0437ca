"""Pages of nominations: a ministry's own, and all of them for the programme."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dure.core.errors import InvalidInput, NotFound
from dure.portal.calls import operations, queries
from dure.portal.calls.composing_forms import NominationForm
from dure.portal.calls.forms import language
from dure.portal.calls.pages import CALLS
from dure.portal.framework import programme as programmes
from dure.portal.framework.lists import export
from dure.portal.framework.pages import add_mistakes, role_required
from dure.portal.people import queries as people

HEADER = ("ministry", "organisation", "project", "nominated_at", "nominated_by", "withdrawn_at", "withdrawn_reason")


@require_GET
@role_required("programme_manager", "auditor", "nominator")
def listing(request: HttpRequest, code: str) -> HttpResponse:
    """The nominations for a call: a ministry's own, or all for the programme."""
    call = queries.call(code, request.actor)
    found = queries.nominations(code, request.actor)
    if (form := request.GET.get("format", "")) in ("csv", "xlsx"):
        rows = [
            [
                one.ministry,
                one.organisation.code,
                one.project,
                one.nominated_at,
                one.nominated_by,
                one.withdrawn_at or "",
                one.withdrawn_reason,
            ]
            for one in found
        ]
        return export(f"nominations-{code}", form, HEADER, rows)
    current = programmes.current()
    context = {
        "call": call,
        "rows": [(one, current.ministry(one.ministry).name) for one in found],
        "may_nominate": bool(request.actor.ministries) and request.now < call.closes_at and call.state != "cancelled",
        "crumbs": [CALLS, (code, f"/calls/{code}/"), (_("추천"), "")],
    }
    return render(request, "calls/nominations.html", context)


@role_required("nominator")
def new(request: HttpRequest, code: str) -> HttpResponse:
    """Nominate a project."""
    call = queries.call(code, request.actor)
    form = NominationForm(request.actor.ministries, request.POST or None)
    if request.method == "POST" and form.is_valid():
        read = form.cleaned_data
        try:
            organisation = _organisation(read["organisation"].strip())
            operations.nominate(
                actor=request.actor,
                now=request.now,
                code=code,
                ministry=read["ministry"],
                organisation_id=organisation.id,
                project=read["project"],
                reason=read["reason"],
            )
            messages.success(request, _("추천하고 기관 대표자에게 알렸습니다."))
            return redirect("calls-nominations", code)
        except NotFound:
            form.add_error("organisation", _("그런 기관이 없습니다. 등록된 이름이나 코드를 확인하십시오."))
        except InvalidInput as error:
            add_mistakes(form, error)
    crumbs = [CALLS, (code, f"/calls/{code}/"), (_("추천"), f"/calls/{code}/nominations/"), (_("추천하기"), "")]
    context = {"call": call, "form": form, "crumbs": crumbs, "cancel_url": f"/calls/{code}/nominations/"}
    return render(request, "calls/nominate.html", context, status=422 if form.errors else 200)


@require_POST
@role_required("nominator", "programme_manager")
def withdraw(request: HttpRequest, code: str, nomination_id: int) -> HttpResponse:
    """Take a nomination back, with a reason."""
    try:
        operations.withdraw_nomination(
            actor=request.actor,
            now=request.now,
            code=code,
            nomination_id=nomination_id,
            reason=request.POST.get("reason", ""),
        )
        messages.success(request, _("추천을 거두었습니다."))
    except InvalidInput as error:
        messages.error(request, error.public.in_(language()))
    return redirect("calls-nominations", code)


def _organisation(text: str) -> people.OrganisationView:
    """The organisation with this code, or the only one with this name. Raises NotFound."""
    named = [one for one in people.search_organisations(text) if text in (one.name, one.name_en)]
    return named[0] if len(named) == 1 else people.organisation_of_code(text)
