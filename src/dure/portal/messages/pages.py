"""Pages of mail: one's own, and in a demonstration everybody's."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from dure.core.text import Text
from dure.portal.framework.lists import paged
from dure.portal.framework.pages import person_required
from dure.portal.messages import queries
from dure.portal.people.queries import person

MINE = Text("받은 알림", "My mail")
DEMO = Text("시연용 메일함", "Demonstration mail")


def mail(request: HttpRequest) -> HttpResponse:
    """One's own mail; a visitor of a demonstration is shown everybody's."""
    if not request.user.is_authenticated and queries.is_demo_open():
        return redirect("messages-demo")
    return _mine(request)


@person_required
def _mine(request: HttpRequest) -> HttpResponse:
    rows = queries.inbox(request.actor, request.GET.get("q", ""))
    context = {
        "page": paged(rows, request.GET.get("page"), queries.message_view),
        "crumbs": [(MINE, "")],
        "is_demo_open": queries.is_demo_open(),
    }
    return render(request, "messages/mine.html", context)


def demo(request: HttpRequest) -> HttpResponse:
    """All mail of a demonstration."""
    rows = queries.demo_mail(request.GET.get("q", ""))
    context = {"page": paged(rows, request.GET.get("page"), queries.message_view), "crumbs": [(DEMO, "")]}
    return render(request, "messages/demo.html", context)


def show(request: HttpRequest, message_id: int) -> HttpResponse:
    """One mail, its addresses as links."""
    message = queries.message(message_id, request.actor)
    own = request.actor.user_id is not None and message.to == person(request.actor.user_id).email
    crumbs = [(MINE, "/mail/") if own else (DEMO, "/mail/all/"), (message.subject, "")]
    return render(request, "messages/show.html", {"message": message, "crumbs": crumbs})
