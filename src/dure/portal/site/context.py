"""What every page's template can use."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language

from dure.portal.clock import queries as clock
from dure.portal.framework import programme
from dure.portal.site.navigation import navigation


def page(request: HttpRequest) -> dict[str, Any]:
    """Language, programme, the person, their menu, and virtual time when the portal runs on it."""
    actor = getattr(request, "actor", None)
    current = programme.current()
    return {
        "language": get_language() or "ko",
        "programme": current,
        "zone": current.timezone,
        "actor": actor,
        "now": getattr(request, "now", None),
        "virtual_now": request.now if clock.is_virtual() and hasattr(request, "now") else None,
        "nav": navigation(request, actor),
        "home_url": "/home/",
    }
