"""The tables of an import: their columns, and reading them from XLSX, from a ZIP of CSV files or from one CSV file."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.portal.framework.lists import FORMULA_SIGNS

MIB = 2**20
LARGEST_BYTES = 20 * MIB
LARGEST_UNPACKED = 200 * MIB
MOST_ROWS = 100_000
MOST_COLUMNS = 200


@dataclass(frozen=True)
class Column:
    """A column of a sheet, with an example for the template."""

    name: str
    meaning: Text
    example: str = ""
    required: bool = False


@dataclass(frozen=True)
class CellMistake:
    """What is wrong in one cell (or, without a column, in one row or sheet) and what to do about it."""

    sheet: str
    line: int
    column: str
    cell: str
    what: Text
    remedy: Text

    @property
    def where(self) -> str:
        """Sheet and cell as spreadsheets name them: applications!F12."""
        return f"{self.sheet}!{self.cell}" if self.cell else f"{self.sheet}:{self.line}" if self.line else self.sheet


@dataclass(frozen=True)
class Row:
    """One line of a sheet: `line` as the file counts it, `cells` by column name, trimmed."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Sheet:
    """One table: the columns it has, in the file's order, and its rows."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def mistake(self, line: int, column: str, what: Text, remedy: Text) -> CellMistake:
        """A mistake in one cell of this sheet."""
        cell = f"{get_column_letter(self.columns.index(column) + 1)}{line}" if column in self.columns else ""
        return CellMistake(self.name, line, column, cell, what, remedy)


def _c(name: str, ko: str, en: str, example: str = "", required: bool = True) -> Column:
    return Column(name, Text(ko, en), example, required)


TITLES: dict[str, Text] = {
    "organisations": Text("기관", "the organisations that apply"),
    "applications": Text("신청", "their applications"),
    "team": Text("참여자", "who takes part"),
    "reviewers": Text("평가위원", "who reviews"),
    "scores": Text("점수", "what they scored"),
}
SHEETS: dict[str, tuple[Column, ...]] = {
    "organisations": (
        _c("code", "기관 코드(영문 소문자, 숫자, 붙임표)", "code: lower case, digits, hyphens", "hanbit-univ"),
        _c("name", "기관 이름", "name", "한빛대학교"),
        _c("name_en", "영문 이름", "name in English", "Hanbit University", False),
        _c("applicant_class", "기관 유형 코드", "class, a code of the programme", "academia"),
        _c("region", "지역 코드", "region, a code of the programme", "seoul"),
        _c("is_youth", "청년 기업 등이면 yes", "yes for a young company", "no", False),
        _c("registration_number", "사업자등록번호", "registration number", "", False),
        _c("head_email", "대표자 이메일", "e-mail of its head", "head@example.org"),
        _c("head_name", "대표자 이름", "name of its head", "이하늘"),
        _c("verified", "확인한 기관이면 yes", "yes when it was verified", "yes", False),
    ),
    "applications": (
        _c("number", "접수 번호(영문, 숫자, 붙임표)", "number: letters, digits, hyphens", "OLD-0001"),
        _c("organisation", "기관 코드", "code of the organisation", "hanbit-univ"),
        _c("lead_email", "연구책임자 이메일", "e-mail of the lead", "lead@example.org"),
        _c("lead_name", "연구책임자 이름", "name of the lead", "김바다"),
        _c("title", "과제 이름", "title", "한국어 언어 모델"),
        _c("title_en", "영문 과제 이름", "title in English", "A Korean language model", False),
        _c("summary", "과제 요약", "summary", "한국어 모델을 처음부터 학습합니다."),
        _c("field", "연구 분야 코드", "research field, a code of the programme", "language"),
        _c("keywords", "핵심어, 쌍반점(;)으로 나눔", "keywords, separated by semicolons", "언어 모델; 사전 학습"),
        _c("goal", "목표와 기대 효과", "goal and effect", "공개 모델"),
        _c("method", "수행 방법과 일정", "method and schedule", "사전 학습 뒤 미세 조정"),
        _c("sizing", "서버 수와 기간의 근거", "why so many servers for so long", "실측에 근거하여 계산"),
        _c("release", "결과 공개와 활용 계획", "release and use of results", "", False),
        _c("gpu_models", "GPU 코드:쓸모(1~100), 쌍반점으로 나눔", "GPU code:usefulness; …", "h200:100; b200:80"),
        _c("requested_nodes", "서버 수", "servers asked for", "8"),
        _c("min_nodes", "받아들일 수 있는 최소 서버 수", "fewest servers accepted", "4", False),
        _c("months", "사용 기간(개월)", "months of use", "6"),
        _c("earliest_start", "가장 이른 시작 달(YYYY-MM)", "first month to start, YYYY-MM", "2026-04"),
        _c("latest_start", "가장 늦은 시작 달(YYYY-MM)", "last month to start, YYYY-MM", "2026-08"),
        _c("submitted_at", "제출 시각(사업 시간대)", "submitted at, programme time", "2026-01-20 15:30"),
        _c("consents", "동의와 확인을 모두 받았으면 yes", "yes when all consents were given", "yes"),
    ),
    "team": (
        _c("application", "접수 번호", "number of the application", "OLD-0001"),
        _c("name", "이름", "name", "박구름"),
        _c("email", "이메일", "e-mail", "", False),
        _c("affiliation", "소속 기관명", "affiliation", "한빛대학교"),
        _c("role", "member, adviser, lead", "member, adviser or lead", "member", False),
    ),
    "reviewers": (
        _c("email", "이메일", "e-mail", "reviewer@example.org"),
        _c("name", "이름", "name", "최나무"),
        _c("affiliation", "소속", "affiliation", "달빛연구원"),
        _c("former_affiliations", "옛 소속, 쌍반점으로 나눔", "former affiliations; …", "", False),
        _c("keywords", "전문 분야 핵심어, 쌍반점으로 나눔", "keywords; …", "언어 모델; 추론"),
        _c("load_limit", "맡을 수 있는 건수", "most reviews", "30", False),
    ),
    "scores": (
        _c("application", "접수 번호", "number of the application", "OLD-0001"),
        _c("reviewer", "평가위원 이메일", "e-mail of the reviewer", "reviewer@example.org"),
        _c("to_applicant", "신청자에게 하는 말", "comment to the applicant", "", False),
        _c("to_panel", "평가위원회에 하는 말", "comment to the panel", "", False),
    ),
}
# Further columns that stand for what the call itself asks: answers to its questions, points for its criteria.
OPEN_COLUMNS = {"applications": "answer:", "scores": "points:"}

_EMPTY = Text("비어 있습니다.", "This is empty.")
_FILL = Text("값을 적어 주십시오.", "Fill it in.")


def read(content: bytes, name: str) -> tuple[dict[str, Sheet], list[CellMistake]]:
    """The sheets of an upload by name, and what is wrong with their shape.

    Raises InvalidInput (field `file`) for what is no table, is too large, or holds no sheet that is known.
    """
    if len(content) > LARGEST_BYTES:
        raise _refused(
            "파일이 20MB를 넘습니다.", "The file is larger than 20 MB.", "나누어 올려 주십시오.", "Split it."
        )
    try:
        tables = dict(_tables(content, name))
    except InvalidInput:
        raise
    except Exception as error:  # noqa: BLE001 - what zipfile, expat and openpyxl raise for a spoilt file has no end
        raise _refused(
            "표로 읽을 수 없는 파일입니다.",
            "The file cannot be read as tables.",
            "XLSX, UTF-8 CSV, 또는 CSV를 묶은 ZIP을 올려 주십시오. 틀을 내려받아 쓰실 수 있습니다.",
            "Upload XLSX, UTF-8 CSV, or a ZIP of CSV files. Templates can be downloaded.",
            str(error),
        ) from None
    known = {sheet: rows for sheet, rows in tables.items() if sheet in SHEETS}
    if not known:
        names = ", ".join(SHEETS)
        raise _refused(
            "아는 시트가 하나도 없습니다.",
            "There is no sheet that is known.",
            f"시트(또는 CSV 파일) 이름을 {names} 가운데에서 쓰십시오.",
            f"Name the sheets (or CSV files) {names}.",
        )
    sheets, mistakes = {}, []
    for sheet, rows in known.items():
        made, found = _sheet(sheet, rows)
        sheets[sheet] = made
        mistakes += found
    return sheets, mistakes


def _refused(ko: str, en: str, remedy_ko: str, remedy_en: str, internal: str = "") -> InvalidInput:
    return InvalidInput(Mistake("file", Text(ko, en), Text(remedy_ko, remedy_en)), internal)


def _tables(content: bytes, name: str) -> Iterable[tuple[str, list[list[str]]]]:
    """Name and cells of every table in the upload."""
    stem = name.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0].lower()
    if not content.startswith(b"PK\x03\x04"):
        yield stem, _csv(content)
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > LARGEST_UNPACKED:
            raise ValueError("unpacks to too much")
        names = archive.namelist()
        if "xl/workbook.xml" not in names:
            for entry in names:
                if entry.lower().endswith(".csv"):
                    yield entry.rsplit("/", 1)[-1][:-4].lower(), _csv(archive.read(entry))
            return
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    for sheet in book.worksheets:
        rows = sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS, values_only=True)
        yield sheet.title.strip().lower(), [[_text(cell) for cell in row] for row in rows]


def _csv(content: bytes) -> list[list[str]]:
    lines = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return [[_text(cell) for cell in row[:MOST_COLUMNS]] for _, row in zip(range(MOST_ROWS + 2), lines, strict=False)]


def _text(cell: Any) -> str:
    """A cell as text: whole numbers without a point, instants and days in ISO order, yes and no for truth."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    text = str(cell).strip()
    return text[1:] if text[:1] == "'" and text[1:].lstrip()[:1] in FORMULA_SIGNS else text  # as our exports write them


def _sheet(name: str, rows: Sequence[Sequence[str]]) -> tuple[Sheet, list[CellMistake]]:
    header = tuple(cell.lower() for cell in rows[0]) if rows else ()
    while header and not header[-1]:
        header = header[:-1]
    made = tuple(
        Row(line, dict(zip(header, [*row, *[""] * len(header)], strict=False)))
        for line, row in enumerate(rows[1:], start=2)
        if any(row)
    )
    sheet = Sheet(name, header, made)
    return sheet, [*_header_mistakes(sheet), *_row_mistakes(sheet)]


def _header_mistakes(sheet: Sheet) -> list[CellMistake]:
    found, known = [], {column.name for column in SHEETS[sheet.name]}
    prefix = OPEN_COLUMNS.get(sheet.name)
    for index, name in enumerate(sheet.columns):
        remedy = Text(
            "틀에 있는 열 이름을 쓰거나 열을 지우십시오.", "Use a name of the template, or delete the column."
        )
        if name in sheet.columns[:index]:
            found.append(
                sheet.mistake(1, name, Text("같은 열이 두 번 있습니다.", "The column is there twice."), remedy)
            )
        elif name not in known and not (prefix and name.startswith(prefix)):
            what = Text(f"모르는 열입니다: {name or '(빈 이름)'}", f"Not a known column: {name or '(no name)'}")
            found.append(sheet.mistake(1, name, what, remedy))
    for column in SHEETS[sheet.name]:
        if column.required and column.name not in sheet.columns:
            what = Text(f"‘{column.name}’ 열이 없습니다.", f"The column {column.name} is missing.")
            remedy = Text("열을 더해 주십시오.", "Add the column.")
            found.append(CellMistake(sheet.name, 1, column.name, "", what, remedy))
    if len(sheet.rows) > MOST_ROWS:
        what = Text(f"{MOST_ROWS:,}줄을 넘습니다.", f"More than {MOST_ROWS:,} rows.")
        found.append(CellMistake(sheet.name, 0, "", "", what, Text("나누어 올려 주십시오.", "Split the file.")))
    return found


def _row_mistakes(sheet: Sheet) -> list[CellMistake]:
    needed = [column.name for column in SHEETS[sheet.name] if column.required and column.name in sheet.columns]
    return [
        sheet.mistake(row.line, name, _EMPTY, _FILL) for row in sheet.rows for name in needed if not row.cells[name]
    ]
