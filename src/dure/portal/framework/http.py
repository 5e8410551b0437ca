"""Refusals as HTTP, in one place."""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError, DataError, IntegrityError

from dure.core.errors import (
    DureError,
    IllegalTransition,
    InsufficientCapacity,
    InvalidInput,
    Mistake,
    NotFound,
    NotPermitted,
    Stale,
)
from dure.core.text import Text

DEADLOCK = "40P01"  # PostgreSQL's code: two transactions waited for each other, and this one was taken back
_UNFITTING = Text(
    "값이 너무 길거나 큽니다. 줄여서 다시 보내 주십시오.",
    "A value is too long or too large. Shorten it and send again.",
)


class TooOften(NotPermitted):
    """The person may do this, but not so often."""


class TooLarge(InvalidInput):
    """More was sent than the portal takes; nothing of it was kept."""

    def __init__(self) -> None:
        super().__init__(Mistake("file", _TOO_LARGE, _SMALLER), "the body of the request is too long")


_TOO_LARGE = Text(
    "보낸 내용이 너무 커서 받지 않았습니다. 파일은 한 번에 20MB까지 올릴 수 있습니다.",
    "What was sent is too large and was not taken. Files may have 20 MB at a time.",
)
_SMALLER = Text(
    "브라우저의 뒤로 가기로 돌아가면 적은 내용이 남아 있습니다. 파일을 줄이거나 나누어 다시 올려 주십시오.",
    "Go back in your browser: what you typed is still there. Make the file smaller or split it, and send again.",
)

STATUS: dict[type[DureError], int] = {
    TooOften: 429,
    NotFound: 404,
    NotPermitted: 403,
    TooLarge: 413,
    InvalidInput: 422,
    IllegalTransition: 409,
    Stale: 409,
    InsufficientCapacity: 409,
}


def status_of(error: DureError) -> int:
    """The HTTP status that says what kind of refusal this is."""
    return next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)


def body_of(error: DureError) -> dict[str, Any]:
    """The refusal as JSON: kind, public text in both languages, mistakes with field and remedy."""
    mistakes = [
        {"where": m.where, "what": {"ko": m.what.ko, "en": m.what.en}, "remedy": {"ko": m.remedy.ko, "en": m.remedy.en}}
        for m in getattr(error, "mistakes", ())
    ]
    return {
        "kind": type(error).__name__,
        "message": {"ko": error.public.ko, "en": error.public.en},
        "mistakes": mistakes,
    }


def of_database(error: DatabaseError) -> DureError | None:
    """What the database's own refusal means to whoever asked; None when it is the portal's fault.

    Operations look for all of this themselves; these are what is left when two of them meet at the same moment, or
    nobody thought of a length. Nothing was written, and the database names no field.
    """
    if isinstance(error, DataError):
        return InvalidInput(Mistake("request", _UNFITTING), f"the database refused a value: {error}")
    if isinstance(error, IntegrityError) or getattr(error.__cause__, "sqlstate", None) == DEADLOCK:
        return Stale(internal=f"the database refused what met another: {error}")
    return None
