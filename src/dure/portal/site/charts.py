"""Server-made charts from plain values: `draw(spec, language)` gives a figure; templates write `{% chart spec %}`.

A spec is a mapping, so that chapters make one without importing this module. All kinds take `kind`, `title`, and may
take `note` (a line under the title), `size` ("panel", the default, or "full"), `unit`, and `format` ("number",
"percent" of a ratio, "won"). Titles, names and labels are strings or `Text`. Per kind:

- bar: `rows` [(label, value)], `target` (a line to compare with)
- stacked: `series` [name], `rows` [(label, [value per series])]
- columns: `series` [name], `rows` [(label, [value per series])]; stacked upwards, for months and the like
- line: `labels` [x label], `series` [(name, [value or None])], `top` (a fixed upper end)
- donut: `rows` [(label, value)], `centre` (what stands in the middle)
- gauge: `value`, `whole`, `target`
- histogram: `rows` [(from, to, count)]
- bookings and occupancy: see `calendars.py`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import cos, pi, sin
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString

from dure.core.text import Text
from dure.portal.site import calendars, show
from dure.portal.site.drawing import (
    LETTERS,
    WIDTHS,
    Canvas,
    Number,
    Table,
    extremes,
    figure,
    label_width,
    legend,
    shorten,
    shown,
    ticks,
)

_ITEM = Text("항목", "Item")
_VALUE = Text("값", "Value")
_SHARE = Text("비율", "Share")
_RANGE = Text("구간", "Range")
_TARGET = Text("기준", "Target")
_TOTAL = Text("합계", "Total")
_UNIT = Text("단위: {unit}", "in {unit}")


def draw(spec: Mapping[str, Any], language: str) -> SafeString:
    """The chart `spec` describes. Raises KeyError for a kind that does not exist or a value that is missing."""
    return _KINDS[spec["kind"]](dict(spec), language)


def _canvas(spec: dict[str, Any], language: str, height: int) -> Canvas:
    size = spec.get("size", "panel")
    return Canvas(show.text(spec["title"], language), WIDTHS[size], height, size)


def _finish(canvas: Canvas, spec: dict[str, Any], language: str, desc: str, table: Table, key: str = "") -> SafeString:
    return figure(canvas, desc, table, language, note=show.text(spec.get("note", ""), language), legend=key)


def _label_room(labels: Sequence[str], width: int) -> float:
    return min(max((label_width(name) for name in labels), default=0) + 18, width * 0.38)


def _bar(spec: dict[str, Any], language: str) -> SafeString:
    rows = [(show.text(label, language), value) for label, value in spec["rows"]]
    target = spec.get("target")
    canvas = _canvas(spec, language, len(rows) * 30 + (26 if target is not None else 6))
    left = _label_room([label for label, _ in rows], canvas.width)
    right = max((label_width(shown(v, spec, language)) for _, v in rows), default=0) + 12
    top = spec.get("top") or max([float(v) for _, v in rows] + [float(target or 0)]) or 1.0
    scale = (canvas.width - left - right) / top
    for i, (label, value) in enumerate(rows):
        y, said = i * 30 + 4, shown(value, spec, language)
        canvas.text(left - 10, y + 16, shorten(label, left - 14), "end")
        canvas.add(f'<rect class="empty-cell" x="{left:g}" y="{y}" width="{top * scale:.1f}" height="22" rx="3"/>')
        canvas.bar(left, y, float(value) * scale, 22, 0, f"{label}: {said}")
        canvas.text(left + top * scale + 8, y + 16, said, "v")
    if target is not None:
        x = left + float(target) * scale
        canvas.line(x, 0, x, len(rows) * 30 + 2, "target")
        words = f"{_TARGET.in_(language)} {shown(target, spec, language)}"
        canvas.text(min(x, canvas.width - label_width(words) / 2), len(rows) * 30 + 18, words, "mid")
    table = Table((_ITEM.in_(language), _VALUE.in_(language)), [(n, shown(v, spec, language)) for n, v in rows])
    return _finish(canvas, spec, language, extremes(rows, spec, language), table)


def _series(spec: dict[str, Any], language: str) -> tuple[list[str], list[tuple[str, list[Number]]]]:
    names = [show.text(name, language) for name in spec["series"]]
    return names, [(show.text(label, language), list(values)) for label, values in spec["rows"]]


def _series_table(names: list[str], rows: list[tuple[str, list[Number]]], spec: dict[str, Any], language: str) -> Table:
    head = [_ITEM.in_(language), *names, *([_TOTAL.in_(language)] if len(names) > 1 else [])]
    return Table(
        head,
        [
            [label, *(shown(v, spec, language) for v in values)]
            + ([shown(sum(values), spec, language)] if len(names) > 1 else [])
            for label, values in rows
        ],
    )


def _stacked(spec: dict[str, Any], language: str) -> SafeString:
    names, rows = _series(spec, language)
    canvas = _canvas(spec, language, len(rows) * 34 + 6)
    canvas.patterns(len(names))
    left = _label_room([label for label, _ in rows], canvas.width)
    totals = [(label, sum(values)) for label, values in rows]
    right = max((label_width(shown(t, spec, language)) for _, t in totals), default=0) + 12
    scale = (canvas.width - left - right) / (max((float(t) for _, t in totals), default=0) or 1.0)
    for i, (label, values) in enumerate(rows):
        y, x = i * 34 + 4, left
        canvas.text(left - 10, y + 18, shorten(label, left - 14), "end")
        for s, value in enumerate(values):
            width = float(value) * scale
            canvas.bar(x, y, width, 26, s, f"{label} · {names[s]}: {shown(value, spec, language)}")
            if width >= 18:
                canvas.text(x + width / 2, y + 17.5, LETTERS[s % 8], "on mid")
            x += width
        canvas.text(x + 8, y + 18, shown(totals[i][1], spec, language), "v")
    table = _series_table(names, rows, spec, language)
    return _finish(canvas, spec, language, extremes(totals, spec, language), table, legend(canvas, names))


def _frame(canvas: Canvas, top: Number, spec: dict[str, Any], language: str) -> tuple[float, float, float]:
    """Grid lines and the scale at the left, its unit under the title. Returns left edge, baseline, pixels per unit."""
    steps = ticks(top)
    bare = {**spec, "unit": ""}
    said = [shown(int(t) if float(t).is_integer() else t, bare, language) for t in steps]
    if spec.get("unit"):
        spec.setdefault("note", _UNIT.format(unit=show.text(spec["unit"], language)))
    left = max(label_width(s) for s in said) + 14
    base = canvas.height - 28
    scale = (base - 14) / steps[-1]
    for tick, words in zip(steps, said, strict=True):
        y = base - tick * scale
        canvas.line(left, y, canvas.width - 4, y, "axis" if tick == 0 else "grid")
        canvas.text(left - 8, y + 4, words, "end")
    return left, base, scale


def _x_labels(canvas: Canvas, labels: Sequence[str], at: Callable[[int], float], base: float, room: float) -> None:
    """Labels under the axis, leaving out every second, third … where they would touch."""
    widest = max((label_width(name) for name in labels), default=0) + 10
    every = max(1, -(-int(widest) // max(int(room), 1)))
    for i, label in enumerate(labels):
        if i % every == 0:
            canvas.text(at(i), base + 19, label, "mid")


def _columns(spec: dict[str, Any], language: str) -> SafeString:
    names, rows = _series(spec, language)
    totals = [(label, sum(values)) for label, values in rows]
    canvas = _canvas(spec, language, 220)
    canvas.patterns(len(names))
    left, base, scale = _frame(canvas, max((t for _, t in totals), default=1), spec, language)
    room = (canvas.width - left - 8) / max(len(rows), 1)
    width = min(room * 0.72, 56)
    for i, (label, values) in enumerate(rows):
        x, y = left + room * (i + 0.5) - width / 2, base
        for s, value in enumerate(values):
            height = float(value) * scale
            y -= height
            canvas.bar(x, y, width, height, s, f"{label} · {names[s]}: {shown(value, spec, language)}")
            if len(names) > 1 and height >= 18 and width >= 14:
                canvas.text(x + width / 2, y + height / 2 + 4, LETTERS[s % 8], "on mid")
    _x_labels(canvas, [label for label, _ in rows], lambda i: left + room * (i + 0.5), base, room)
    table = _series_table(names, rows, spec, language)
    key = legend(canvas, names) if len(names) > 1 else ""
    return _finish(canvas, spec, language, extremes(totals, spec, language), table, key)


def _line(spec: dict[str, Any], language: str) -> SafeString:
    labels = [show.text(label, language) for label in spec["labels"]]
    series = [(show.text(name, language), list(values)) for name, values in spec["series"]]
    flat = [v for _, values in series for v in values if v is not None]
    canvas = _canvas(spec, language, 220)
    canvas.patterns(len(series))
    left, base, scale = _frame(canvas, spec.get("top") or max(flat, default=1), spec, language)
    room = (canvas.width - left - 30) / max(len(labels) - 1, 1)
    for s, (name, values) in enumerate(series):
        _one_line(canvas, [(left + room * i, v) for i, v in enumerate(values)], base, scale, s)
        for i, value in enumerate(values):
            if value is not None and len(labels) <= 40:
                tip = f"{labels[i]} · {name}: {shown(value, spec, language)}"
                canvas.add(_point(left + room * i, base - float(value) * scale, s, tip))
    _x_labels(canvas, labels, lambda i: left + room * i, base, room)
    table = Table(
        [_ITEM.in_(language), *(name for name, _ in series)],
        [[label, *(shown(v[i], spec, language) for _, v in series)] for i, label in enumerate(labels)],
    )
    named = [(f"{labels[i]} {name}", v) for name, vs in series for i, v in enumerate(vs) if v is not None]
    key = legend(canvas, [name for name, _ in series]) if len(series) > 1 else ""
    return _finish(canvas, spec, language, extremes(named, spec, language), table, key)


def _one_line(
    canvas: Canvas, points: list[tuple[float, Number | None]], base: float, scale: float, series: int
) -> None:
    """One series' line, broken where a value is missing, with its letter at the end."""
    path, pen, end = "", "M", None
    for x, value in points:
        if value is None:
            pen = "M"
            continue
        end = (x, base - float(value) * scale)
        path += f"{pen}{end[0]:.1f} {end[1]:.1f}"
        pen = "L"
    canvas.add(f'<path class="l{series % 8 + 1}" d="{path}"/>')
    if end:
        canvas.text(end[0] + 10, end[1] + 4, LETTERS[series % 8], "v")


def _point(x: float, y: float, series: int, tip: str) -> str:
    """The mark of one value: circle, square, triangle, diamond by turns."""
    css = f"c{series % 8 + 1} edge"
    forms = (
        f'<circle class="{css}" cx="{x:.1f}" cy="{y:.1f}" r="4.5">',
        f'<rect class="{css}" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8">',
        f'<path class="{css}" d="M{x:.1f} {y - 5:.1f}l5 9h-10z">',
        f'<path class="{css}" d="M{x:.1f} {y - 5.5:.1f}l5.5 5.5-5.5 5.5-5.5-5.5z">',
    )
    form = forms[series % 4]
    return f"{form}<title>{escape(tip)}</title></{form[1:].split(' ', 1)[0]}>"


def _arc(cx: float, cy: float, outer: float, inner: float, start: float, end: float) -> str:
    """A ring segment between two turns (0 at the top, 1 all the way round)."""
    end = min(end, start + 0.99999)
    big = 1 if end - start > 0.5 else 0

    def at(radius: float, turn: float) -> str:
        return f"{cx + radius * sin(2 * pi * turn):.2f} {cy - radius * cos(2 * pi * turn):.2f}"

    return (
        f"M{at(outer, start)}A{outer:g} {outer:g} 0 {big} 1 {at(outer, end)}"
        f"L{at(inner, end)}A{inner:g} {inner:g} 0 {big} 0 {at(inner, start)}z"
    )


def _donut(spec: dict[str, Any], language: str) -> SafeString:
    rows = [(show.text(label, language), value) for label, value in spec["rows"]]
    total = sum(value for _, value in rows)
    canvas = _canvas({**spec, "size": "half"}, language, 220)
    canvas.patterns(len(rows))
    turn = 0.0
    for s, (label, value) in enumerate(rows):
        share = float(value) / float(total) if total else 0.0
        if share:
            tip = f"{label}: {shown(value, spec, language)} ({show.percent(share)})"
            canvas.shape(f'path d="{_arc(210, 110, 104, 66, turn, turn + share)}"', s, tip)
        if share >= 0.05:
            middle = 2 * pi * (turn + share / 2)
            canvas.text(210 + 85 * sin(middle), 114 - 85 * cos(middle), LETTERS[s % 8], "on mid")
        turn += share
    centre = show.text(spec.get("centre", ""), language) or shown(total, spec, language)
    canvas.text(210, 106, centre, "v mid centre")
    canvas.text(210, 126, show.text(spec.get("centre_note", _TOTAL), language), "mid")
    head = (_ITEM.in_(language), _VALUE.in_(language), _SHARE.in_(language))
    table = Table(
        head,
        [(n, shown(v, spec, language), show.percent(float(v) / float(total)) if total else "–") for n, v in rows],
    )
    key = legend(canvas, [f"{n} {shown(v, spec, language)}" for n, v in rows])
    return _finish(canvas, spec, language, extremes(rows, spec, language), table, key)


def _gauge(spec: dict[str, Any], language: str) -> SafeString:
    value, whole, target = spec["value"], spec["whole"], spec.get("target")
    canvas = _canvas({**spec, "size": "half"}, language, 190)
    share = min(float(value) / float(whole), 1.0) if whole else 0.0
    canvas.add(f'<path class="empty-cell" d="{_arc(210, 150, 140, 106, -0.25, 0.25)}"/>')
    if share:
        canvas.shape(f'path d="{_arc(210, 150, 140, 106, -0.25, -0.25 + share / 2)}"', 0)
    if target is not None and whole:
        turn = 2 * pi * (-0.25 + min(float(target) / float(whole), 1.0) / 2)
        canvas.line(210 + 98 * sin(turn), 150 - 98 * cos(turn), 210 + 148 * sin(turn), 150 - 148 * cos(turn), "target")
    canvas.text(210, 136, show.percent(share), "big mid")
    of = Text("{value} / {whole}", "{value} of {whole}").format(
        value=shown(value, spec, language), whole=shown(whole, spec, language)
    )
    canvas.text(210, 160, of.in_(language), "mid")
    rows = [(_VALUE.in_(language), shown(value, spec, language)), (_TOTAL.in_(language), shown(whole, spec, language))]
    if target is not None:
        said = f"{_TARGET.in_(language)} {shown(target, spec, language)}"
        canvas.text(210, 180, said, "mid")
        rows.append((_TARGET.in_(language), shown(target, spec, language)))
    table = Table((_ITEM.in_(language), _VALUE.in_(language)), rows)
    return _finish(canvas, spec, language, f"{of.in_(language)}, {show.percent(share)}", table)


def _histogram(spec: dict[str, Any], language: str) -> SafeString:
    bins = [(low, high, count) for low, high, count in spec["rows"]]
    canvas = _canvas(spec, language, 220)
    counts = [(f"{_plain(low)}–{_plain(high)}", count) for low, high, count in bins]
    left, base, scale = _frame(canvas, max((c for _, c in counts), default=1), spec, language)
    room = (canvas.width - left - 24) / max(len(bins), 1)
    for i, (label, count) in enumerate(counts):
        height = count * scale
        canvas.bar(left + room * i, base - height, room, height, 0, f"{label}: {shown(count, spec, language)}")
        if height and room >= 28:
            canvas.text(left + room * (i + 0.5), base - height - 4, f"{count:,}", "v mid")
    edges = [_plain(low) for low, _, _ in bins] + [_plain(bins[-1][1])] if bins else []
    _x_labels(canvas, edges, lambda i: left + room * i, base, room)
    table = Table((_RANGE.in_(language), _VALUE.in_(language)), [(n, shown(c, spec, language)) for n, c in counts])
    return _finish(canvas, spec, language, extremes(counts, spec, language), table)


def _plain(value: Number) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}".rstrip("0").rstrip(".")


_KINDS: dict[str, Callable[[dict[str, Any], str], SafeString]] = {
    "bar": _bar,
    "stacked": _stacked,
    "columns": _columns,
    "line": _line,
    "donut": _donut,
    "gauge": _gauge,
    "histogram": _histogram,
    "bookings": calendars.bookings,
    "occupancy": calendars.occupancy,
}
