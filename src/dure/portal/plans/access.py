"""Who may come to the pages of this chapter: unpublished plans do not exist for anybody but those who oversee them."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from dure.core.errors import NotFound
from dure.portal.framework.pages import View, person_required, role_required


def overseers(view: View) -> View:
    """Let in programme managers and auditors; for everybody else there is no such page."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.actor.may_oversee:
            raise NotFound(internal=f"plans for {request.actor}")
        return view(request, *args, **kwargs)

    return person_required(wrapped)


def managers(view: View) -> View:
    """Let in programme managers; auditors are told that they only read."""
    return overseers(role_required("programme_manager")(view))
