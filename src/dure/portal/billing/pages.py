"""Pages of billing: invoices, one invoice and its print, settling; months with their draft; balance of node-seconds."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dure.core.errors import InvalidInput, NotFound
from dure.core.period import Month
from dure.core.text import Text
from dure.decide.lifecycles import INVOICE
from dure.portal.billing import forms, operations, queries
from dure.portal.billing.queries import InvoiceView
from dure.portal.framework.lists import export, paged
from dure.portal.framework.pages import add_mistakes, person_required, role_required
from dure.portal.framework.programme import current, zone
from dure.portal.journal import queries as journal

_EVENTS = {
    "billing.pay": Text("납부를 확인했습니다", "Paid"),
    "billing.dispute": Text("이의를 신청했습니다", "Disputed"),
    "billing.uphold": Text("청구를 유지했습니다", "Upheld"),
    "billing.cancel": Text("청구를 취소했습니다", "Cancelled"),
}
_SETTLE = {
    "pay": (operations.pay, forms.Note),
    "dispute": (operations.dispute, forms.Reason),
    "uphold": (operations.uphold, forms.Reason),
    "cancel": (operations.cancel, forms.Reason),
}
_LINES = ("name", "cluster", "gpu_model", "node_seconds", "month_seconds", "market_rate", "fee_rate")
_MONEY = ("price", "self_pay", "subsidy")


@require_GET
@person_required
def invoices_list(request: HttpRequest) -> HttpResponse:
    """The invoices this person may see."""
    query, actor = request.GET, request.actor
    state, month = query.get("state", ""), query.get("month", "")
    rows = queries.listing(
        actor,
        text=query.get("q", "").strip(),
        state=state if state in INVOICE.states else "",
        month=month,
        applicant_class=query.get("class", ""),
        allocation=query.get("allocation", ""),
        order=query.get("sort", "-month"),
    )
    if query.get("format") in ("csv", "xlsx"):
        header = ["number", "month", "organisation", "class", "youth", *_MONEY, "state", "issued_at", "due_at"]
        found = [queries.view_of(row) for row in rows]
        cells = [
            [i.number, str(i.month), i.organisation.name, i.applicant_class, int(i.is_youth), i.price, i.self_pay,
             i.subsidy, i.state, i.issued_at, i.due_at] for i in found
        ]  # fmt: skip
        return export("invoices", query["format"], header, cells)
    sees_all = actor.is_finance or actor.may_oversee
    context = {
        "page": paged(rows, query.get("page"), queries.view_of),
        "states": INVOICE.states,
        "state": state,
        "classes": current().applicant_classes,
        "class": query.get("class", ""),
        "months": queries.months(actor) if sees_all else [],
        "month": month,
        "sees_all": sees_all,
        "exports": True,
        "sort": "-month",
        "crumbs": [(_("청구"), "")],
    }
    return render(request, "billing/list.html", context)


def _class_name(code: str) -> Text:
    return next((c.name for c in current().applicant_classes if c.code == code), Text(code, code))


def _invoice_context(request: HttpRequest, number: str) -> dict[str, Any]:
    found = queries.invoice(number, request.actor)
    return {
        "invoice": found,
        "class_name": _class_name(found.applicant_class),
        "lines": queries.lines(found.id),
        "period": found.month.period(zone()),
        "overdue": found.is_overdue(request.now),
    }


@require_GET
@person_required
def show(request: HttpRequest, number: str) -> HttpResponse:
    """One invoice: what is to be paid and how each line came about."""
    context = _invoice_context(request, number)
    found: InvoiceView = context["invoice"]
    if request.GET.get("format") in ("csv", "xlsx"):
        header = [*_LINES, *_MONEY]
        cells = [[getattr(line, name) for name in header] for line in context["lines"]]
        return export(f"invoice-{number}", request.GET["format"], header, cells)
    context |= {
        "events": _events(found),
        "actions": _actions(request, found),
        "crumbs": [(_("청구"), reverse("billing-list")), (number, "")],
    }
    return render(request, "billing/show.html", context)


@require_GET
@person_required
def printed(request: HttpRequest, number: str) -> HttpResponse:
    """The invoice as a letter."""
    context = _invoice_context(request, number)
    context |= {"document_number": number, "back_url": reverse("billing-show", args=[number])}
    return render(request, "billing/print.html", context)


def _events(found: InvoiceView) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = [
        {"title": Text("청구서를 발행했습니다", "The invoice was issued"), "at": found.issued_at}
    ]
    events += [
        {"title": _EVENTS.get(e.event, Text(e.event, e.event)), "at": e.at, "why": e.reason}
        for e in journal.about(f"invoice:{found.number}")
    ]
    if found.state == "issued":
        events.append({"title": Text("납부 기한", "Payment due"), "due": found.due_at, "phase": "next"})
    return events


def _actions(request: HttpRequest, found: InvoiceView) -> list[str]:
    actor = request.actor
    may = {"dispute": found.organisation.id in actor.headed and found.self_pay > 0}
    may |= dict.fromkeys(("pay", "uphold", "cancel"), actor.is_finance)
    return [event for event in _SETTLE if may[event] and INVOICE.allows(found.state, event)]


@person_required
def settle(request: HttpRequest, number: str, event: str) -> HttpResponse:
    """Ask, then pay, dispute, uphold or cancel."""
    found = queries.invoice(number, request.actor)
    if event not in _SETTLE:
        raise NotFound
    operation, form_class = _SETTLE[event]
    actor = request.actor
    actor.require(found.organisation.id in actor.headed if event == "dispute" else actor.is_finance)
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            operation(actor=request.actor, now=request.now, number=number, **form.cleaned_data)
            messages.success(request, _("저장했습니다."))
            return redirect("billing-show", number)
        except InvalidInput as error:
            add_mistakes(form, error)
    titles = {
        "pay": _("납부를 확인하셨습니까?"),
        "dispute": _("무엇이 잘못되었습니까?"),
        "uphold": _("청구를 유지하시겠습니까?"),
        "cancel": _("청구를 취소하시겠습니까?"),
    }
    url = reverse("billing-show", args=[number])
    context = {
        "invoice": found,
        "form": form,
        "title": titles[event],
        "event": event,
        "cancel_url": url,
        "submit_label": _("저장하기"),
        "crumbs": [(_("청구"), reverse("billing-list")), (number, url), (titles[event], "")],
    }
    return render(request, "billing/settle.html", context)


@require_GET
@role_required("finance", "auditor", "programme_manager")
def months_list(request: HttpRequest) -> HttpResponse:
    """The months billed, and those to be closed."""
    this = Month.of(request.now, zone())
    closed = queries.months(request.actor)
    done = {one.month for one in closed if one.state == "closed"}
    first = queries.first_month()
    waiting = []
    while first is not None and first < this:
        if first not in done:
            waiting.append(first)
        first = first.plus(1)
    context = {"closed": closed, "waiting": waiting, "this": this, "crumbs": [(_("청구"), reverse("billing-list")),
               (_("월 마감"), "")]}  # fmt: skip
    return render(request, "billing/months.html", context)


@role_required("finance", "auditor", "programme_manager")
def month(request: HttpRequest, month: str) -> HttpResponse:
    """One month: its draft before it is closed (and closing it), its totals by class after."""
    wanted = queries.month_of(month)
    mistakes: list[Any] = []
    if request.method == "POST":
        try:
            written = operations.close_month(
                actor=request.actor, now=request.now, month=wanted, expected_hash=request.POST.get("hash", "")
            )
            messages.success(request, _("마감했습니다. 청구서 %(n)s건을 보냈습니다.") % {"n": written})
            return redirect("billing-month", month)
        except InvalidInput as error:
            mistakes = list(error.mistakes)
    is_closed = queries.is_closed(wanted)
    totals = queries.totals_by_class(wanted, request.actor) if is_closed else []
    context = {
        "month": wanted,
        "is_closed": is_closed,
        "is_over": request.now >= wanted.period(zone()).end,
        "may_close": request.actor.is_finance,
        "draft": None if is_closed else queries.draft(wanted),
        "totals": [(one, _class_name(one.applicant_class)) for one in totals],
        "mistakes": mistakes,
        "chart": {
            "kind": "stacked",
            "title": Text("구분별 자부담과 지원금", "Self-pay and subsidy by class"),
            "series": [Text("자부담", "Self-pay"), Text("지원금", "Subsidy")],
            "rows": [(_class_name(one.applicant_class), [one.self_pay, one.subsidy]) for one in totals],
            "format": "won",
        },
        "crumbs": [
            (_("청구"), reverse("billing-list")),
            (_("월 마감"), reverse("billing-months")),
            (str(wanted), ""),
        ],
    }
    return render(request, "billing/month.html", context)


@require_GET
@role_required("finance", "auditor", "programme_manager")
def balance(request: HttpRequest, month: str) -> HttpResponse:
    """What became of every node-second of a month: supplied = awarded + self-use + maintenance + free."""
    wanted = queries.month_of(month)
    rows = queries.balance(wanted, request.actor)
    if request.GET.get("format") in ("csv", "xlsx"):
        header = ["cluster", "supplied", "awarded", "self_use", "maintenance", "free", "billed"]
        cells = [
            [b.cluster, b.capacity.supplied, b.capacity.awarded, b.capacity.self_use, b.capacity.maintenance,
             b.capacity.free, b.billed] for b in rows
        ]  # fmt: skip
        return export(f"balance-{wanted}", request.GET["format"], header, cells)
    context = {
        "month": wanted,
        "rows": rows,
        "holds": all(one.is_conserved for one in rows),
        "crumbs": [
            (_("청구"), reverse("billing-list")),
            (_("월 마감"), reverse("billing-months")),
            (_("서버시간 대조"), ""),
        ],
    }
    return render(request, "billing/balance.html", context)
