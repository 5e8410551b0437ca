"""A notice as HWPX (OWPML, KS X 6101): a zip of XML parts that Korean word processors read.

Lengths are in HWPUNIT, 1/7200 inch. Every part is written here with the standard library; the same notice gives the
same bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from itertools import count
from xml.sax.saxutils import escape, quoteattr

from dure.portal.calls.notice import Notice, Section

MEDIA_TYPE = "application/hwp+zip"
_HANCOM = "http://www.hancom.co.kr/hwpml/2011"
NAMESPACES = {
    "ha": f"{_HANCOM}/app",
    "hp": f"{_HANCOM}/paragraph",
    "hs": f"{_HANCOM}/section",
    "hc": f"{_HANCOM}/core",
    "hh": f"{_HANCOM}/head",
    "hv": f"{_HANCOM}/version",
    "opf": "http://www.idpf.org/2007/opf/",
    "ocf": "urn:oasis:names:tc:opendocument:xmlns:container",
    "odf": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0",
}
_START = '<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>'
_LANGUAGES = ("HANGUL", "LATIN", "HANJA", "JAPANESE", "OTHER", "SYMBOL", "USER")
FACE = "함초롬바탕"
PAGE_WIDTH, PAGE_HEIGHT, MARGIN = 59528, 84188, 5669  # A4, 20 mm
TEXT_WIDTH = PAGE_WIDTH - 2 * MARGIN
ROW_HEIGHT = 1700
# Character properties by id: height in 1/100 point, bold.
_CHARACTERS = ((1000, False), (1800, True), (1300, True), (900, False), (900, True), (800, False))
BODY, TITLE, HEADING, CELL, HEAD, SMALL = range(6)


def hwpx(notice: Notice) -> bytes:
    """The notice as the bytes of a .hwpx file."""
    parts = {
        "version.xml": _version(),
        "settings.xml": f"{_START}<ha:HWPApplicationSetting {_names('ha')}>"
        '<ha:CaretPosition listIDRef="0" paraIDRef="0" pos="0"/></ha:HWPApplicationSetting>',
        "META-INF/container.xml": _container(),
        "META-INF/manifest.xml": f"{_START}<odf:manifest {_names('odf')}/>",
        "Contents/content.hpf": _package(notice),
        "Contents/header.xml": _header(),
        "Contents/section0.xml": _section(notice),
        "Preview/PrvText.txt": "\r\n".join((notice.title, *notice.lead))[:1000],
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        # The type comes first and uncompressed, so that it can be told from the file's first bytes.
        archive.writestr(_entry("mimetype"), MEDIA_TYPE, zipfile.ZIP_STORED)
        for name, text in parts.items():
            archive.writestr(_entry(name), text.encode(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))


def _names(*prefixes: str) -> str:
    return " ".join(f'xmlns:{prefix}="{NAMESPACES[prefix]}"' for prefix in prefixes)


def _version() -> str:
    return (
        f'{_START}<hv:HCFVersion {_names("hv")} tagetApplication="WORDPROCESSOR" major="5" minor="1" micro="0" '
        'buildNumber="1" os="1" xmlVersion="1.4" application="Dure" appVersion="1.0"/>'
    )


def _container() -> str:
    return (
        f"{_START}<ocf:container {_names('ocf')}><ocf:rootfiles>"
        '<ocf:rootfile full-path="Contents/content.hpf" media-type="application/hwpml-package+xml"/>'
        '<ocf:rootfile full-path="Preview/PrvText.txt" media-type="text/plain"/>'
        "</ocf:rootfiles></ocf:container>"
    )


def _package(notice: Notice) -> str:
    items = (("header", "Contents/header.xml"), ("section0", "Contents/section0.xml"), ("settings", "settings.xml"))
    listed = "".join(f'<opf:item id="{name}" href="{path}" media-type="application/xml"/>' for name, path in items)
    return (
        f'{_START}<opf:package {_names("opf")} version="" unique-identifier="" id=""><opf:metadata>'
        f"<opf:title>{escape(notice.title)}</opf:title><opf:language>{notice.language}</opf:language>"
        f'<opf:meta name="subject" content="text">{escape(notice.code)}</opf:meta></opf:metadata>'
        f"<opf:manifest>{listed}</opf:manifest><opf:spine>"
        '<opf:itemref idref="header" linear="yes"/><opf:itemref idref="section0" linear="yes"/>'
        "</opf:spine></opf:package>"
    )


def _header() -> str:
    faces = "".join(
        f'<hh:fontface lang="{one}" fontCnt="1"><hh:font id="0" face={quoteattr(FACE)} type="TTF" isEmbedded="0"/>'
        "</hh:fontface>"
        for one in _LANGUAGES
    )
    characters = "".join(_character(number, *one) for number, one in enumerate(_CHARACTERS))
    paragraphs = "".join(_paragraph_property(number, after) for number, after in enumerate((400, 100)))
    return (
        f'{_START}<hh:head {_names("hh", "hc", "hp")} version="1.4" secCnt="1">'
        '<hh:beginNum page="1" footnote="1" endnote="1" pic="1" tbl="1" equation="1"/><hh:refList>'
        f'<hh:fontfaces itemCnt="{len(_LANGUAGES)}">{faces}</hh:fontfaces>'
        f'<hh:borderFills itemCnt="3">{_border(1, "NONE")}{_border(2, "SOLID")}{_border(3, "SOLID", "#F4F5F6")}'
        f'</hh:borderFills><hh:charProperties itemCnt="{len(_CHARACTERS)}">{characters}</hh:charProperties>'
        '<hh:tabProperties itemCnt="1"><hh:tabPr id="0" autoTabLeft="0" autoTabRight="0"/></hh:tabProperties>'
        f'<hh:paraProperties itemCnt="2">{paragraphs}</hh:paraProperties>'
        '<hh:styles itemCnt="1"><hh:style id="0" type="PARA" name="바탕글" engName="Normal" paraPrIDRef="0" '
        'charPrIDRef="0" nextStyleIDRef="0" langID="1042" lockForm="0"/></hh:styles></hh:refList>'
        '<hh:compatibleDocument targetProgram="HWP201X"><hh:layoutCompatibility/></hh:compatibleDocument>'
        '<hh:docOption><hh:linkinfo path="" pageInherit="0" footnoteInherit="0"/></hh:docOption>'
        '<hh:trackchageConfig flags="56"/></hh:head>'
    )


def _by_language(tag: str, value: int) -> str:
    return f"<hh:{tag} " + " ".join(f'{one.lower()}="{value}"' for one in _LANGUAGES) + "/>"


def _character(number: int, height: int, is_bold: bool) -> str:
    return (
        f'<hh:charPr id="{number}" height="{height}" textColor="#000000" shadeColor="none" useFontSpace="0" '
        'useKerning="0" symMark="NONE" borderFillIDRef="1">'
        + _by_language("fontRef", 0)
        + _by_language("ratio", 100)
        + _by_language("spacing", 0)
        + _by_language("relSz", 100)
        + _by_language("offset", 0)
        + ("<hh:bold/>" if is_bold else "")
        + '<hh:underline type="NONE" shape="SOLID" color="#000000"/><hh:strikeout shape="NONE" color="#000000"/>'
        '<hh:outline type="NONE"/><hh:shadow type="NONE" color="#B2B2B2" offsetX="10" offsetY="10"/></hh:charPr>'
    )


def _paragraph_property(number: int, after: int) -> str:
    sides = "".join(f'<hc:{side} value="0" unit="HWPUNIT"/>' for side in ("intent", "left", "right", "prev"))
    return (
        f'<hh:paraPr id="{number}" tabPrIDRef="0" condense="0" fontLineHeight="0" snapToGrid="1" '
        'suppressLineNumbers="0" checked="0"><hh:align horizontal="LEFT" vertical="BASELINE"/>'
        '<hh:heading type="NONE" idRef="0" level="0"/><hh:breakSetting breakLatinWord="KEEP_WORD" '
        'breakNonLatinWord="KEEP_WORD" widowOrphan="0" keepWithNext="0" keepLines="0" pageBreakBefore="0" '
        f'lineWrap="BREAK"/><hh:autoSpacing eAsianEng="0" eAsianNum="0"/><hh:margin>{sides}'
        f'<hc:next value="{after}" unit="HWPUNIT"/></hh:margin>'
        '<hh:lineSpacing type="PERCENT" value="150" unit="HWPUNIT"/><hh:border borderFillIDRef="1" offsetLeft="0" '
        'offsetRight="0" offsetTop="0" offsetBottom="0" connect="0" ignoreMargin="0"/></hh:paraPr>'
    )


def _border(number: int, kind: str, fill: str = "") -> str:
    lines = "".join(
        f'<hh:{side}Border type="{kind}" width="0.12 mm" color="#808080"/>'
        for side in ("left", "right", "top", "bottom")
    )
    brush = (
        f'<hc:fillBrush><hc:winBrush faceColor="{fill}" hatchColor="#999999" alpha="0"/></hc:fillBrush>' if fill else ""
    )
    return (
        f'<hh:borderFill id="{number}" threeD="0" shadow="0" centerLine="NONE" breakCellSeparateLine="0">'
        '<hh:slash type="NONE" Crooked="0" isCounter="0"/><hh:backSlash type="NONE" Crooked="0" isCounter="0"/>'
        f'{lines}<hh:diagonal type="SOLID" width="0.1 mm" color="#000000"/>{brush}</hh:borderFill>'
    )


def _section(notice: Notice) -> str:
    ids = count(1)
    parts = [_paragraph(next(ids), notice.code, SMALL, _page()), _paragraph(next(ids), notice.title, TITLE)]
    parts += [_paragraph(next(ids), text, BODY) for text in notice.lead]
    for section in notice.sections:
        parts.append(_paragraph(next(ids), section.heading, HEADING))
        parts += [_paragraph(next(ids), text, BODY) for text in section.paragraphs]
        if section.table:
            parts.append(_table(ids, section))
    parts.append(_paragraph(next(ids), notice.foot, SMALL))
    return f"{_START}<hs:sec {_names('hs', 'hp', 'hc')}>{''.join(parts)}</hs:sec>"


def _page() -> str:
    """What the first run of a section carries: its page, and one column."""
    return (
        '<hp:secPr id="" textDirection="HORIZONTAL" spaceColumns="1134" tabStop="8000" outlineShapeIDRef="0" '
        'memoShapeIDRef="0" textVerticalWidthHead="0" masterPageCnt="0">'
        '<hp:grid lineGrid="0" charGrid="0" wonggojiFormat="0"/>'
        '<hp:startNum pageStartsOn="BOTH" page="0" pic="0" tbl="0" equation="0"/>'
        f'<hp:pagePr landscape="WIDELY" width="{PAGE_WIDTH}" height="{PAGE_HEIGHT}" gutterType="LEFT_ONLY">'
        f'<hp:margin header="2834" footer="2834" gutter="0" left="{MARGIN}" right="{MARGIN}" top="{MARGIN}" '
        f'bottom="{MARGIN}"/></hp:pagePr></hp:secPr><hp:ctrl><hp:colPr id="" type="NEWSPAPER" layout="LEFT" '
        'colCount="1" sameSz="1" sameGap="0"/></hp:ctrl>'
    )


def _paragraph(number: int, text: str, characters: int, before: str = "", spacing: int = 0) -> str:
    lines = "<hp:lineBreak/>".join(escape(line) for line in text.splitlines())
    return (
        f'<hp:p id="{number}" paraPrIDRef="{spacing}" styleIDRef="0" pageBreak="0" columnBreak="0" merged="0">'
        f'<hp:run charPrIDRef="{characters}">{before}<hp:t>{lines}</hp:t></hp:run></hp:p>'
    )


def _table(ids: Iterator[int], section: Section) -> str:
    rows, weights = section.table, section.weights
    widths = [TEXT_WIDTH * one // sum(weights) for one in weights]
    cells = "".join(
        "<hp:tr>"
        + "".join(_cell(ids, text, column, line, widths[column]) for column, text in enumerate(row))
        + "</hp:tr>"
        for line, row in enumerate(rows)
    )
    number = next(ids)
    return (
        f'<hp:p id="{next(ids)}" paraPrIDRef="0" styleIDRef="0" pageBreak="0" columnBreak="0" merged="0">'
        f'<hp:run charPrIDRef="{BODY}"><hp:tbl id="{number}" zOrder="0" numberingType="TABLE" '
        'textWrap="TOP_AND_BOTTOM" textFlow="BOTH_SIDES" lock="0" dropcapstyle="None" pageBreak="CELL" '
        f'repeatHeader="1" rowCnt="{len(rows)}" colCnt="{len(widths)}" cellSpacing="0" borderFillIDRef="2" '
        f'noAdjust="0"><hp:sz width="{sum(widths)}" widthRelTo="ABSOLUTE" height="{ROW_HEIGHT * len(rows)}" '
        'heightRelTo="ABSOLUTE" protect="0"/><hp:pos treatAsChar="1" affectLSpacing="0" flowWithText="1" '
        'allowOverlap="0" holdAnchorAndSO="0" vertRelTo="PARA" horzRelTo="PARA" vertAlign="TOP" horzAlign="LEFT" '
        'vertOffset="0" horzOffset="0"/><hp:outMargin left="0" right="0" top="0" bottom="0"/>'
        f'<hp:inMargin left="283" right="283" top="141" bottom="141"/>{cells}</hp:tbl><hp:t></hp:t></hp:run></hp:p>'
    )


def _cell(ids: Iterator[int], text: str, column: int, line: int, width: int) -> str:
    is_head = line == 0
    return (
        f'<hp:tc name="" header="{int(is_head)}" hasMargin="0" protect="0" editable="0" dirty="0" '
        f'borderFillIDRef="{3 if is_head else 2}"><hp:subList id="" textDirection="HORIZONTAL" lineWrap="BREAK" '
        'vertAlign="CENTER" linkListIDRef="0" linkListNextIDRef="0" textWidth="0" textHeight="0" hasTextRef="0" '
        f'hasNumRef="0">{_paragraph(next(ids), text, HEAD if is_head else CELL, spacing=1)}</hp:subList>'
        f'<hp:cellAddr colAddr="{column}" rowAddr="{line}"/><hp:cellSpan colSpan="1" rowSpan="1"/>'
        f'<hp:cellSz width="{width}" height="{ROW_HEIGHT}"/>'
        '<hp:cellMargin left="283" right="283" top="141" bottom="141"/></hp:tc>'
    )
