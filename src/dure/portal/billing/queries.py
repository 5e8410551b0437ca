"""Reading bills: the draft of a month as a value, invoices, totals by class, and what became of every node-second."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, Q, QuerySet, Sum

from dure.core import canonical
from dure.core.errors import InvalidInput, Mistake, NotFound
from dure.core.period import Month
from dure.core.text import Text
from dure.decide import pricing
from dure.decide.pricing import Charge, Rates
from dure.portal.allocations import queries as allocations
from dure.portal.allocations.queries import AllocationView
from dure.portal.awards import queries as awards
from dure.portal.billing.models import BillingMonth, Invoice, Line
from dure.portal.fleet import queries as fleet
from dure.portal.fleet.queries import Capacity
from dure.portal.framework.programme import current, current_hash, zone
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor
from dure.portal.people.queries import OrganisationView

AWARD = "award:"


@dataclass(frozen=True)
class DraftLine:
    """One allocation's part of a bill."""

    allocation_id: int
    name: str
    cluster: str
    gpu_model: str
    node_seconds: int
    month_seconds: int
    rates: Rates
    charge: Charge


@dataclass(frozen=True)
class DraftInvoice:
    """What one organisation would owe."""

    organisation: OrganisationView
    lines: Sequence[DraftLine]
    charge: Charge


@dataclass(frozen=True)
class Draft:
    """A month's bills before they are written; closing writes exactly this. `hash` names it."""

    month: Month
    invoices: Sequence[DraftInvoice]
    charge: Charge
    hash: str


@dataclass(frozen=True)
class LineView:
    """One line of an invoice, with the base from which anybody can compute it again."""

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


@dataclass(frozen=True)
class InvoiceView:
    """An invoice; its amounts are the sums of its lines."""

    id: int
    number: str
    month: Month
    organisation: OrganisationView
    applicant_class: str
    is_youth: bool
    price: int
    self_pay: int
    subsidy: int
    state: str
    state_reason: str
    issued_at: datetime
    due_at: datetime
    settled_at: datetime | None

    def is_overdue(self, now: datetime) -> bool:
        """Whether it should have been paid by `now`."""
        return self.state == "issued" and now >= self.due_at


@dataclass(frozen=True)
class ClassTotal:
    """What one applicant class was charged in a month."""

    applicant_class: str
    invoices: int
    price: int
    self_pay: int
    subsidy: int


@dataclass(frozen=True)
class MonthView:
    """A month and whether it is closed."""

    month: Month
    state: str
    closed_at: datetime | None
    closed_by: str
    hash: str
    invoices: int
    self_pay: int
    subsidy: int


@dataclass(frozen=True)
class Balance:
    """Where a cluster's node-seconds of a month went, and how many of those awarded are billed.

    Awarded but not billed: nodes held for an award that is not agreed yet.
    """

    cluster: str
    capacity: Capacity
    billed: int

    @property
    def is_conserved(self) -> bool:
        """Whether no node-second was counted twice and none billed that was not awarded."""
        held = self.capacity
        return min(held.free, held.awarded - self.billed) >= 0


def month_of(text: str) -> Month:
    """`YYYY-MM` as a month. Raises InvalidInput at "month"."""
    try:
        return Month.parse(text)
    except ValueError as error:
        what = Text("달은 2026-04처럼 적어 주십시오.", "Write the month as 2026-04.")
        raise InvalidInput(Mistake("month", what)) from error


def draft(month: Month) -> Draft:
    """The bills of `month` from what is booked: nothing is written. Running and busy hours play no part."""
    seconds = month.period(zone()).seconds
    held = fleet.booked_seconds("award", month.period(zone()))
    numbers = [reference.removeprefix(AWARD) for _, reference in held]
    known = _holders_then(allocations.by_award(numbers), month)
    lines: dict[int, list[DraftLine]] = defaultdict(list)
    organisations: dict[int, OrganisationView] = {}
    for (_, reference), node_seconds in sorted(held.items()):
        allocation = known.get(reference.removeprefix(AWARD))
        if allocation is not None and node_seconds:
            organisations[allocation.organisation.id] = allocation.organisation
            lines[allocation.organisation.id].append(_line(allocation, node_seconds, seconds))
    invoices = [
        DraftInvoice(who, lines[who.id], pricing.total(line.charge for line in lines[who.id]))
        for who in sorted(organisations.values(), key=lambda who: who.code)
    ]
    return Draft(month, invoices, pricing.total(i.charge for i in invoices), _hash(month, invoices))


def _holders_then(known: dict[str, AllocationView], month: Month) -> dict[str, AllocationView]:
    """Allocations with the organisations that held them in `month`: transfers begin with a month."""
    before = awards.holders_before(month.period(zone()).end)
    then = people.organisations({pk for number, pk in before.items() if number in known})
    return {
        number: replace(view, organisation=then[before[number]]) if number in before else view
        for number, view in known.items()
    }


def _line(allocation: AllocationView, node_seconds: int, month_seconds: int) -> DraftLine:
    programme, who = current(), allocation.organisation
    rates = pricing.rates(programme, allocation.gpu_model, who.applicant_class, who.is_youth)
    charge = pricing.line(
        rates, node_seconds=node_seconds, month_seconds=month_seconds, rounding=programme.currency.rounding
    )
    return DraftLine(
        allocation.id,
        allocation.name,
        allocation.cluster,
        allocation.gpu_model,
        node_seconds,
        month_seconds,
        rates,
        charge,
    )


def _hash(month: Month, invoices: Sequence[DraftInvoice]) -> str:
    said = [
        [
            invoice.organisation.code,
            invoice.organisation.applicant_class,
            [[line.name, line.node_seconds, line.rates.market, line.rates.fee] for line in invoice.lines],
        ]
        for invoice in invoices
    ]
    return canonical.digest({"month": str(month), "programme": current_hash(), "invoices": said})


def _may_see_all(actor: Actor) -> bool:
    return actor.is_finance or actor.may_oversee


def months(actor: Actor) -> list[MonthView]:
    """The months billed so far, newest first. Raises NotPermitted for anybody but finance and the overseers."""
    actor.require(_may_see_all(actor))
    live = Q(invoices__isnull=False) & ~Q(invoices__state="cancelled")
    rows = BillingMonth.objects.annotate(
        count=Count("invoices"),
        pay=Sum("invoices__self_pay", filter=live),
        support=Sum("invoices__subsidy", filter=live),
    )
    return [
        MonthView(
            Month.parse(row.month),
            row.state,
            row.closed_at,
            row.closed_by,
            row.hash,
            row.count,
            row.pay or 0,
            row.support or 0,
        )
        for row in rows
    ]


def is_closed(month: Month) -> bool:
    """Whether a month's invoices are written."""
    return BillingMonth.objects.filter(month=str(month), state="closed").exists()


def first_month() -> Month | None:
    """The month of the earliest allocation; None while there is none."""
    first = allocations.first_start()
    return Month.of(first, zone()) if first else None


def months_due(now: datetime) -> list[Month]:
    """Months not closed whose day of issue has come, oldest first."""
    month = first_month()
    if month is None:
        return []
    closed = set(BillingMonth.objects.filter(state="closed").values_list("month", flat=True))
    found = []
    while _issue_at(month) <= now:
        if str(month) not in closed:
            found.append(month)
        month = month.plus(1)
    return found


def _issue_at(month: Month) -> datetime:
    after = month.plus(1).first_day
    return current().midnight(after.replace(day=current().invoicing.issue_day))


def listing(
    actor: Actor,
    *,
    text: str = "",
    state: str = "",
    month: str = "",
    applicant_class: str = "",
    allocation: str = "",
    order: str = "-month",
) -> QuerySet[Invoice]:
    """The invoices this person may see, for `framework.lists.paged(…, make=view_of)`."""
    rows = Invoice.objects.select_related("month", "organisation")
    if not _may_see_all(actor):
        rows = rows.filter(organisation_id__in=actor.organisations)
    if text:
        rows = rows.filter(
            Q(number__icontains=text) | Q(organisation__name__icontains=text) | Q(organisation__name_en__icontains=text)
        )
    for column, value in (
        ("state", state),
        ("month__month", month),
        ("applicant_class", applicant_class),
        ("lines__name", allocation),
    ):
        if value:
            rows = rows.filter(**{column: value})
    orders = {"month": "month__month", "number": "number", "self_pay": "self_pay", "price": "price", "due": "due_at"}
    sign = "-" if order.startswith("-") else ""
    return rows.order_by(sign + orders.get(order.lstrip("-"), "month__month"), "number")


def view_of(row: Invoice) -> InvoiceView:
    """One row of `listing`."""
    return InvoiceView(
        row.pk,
        row.number,
        Month.parse(row.month.month),
        people.organisation_view(row.organisation),
        row.applicant_class,
        row.is_youth,
        row.price,
        row.self_pay,
        row.subsidy,
        row.state,
        row.state_reason,
        row.issued_at,
        row.due_at,
        row.settled_at,
    )


def invoice(number: str, actor: Actor) -> InvoiceView:
    """One invoice. Raises NotFound, also for another organisation's."""
    row = listing(actor).filter(number=number).first()
    if row is None:
        raise NotFound(internal=f"invoice {number!r} for {actor}")
    return view_of(row)


def lines(invoice_id: int) -> list[LineView]:
    """The lines of an invoice."""
    names = (
        "name", "cluster", "gpu_model", "node_seconds", "month_seconds", "market_rate", "fee_rate", "price",
        "self_pay", "subsidy",
    )  # fmt: skip
    return [LineView(*row) for row in Line.objects.filter(invoice_id=invoice_id).values_list(*names)]


def of_allocation(allocation_id: int, actor: Actor) -> list[InvoiceView]:
    """The invoices that charge an allocation, as far as this person may see them."""
    return [view_of(row) for row in listing(actor).filter(lines__allocation_id=allocation_id)]


def totals_by_class(month: Month, actor: Actor) -> list[ClassTotal]:
    """What each class was charged in a month, in the programme file's order. For finance and the overseers."""
    actor.require(_may_see_all(actor))
    rows = {
        row["applicant_class"]: row
        for row in Invoice.objects.filter(month__month=str(month))
        .exclude(state="cancelled")
        .order_by()
        .values("applicant_class")
        .annotate(n=Count("id"), p=Sum("price"), s=Sum("self_pay"), u=Sum("subsidy"))
    }
    return [
        ClassTotal(c.code, rows[c.code]["n"], rows[c.code]["p"], rows[c.code]["s"], rows[c.code]["u"])
        for c in current().applicant_classes
        if c.code in rows
    ]


def balance(month: Month, actor: Actor) -> list[Balance]:
    """What became of every cluster's node-seconds in a month. For finance, providers of the cluster, overseers."""
    billed: dict[str, int] = defaultdict(int)
    for invoice_draft in draft(month).invoices:
        for line in invoice_draft.lines:
            billed[line.cluster] += line.node_seconds
    return [
        Balance(cluster.code, fleet.capacity(cluster.code, [month])[0], billed[cluster.code])
        for cluster in fleet.clusters(actor)
    ]
