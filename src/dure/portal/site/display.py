"""The reader's choice of language and display mode: one small form, kept in cookies, working without JavaScript."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from dure.portal.site.templatetags.dure import MODE_COOKIE, MODES

_YEAR = 365 * 24 * 3600


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep `language` or `mode` ("system" forgets it) and go back to `next`; anything else is left as it was."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
        target = "/"
    response = HttpResponseRedirect(target)
    secure, language, mode = settings.SESSION_COOKIE_SECURE, request.POST.get("language"), request.POST.get("mode")
    if language in dict(settings.LANGUAGES):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=_YEAR, samesite="Lax", secure=secure)
    if mode in MODES:
        response.set_cookie(MODE_COOKIE, mode, max_age=_YEAR, samesite="Lax", secure=secure, httponly=True)
    elif mode == "system":
        response.delete_cookie(MODE_COOKIE, samesite="Lax")
    return response
