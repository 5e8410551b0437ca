"""`dure bill`: close months, look at invoices."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from dure.cli import language
from dure.core.money import won
from dure.core.text import Text

if TYPE_CHECKING:
    from dure.decide.pricing import Charge

app = typer.Typer(no_args_is_help=True, help="Close months, write invoices.")
MonthArgument = Annotated[str, typer.Argument(help="YYYY-MM")]


def _start() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dure.portal.settings")
    import django

    django.setup()


def _say(text: Text) -> None:
    print(text.in_(language()))


def _row(table: Table, name: str, charge: Charge, more: str) -> None:
    amounts = (f"{charge.price:,}", f"{charge.self_pay:,}", f"{charge.subsidy:,}")
    table.add_row(name, more, *amounts)


def _table(title: Text, first: Text, second: Text) -> Table:
    table = Table(title=title.in_(language()))
    table.add_column(first.in_(language()))
    table.add_column(second.in_(language()), justify="right")
    for name in (Text("금액", "Price"), Text("자부담", "Self-pay"), Text("지원금", "Subsidy")):
        table.add_column(name.in_(language()), justify="right")
    return table


@app.command()
def draft(month: MonthArgument) -> None:
    """Show the invoices a month would have; nothing is written."""
    _start()
    from dure.portal.billing import queries

    found = queries.draft(queries.month_of(month))
    title = Text(f"{month} 청구 예정", f"Draft of {month}")
    table = _table(title, Text("기관", "Organisation"), Text("할당", "Allocations"))
    for invoice in found.invoices:
        _row(table, invoice.organisation.named(language()), invoice.charge, str(len(invoice.lines)))
    _row(table, Text("합계", "Total").in_(language()), found.charge, str(len(found.invoices)))
    Console().print(table)
    print(found.hash)


@app.command()
def close(month: MonthArgument) -> None:
    """Write the invoices of a month, all or none; closing a closed month changes nothing."""
    _start()
    from dure.portal.billing import operations, queries
    from dure.portal.clock.queries import now
    from dure.portal.people.actor import system

    wanted = queries.month_of(month)
    was_closed = queries.is_closed(wanted)
    written = operations.close_month(actor=system("command:bill"), now=now(), month=wanted)
    if was_closed:
        _say(Text(f"{month}은(는) 이미 마감되어 있습니다.", f"{month} is closed already."))
    else:
        _say(
            Text(
                f"{month}을(를) 마감하고 청구서 {written}건을 썼습니다.", f"Closed {month}: {written} invoices written."
            )
        )


@app.command()
def show(number: Annotated[str, typer.Argument(help="number of an invoice, or YYYY-MM for all of a month")]) -> None:
    """Show one invoice with its lines, or a month's invoices."""
    _start()
    from dure.portal.billing import queries
    from dure.portal.people.actor import system

    reader = system("command:bill")
    rows = [queries.view_of(row) for row in queries.listing(reader, month=number, order="number")]
    if rows:
        table = _table(Text(f"{number} 청구서", f"Invoices of {number}"), Text("번호", "Number"), Text("상태", "State"))
        for row in rows:
            amounts = (f"{row.price:,}", f"{row.self_pay:,}", f"{row.subsidy:,}")
            table.add_row(row.number, row.state, *amounts)
        Console().print(table)
        return
    invoice = queries.invoice(number, reader)
    name, hours = Text("할당", "Allocation"), Text("서버·초", "Node-seconds")
    table = _table(Text(invoice.organisation.name, invoice.organisation.named("en")), name, hours)
    for line in queries.lines(invoice.id):
        table.add_row(line.name, f"{line.node_seconds:,}", f"{line.price:,}", f"{line.self_pay:,}", f"{line.subsidy:,}")
    Console().print(table)
    to_pay = won(invoice.self_pay)
    _say(Text(f"납부하실 금액: {to_pay.ko} ({invoice.state})", f"To be paid: {to_pay.en} ({invoice.state})"))
