"""What kind of file some bytes are, by their content; names and what a browser claims do not count."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.portal.framework.arrival import LARGEST_FILE

MIB = 2**20


@dataclass(frozen=True)
class Purpose:
    """What may be uploaded for one purpose."""

    kinds: tuple[str, ...]
    largest_bytes: int


PURPOSES = {
    "outcome": Purpose(("pdf", "png", "jpeg", "docx", "hwpx", "xlsx", "csv"), LARGEST_FILE),
    "application": Purpose(("pdf", "png", "jpeg", "docx", "hwpx", "xlsx", "csv"), LARGEST_FILE),
    "call": Purpose(("pdf", "png", "jpeg", "docx", "hwpx", "xlsx", "csv"), LARGEST_FILE),
    "support": Purpose(("pdf", "png", "jpeg", "docx", "hwpx", "xlsx", "csv"), 10 * MIB),
    "evidence": Purpose(("pdf", "png", "jpeg"), 10 * MIB),
}

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "hwpx": "application/hwp+zip",
    "csv": "text/csv",
}
_ENDINGS = {**{kind: (kind,) for kind in MEDIA_TYPES}, "jpeg": ("jpg", "jpeg")}
_ZIPPED = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx", "Contents/header.xml": "hwpx"}


def kind_of(content: bytes) -> str | None:
    """`pdf`, `png`, `jpeg`, `docx`, `xlsx`, `hwpx` or `csv` (any UTF-8 text); None for everything else."""
    if content.startswith(b"%PDF-"):
        return "pdf"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content.startswith(b"PK\x03\x04"):
        return _kind_of_zip(content)
    return "csv" if _is_text(content) else None


def _kind_of_zip(content: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):  # broken, names that are no text, a newer ZIP
        return None
    return next((kind for name, kind in _ZIPPED.items() if name in names), None)


def _is_text(content: bytes) -> bool:
    if b"\x00" in content or content.lstrip()[:1] == b"<":  # markup is never shown as a plain table
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return bool(content.strip())


def too_large(purpose: str) -> Mistake:
    """What a file over the limit is refused with."""
    most = PURPOSES[purpose].largest_bytes // MIB
    what = Text(f"파일이 {most}MB를 넘습니다.", f"The file is larger than {most} MB.")
    return Mistake("file", what, Text("줄이거나 나누어 올려 주십시오.", "Make it smaller or split it."))


def check(content: bytes, name: str, purpose: str) -> str:
    """The kind of an upload that may be kept. Raises InvalidInput (field `file`) for one that may not."""
    rule = PURPOSES[purpose]
    if not content:
        raise InvalidInput(Mistake("file", Text("빈 파일입니다.", "The file is empty."), _OTHER))
    if len(content) > rule.largest_bytes:
        raise InvalidInput(too_large(purpose))
    kind = kind_of(content)
    if kind is None or kind not in rule.kinds:
        allowed = ", ".join(rule.kinds).upper()
        what = Text("올릴 수 없는 종류의 파일입니다.", "This kind of file cannot be uploaded.")
        raise InvalidInput(Mistake("file", what, Text(f"{allowed} 파일을 올려 주십시오.", f"Upload one of {allowed}.")))
    if name.rsplit(".", 1)[-1].lower() not in _ENDINGS[kind]:
        what = Text("파일 이름과 내용의 종류가 다릅니다.", "The file's name does not fit its content.")
        remedy = Text(f"내용은 {kind.upper()}입니다. 이름을 확인해 주십시오.", f"Its content is {kind.upper()}.")
        raise InvalidInput(Mistake("file", what, remedy))
    return kind


_OTHER = Text("다른 파일을 골라 주십시오.", "Choose another file.")
