"""What the pages of every chapter share: who may come in, errors at their fields, how often."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from dure.core.errors import InvalidInput, NotPermitted
from dure.core.text import Text
from dure.portal.framework.arrival import address_of
from dure.portal.framework.limits import is_over

View = Callable[..., HttpResponse]

_ROLE_NEEDED = Text(
    "이 화면은 {who}만 볼 수 있습니다. 해당 계정으로 다시 로그인하거나, 첫 화면에서 볼 수 있는 내용을 찾아 주십시오.",
    "This page is only for {who}. Sign in with such an account, or find what is open to you on the first page.",
)
ROLE_NAMES = {
    "programme_manager": Text("사업 담당자", "programme managers"),
    "reviewer": Text("평가위원", "reviewers"),
    "finance": Text("정산 담당자", "finance officers"),
    "auditor": Text("감사 담당자", "auditors"),
    "provider": Text("GPU 제공 사업자", "providers"),
    "nominator": Text("부처 추천 담당자", "nominating ministries"),
}
_WAIT = Text("잠시 기다려 주십시오", "Please wait a little")
_TOO_OFTEN = Text(
    "짧은 시간에 너무 많이 요청하셨습니다. {minutes}분 뒤에 다시 시도해 주십시오.",
    "Too many requests in a short time. Try again in {minutes} minutes.",
)


def person_required(view: View) -> View:
    """Let in whoever is signed in; take a visitor to the sign-in page and back."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
        return view(request, *args, **kwargs)

    return wrapped


def role_required(*roles: str) -> Callable[[View], View]:
    """Let in whoever has one of the programme's `roles`; raise NotPermitted, naming them, for other people."""
    who = Text(", ".join(ROLE_NAMES[r].ko for r in roles), ", ".join(ROLE_NAMES[r].en for r in roles))

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.actor.roles & set(roles):
                raise NotPermitted(_ROLE_NEEDED.format(who=who), f"needs one of {roles}")
            return view(request, *args, **kwargs)

        return person_required(wrapped)

    return decorate


def limited(times: int, minutes: int, method: str = "POST") -> Callable[[View], View]:
    """Answer 429 to a person (or, for visitors, an address) that sends more than `times` requests in `minutes`."""

    def decorate(view: View) -> View:
        what = f"{view.__module__}.{view.__qualname__}"  # several chapters have a view `ask`

        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == method and is_too_often(request, what, times, minutes):
                return _wait(request, too_often(minutes))
            return view(request, *args, **kwargs)

        return wrapped

    return decorate


def is_too_often(request: HttpRequest, what: str, times: int, minutes: int) -> bool:
    """Count one more request for `what` by this person or address: are they more than `times` in `minutes`?"""
    who = request.user.pk if request.user.is_authenticated else address_of(request)
    return is_over(f"{what}:{who}", times, minutes * 60)


def too_often(minutes: int) -> Text:
    """What such a person is told."""
    return _TOO_OFTEN.format(minutes=minutes)


def _wait(request: HttpRequest, body: Text) -> HttpResponse:
    """The refusal as a page, or as the part of a page that htmx asked for."""
    if request.htmx:
        words = get_language() or "ko"
        context = {"tone": "warn", "icon": "alert", "title": _WAIT.in_(words), "body": body.in_(words)}
        return render(request, "site/components/message.html", context, status=429)
    return render(request, "site/error.html", {"status": 429, "title": _WAIT, "body": body}, status=429)


def add_mistakes(form: BaseForm, error: InvalidInput) -> None:
    """Put the mistakes of a refused operation at their fields of a bound `form`; the rest above the form."""
    language = get_language() or "ko"
    for mistake in error.mistakes:
        field = mistake.where if mistake.where in form.fields else None
        form.add_error(field, mistake.sentence(language))
