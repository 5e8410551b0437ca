"""Every address of the portal. Each chapter brings its own pages and its own part of the API."""

from __future__ import annotations

import logging
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from ninja.errors import AuthenticationError, HttpError, ValidationError

from dure.core.errors import DureError, InvalidInput, Mistake, NotFound, NotPermitted
from dure.core.text import Text
from dure.portal.framework.http import body_of, of_database, status_of
from dure.portal.framework.letters import WritableJson
from dure.portal.site.interface import DescribedAPI, Interface

log = logging.getLogger("dure.refusals")
api = DescribedAPI(
    title="Dure",
    version="1",
    description="A public GPU programme from the call to the last invoice. Every answer that is not a success has "
    "the shape `Refused`. The agent protocol is under `agent`.",
    urls_namespace="api",
    parser=WritableJson(),
    docs=Interface(),
)


@api.exception_handler(DureError)
def refused(request: HttpRequest, error: DureError) -> HttpResponse:
    """A refusal as JSON."""
    return api.create_response(request, body_of(error), status=status_of(error))


@api.exception_handler(ValidationError)
def malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Input that does not fit the schema, field by field."""
    mistakes = [
        Mistake(".".join(str(part) for part in item["loc"]), Text(f"값이 맞지 않습니다: {item['msg']}", item["msg"]))
        for item in error.errors
    ]
    return api.create_response(request, body_of(InvalidInput(mistakes)), status=422)


@api.exception_handler(DatabaseError)
def unkept(request: HttpRequest, error: DatabaseError) -> HttpResponse:
    """What the database refused. Raises the error itself when that is nobody's doing but ours."""
    found = of_database(error)
    if found is None:
        raise error
    log.warning("%s %s: %s", request.method, request.path, found.internal)
    return api.create_response(request, body_of(found), status=status_of(found))


@api.exception_handler(Http404)
def nowhere(request: HttpRequest, error: Http404) -> HttpResponse:
    """An address of the API under which there is nothing."""
    return api.create_response(request, body_of(NotFound()), status=404)


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """A body that cannot be read, or what else the framework refuses."""
    if isinstance(error.__cause__, DureError):
        return refused(request, error.__cause__)
    what = Text(
        "요청을 읽을 수 없습니다. JSON인지 확인해 주십시오.", "The request cannot be read. Check that it is JSON."
    )
    return api.create_response(request, body_of(InvalidInput(Mistake("body", what))), status=error.status_code)


@api.exception_handler(AuthenticationError)
def stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """Nobody is signed in."""
    public = Text("로그인이 필요합니다.", "Sign in first.")
    return api.create_response(request, body_of(NotPermitted(public)), status=401)


def _chapters() -> list[Any]:
    found = []
    for chapter in (*settings.CHAPTERS, "site"):
        base = f"dure.portal.{chapter}"
        found.append(path("", include(f"{base}.urls")))
        if find_spec(f"{base}.api"):
            api.add_router("", import_module(f"{base}.api").router)
    return found


urlpatterns = [
    *_chapters(),
    path("api/", api.urls),
    path("accounts/", include("allauth.account.urls")),
]
