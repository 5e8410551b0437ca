"""Pages about one's own personal data."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dure.core.text import Text
from dure.portal.framework import programme as programmes
from dure.portal.framework.pages import limited, person_required
from dure.portal.people import queries as people
from dure.portal.privacy import operations, queries

CRUMBS = [(Text("내 정보", "My details"), "/profile/"), (Text("내 개인정보", "My personal data"), "")]


@require_GET
@person_required
def mine(request: HttpRequest) -> HttpResponse:
    """What is held, for how long, consents, and the way out."""
    context = {
        "consents": people.consents(request.actor.user_id),
        "rules": programmes.privacy(),
        "pending": queries.pending(request.actor.user_id),
        "obstacles": queries.obstacles(request.actor.user_id, request.now),
        "crumbs": CRUMBS,
    }
    return render(request, "privacy/mine.html", context)


@require_GET
@person_required
@limited(10, 10, "GET")
def download(request: HttpRequest) -> HttpResponse:
    """Everything held about the person who asks, as one JSON file."""
    text = json.dumps(queries.held(request.actor), ensure_ascii=False, indent=1)
    response = HttpResponse(text, content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@require_POST
@person_required
def erase(request: HttpRequest) -> HttpResponse:
    """Withdraw consent and ask to be erased; the box has to be ticked."""
    if request.POST.get("sure") != "on":
        messages.error(request, _("되돌릴 수 없다는 것을 확인하는 칸에 표시해 주십시오."))
        return redirect("privacy-mine")
    operations.ask(actor=request.actor, now=request.now)
    messages.success(request, _("동의 철회와 삭제 요청을 받았습니다. 남은 일이 없으면 곧 지웁니다."))
    return redirect("privacy-mine")


@require_POST
@person_required
def stay(request: HttpRequest) -> HttpResponse:
    """Take the request back."""
    operations.take_back(actor=request.actor, now=request.now)
    messages.success(request, _("삭제 요청을 취소하였습니다."))
    return redirect("privacy-mine")
