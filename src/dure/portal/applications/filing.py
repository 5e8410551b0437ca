"""Pages of an application's attachments."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dure.core.errors import InvalidInput
from dure.core.text import Text
from dure.portal.applications import content as contents
from dure.portal.applications import operations, queries
from dure.portal.applications.forms import FileForm
from dure.portal.calls import queries as calls
from dure.portal.files.kinds import PURPOSES, too_large
from dure.portal.framework.pages import add_mistakes, limited, person_required

LARGEST_BYTES = PURPOSES["application"].largest_bytes
MINE = (Text("내 신청", "My applications"), "/applications/mine/")


@person_required
@limited(60, 10)
def files(request: HttpRequest, number: str) -> HttpResponse:
    """The files of an application: add one, see them, take one away."""
    view = queries.application(number, request.actor)
    if not view.is_editable or view.organisation.id not in request.actor.organisations:
        return redirect("applications-show", number)
    sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = FileForm(*sent)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            if upload.size > LARGEST_BYTES:
                raise InvalidInput(too_large("application"))
            operations.attach(
                actor=request.actor, now=request.now, number=number, name=upload.name, content=upload.read()
            )
            messages.success(request, _("파일을 올렸습니다."))
            return redirect("applications-files", number)
        except InvalidInput as error:
            add_mistakes(form, error)
    context = {
        "view": view,
        "form": form,
        "call": calls.call(view.call_code, queries.READER),
        "most": contents.MOST_ATTACHMENTS,
        "now": request.now,
        "crumbs": [MINE, (number, f"/applications/{number}/"), (_("첨부 파일"), "")],
    }
    return render(request, "applications/files.html", context, status=422 if form.errors else 200)


@require_POST
@person_required
def detach(request: HttpRequest, number: str, file_id: int) -> HttpResponse:
    """Take a file out of the draft."""
    operations.detach(actor=request.actor, now=request.now, number=number, file_id=file_id)
    messages.success(request, _("파일을 지웠습니다."))
    return redirect("applications-files", number)
