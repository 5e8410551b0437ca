"""Who is asking, in which language, at what time; and what a refusal looks like."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from dure.core.errors import DureError
from dure.portal.clock.queries import now
from dure.portal.framework.http import body_of, status_of
from dure.portal.people.queries import actor_of

log = logging.getLogger("dure.refusals")
Next = Callable[[HttpRequest], HttpResponse]
LANGUAGE_COOKIE = "dure_language"


class LanguageMiddleware:
    """The language chosen with the switch (a cookie), else Korean: a programme's portal speaks its language first."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the chosen language."""
        chosen = request.COOKIES.get(LANGUAGE_COOKIE)
        language = chosen if chosen in ("ko", "en") else "ko"
        with translation.override(language):
            request.LANGUAGE_CODE = language  # type: ignore[attr-defined]
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Cookie",))
        return response


class PersonMiddleware:
    """Puts `request.actor` (read when first used) and `request.now` on the request."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with actor and instant at hand."""
        request.actor = SimpleLazyObject(lambda: actor_of(request.user))  # type: ignore[attr-defined]
        request.now = SimpleLazyObject(now)  # type: ignore[attr-defined]
        return self.get_response(request)


class RefusalMiddleware:
    """Turns a `DureError` that a page let through into a page (or JSON for the API) that says what to do next."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The page for a refusal; other exceptions go on to Django."""
        if not isinstance(error, DureError):
            return None
        log.info("%s %s: %s", request.method, request.path, error.internal or error.public.en)
        status = status_of(error)
        context = {"status": status, "refusal": body_of(error), "message": error.public}
        return render(request, "site/error.html", context, status=status)
