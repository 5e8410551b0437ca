"""The part of an application's story that is use and money."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from dure.core.gpu_hours import hours
from dure.core.period import Month, Period, months_touched
from dure.core.text import Text
from dure.portal.allocations.queries import AllocationView
from dure.portal.billing import queries as billing
from dure.portal.framework import programme
from dure.portal.people.actor import Actor
from dure.portal.site import addresses
from dure.portal.usage import queries as usage
from dure.programme.amounts import amount


@dataclass(frozen=True)
class Entry:
    """A month of use, or an invoice."""

    title: Text
    at: datetime
    why: Text
    url: str


def entries(allocation: AllocationView, actor: Actor, now: datetime) -> Iterator[Entry]:
    """What was used in each month that is over, and what was billed."""
    zone = programme.zone()
    begun = Period(allocation.start_at, min(allocation.end_at, now)) if allocation.start_at < now else None
    months = [month for month, _ in months_touched(begun, zone) if month.period(zone).end <= now] if begun else []
    for month, use in usage.hours(allocation.cluster, allocation.name, months).items() if months else ():
        if use.allocated_gpu_seconds:
            yield _used(month, use, month.period(zone).end, addresses.allocation(allocation.name))
    currency = programme.current().currency
    for invoice in billing.of_allocation(allocation.id, actor):
        month = invoice.month.words
        # An invoice charges all of an organisation's allocations; this story tells of one.
        lines = [line for line in billing.lines(invoice.id) if line.name == allocation.name]
        price = amount(sum(line.price for line in lines), currency)
        pays = amount(sum(line.self_pay for line in lines), currency)
        title = Text(f"{month.ko} 사용료를 청구했습니다", f"Invoice for {month.en}")
        why = Text(f"이용 금액 {price.ko}, 자부담 {pays.ko}", f"Price {price.en}, self-pay {pays.en}")
        yield Entry(title, invoice.issued_at, why, addresses.invoice(invoice.number))


def _used(month: Month, use: usage.Use, at: datetime, url: str) -> Entry:
    held, running, busy = (
        f"{hours(seconds, 0):,}"
        for seconds in (use.allocated_gpu_seconds, use.running_gpu_seconds, use.busy_gpu_seconds)
    )
    title = Text(f"{month.words.ko}에 사용했습니다", f"Used in {month.words.en}")
    why = Text(
        f"할당 {held} · 실행 {running} · 가동 {busy} GPU시간",
        f"{held} GPU-hours allocated, {running} running, {busy} busy",
    )
    return Entry(title, at, why, url)
