"""Pages of use: the programme's by cluster, one allocation's by month and by day. Three measures, never mixed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dure.core.period import Month, Period
from dure.core.text import Text
from dure.decide import estimator
from dure.portal.allocations import queries as allocations
from dure.portal.allocations.pages import tabs
from dure.portal.allocations.queries import AllocationView
from dure.portal.awards import queries as awards
from dure.portal.fleet import queries as fleet
from dure.portal.framework.lists import export
from dure.portal.framework.pages import person_required
from dure.portal.framework.programme import zone
from dure.portal.usage import forms, queries
from dure.portal.usage.queries import Use

MEASURES = (Text("할당", "Allocated"), Text("작업이 돈 시간", "Running"), Text("실제로 계산한 시간", "Busy"))
GPU_HOURS = Text("GPU시간", "GPU-hours")
DAYS_SHOWN = 31
_FIGURES = ("allocated_gpu_seconds", "running_gpu_seconds", "busy_gpu_seconds", "missing_gpu_seconds")


def _month(request: HttpRequest) -> Month:
    try:
        return Month.parse(request.GET.get("month", ""))
    except ValueError:
        return Month.of(request.now, zone())


def _months(request: HttpRequest, month: Month) -> dict[str, Month | None]:
    """The month shown and its neighbours; nothing has been used yet in one that has not begun."""
    later = month.plus(1)
    begun = later.period(zone()).start <= request.now
    return {"month": month, "earlier": month.plus(-1), "later": later if begun else None}


def _hours(seconds: int) -> int:
    return round(seconds / 3600)


@require_GET
@person_required
def overview(request: HttpRequest) -> HttpResponse:
    """Use of a month: by cluster for those who oversee, finance and providers; by allocation for holders."""
    actor, month = request.actor, _month(request)
    if not (actor.may_oversee or actor.is_finance or actor.providers):
        return _mine(request, month)
    found = queries.by_cluster(month, request.actor)
    rows = [(one, found.get(one.code, Use())) for one in fleet.clusters(request.actor)]
    rows = [(one, use) for one, use in rows if one.share == "government" or use.allocated_gpu_seconds]
    if request.GET.get("format") in ("csv", "xlsx"):
        header = ["cluster", "month", *_FIGURES, "energy_joules"]
        cells = [
            [one.code, str(month), *(getattr(use, name) for name in _FIGURES), use.energy_joules] for one, use in rows
        ]
        return export(f"use-{month}", request.GET["format"], header, cells)
    total = Use()
    for _one, use in rows:
        total = total.plus(use)
    context = {
        **_months(request, month),
        "rows": rows,
        "total": total,
        "chart": {
            "kind": "bar",
            "title": Text("할당한 시간 가운데 실제로 계산한 비율", "Share of allocated time that was busy"),
            "rows": [
                (one.name, use.busy_gpu_seconds / use.allocated_gpu_seconds)
                for one, use in rows
                if use.allocated_gpu_seconds
            ],
            "format": "percent",
            "top": 1.0,
        },
        "crumbs": [(_("사용량"), "")],
    }
    return render(request, "usage/overview.html", context)


def _mine(request: HttpRequest, month: Month) -> HttpResponse:
    """Use of a month by the person's own allocations."""
    period = month.period(zone())
    found = queries.by_allocation([period])
    mine = [view for view in allocations.mine(request.actor) if view.period.overlaps(period)]
    titles = awards.titles(request.actor, [view.award_number for view in mine])
    context = {
        **_months(request, month),
        "rows": [
            (view, titles.get(view.award_number) or view.name, found.get((view.cluster, view.name, period), Use()))
            for view in mine
        ],
        "crumbs": [(_("사용량"), "")],
    }
    return render(request, "usage/mine.html", context)


def _model_use(view: AllocationView, typed: Mapping[str, str], use: Use) -> dict[str, Any]:
    """Guidance on model FLOPs utilisation for a training the holder describes in the address; nothing of it is kept."""
    chosen = estimator.gpu(view.gpu_model)
    is_asked = bool(typed.get("parameters") or typed.get("tokens"))
    form = forms.Training({key: typed.get(key, "") for key in ("parameters", "tokens")} if is_asked else None)
    if chosen is None or not use.busy_gpu_seconds:
        return {"training": None}
    context: dict[str, Any] = {"training": form, "gpu": chosen, "published": estimator.efficiency_of(chosen.generation)}
    if is_asked and form.is_valid():
        parameters, tokens = (int(form.cleaned_data[key] * 10**9) for key in ("parameters", "tokens"))
        reached = [
            (label, estimator.reached_permille(chosen, parameters, tokens, getattr(use, figure)))
            for label, figure in zip(MEASURES, _FIGURES, strict=False)
            if getattr(use, figure)
        ]
        context |= {"reached": reached, "is_impossible": any(permille > 1000 for _label, permille in reached)}
    return context


@require_GET
@person_required
def allocation(request: HttpRequest, name: str) -> HttpResponse:
    """One allocation's use: by month of its whole period so far, by day of the last month."""
    found = allocations.allocation(name, request.actor)
    end = min(request.now, found.end_at)
    months: dict[Month, Use] = {}
    days: dict[datetime, Use] = {}
    if end > found.start_at:
        months, days = queries.by_month_and_day(found.cluster, name, Period(found.start_at, end))
    if request.GET.get("format") in ("csv", "xlsx"):
        header = ["day", *_FIGURES, "energy_joules"]
        cells = [[f"{day:%Y-%m-%d}", *(getattr(u, n) for n in _FIGURES), u.energy_joules] for day, u in days.items()]
        return export(f"use-{name}", request.GET["format"], header, cells)
    total = Use()
    for use in months.values():
        total = total.plus(use)
    context = {
        "allocation": found,
        "months": sorted(months.items()),
        "days": days,
        "total": total,
        **_model_use(found, request.GET, total),
        "chart": _by_day(sorted(days.items())[-DAYS_SHOWN:]),
        "tabs": tabs(found, "usage"),
        "crumbs": [
            (_("할당"), reverse("allocations-list")),
            (name, reverse("allocations-show", args=[name])),
            (_("사용량"), ""),
        ],
    }
    return render(request, "usage/allocation.html", context)


def _by_day(days: list[tuple[datetime, Use]]) -> dict[str, Any]:
    series = [
        (label, [_hours(getattr(use, figure)) for _day, use in days])
        for label, figure in zip(MEASURES, _FIGURES, strict=False)
    ]
    return {
        "kind": "line",
        "title": Text(
            "날마다 할당한 시간, 작업이 돈 시간, 실제로 계산한 시간", "Allocated, running and busy, day by day"
        ),
        "unit": GPU_HOURS,
        "labels": [f"{day.month}/{day.day}" for day, _use in days],
        "series": series,
        "size": "full",
    }
