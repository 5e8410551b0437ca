"""Public pages of the programme: what it is, who got what, by which rules."""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language

from dure.core.text import Text
from dure.portal.calls import queries as calls
from dure.portal.clock.queries import is_virtual
from dure.portal.framework import programme
from dure.portal.framework.lists import export, paged
from dure.portal.journal import queries as journal
from dure.portal.site import figures, register, rules

RESULTS = Text("선정 결과", "Results")


def front(request: HttpRequest) -> HttpResponse:
    """What the programme is, what is open now, what has been given, how it works."""
    now = request.now
    known = calls.calls()
    accepting = [figures.call_card(call) for call in known if call.accepts(now)]
    coming = [figures.call_card(call) for call in known if call.state == "announced" and call.opens_at > now]
    running = [figures.call_card(call) for call in known if call.state in ("closed", "reviewing", "deciding")]
    sums = register.totals(register.rows())
    context = {
        "running": running,
        "accepting": sorted(accepting, key=lambda card: card.call.closes_at),
        "coming": sorted(coming, key=lambda card: card.call.opens_at),
        "sums": sums,
        "charts": register.charts(sums)[:2],
        "newest": register.newest(),
        "supply": figures.supply(now),
        "use": figures.public_use(now),
        "models": figures.fees(),
    }
    return render(request, "site_pages/front.html", context)


def results(request: HttpRequest) -> HttpResponse:
    """The public register: who got what."""
    query = request.GET
    wanted = {key: query.get(key, "") for key in register.FILTERS}
    rows = register.rows(text=query.get("q", ""), sort=query.get("sort", "number"), **wanted)
    if (form := query.get("format", "")) in ("csv", "xlsx"):
        cells = ([*register.record(register.result_of(row)).values()] for row in rows)
        return export("results", form, register.HEADER, cells)
    sums = register.totals(rows)
    context = {
        "page": paged(rows, query.get("page"), register.result_of),
        "sums": sums,
        "charts": register.charts(sums),
        "names": register.names(),
        "wanted": wanted,
        "exports": True,
        "sort": "number",
        "crumbs": [(RESULTS, "")],
    }
    return render(request, "site_pages/results.html", context)


def result(request: HttpRequest, number: str) -> HttpResponse:
    """One award: who, what, where, when and why, and what came of it."""
    view = register.result(number)
    call = calls.call(view.call_code)
    context = {
        "result": view,
        "call": call,
        "why": register.why(view, call.rubric, call.rules.reviewers, call.programme_hash),
        "reports": register.published(number),
        "crumbs": [(RESULTS, "/results/"), (number, "")],
    }
    return render(request, "site_pages/result.html", context)


def programme_page(request: HttpRequest) -> HttpResponse:
    """The programme file, readable, with its sources and its hash."""
    digest = programme.current_hash()
    assumed, counted = rules.assumption_count(digest)
    context = {
        "tables": rules.tables(digest),
        "hash": digest,
        "assumed": assumed,
        "counted": counted,
        "crumbs": [(Text("사업 소개", "Programme"), "")],
    }
    return render(request, "site_pages/programme.html", context)


def programme_file(request: HttpRequest) -> HttpResponse:
    """The programme file as it is: what the hash is taken of."""
    response = HttpResponse(programme.current_text(), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'inline; filename="{programme.current().code}.yaml"'
    return response


def dashboard(request: HttpRequest) -> HttpResponse:
    """Capacity and use in figures: the whole for everybody, by cluster for those who oversee."""
    actor = request.actor
    sees_clusters = actor.may_oversee or actor.is_finance
    context = {
        "supply": figures.supply(request.now),
        "use": figures.public_use(request.now),
        "charts": figures.charts(request.now, by_cluster=sees_clusters),
        "sees_clusters": sees_clusters,
        "sums": register.totals(register.rows()),
        "crumbs": [(Text("사용 현황", "Use in figures"), "")],
    }
    return render(request, "site_pages/dashboard.html", context)


def health(request: HttpRequest) -> JsonResponse:
    """Whether this server can answer: for load balancers. Says nothing that is not public."""
    connection.ensure_connection()
    body = {
        "ok": True,
        "database": connection.vendor,
        "clock": "virtual" if is_virtual() else "wall",
        "programme": programme.current_hash(),
        "journal": journal.head()[0],
    }
    return JsonResponse(body)


def language_of(request: HttpRequest) -> str:
    """The reader's language, "ko" or "en"."""
    return "en" if (get_language() or settings.LANGUAGE_CODE).startswith("en") else "ko"
