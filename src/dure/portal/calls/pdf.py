"""A notice as PDF, with its own Korean fonts inside; the same notice gives the same bytes."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from dure.portal.calls.notice import Notice, Section

FONTS = Path(__file__).parent / "fonts"
# Rare syllables outside the embedded subset: a font every PDF reader with Korean support brings along.
ELSE = "HYGothic-Medium"
MARGIN = 20 * mm
PADDING = 6  # points that a frame of the library keeps free at either side; a wider table sticks out beside the text
INK, LINE, HEAD = colors.HexColor("#1e2124"), colors.HexColor("#b1b8be"), colors.HexColor("#f4f5f6")


def pdf(notice: Notice) -> bytes:
    """The notice on A4."""
    _register()
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=notice.title,
        subject=notice.code,
        author="Dure",
        lang=notice.language,
        invariant=1,
    )
    story: list[Flowable] = [_paragraph(notice.code, "small"), _paragraph(notice.title, "title")]
    story += [_paragraph(text, "body") for text in notice.lead]
    for section in notice.sections:
        story += _section(section, document.width - 2 * PADDING)
    story += [Spacer(1, 6 * mm), _paragraph(notice.foot, "small")]

    def number(canvas: Any, _document: Any) -> None:
        canvas.setFont("Pretendard", 8)
        canvas.drawRightString(A4[0] - MARGIN, 12 * mm, f"{notice.code} · {canvas.getPageNumber()}")

    document.build(story, onFirstPage=number, onLaterPages=number)
    return out.getvalue()


def _section(section: Section, width: float) -> list[Flowable]:
    parts: list[Flowable] = [_paragraph(section.heading, "heading")]
    parts += [_paragraph(text, "body") for text in section.paragraphs]
    if section.table:
        parts.append(_table(section, width))
    return parts


def _table(section: Section, width: float) -> Table:
    cells = [[_paragraph(cell, "head" if n == 0 else "cell") for cell in row] for n, row in enumerate(section.table)]
    weights = section.weights
    table = Table(cells, colWidths=[width * one / sum(weights) for one in weights], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.5, LINE),
                ("BACKGROUND", (0, 0), (-1, 0), HEAD),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 3),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
            ]
        )
    )
    return table


@cache
def _register() -> None:
    for name, file in (("Pretendard", "Regular"), ("Pretendard-Bold", "Bold")):
        pdfmetrics.registerFont(TTFont(name, FONTS / f"PretendardGOV-{file}.subset.ttf"))
    pdfmetrics.registerFontFamily("Pretendard", normal="Pretendard", bold="Pretendard-Bold")
    pdfmetrics.registerFont(UnicodeCIDFont(ELSE))


@cache
def _styles() -> dict[str, ParagraphStyle]:
    def style(name: str, size: float, font: str = "Pretendard", before: float = 0, after: float = 0) -> ParagraphStyle:
        return ParagraphStyle(
            name, fontName=font, fontSize=size, leading=size * 1.45, textColor=INK, spaceBefore=before,
            spaceAfter=after, wordWrap="CJK",
        )  # fmt: skip

    made = (
        style("title", 18, "Pretendard-Bold", after=8),
        style("heading", 12, "Pretendard-Bold", 12, 4),
        style("body", 10, after=4),
        style("cell", 9),
        style("head", 9, "Pretendard-Bold"),
        style("small", 8),
    )
    found = {one.name: one for one in made}
    found["heading"].keepWithNext = 1
    return found


def _paragraph(text: str, style: str) -> Paragraph:
    known = pdfmetrics.getFont("Pretendard").face.charToGlyph
    marked = "".join(
        escape(c) if ord(c) in known or c == "\n" else f'<font name="{ELSE}">{escape(c)}</font>' for c in text
    )
    return Paragraph(marked.replace("\n", "<br/>"), _styles()[style])
