"""Pages of the programme: what came in, who is eligible, and why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from dure.core.errors import InvalidInput
from dure.core.text import Text
from dure.portal.applications import listing, operations, queries
from dure.portal.applications.forms import RefusalForm, language
from dure.portal.calls import queries as calls
from dure.portal.calls.queries import CallView
from dure.portal.framework import programme as programmes
from dure.portal.framework.lists import PAGE_SIZE, Page, export, paged
from dure.portal.framework.pages import add_mistakes, role_required


@dataclass(frozen=True)
class Shown:
    """One application as the intake list shows it: codes replaced by names."""

    row: listing.Row
    organisation: str
    applicant_class: Text
    region: Text
    models: str


@require_GET
@role_required("programme_manager", "auditor")
def intake(request: HttpRequest) -> HttpResponse:
    """The applications of a call: search, filters, what each still lacks, files."""
    found = [call for call in calls.calls(request.actor) if call.state != "draft"]
    codes = [call.code for call in found]
    code = request.GET.get("call", "")
    if code not in codes:
        code = codes[0] if codes else ""
    call = next((one for one in found if one.code == code), None)
    if call is not None and request.GET.get("format") in ("csv", "xlsx"):
        return _export(request, call)
    is_closed = call is not None and request.now >= call.closes_at
    context = {
        "page": _page(request, call) if call else Page((), 1, PAGE_SIZE, 0),
        "exports": True,
        "sort": "number",
        "calls": found,
        "call": call,
        "counts": queries.counts(code, request.actor) if code else {},
        "states": listing.STATES,
        "classes": programmes.current().applicant_classes,
        "eligible": _eligible(request, call) if call and is_closed else 0,
        "is_closed": is_closed,
    }
    return render(request, "applications/intake.html", context)


@require_POST
@role_required("programme_manager")
def admit_many(request: HttpRequest, code: str) -> HttpResponse:
    """Admit those chosen, or every eligible one."""
    chosen = request.POST.getlist("number")
    try:
        admitted = operations.admit_all(
            actor=request.actor, now=request.now, call_code=code, numbers=chosen if "chosen" in request.POST else None
        )
        text = ngettext(
            "%(n)s건을 요건 충족으로 확인하였습니다.", "%(n)s건을 요건 충족으로 확인하였습니다.", len(admitted)
        )
        messages.success(request, text % {"n": len(admitted)})
    except InvalidInput as error:
        messages.error(request, error.public.in_(language()))
    return redirect(f"/applications/?call={code}")


@require_POST
@role_required("programme_manager")
def admit(request: HttpRequest, number: str) -> HttpResponse:
    """Find one application eligible."""
    try:
        operations.admit(actor=request.actor, now=request.now, number=number)
        messages.success(request, _("요건 충족으로 확인하였습니다."))
    except InvalidInput as error:
        messages.error(request, error.public.in_(language()))
    return redirect("applications-show", number)


@role_required("programme_manager")
def refuse(request: HttpRequest, number: str) -> HttpResponse:
    """Find one application ineligible, with the reason its applicant reads."""
    view = queries.application(number, request.actor)
    call = calls.call(view.call_code, request.actor)
    reason = queries.check(call, view.organisation, view.content, "award").reason
    form = RefusalForm(request.POST or None, initial={"ko": reason.ko, "en": reason.en})
    if request.method == "POST" and form.is_valid():
        try:
            text = Text(form.cleaned_data["ko"], form.cleaned_data["en"])
            operations.refuse(actor=request.actor, now=request.now, number=number, reason=text)
            messages.success(request, _("요건 미충족으로 확인하였습니다."))
            return redirect("applications-show", number)
        except InvalidInput as error:
            add_mistakes(form, error)
    context = {"view": view, "form": form, "cancel_url": f"/applications/{number}/"}
    return render(request, "applications/refuse.html", context, status=422 if form.errors else 200)


def _page(request: HttpRequest, call: CallView) -> Page[Shown]:
    return paged(_found(request, call), request.GET.get("page"), _maker(call))


def _found(request: HttpRequest, call: CallView) -> Any:
    """The applications asked for; where only the ineligible are wanted, the rules pick them first."""
    found = listing.listing(
        call,
        request.actor,
        state=request.GET.get("state", ""),
        applicant_class=request.GET.get("class", ""),
        text=request.GET.get("q", "").strip(),
        sort=request.GET.get("sort", "number"),
    )
    if request.GET.get("eligible") != "no":
        return found
    judged = listing.judged(call)
    return found.filter(pk__in=[row.pk for row in found if not judged(row).eligibility.is_eligible])


def _eligible(request: HttpRequest, call: CallView) -> int:
    """How many submitted applications could be admitted at once."""
    judged = listing.judged(call)
    return sum(judged(row).eligibility.is_eligible for row in listing.listing(call, request.actor, state="submitted"))


def _maker(call: CallView) -> Callable[[Any], Shown]:
    judged, programme = listing.judged(call), programmes.current()
    names = {model.code: model.name for model in programme.gpu_models}

    def make(found: Any) -> Shown:
        row = judged(found)
        return Shown(
            row=row,
            organisation=row.organisation.named(language()),
            applicant_class=programme.applicant_class(row.organisation.applicant_class).name,
            region=programme.region(row.organisation.region).name,
            models=", ".join(names.get(model, model) for model in row.gpu_models),
        )

    return make


def _export(request: HttpRequest, call: CallView) -> HttpResponse:
    header = ["number", "title", "title_en", "organisation", "class", "region", "models", "nodes", "months", "state"]
    header += ["submitted_at", "is_eligible", "reason", "is_synthetic"]
    shown = map(_maker(call), _found(request, call))
    return export(
        f"applications-{call.code}",
        request.GET["format"],
        header,
        [
            [
                one.row.number,
                one.row.title.ko,
                one.row.title.en,
                one.organisation,
                one.applicant_class.in_(language()),
                one.region.in_(language()),
                one.models,
                one.row.nodes,
                one.row.months,
                one.row.state,
                one.row.submitted_at or "",
                one.row.eligibility.is_eligible,
                one.row.eligibility.reason.in_(language()),
                one.row.is_synthetic,
            ]
            for one in shown
        ],
    )
