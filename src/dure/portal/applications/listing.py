"""The applications of a call as the programme lists them: filtered, sorted and paged by the database.

Titles and sizes are read out of the sealed content there; the long texts of a content never leave it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, IntegerField, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from dure.core.period import Month
from dure.core.text import Text
from dure.decide import eligibility
from dure.decide.eligibility import Eligibility, Request
from dure.portal.applications import queries
from dure.portal.applications.models import Application
from dure.portal.calls.queries import CallView
from dure.portal.framework import programme as programmes
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor
from dure.portal.people.queries import OrganisationView

STATES = ("submitted", "admitted", "refused", "withdrawn")
SORTS = {
    "number": "number",
    "title": "title_ko",
    "organisation": "organisation__name",
    "nodes": "nodes",
    "submitted_at": "submitted_at",
}
_ASKED = ("models", "min_nodes", "months", "earliest_start", "latest_start")


@dataclass(frozen=True)
class Row:
    """One application in a long list."""

    number: str
    title: Text
    organisation: OrganisationView
    gpu_models: tuple[str, ...]
    nodes: int
    months: int
    state: str
    submitted_at: datetime | None
    eligibility: Eligibility
    is_synthetic: bool


def listing(
    call: CallView, actor: Actor, *, state: str = "", applicant_class: str = "", text: str = "", sort: str = "number"
) -> QuerySet[Application]:
    """The call's sealed applications as a queryset of plain columns, for `framework.lists.paged(…, make=judged(call))`.

    `text` is looked for in number, title and organisation. Raises NotPermitted for anybody but the programme.
    """
    actor.require(actor.may_oversee)
    found = Application.objects.filter(call_id=call.id, state__in=[state] if state in STATES else STATES)
    found = found.select_related("organisation").defer("draft")
    found = found.annotate(
        title_ko=KeyTextTransform("ko", F("version__content__title")),
        title_en=KeyTextTransform("en", F("version__content__title")),
        nodes=Cast(KeyTextTransform("requested_nodes", "version__content"), IntegerField()),
        submitted_at=F("version__submitted_at"),
        **{name: F(f"version__content__{name}") for name in _ASKED},
    )
    if applicant_class:
        found = found.filter(organisation__applicant_class=applicant_class)
    if text:
        found = found.filter(
            Q(number__icontains=text)
            | Q(title_ko__icontains=text)
            | Q(title_en__icontains=text)
            | Q(organisation__name__icontains=text)
            | Q(organisation__name_en__icontains=text)
            | Q(organisation__code__icontains=text)
        )
    sign = "-" if sort.startswith("-") else ""
    return found.order_by(sign + SORTS.get(sort.lstrip("-"), "number"), "number")


def judged(call: CallView) -> Callable[[Application], Row]:
    """What makes a row of `listing` into plain values, eligibility included; equal questions are answered once."""
    programme = programmes.current()
    known: dict[Any, Eligibility] = {}

    def row_of(row: Any) -> Row:
        organisation, request = people.organisation_view(row.organisation), _request(row)
        question = (queries.applicant_of(organisation), request)
        if question not in known:
            known[question] = eligibility.check(programme, call.rules, *question, call.terms, "award")
        return Row(
            number=row.number,
            title=Text(row.title_ko, row.title_en or row.title_ko),
            organisation=organisation,
            gpu_models=request.gpu_models,
            nodes=request.requested_nodes,
            months=request.months,
            state=row.state,
            submitted_at=row.submitted_at,
            eligibility=known[question],
            is_synthetic=row.is_synthetic,
        )

    return row_of


def _request(row: Any) -> Request:
    """What a sealed content asks for: nothing is missing there."""
    wishes = sorted(row.models, key=lambda wish: -wish["utility"])
    return Request(
        gpu_models=tuple(wish["gpu_model"] for wish in wishes),
        min_nodes=row.min_nodes or row.nodes,
        requested_nodes=row.nodes,
        months=row.months,
        earliest_start=Month.parse(row.earliest_start),
        latest_start=Month.parse(row.latest_start),
    )
