"""Pages of a signed-in person across chapters: the home, the story of an application, search."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from dure.core.text import Text
from dure.portal.applications import queries as applications
from dure.portal.awards import queries as awards
from dure.portal.calls import queries as calls
from dure.portal.fleet import queries as fleet
from dure.portal.framework.pages import limited, person_required
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor
from dure.portal.plans import queries as plans
from dure.portal.site import tasks, timeline
from dure.portal.site.search import SHORTEST, search

SHOWN = 10


@person_required
def home(request: HttpRequest) -> HttpResponse:
    """What to do now, in order of urgency; below it how one's applications stand."""
    actor = request.actor
    context = {
        "tasks": tasks.tasks(actor, request.now),
        "name": people.person(actor.user_id).named(get_language() or "ko"),
        "standing": _standing(actor),
        "calls": _calls(actor),
        "clusters": [c for c in fleet.clusters(actor) if actor.speaks_for(c.provider)] if actor.providers else [],
    }
    return render(request, "site_pages/home.html", context)


def _calls(actor: Actor) -> list[dict[str, Any]]:
    """For those who oversee the programme: its calls and how many applications each has received."""
    if not actor.may_oversee:
        return []
    rows = []
    for call in calls.calls(actor)[:SHOWN]:
        counts = applications.counts(call.code, actor)
        received = sum(count for state, count in counts.items() if state not in ("draft", "discarded"))
        rows.append({"call": call, "applications": received})
    return rows


def _standing(actor: Actor) -> list[dict[str, Any]]:
    """The applications of one's organisations with their awards, the newest first."""
    if not actor.organisations:
        return []
    held = {view.number: view for view in awards.of_organisations(actor.organisations)}
    mine = applications.mine(actor)[:SHOWN]
    rows = []
    for view in mine:
        award = held.get(view.number)
        rank = plans.decided_rank(view.number) if award is None and view.state == "admitted" else None
        rows.append({"application": view, "award": award, "rank": rank})
    return rows


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


@limited(120, 10, "GET")
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
