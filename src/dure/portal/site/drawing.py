"""What every chart is made of: the figure with its text alternative and table, patterns, axes, how wide a label is.

No inline style: colours are classes c1…c8 of dure.css, so a chart follows the display mode; each series also has a
pattern and a letter, because colour alone says nothing to many readers.
"""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import floor, log10
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from dure.core.text import Text
from dure.portal.site import show

Number = int | float | Decimal

SERIES = 8
LETTERS = "ABCDEFGH"
WIDTHS = {"panel": 380, "full": 1120, "half": 420}
_AS_TABLE = Text("표로 보기", "Show as a table")

# One 8 × 8 tile per series, drawn over its colour; the first is plain.
_TILES = (
    "",
    "M-2 2 2-2M0 8 8 0M6 10 10 6",
    "M2 2h.1M6 6h.1",
    "M0 0 8 8M8 0 0 8",
    "M0 4h8",
    "M-2 6 2 10M0 0 8 8M6-2 10 2",
    "M4 0v8",
    "M0 0h4v4H0zM4 4h4v4H4z",
)


@dataclass(frozen=True)
class Table:
    """The numbers of a chart: `rows` of cells as shown, the first cell naming the row."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass
class Canvas:
    """An SVG being drawn, in pixels of its view box."""

    title: str
    width: int
    height: int
    size: str = "panel"
    parts: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """A short name that keeps this chart's ids apart from others on the page."""
        return f"g{zlib.crc32(f'{self.title}{self.width}x{self.height}'.encode()):x}"

    def add(self, markup: str) -> None:
        """Put in `markup`, in which everything from outside is escaped."""
        self.parts.append(markup)

    def text(self, x: float, y: float, words: str, css: str = "") -> None:
        """Words at a baseline."""
        self.parts.append(f'<text class="{css}" x="{x:g}" y="{y:g}">{escape(words)}</text>')

    def line(self, x1: float, y1: float, x2: float, y2: float, css: str) -> None:
        """A straight line."""
        self.parts.append(f'<path class="{css}" d="M{x1:g} {y1:g}L{x2:g} {y2:g}"/>')

    def shape(self, tag: str, series: int, tip: str = "") -> None:
        """A filled shape in a series' colour, its pattern over it. `tag` is the element without its end: `rect x=…`."""
        index = series % SERIES
        tip_markup = f"<title>{escape(tip)}</title>" if tip else ""
        name = tag.split(" ", 1)[0]
        self.parts.append(f'<{tag} class="c{index + 1} edge">{tip_markup}</{name}>')
        if index:
            self.parts.append(f'<{tag} fill="url(#{self.key}p{index})">{tip_markup}</{name}>')

    def bar(self, x: float, y: float, width: float, height: float, series: int, tip: str = "") -> None:
        """A rectangle of a series."""
        self.shape(
            f'rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}"', series, tip
        )

    def patterns(self, count: int) -> None:
        """The tiles of the first `count` series."""
        tiles = "".join(
            f'<pattern id="{self.key}p{i}" width="8" height="8" patternUnits="userSpaceOnUse">'
            f'<path class="mark" d="{_TILES[i]}"/></pattern>'
            for i in range(1, min(count, SERIES))
        )
        if tiles:
            self.parts.insert(0, f"<defs>{tiles}</defs>")


def figure(canvas: Canvas, desc: str, table: Table, language: str, *, note: str = "", legend: str = "") -> SafeString:
    """The whole figure: caption, legend, picture with its text alternative, and the same numbers as a table."""
    small = f"<small>{escape(note)}</small>" if note else ""
    focus = ' tabindex="0" role="group" aria-label="' + escape(canvas.title) + '"' if canvas.size == "full" else ""
    # Everything from outside was escaped where it was put in.
    return mark_safe(  # noqa: S308
        f'<figure class="chart"><figcaption>{escape(canvas.title)}{small}</figcaption>{legend}'
        f'<div class="chart-scroll"{focus}><svg class="{canvas.size}" viewBox="0 0 {canvas.width} {canvas.height}" '
        f'role="img" aria-labelledby="{canvas.key}t {canvas.key}d">'
        f'<title id="{canvas.key}t">{escape(canvas.title)}</title>'
        f'<desc id="{canvas.key}d">{escape(desc)}</desc>{"".join(canvas.parts)}</svg></div>'
        f"<details><summary>{_AS_TABLE.in_(language)}</summary>{_table(table, canvas.title)}</details></figure>"
    )


def _table(table: Table, title: str) -> str:
    head = "".join(f'<th scope="col"{_num(i)}>{escape(cell)}</th>' for i, cell in enumerate(table.head))
    rows = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f'<td class="num">{escape(c)}</td>' for c in row[1:])
        + "</tr>"
        for row in table.rows
    )
    return (
        f'<div class="table-wrap" tabindex="0" role="region" aria-label="{escape(title)}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _num(index: int) -> str:
    return ' class="num"' if index else ""


def legend(canvas: Canvas, names: Iterable[str], letters: Sequence[str] = LETTERS) -> str:
    """Which colour, pattern and letter is which series."""
    items = []
    for i, name in enumerate(names):
        over = f'<rect width="20" height="20" rx="3" fill="url(#{canvas.key}p{i % SERIES})"/>' if i % SERIES else ""
        items.append(
            f'<li><svg viewBox="0 0 20 20" aria-hidden="true">'
            f'<rect class="c{i % SERIES + 1}" width="20" height="20" rx="3"/>{over}'
            f'<text class="on mid" x="10" y="14.5">{escape(letters[i % len(letters)])}</text></svg>{escape(name)}</li>'
        )
    return f'<ul class="legend">{"".join(items)}</ul>'


def label_width(words: str) -> float:
    """About how wide `words` are at 12 px: Hangul and other wide letters a full square, others a bit more than half."""
    return sum(12.0 if unicodedata.east_asian_width(c) in "WF" else 6.8 for c in words)


def shorten(words: str, width: float) -> str:
    """`words` cut to fit `width`, with an ellipsis."""
    if label_width(words) <= width:
        return words
    kept = words
    while kept and label_width(kept) + 10 > width:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def ticks(top: Number, wanted: int = 4) -> list[float]:
    """Round steps from 0 to at least `top`."""
    high = float(top) or 1.0
    rough = high / wanted
    scale = 10 ** floor(log10(rough))
    step = next(m * scale for m in (1, 2, 2.5, 5, 10) if m * scale >= rough * 0.999)
    return [step * i for i in range(int(-(-high // step)) + 1)]


def shown(value: Number | None, spec: dict[str, Any], language: str) -> str:
    """A value as the chart's `format` says it: "number" (with `unit`), "percent" (ratio 0…1) or "won"."""
    if value is None:
        return "–"
    form = spec.get("format", "number")
    if form == "percent":
        return show.percent(value)
    if form == "won":
        return show.won_short(round(value), language)
    unit = show.text(spec.get("unit", ""), language)
    figure_ = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}".removesuffix(".0")
    return f"{figure_}{'' if language == 'ko' else ' '}{unit}".rstrip() if unit else figure_


def extremes(rows: Sequence[tuple[str, Number]], spec: dict[str, Any], language: str) -> str:
    """The text alternative of a plain series: its largest and smallest value."""
    if not rows:
        return Text("값이 없습니다.", "No values.").in_(language)
    high, low = max(rows, key=lambda r: r[1]), min(rows, key=lambda r: r[1])
    return (
        Text(
            "{n}개 항목. 가장 큰 값은 {high} {hv}, 가장 작은 값은 {low} {lv}입니다. 모든 값은 아래 표에 있습니다.",
            "{n} entries. Largest: {high} with {hv}; smallest: {low} with {lv}. The table below has every value.",
        )
        .format(
            n=len(rows), high=high[0], low=low[0], hv=shown(high[1], spec, language), lv=shown(low[1], spec, language)
        )
        .in_(language)
    )
