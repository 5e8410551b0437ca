"""Reading reports and published outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from dure.core.errors import NotFound
from dure.core.text import Text
from dure.portal.framework import programme
from dure.portal.outcomes.models import Report
from dure.portal.people.actor import Actor


@dataclass(frozen=True)
class ReportView:
    """A report that is owed or was handed in, with the award it is about."""

    id: int
    award: str
    kind: str
    kind_name: Text
    title: Text
    organisation_id: int
    organisation: Text
    applicant_class: str
    is_synthetic: bool
    due_at: datetime
    state: str
    summary: str
    links: tuple[tuple[str, str], ...]
    file_id: int | None
    submitted_by: str
    submitted_at: datetime | None
    reviewed_at: datetime | None
    review_note: str


def kind_name(code: str) -> Text:
    """What the programme calls this report."""
    return next((r.name for r in programme.current().reports if r.code == code), Text(code, code))


def report_view(row: Any) -> ReportView:
    """One row of `reports` or `published`."""
    application = row.award.application
    organisation = row.award.holder
    title = (application.version.content if application.version else {}).get("title", {})
    return ReportView(
        id=row.pk,
        award=row.award.number,
        kind=row.kind,
        kind_name=kind_name(row.kind),
        title=Text(title.get("ko", ""), title.get("en") or title.get("ko", "")),
        organisation_id=organisation.pk,
        organisation=Text(organisation.name, organisation.name_en or organisation.name),
        applicant_class=organisation.applicant_class,
        is_synthetic=application.is_synthetic,
        due_at=row.due_at,
        state=row.state,
        summary=row.summary,
        links=tuple((link.get("title") or link["url"], link["url"]) for link in row.links),
        file_id=row.file_id,
        submitted_by=row.submitted_by,
        submitted_at=row.submitted_at,
        reviewed_at=row.reviewed_at,
        review_note=row.review_note,
    )


def _all() -> Any:
    return Report.objects.select_related("award__holder", "award__application__version")


def reports(actor: Actor, *, text: str = "", state: str = "", sort: str = "due_at") -> Any:
    """The reports a person may see: their organisations' own, or all for those who oversee; to be paged."""
    actor.require(actor.user_id is not None or actor.is_system)
    rows = _all()
    if not actor.may_oversee:
        rows = rows.filter(award__holder_id__in=actor.organisations)
    if state:
        rows = rows.filter(state=state)
    return _matching(rows, text).order_by(sort if sort.lstrip("-") in ("due_at", "state", "kind") else "due_at", "id")


def _matching(rows: Any, text: str) -> Any:
    if not text:
        return rows
    return rows.filter(
        Q(award__number__icontains=text)
        | Q(award__holder__name__icontains=text)
        | Q(award__holder__name_en__icontains=text)
        | Q(summary__icontains=text)
    )


def report(report_id: int, actor: Actor) -> ReportView:
    """One report. Raises NotFound, also for people who may not know of it."""
    row = _all().filter(pk=report_id).first()
    if row is None or not (row.award.holder_id in actor.organisations or actor.may_oversee):
        raise NotFound(internal=f"{actor} and report {report_id}")
    return report_view(row)


def owed(actor: Actor) -> list[ReportView]:
    """What a person's organisations still have to hand in, the most urgent first."""
    rows = _all().filter(award__holder_id__in=actor.organisations, state__in=("due", "returned"))
    return [report_view(row) for row in rows]


def to_judge() -> int:
    """How many reports wait for the programme."""
    return Report.objects.filter(state="submitted").count()


def of_award(number: str) -> list[ReportView]:
    """The reports of one award, for chapters that have checked who may see it."""
    return [report_view(row) for row in _all().filter(award__number=number)]


def published(text: str = "") -> Any:
    """Approved reports, newest first, as a queryset to be paged. Public."""
    return _matching(_all().filter(state="approved"), text).order_by("-reviewed_at", "-id")
