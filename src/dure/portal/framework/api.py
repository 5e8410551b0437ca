"""What the JSON API of every chapter shares: sign-in, the answer to a refusal, paging."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Schema, Status
from ninja.security import SessionAuth

from dure.portal.framework.http import TooOften
from dure.portal.framework.pages import is_too_often, too_often


class TextOut(Schema):
    """A text in both languages."""

    ko: str
    en: str


class MistakeOut(Schema):
    """One thing wrong: where, what, and the remedy."""

    where: str
    what: TextOut
    remedy: TextOut


class Refused(Schema):
    """Every answer that is not a success."""

    kind: str
    message: TextOut
    mistakes: list[MistakeOut] = []


REFUSALS: dict[int, Any] = dict.fromkeys((400, 401, 403, 404, 409, 422, 429), Refused)


WRITES, MINUTES = 300, 10


class SignedIn(SessionAuth):
    """A signed-in person; unsafe methods need the CSRF token and are limited in number."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """The person's actor, or None. Raises TooOften for one who writes without end."""
        if not request.user.is_authenticated:
            return None
        if request.method not in ("GET", "HEAD") and is_too_often(request, "api", WRITES, MINUTES):
            raise TooOften(too_often(MINUTES), f"{request.actor}: more than {WRITES} writes")
        return request.actor


signed_in = SignedIn()


def answers(schema: Any, *, created: bool = False) -> dict[int, Any]:
    """The `response=` of an operation: its own schema and every refusal."""
    return {201 if created else 200: schema, **REFUSALS}


def refuse_too_often(request: HttpRequest, what: str, times: int, minutes: int) -> Status[dict[str, Any]] | None:
    """Count one more request for `what`; the answer to a person or address that sends too many, else None."""
    if not is_too_often(request, what, times, minutes):
        return None
    public = too_often(minutes)
    return Status(429, {"kind": "TooOften", "message": {"ko": public.ko, "en": public.en}})
