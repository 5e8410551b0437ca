"""Charts over a calendar: the bookings of clusters as bars, and the occupancy of every node in every month.

- bookings: `start`, `end` (dates, half-open), `kinds` [name], `rows` [(label, [(start, end, kind index, words)])],
  `today` (a date)
- occupancy: `months` [label], `kinds` [name], `rows` [(node, [kind index or None per month])]: the first paint of the
  node map; equal neighbours become one shape, so 1,600 nodes over 60 months stay small
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any

from django.utils.safestring import SafeString

from dure.core.period import Month
from dure.core.text import Text
from dure.portal.site import show
from dure.portal.site.drawing import WIDTHS, Canvas, Table, figure, label_width, legend, shorten

_CLUSTER = Text("클러스터", "Cluster")
_KIND = Text("구분", "Kind")
_PERIOD = Text("기간", "Period")
_WHAT = Text("내용", "What")
_MONTH = Text("월", "Month")
_FREE = Text("비어 있음", "Free")
_BOOKED = Text(
    "{n}개 줄에 예약 {b}건이 있습니다. 모든 예약은 아래 표에 있습니다.",
    "{n} rows with {b} bookings. The table below lists each.",
)
_CELLS = Text(
    "서버 {n}대의 {m}개월 사용 계획입니다. 달마다 구분별 서버 수는 아래 표에 있습니다.",
    "{n} servers over {m} months. The table below has the number of servers of each kind per month.",
)


def bookings(spec: dict[str, Any], language: str) -> SafeString:
    """Bars of bookings over months, one line per cluster or node group; overlapping ones go to lanes of their own."""
    start, end = spec["start"], spec["end"]
    kinds = [show.text(name, language) for name in spec["kinds"]]
    rows = [(show.text(label, language), _lanes(spans)) for label, spans in spec["rows"]]
    height = sum(len(lanes) * 26 + 10 for _, lanes in rows) + 30
    canvas = Canvas(show.text(spec["title"], language), WIDTHS["full"], height, "full")
    canvas.patterns(len(kinds))
    left = min(max((label_width(label) for label, _ in rows), default=0) + 18, canvas.width * 0.3)
    scale = (canvas.width - left - 6) / max((end - start).days, 1)
    _months(canvas, start, end, left, scale, language)
    y = 28.0
    table = []
    for label, lanes in rows:
        canvas.text(left - 10, y + 15, shorten(label, left - 14), "end")
        for lane in lanes:
            for span in lane:
                _span(canvas, span, (start, end, left, scale), y, kinds, language)
                table.append((label, kinds[span[2]], _dates(span, language), show.text(span[3], language)))
            y += 26
        canvas.line(left, y + 4, canvas.width - 6, y + 4, "grid")
        y += 10
    if spec.get("today") and start <= spec["today"] < end:
        x = left + (spec["today"] - start).days * scale
        canvas.line(x, 20, x, height, "today")
    desc = _BOOKED.format(n=len(rows), b=len(table)).in_(language)
    head = [word.in_(language) for word in (_CLUSTER, _KIND, _PERIOD, _WHAT)]
    note = show.text(spec.get("note", ""), language)
    letters = [name[:1] for name in kinds]
    return figure(canvas, desc, Table(head, table), language, note=note, legend=legend(canvas, kinds, letters))


def _lanes(spans: Sequence[tuple[date, date, int, Any]]) -> list[list[tuple[date, date, int, Any]]]:
    """Spans put into as few lines as possible, so that none covers another."""
    lanes: list[list[tuple[date, date, int, Any]]] = []
    for span in sorted(spans, key=lambda s: (s[0], s[1])):
        free = next((lane for lane in lanes if lane[-1][1] <= span[0]), None)
        if free is None:
            lanes.append(free := [])
        free.append(span)
    return lanes or [[]]


def _span(
    canvas: Canvas,
    span: tuple[date, date, int, Any],
    frame: tuple[date, date, float, float],
    y: float,
    kinds: list[str],
    language: str,
) -> None:
    start, end, left, scale = frame
    first, last = max(span[0], start), min(span[1], end)
    if first >= last:
        return
    x, width = left + (first - start).days * scale, (last - first).days * scale
    words = show.text(span[3], language)
    canvas.bar(x, y, width, 22, span[2], f"{kinds[span[2]]} · {words} · {_dates(span, language)}")
    said = shorten(words, width - 8)
    if width >= 30 and len(said) > 2:
        canvas.text(x + 6, y + 15.5, said, "on")
    elif width >= 16:
        canvas.text(x + width / 2, y + 15.5, kinds[span[2]][:1], "on mid")


def _dates(span: tuple[date, date, int, Any], language: str) -> str:
    return show.period_words(span[0], span[1], language)


def _months(canvas: Canvas, start: date, end: date, left: float, scale: float, language: str) -> None:
    """Month lines; labels where there is room, the year with January and the first."""
    month, shown_until = Month(start.year, start.month), 0.0
    while month.first_day < end:
        x = left + max((month.first_day - start).days, 0) * scale
        canvas.line(x, 20, x, canvas.height, "grid")
        with_year = month.month == 1 or shown_until == 0.0
        words = show.month_words(month, language, with_year=with_year)
        if x >= shown_until:
            canvas.text(x + 2, 14, words)
            shown_until = x + label_width(words) + 10
        month = month.plus(1)


def occupancy(spec: dict[str, Any], language: str) -> SafeString:
    """The map of nodes over months as one path per kind."""
    kinds = [show.text(name, language) for name in spec["kinds"]]
    months = [show.text(name, language) for name in spec["months"]]
    rows = [(show.text(label, language), tuple(cells)) for label, cells in spec["rows"]]
    row_height = 16 if len(rows) <= 24 else 8 if len(rows) <= 80 else 2 if len(rows) <= 400 else 1
    labelled = row_height >= 8
    canvas = Canvas(show.text(spec["title"], language), WIDTHS["full"], len(rows) * row_height + 30, "full")
    canvas.patterns(len(kinds))
    left = min(max((label_width(label) for label, _ in rows), default=0) + 16, 160) if labelled else 4
    width = (canvas.width - left - 4) / max(len(months), 1)
    canvas.add(
        f'<rect class="empty-cell" x="{left:g}" y="24" width="{width * len(months):.1f}" '
        f'height="{len(rows) * row_height}"/>'
    )
    for kind, path in _paths([cells for _, cells in rows], left, 24, width, row_height).items():
        canvas.shape(f'path shape-rendering="crispEdges" d="{path}"', kind, kinds[kind])
    if labelled:
        for i, (label, _) in enumerate(rows):
            if row_height >= 12 or i % 2 == 0:
                canvas.text(left - 8, 24 + i * row_height + row_height / 2 + 4, shorten(label, left - 10), "end")
    _column_labels(canvas, months, left, width)
    counts = [
        (name, *(f"{sum(cells[m] == k for _, cells in rows):,}" for k in (None, *range(len(kinds)))))
        for m, name in enumerate(months)
    ]
    table = Table([_MONTH.in_(language), _FREE.in_(language), *kinds], counts)
    desc = _CELLS.format(n=len(rows), m=len(months)).in_(language)
    letters = [name[:1] for name in kinds]
    note = show.text(spec.get("note", ""), language)
    return figure(canvas, desc, table, language, note=note, legend=legend(canvas, kinds, letters))


def _column_labels(canvas: Canvas, months: Sequence[str], left: float, width: float) -> None:
    shown_until = 0.0
    for i, name in enumerate(months):
        x = left + i * width
        if x >= shown_until:
            canvas.text(x + 1, 14, name)
            shown_until = x + label_width(name) + 10


def _paths(
    rows: Sequence[tuple[int | None, ...]], left: float, top: float, width: float, height: float
) -> dict[int, str]:
    """One path per kind. Runs along a row that are equal in the rows below become one rectangle."""
    open_runs: dict[tuple[int, int, int], int] = {}
    parts: dict[int, list[str]] = {}

    def close(run: tuple[int, int, int], first: int, last: int) -> None:
        kind, begin, end = run
        parts.setdefault(kind, []).append(
            f"M{left + begin * width:.1f} {top + first * height:g}h{(end - begin) * width:.1f}"
            f"v{(last - first) * height:g}h-{(end - begin) * width:.1f}z"
        )

    for y, cells in enumerate([*rows, ()]):
        runs, x = set(), 0
        for kind, group in groupby(cells):
            length = len(list(group))
            if kind is not None:
                runs.add((kind, x, x + length))
            x += length
        for run in [run for run in open_runs if run not in runs]:
            close(run, open_runs.pop(run), y)
        for run in runs:
            open_runs.setdefault(run, y)
    return {kind: "".join(found) for kind, found in sorted(parts.items())}
