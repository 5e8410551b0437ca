"""Pages of reports and published outcomes."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dure.core.errors import InvalidInput
from dure.core.text import Text
from dure.portal.files import queries as files
from dure.portal.framework import programme
from dure.portal.framework.lists import export, paged
from dure.portal.framework.pages import add_mistakes, limited, person_required
from dure.portal.journal import queries as journal
from dure.portal.outcomes import operations, queries
from dure.portal.outcomes.forms import ReportForm

REPORTS = Text("성과", "Outcomes")


@person_required
def reports(request: HttpRequest) -> HttpResponse:
    """The reports a person owes or has to judge."""
    rows = queries.reports(
        request.actor,
        text=request.GET.get("q", ""),
        state=request.GET.get("state", ""),
        sort=request.GET.get("sort", "due_at"),
    )
    if (form := request.GET.get("format", "")) in ("csv", "xlsx"):
        language = get_language() or "ko"
        header = [_("선정 번호"), _("기관"), _("보고서"), _("기한"), _("상태"), _("제출한 때")]
        made = map(queries.report_view, rows)
        cells = [
            [r.award, r.organisation.in_(language), r.kind_name.in_(language), r.due_at, r.state, r.submitted_at]
            for r in made
        ]
        return export("reports", form, header, cells)
    context = {
        "page": paged(rows, request.GET.get("page"), queries.report_view),
        "states": ("due", "submitted", "returned", "approved"),
        "exports": True,
        "sort": "due_at",
        "crumbs": [(REPORTS, "")],
    }
    return render(request, "outcomes/reports.html", context)


@person_required
@limited(20, 10)
def report(request: HttpRequest, report_id: int) -> HttpResponse:
    """One report: read it, and hand it in while it is owed."""
    view = queries.report(report_id, request.actor)
    may_submit = view.state in ("due", "returned") and view.organisation_id in request.actor.organisations
    links = "\n".join(f"{title} {url}" if title != url else url for title, url in view.links)
    sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = ReportForm(*sent, initial={"summary": view.summary, "links": links})
    if request.method == "POST" and form.is_valid():
        try:
            operations.submit(
                actor=request.actor,
                now=request.now,
                report_id=report_id,
                summary=form.cleaned_data["summary"],
                links=form.lines(),
                file=form.upload(),
            )
        except InvalidInput as error:
            add_mistakes(form, error)
        else:
            messages.success(request, _("제출하였습니다. 사업 담당자가 검토한 뒤 알려 드립니다."))
            return redirect("outcomes-report", report_id)
    current = programme.current()
    duties = [current.duty(code) for code in current.applicant_class(view.applicant_class).duties]
    context = {
        "report": view,
        "form": form if may_submit else None,
        "duties": duties,
        "file": files.files([view.file_id]).get(view.file_id) if view.file_id else None,
        "may_judge": view.state == "submitted" and request.actor.is_programme_manager,
        "events": _events(view),
        "crumbs": [(REPORTS, "/outcomes/"), (view.award, "")],
    }
    return render(request, "outcomes/report.html", context, status=422 if form.errors else 200)


_EVENTS = {
    "outcomes.ask": Text("보고를 요청했습니다", "Report asked for"),
    "outcomes.submit": Text("제출했습니다", "Handed in"),
    "outcomes.return": Text("보완을 요청했습니다", "Sent back"),
    "outcomes.approve": Text("승인했습니다", "Approved"),
}


def _events(view: queries.ReportView) -> list[dict[str, object]]:
    entries = [e for e in journal.about(f"award:{view.award}") if e.detail.get("report") == view.kind]
    done: list[dict[str, object]] = [
        {"title": _EVENTS[e.event], "at": e.at, "actor": e.actor, "why": e.reason}
        for e in entries
        if e.event in _EVENTS
    ]
    if view.state in ("due", "returned"):
        done.append({"title": Text("제출", "Hand in"), "due": view.due_at, "phase": "now"})
    if view.state == "submitted":
        done.append({"title": Text("검토", "Review by the programme"), "phase": "now"})
    return done


@person_required
@require_POST
def judge(request: HttpRequest, report_id: int) -> HttpResponse:
    """Approve a report or send it back."""
    note = request.POST.get("note", "")
    if request.POST.get("action") == "return":
        operations.send_back(actor=request.actor, now=request.now, report_id=report_id, note=note)
        messages.success(request, _("보완을 요청하였습니다."))
    else:
        operations.approve(actor=request.actor, now=request.now, report_id=report_id, note=note)
        messages.success(request, _("승인하였습니다."))
    return redirect("outcomes-report", report_id)


def published(request: HttpRequest) -> HttpResponse:
    """What came of it: approved reports, for everybody."""
    rows = queries.published(request.GET.get("q", ""))
    context = {
        "page": paged(rows, request.GET.get("page"), queries.report_view, size=20),
        "crumbs": [(Text("공개된 성과", "Published outcomes"), "")],
    }
    return render(request, "outcomes/published.html", context)
