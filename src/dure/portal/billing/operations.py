"""Closing months and settling invoices."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from dure.core import money
from dure.core.errors import InvalidInput, Mistake
from dure.core.period import Month
from dure.core.text import Text
from dure.decide.lifecycles import BILLING_MONTH, INVOICE
from dure.portal.billing import queries
from dure.portal.billing.models import BillingMonth, Invoice, Line
from dure.portal.billing.queries import Draft, DraftInvoice
from dure.portal.framework.programme import current, current_hash, zone
from dure.portal.framework.states import locked, move
from dure.portal.journal import operations as journal
from dure.portal.messages import operations as messages
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor


@transaction.atomic
def close_month(*, actor: Actor, now: datetime, month: Month, expected_hash: str = "") -> int:
    """Write the invoices of a month, all or none; returns how many are new.

    Closing a closed month changes nothing. With `expected_hash`, what is written is the draft that was shown.
    Raises NotPermitted, InvalidInput for a month that is not over, or whose draft has changed since it was shown.
    """
    actor.require(actor.is_system or actor.is_finance)
    if now < month.period(zone()).end:
        what = Text(f"{month}은(는) 아직 끝나지 않았습니다.", f"{month} is not over yet.")
        remedy = Text("다음 달이 된 뒤에 마감해 주십시오.", "Close it once the next month has begun.")
        raise InvalidInput(Mistake("month", what, remedy))
    BillingMonth.objects.get_or_create(month=str(month))
    row = locked(BillingMonth.objects.all(), month=str(month))
    if row.state == "closed":
        return 0
    draft = queries.draft(month)
    if expected_hash and draft.hash != expected_hash:
        what = Text("미리 보신 뒤에 내용이 바뀌었습니다.", "The draft has changed since it was shown.")
        raise InvalidInput(Mistake("month", what, Text("다시 확인해 주십시오.", "Look at it again.")))
    _write(row, draft, now)
    move(row, BILLING_MONTH, "close", closed_at=now, closed_by=actor.name, hash=draft.hash)
    journal.append(
        at=now,
        actor=actor.name,
        event="billing.close_month",
        subject=f"month:{month}",
        hash=draft.hash,
        programme_hash=current_hash(),
        invoices=len(draft.invoices),
        price=draft.charge.price,
        self_pay=draft.charge.self_pay,
        subsidy=draft.charge.subsidy,
    )
    return len(draft.invoices)


def _write(month: BillingMonth, draft: Draft, now: datetime) -> None:
    rows = Invoice.objects.bulk_create(_invoice(month, one, now) for one in draft.invoices)
    Line.objects.bulk_create(
        Line(
            invoice=row,
            allocation_id=line.allocation_id,
            name=line.name,
            cluster=line.cluster,
            gpu_model=line.gpu_model,
            node_seconds=line.node_seconds,
            month_seconds=line.month_seconds,
            market_rate=line.rates.market,
            fee_rate=line.rates.fee,
            price=line.charge.price,
            self_pay=line.charge.self_pay,
            subsidy=line.charge.subsidy,
        )
        for row, one in zip(rows, draft.invoices, strict=True)
        for line in one.lines
    )
    for row in rows:
        if not row.self_pay:
            move(row, INVOICE, "pay", settled_at=now)  # nothing to pay
        _announce(row, now)


def _invoice(month: BillingMonth, one: DraftInvoice, now: datetime) -> Invoice:
    return Invoice(
        number=f"{month.month}-{one.organisation.code}",
        month=month,
        organisation_id=one.organisation.id,
        applicant_class=one.organisation.applicant_class,
        is_youth=one.organisation.is_youth,
        price=one.charge.price,
        self_pay=one.charge.self_pay,
        subsidy=one.charge.subsidy,
        issued_at=now,
        due_at=now + timedelta(days=current().invoicing.due_days),
    )


def _announce(row: Invoice, now: datetime) -> None:
    amount, support = money.won(row.self_pay), money.won(row.subsidy)
    month = Month.parse(row.month.month).words
    subject = Text(f"{month.ko} GPU 이용료 청구서", f"GPU invoice for {month.en}")
    body = Text(
        f"납부하실 금액은 {amount.ko}, 지원금은 {support.ko}입니다.\n청구서: /billing/{row.number}/",
        f"You pay {amount.en}; the programme pays {support.en}.\nInvoice: /billing/{row.number}/",
    )
    for head in people.heads(row.organisation_id):
        key = f"invoice:{row.number}:{head.id}"
        messages.announce(key=key, user_id=head.id, subject=subject, body=body, now=now)


@transaction.atomic
def pay(*, actor: Actor, now: datetime, number: str, reason: str = "") -> None:
    """Note that an invoice was paid. For finance. Raises NotPermitted, NotFound, IllegalTransition."""
    actor.require(actor.is_finance)
    _settle(actor, now, number, "pay", reason)


@transaction.atomic
def dispute(*, actor: Actor, now: datetime, number: str, reason: str) -> None:
    """A head of the organisation objects to an invoice, with a reason, before it is paid."""
    found = queries.invoice(number, actor)
    actor.require(found.organisation.id in actor.headed)
    _need(reason)
    row = _move(number, "dispute", state_reason=reason.strip()[:300])
    _note(actor, now, "dispute", row, reason)


@transaction.atomic
def uphold(*, actor: Actor, now: datetime, number: str, reason: str) -> None:
    """Keep a disputed invoice as it is, with a reason; the time to pay begins anew. For finance."""
    actor.require(actor.is_finance)
    _need(reason)
    due_at = now + timedelta(days=current().invoicing.due_days)
    row = _move(number, "uphold", state_reason=reason.strip()[:300], due_at=due_at)
    _note(actor, now, "uphold", row, reason)


@transaction.atomic
def cancel(*, actor: Actor, now: datetime, number: str, reason: str) -> None:
    """Cancel a disputed invoice, with a reason. For finance."""
    actor.require(actor.is_finance)
    _need(reason)
    _settle(actor, now, number, "cancel", reason)


def _settle(actor: Actor, now: datetime, number: str, event: str, reason: str) -> None:
    row = _move(number, event, settled_at=now, state_reason=reason.strip()[:300])
    _note(actor, now, event, row, reason)


def _move(number: str, event: str, **changes: object) -> Invoice:
    row: Invoice = locked(Invoice.objects.all(), number=number)
    move(row, INVOICE, event, **changes)
    return row


def _note(actor: Actor, now: datetime, event: str, row: Invoice, reason: str) -> None:
    subject, detail = f"invoice:{row.number}", {"self_pay": row.self_pay}
    journal.append(at=now, actor=actor.name, event=f"billing.{event}", subject=subject, reason=reason, **detail)


def _need(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput(Mistake("reason", Text("사유를 적어 주십시오.", "Give the reason.")))
