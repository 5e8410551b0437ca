from django.db import models
from django.db.models import F, Q

from dure.decide.lifecycles import BILLING_MONTH, INVOICE
from dure.portal.framework.states import state_constraint, state_field


class BillingMonth(models.Model):
    """A calendar month in the programme's time zone; closing it writes its invoices, once."""

    month = models.CharField(max_length=7, unique=True)  # YYYY-MM
    state = state_field(BILLING_MONTH)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=200, blank=True)
    hash = models.CharField(max_length=71, blank=True)

    class Meta:
        ordering = ("-month",)
        constraints = [state_constraint(BILLING_MONTH, "billing_month_state")]


class Invoice(models.Model):
    """What one organisation owes for one month; the sum of its lines, always."""

    number = models.CharField(max_length=60, unique=True)  # "2026-03-org-code"
    month = models.ForeignKey(BillingMonth, on_delete=models.PROTECT, related_name="invoices")
    organisation = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, related_name="+")
    applicant_class = models.CharField(max_length=40)  # as it was when the month closed
    is_youth = models.BooleanField(default=False)
    price = models.BigIntegerField()
    self_pay = models.BigIntegerField()
    subsidy = models.BigIntegerField()
    state = state_field(INVOICE)
    state_reason = models.CharField(max_length=300, blank=True)
    issued_at = models.DateTimeField()
    due_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-month_id", "number")
        constraints = [
            state_constraint(INVOICE, "invoice_state"),
            models.UniqueConstraint(fields=["month", "organisation"], name="invoice_once"),
            models.CheckConstraint(condition=Q(price=F("self_pay") + F("subsidy")), name="invoice_sum"),
        ]


class Line(models.Model):
    """One allocation's part of an invoice. Running and busy hours are not here: they never change a bill."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    allocation = models.ForeignKey("allocations.Allocation", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=40)  # the allocation's
    cluster = models.CharField(max_length=40)
    gpu_model = models.CharField(max_length=40)
    node_seconds = models.BigIntegerField()
    month_seconds = models.BigIntegerField()
    market_rate = models.BigIntegerField()  # won per node and month
    fee_rate = models.BigIntegerField()  # won per node and month after class and youth reductions
    price = models.BigIntegerField()
    self_pay = models.BigIntegerField()
    subsidy = models.BigIntegerField()

    class Meta:
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=["invoice", "allocation"], name="line_once"),
            models.CheckConstraint(condition=Q(price=F("self_pay") + F("subsidy")), name="line_sum"),
        ]
