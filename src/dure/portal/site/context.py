"""What every page's template can use."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language

from dure.portal.clock import queries as clock
from dure.portal.framework import programme
from dure.portal.site.navigation import account_links, foot_links, navigation, role_names


def page(request: HttpRequest) -> dict[str, Any]:
    """Language, programme, the person, their menu, and virtual time when the portal runs on it."""
    actor = getattr(request, "actor", None)
    current = programme.current()
    is_virtual = clock.is_virtual()
    now = getattr(request, "now", None)
    return {
        "language": get_language() or "ko",
        "programme": current,
        "programme_name": current.name,
        "zone": current.timezone,
        "actor": actor,
        "actor_roles": role_names(actor),
        "account_links": account_links(actor),
        "now": now,
        "virtual_now": now if is_virtual else None,
        "simulated": is_virtual,  # virtual time is refused unless every cluster is simulated
        "nav": navigation(request, actor),
        "foot_links": foot_links(),
        "home_url": "/home/" if actor and actor.user_id else "/",
    }
