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


STATUS: dict[type[DureError], int] = {
    TooOften: 429,
    NotFound: 404,
    NotPermitted: 403,
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
