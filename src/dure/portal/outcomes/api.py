"""Reports as JSON: published ones for everybody, one's own to read and hand in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from dure.portal.framework.api import TextOut, answers, signed_in
from dure.portal.framework.lists import paged
from dure.portal.outcomes import operations, queries

router = Router(tags=["outcomes"])


class LinkOut(Schema):
    """Where a result can be seen."""

    title: str
    url: str


class ReportOut(Schema):
    """A report of an award."""

    id: int
    award: str
    kind: str
    title: TextOut
    organisation: TextOut
    due_at: datetime
    state: str
    summary: str
    links: list[LinkOut]
    is_synthetic: bool


class ReportsOut(Schema):
    """A page of reports; `total` counts all."""

    total: int
    page: int
    reports: list[ReportOut]


class ReportIn(Schema):
    """What is handed in."""

    summary: str
    links: list[LinkOut] = []


def _out(row: Any) -> dict[str, Any]:
    view = queries.report_view(row)
    return _as_json(view)


def _as_json(view: queries.ReportView) -> dict[str, Any]:
    return {
        **view.__dict__,
        "title": {"ko": view.title.ko, "en": view.title.en},
        "organisation": {"ko": view.organisation.ko, "en": view.organisation.en},
        "links": [{"title": title, "url": url} for title, url in view.links],
    }


@router.get("/outcomes", response=answers(ReportsOut), auth=None, summary="Published outcomes")
def published(request: HttpRequest, q: str = "", page: int = 1) -> dict[str, Any]:
    """Approved reports, newest first."""
    found = paged(queries.published(q), page, _out)
    return {"total": found.total, "page": found.number, "reports": list(found)}


@router.get("/reports", response=answers(ReportsOut), auth=signed_in, summary="Reports I may see")
def reports(request: HttpRequest, state: str = "", page: int = 1) -> dict[str, Any]:
    """One's organisations' reports; all of them for those who oversee the programme."""
    found = paged(queries.reports(request.actor, state=state), page, _out)
    return {"total": found.total, "page": found.number, "reports": list(found)}


@router.post("/reports/{report_id}/submit", response=answers(ReportOut), auth=signed_in, summary="Hand a report in")
def submit(request: HttpRequest, report_id: int, body: ReportIn) -> dict[str, Any]:
    """Hand in a report; its file, if any, is uploaded on the page."""
    links = [link.dict() for link in body.links]
    operations.submit(actor=request.actor, now=request.now, report_id=report_id, summary=body.summary, links=links)
    return _as_json(queries.report(report_id, request.actor))
