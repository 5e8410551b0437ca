"""Programmes as data: the YAML files shipped with Dure, and the one place that reads a programme file from disk."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.programme import load
from dure.programme.schema import Programme

LARGEST_BYTES = 1_000_000


def names() -> tuple[str, ...]:
    """The packaged programmes, by name."""
    files = resources.files(__name__).iterdir()
    return tuple(sorted(f.name.removesuffix(".yaml") for f in files if f.name.endswith(".yaml")))


def text(name_or_path: str | Path) -> str:
    """The text of a packaged programme, or of the file at a path. Raises InvalidInput when it cannot be read."""
    where = str(name_or_path)
    try:
        if where in names():
            content = resources.files(__name__).joinpath(f"{where}.yaml").read_bytes()
        else:
            with Path(name_or_path).open("rb") as file:
                content = file.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InvalidInput(_unreadable(where), str(error)) from error
    if len(content) > LARGEST_BYTES:
        raise InvalidInput(_too_large(where))
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(_not_utf8(where, content[: error.start].count(b"\n") + 1)) from error


def read(name_or_path: str | Path) -> Programme:
    """The programme of a packaged name or a file. Raises InvalidInput with every mistake found."""
    return load.parse(text(name_or_path))


def _unreadable(where: str) -> Mistake:
    return Mistake(
        where,
        Text("사업 파일을 읽을 수 없습니다.", "The programme file cannot be read."),
        Text(
            f"경로를 확인하거나 다음 이름 중 하나를 쓰십시오: {', '.join(names())}.",
            f"Check the path, or use one of the packaged names: {', '.join(names())}.",
        ),
    )


def _too_large(where: str) -> Mistake:
    return Mistake(
        where,
        Text("사업 파일이 1MB를 넘습니다.", "The programme file is larger than 1 MB."),
        Text("사업 파일이 맞는지 확인해 주십시오.", "Check that this is a programme file."),
    )


def _not_utf8(where: str, line: int) -> Mistake:
    return Mistake(
        f"{where}, line {line}",
        Text("UTF-8이 아닌 글자가 있습니다.", "There are bytes that are not UTF-8."),
        Text("파일을 UTF-8로 저장해 주십시오.", "Save the file as UTF-8."),
    )
