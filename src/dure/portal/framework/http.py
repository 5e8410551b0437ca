"""Refusals as HTTP, in one place."""

from __future__ import annotations

from typing import Any

from dure.core.errors import (
    DureError,
    IllegalTransition,
    InsufficientCapacity,
    InvalidInput,
    NotFound,
    NotPermitted,
    Stale,
)

STATUS: dict[type[DureError], int] = {
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
