"""Pages of a signed-in person across chapters: the home, the story of an application, search."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dure.core.text import Text
from dure.portal.applications import queries as applications
from dure.portal.awards import queries as awards
from dure.portal.framework.pages import person_required
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor
from dure.portal.site import tasks, timeline
from dure.portal.site.search import SHORTEST, search

SHOWN = 10


@person_required
def home(request: HttpRequest) -> HttpResponse:
    """What to do now, in order of urgency; below it how one's applications stand."""
    actor = request.actor
    context = {
        "tasks": tasks.tasks(actor, request.now),
        "person": people.person(actor.user_id),
        "standing": _standing(actor),
        "has_organisation": bool(actor.organisations),
    }
    return render(request, "site_pages/home.html", context)


def _standing(actor: Actor) -> list[dict[str, Any]]:
    """The applications of one's organisations with their awards, the newest first."""
    if not actor.organisations:
        return []
    held = {view.number: view for view in awards.of_organisations(actor.organisations)}
    mine = applications.mine(actor)[:SHOWN]
    return [{"application": view, "award": held.get(view.number)} for view in mine]


@person_required
def follow(request: HttpRequest, number: str) -> HttpResponse:
    """The whole story of one application."""
    story = timeline.story(number, request.actor, request.now)
    context = {
        "story": story,
        "events": story.events,
        "crumbs": [(Text("신청", "Applications"), "/applications/"), (number, "")],
    }
    return render(request, "site_pages/follow.html", context)


def find(request: HttpRequest) -> HttpResponse:
    """Search over what this person may see."""
    text = request.GET.get("q", "").strip()
    context = {
        "q": text,
        "found": search(text, request.actor),
        "is_short": 0 < len(text) < SHORTEST,
        "crumbs": [(Text("찾기", "Search"), "")],
    }
    return render(request, "site_pages/search.html", context)
