"""Lists as every page shows them: sorted, paged, exported."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.paginator import Paginator
from django.http import HttpResponse
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

Row = TypeVar("Row")
PAGE_SIZE = 50
FORMULA_SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # Korean and Japanese spreadsheets take the wide ones too


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of a list: its rows, where it stands, how many rows there are in all.

    It answers what templates ask of Django's own `Page` (the design system's pager does).
    """

    rows: Sequence[Row]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def paginator(self) -> Paginator:
        """Django's paginator over as many rows."""
        return Paginator(range(self.total), self.size)

    def has_previous(self) -> bool:
        """Whether there is a page before."""
        return self.number > 1

    def has_next(self) -> bool:
        """Whether there is a page after."""
        return self.number < self.pages

    def has_other_pages(self) -> bool:
        """Whether there is more than one page."""
        return self.pages > 1

    def start_index(self) -> int:
        """The number of the first row, from 1; 0 in an empty list."""
        return (self.number - 1) * self.size + 1 if self.total else 0

    def end_index(self) -> int:
        """The number of the last row."""
        return min(self.number * self.size, self.total)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def paged(queryset: Any, number: str | int | None, make: Callable[[Any], Row], size: int = PAGE_SIZE) -> Page[Row]:
    """Page `number` (1-based; nonsense means 1) of `queryset`, each row made by `make`."""
    total = queryset.count()
    try:
        wanted = max(1, int(number or 1))
    except ValueError:
        wanted = 1
    page = Page((), wanted, size, total)
    wanted = min(wanted, page.pages)
    rows = [make(row) for row in queryset[(wanted - 1) * size : wanted * size]]
    return Page(rows, wanted, size, total)


def export(name: str, form: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """The list as a file: `form` is "csv" (UTF-8 with BOM, so that spreadsheets read Korean) or "xlsx".

    Cells that begin with a formula sign are written as text, so that a spreadsheet does not run them.
    """
    if form == "xlsx":
        book = Workbook(write_only=True)
        sheet = book.create_sheet()
        for row in [header, *rows]:
            sheet.append([cell(value) for value in row])
        out = io.BytesIO()
        book.save(out)
        kind, content = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", out.getvalue()
    else:
        text = io.StringIO()
        writer = csv.writer(text)
        for row in [header, *rows]:
            writer.writerow([cell(value) for value in row])
        form, kind, content = "csv", "text/csv; charset=utf-8", text.getvalue().encode("utf-8-sig")
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


def cell(value: Any) -> Any:
    """A value as a cell: instants in ISO form; text that a spreadsheet would run gets an apostrophe before it.

    Control characters, which no table holds and which would spoil the whole file, are left out.
    """
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("", value)
        if value.lstrip()[:1] in FORMULA_SIGNS or value[:1] in ("\t", "\r", "\n"):
            return "'" + value
    return value
