"""Who is asking, in which language, at what time; and what a refusal looks like."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from dure.core.errors import (
    DureError,
    IllegalTransition,
    InsufficientCapacity,
    InvalidInput,
    NotFound,
    NotPermitted,
    Stale,
)
from dure.core.text import Text
from dure.portal.clock.queries import is_virtual, now
from dure.portal.framework import letters, programme
from dure.portal.framework.arrival import TOO_LARGE, arrived_at
from dure.portal.framework.http import TooLarge, body_of, of_database, status_of
from dure.portal.people.queries import actor_of

log = logging.getLogger("dure.refusals")
Next = Callable[[HttpRequest], HttpResponse]
LANGUAGE_COOKIE = "dure_language"

TITLES: dict[type[DureError], Text] = {
    NotFound: Text("찾을 수 없습니다", "Not found"),
    NotPermitted: Text("볼 수 없는 화면입니다", "This is not open to you"),
    TooLarge: Text("너무 큽니다", "Too large"),
    InvalidInput: Text("입력을 확인해 주십시오", "Check what was entered"),
    IllegalTransition: Text("지금은 할 수 없습니다", "Not possible at present"),
    Stale: Text("그사이 바뀌었습니다", "It has changed in the meantime"),
    InsufficientCapacity: Text("서버가 부족합니다", "Too few servers"),
}


class LanguageMiddleware:
    """The language chosen with the switch (a cookie), else Korean; and the programme's time zone."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the chosen language, with dates in programme time."""
        chosen = request.COOKIES.get(LANGUAGE_COOKIE)
        language = chosen if chosen in ("ko", "en") else "ko"
        with translation.override(language), timezone.override(programme.zone()):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Cookie",))
        return response


class PersonMiddleware:
    """Puts actor (read when first used), `now` (one instant for all of it) and `arrived_at` on the request.

    In virtual time a request arrives at the virtual now.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with actor and instant at hand."""
        request.actor = SimpleLazyObject(lambda: actor_of(request.user))
        request.now = now()
        request.arrived_at = request.now if is_virtual() else arrived_at(request, request.now)
        return self.get_response(request)


class RefusalMiddleware:
    """Turns a `DureError` that a page let through into a page that says what to do next.

    What is too large and letters that no text holds come no further than here.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on what can be read."""
        try:
            if request.META.get(TOO_LARGE):
                raise TooLarge
            letters.check(request)
        except InvalidInput as error:
            if request.path.startswith("/api/"):
                return JsonResponse(body_of(error), status=status_of(error))
            return refusal_page(request, error)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The page for a refusal (sign-in for visitors who may not); other exceptions go on to Django."""
        if isinstance(error, DatabaseError) and (found := of_database(error)):
            log.warning("%s %s: %s", request.method, request.path, found.internal)
            error = found
        if not isinstance(error, DureError):
            return None
        log.info("%s %s: %s", request.method, request.path, error.internal or error.public.en)
        if isinstance(error, NotPermitted) and request.method == "GET" and not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return refusal_page(request, error)


def refusal_page(request: HttpRequest, error: DureError) -> HttpResponse:
    """The page that says what was refused, why and what to do next."""
    status = status_of(error)
    title = next((text for kind, text in TITLES.items() if isinstance(error, kind)), DureError.default)
    mistakes = [Text(m.sentence("ko"), m.sentence("en")) for m in getattr(error, "mistakes", ())]
    context = {
        "status": status,
        "title": title,
        "body": error.public,
        "next_steps": mistakes[1:],  # the first one is the body
        # The link would load the form anew, and empty; going back in the browser keeps what was typed.
        "back_url": "" if isinstance(error, TooLarge) else _own_referer(request),
    }
    return render(request, "site/error.html", context, status=status)


def _own_referer(request: HttpRequest) -> str:
    """The page of this portal the person came from, if any."""
    referer = request.META.get("HTTP_REFERER", "")
    own = f"{request.scheme}://{request.get_host()}/"
    return referer if referer.startswith(own) else ""
