"""The billing JSON API: a person's invoices with their lines."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from dure.portal.billing import queries
from dure.portal.framework.api import answers, signed_in
from dure.portal.framework.lists import PAGE_SIZE, paged

router = Router(tags=["billing"])


class LineOut(Schema):
    """One line: price = market_rate × node_seconds ÷ month_seconds, self_pay the same with fee_rate, rounded once."""

    name: str
    cluster: str
    gpu_model: str
    node_seconds: int
    month_seconds: int
    market_rate: int
    fee_rate: int
    price: int
    self_pay: int
    subsidy: int


class InvoiceOut(Schema):
    """An invoice; amounts in the currency's smallest unit."""

    number: str
    month: str
    organisation: str
    applicant_class: str
    price: int
    self_pay: int
    subsidy: int
    state: str
    issued_at: datetime
    due_at: datetime
    settled_at: datetime | None


class InvoiceWithLines(InvoiceOut):
    """An invoice in full."""

    lines: list[LineOut]


class InvoicesOut(Schema):
    """One page of invoices."""

    rows: list[InvoiceOut]
    number: int
    total: int


def _out(found: queries.InvoiceView) -> dict[str, Any]:
    values = {name: getattr(found, name) for name in InvoiceOut.model_fields}
    return values | {"month": str(found.month), "organisation": found.organisation.code}


@router.get("/invoices", auth=signed_in, response=answers(InvoicesOut))
def list_invoices(request: HttpRequest, month: str = "", state: str = "", page: int = 1) -> dict[str, Any]:
    """The invoices this person may see, 50 to a page."""
    rows = queries.listing(request.auth, month=month, state=state)
    found = paged(rows, page, queries.view_of, PAGE_SIZE)
    return {"rows": [_out(one) for one in found.rows], "number": found.number, "total": found.total}


@router.get("/invoices/{number}", auth=signed_in, response=answers(InvoiceWithLines))
def show_invoice(request: HttpRequest, number: str) -> dict[str, Any]:
    """One invoice with its lines."""
    found = queries.invoice(number, request.auth)
    return _out(found) | {"lines": queries.lines(found.id)}
