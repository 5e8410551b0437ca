"""Pages that lay plans side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dure.core.errors import InvalidInput
from dure.portal.framework.lists import export, paged
from dure.portal.plans import figures, queries
from dure.portal.plans.access import overseers

SORTS = ("score_tenths", "application__number")


@require_GET
@overseers
def compare(request: HttpRequest) -> HttpResponse:
    """Two to four plans: figures, charts, what rules cost, who gains and who loses."""
    solved = [one for one in queries.plans(request.actor) if one.hash]
    ids = [int(one) for one in request.GET.getlist("plan") if one.isdigit()]
    crumbs = [(_("배분안"), "/plans/"), (_("나란히 보기"), "")]
    context: dict[str, Any] = {"solved": solved, "chosen": ids, "slots": _slots(ids), "crumbs": crumbs}
    if not ids:
        return render(request, "plans/compare.html", context)
    try:
        plans = queries.compared(ids, request.actor)
    except InvalidInput as refusal:
        context["mistakes"] = refusal.mistakes
        return render(request, "plans/compare.html", context, status=422)
    ids = [one.id for one in plans]
    found = _differences(request, ids)
    if request.GET.get("format") in ("csv", "xlsx"):
        return _export(request.GET["format"], plans, queries.rows_of(ids, found))
    page = paged(found, request.GET.get("page"), lambda row: row)
    counts = queries.difference_counts(ids)
    context |= {
        "plans": plans,
        "page": _with_rows(page, queries.rows_of(ids, page.rows)),
        "lines": figures.lines(plans),
        "charts": figures.side_by_side(plans),
        "targets": figures.targets(plans),
        "rules": figures.rule_costs(plans),
        "counts": list(zip(plans[1:], counts, strict=True)),
        "kinds": queries.KINDS,
        "kind": request.GET.get("kind", ""),
        "against": request.GET.get("against", ""),
        "exports": True,
        "sort": "-score_tenths",
    }
    return render(request, "plans/compare.html", context)


def _slots(ids: Sequence[int]) -> list[tuple[int, int | None]]:
    """The places to choose plans for, numbered, with what is chosen: two, or one more than chosen, up to four."""
    places = min(queries.MOST, max(2, len(ids) + 1))
    return [(place, ids[place - 1] if place <= len(ids) else None) for place in range(1, places + 1)]


def _differences(request: HttpRequest, ids: Sequence[int]) -> Any:
    order, against = request.GET.get("sort", ""), request.GET.get("against", "")
    return queries.differences(
        ids,
        kind=request.GET.get("kind", ""),
        against=int(against) if against.isdigit() and int(against) in ids[1:] else None,
        text=request.GET.get("q", "").strip(),
        order=order if order.lstrip("-") in SORTS else "-score_tenths",
    )


def _with_rows(page: Any, rows: list[queries.Row]) -> Any:
    return type(page)(rows, page.number, page.size, page.total)


def _export(form: str, plans: Sequence[queries.PlanView], rows: list[queries.Row]) -> HttpResponse:
    language = get_language() or "ko"
    header = ["number", "organisation", "class", "region", "score"]
    for plan in plans:
        header += [
            f"{plan.id} {plan.title}: {name}"
            for name in ("outcome", "cluster", "nodes", "start", "difference", "reason")
        ]
    cells = [
        [row.first.number, row.first.organisation, row.first.applicant_class, row.first.region, row.first.score]
        + [value for cell in row.cells for value in _cell(cell, language)]
        for row in rows
    ]
    return export(f"plans-{'-'.join(str(plan.id) for plan in plans)}", form, header, cells)


def _cell(cell: queries.Cell, language: str) -> Iterator[Any]:
    rank = cell.rank
    if rank is None:
        yield from ("", "", "", "", cell.kind, "")
        return
    why = rank.why
    reason = (why["ko"] if language.startswith("ko") else why["en"]) if why else ""
    yield from (rank.outcome, rank.cluster, rank.nodes, rank.start_at or "", cell.kind, reason)
