"""Pages of the programme: what came in, who is eligible, and why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from dure.core.errors import InvalidInput
from dure.core.text import Text
from dure.decide.eligibility import Eligibility
from dure.portal.applications import operations, queries
from dure.portal.applications.forms import RefusalForm, language
from dure.portal.applications.queries import ApplicationView
from dure.portal.calls import queries as calls
from dure.portal.framework import programme as programmes
from dure.portal.framework.lists import PAGE_SIZE, Page, export
from dure.portal.framework.pages import add_mistakes, role_required

STATES = ("submitted", "admitted", "refused", "withdrawn")


@dataclass(frozen=True)
class Row:
    """One application as the intake list shows it."""

    number: str
    title: Text
    organisation: str
    organisation_code: str
    applicant_class: Text
    region: Text
    nodes: int
    months: int
    models: str
    state: str
    submitted_at: datetime | None
    eligibility: Eligibility
    is_synthetic: bool


SORTS: dict[str, Callable[[Row], Any]] = {
    "number": lambda row: row.number,
    "title": lambda row: row.title.ko,
    "organisation": lambda row: row.organisation,
    "nodes": lambda row: row.nodes,
    "submitted_at": lambda row: (row.submitted_at is not None, row.submitted_at),
}


@require_GET
@role_required("programme_manager", "auditor")
def intake(request: HttpRequest) -> HttpResponse:
    """The applications of a call: search, filters, what each still lacks, files."""
    found = [call for call in calls.calls(request.actor) if call.state != "draft"]
    codes = [call.code for call in found]
    code = request.GET.get("call", "")
    if code not in codes:
        code = codes[0] if codes else ""
    rows = _sorted(request, _filtered(request, _rows(request, code))) if code else []
    if request.GET.get("format") in ("csv", "xlsx"):
        return _export(request.GET["format"], code, rows)
    call = next((one for one in found if one.code == code), None)
    context = {
        "page": _page(request, rows),
        "exports": True,
        "sort": "number",
        "calls": found,
        "call": call,
        "counts": queries.counts(code, request.actor) if code else {},
        "states": STATES,
        "classes": programmes.current().applicant_classes,
        "eligible": sum(row.state == "submitted" and row.eligibility.is_eligible for row in rows),
        "is_closed": call is not None and request.now >= call.closes_at,
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


def _rows(request: HttpRequest, code: str) -> list[Row]:
    call, programme = calls.call(code, request.actor), programmes.current()
    names = {model.code: model.name for model in programme.gpu_models}

    def row(view: ApplicationView) -> Row:
        return Row(
            number=view.number,
            title=view.title,
            organisation=view.organisation.named(language()),
            organisation_code=view.organisation.code,
            applicant_class=programme.applicant_class(view.organisation.applicant_class).name,
            region=programme.region(view.organisation.region).name,
            nodes=view.content.requested_nodes or 0,
            months=view.content.months or 0,
            models=", ".join(names.get(model, model) for model in view.content.gpu_models),
            state=view.state,
            submitted_at=view.receipt.submitted_at if view.receipt else None,
            eligibility=queries.check(call, view.organisation, view.content, "award"),
            is_synthetic=view.is_synthetic,
        )

    wanted = request.GET.get("state", "")
    of_class = request.GET.get("class", "")
    views = queries.of_call(code, request.actor, [wanted] if wanted in STATES else STATES)
    return [row(view) for view in views if of_class in ("", view.organisation.applicant_class)]


def _filtered(request: HttpRequest, rows: list[Row]) -> list[Row]:
    text = request.GET.get("q", "").strip().casefold()
    if request.GET.get("eligible") == "no":
        rows = [row for row in rows if not row.eligibility.is_eligible]
    if not text:
        return rows
    return [
        row
        for row in rows
        if text in f"{row.number} {row.title.ko} {row.title.en} {row.organisation} {row.organisation_code}".casefold()
    ]


def _sorted(request: HttpRequest, rows: list[Row]) -> list[Row]:
    order = request.GET.get("sort", "number")
    key = SORTS.get(order.lstrip("-"), SORTS["number"])
    return sorted(rows, key=key, reverse=order.startswith("-"))


def _page(request: HttpRequest, rows: list[Row]) -> Page[Row]:
    wanted = request.GET.get("page", "1")
    number = int(wanted) if wanted.isdigit() else 1
    number = max(1, min(number, -(-len(rows) // PAGE_SIZE)))
    return Page(rows[(number - 1) * PAGE_SIZE : number * PAGE_SIZE], number, PAGE_SIZE, len(rows))


def _export(form: str, code: str, rows: list[Row]) -> HttpResponse:
    header = ["number", "title", "title_en", "organisation", "class", "region", "models", "nodes", "months", "state"]
    header += ["submitted_at", "is_eligible", "reason", "is_synthetic"]
    return export(
        f"applications-{code}",
        form,
        header,
        [
            [
                row.number,
                row.title.ko,
                row.title.en,
                row.organisation,
                row.applicant_class.in_(language()),
                row.region.in_(language()),
                row.models,
                row.nodes,
                row.months,
                row.state,
                row.submitted_at or "",
                row.eligibility.is_eligible,
                row.eligibility.reason.in_(language()),
                row.is_synthetic,
            ]
            for row in rows
        ],
    )
