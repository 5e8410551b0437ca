"""Downloading an application's attachment: its own people, the programme, and reviewers who may read the proposal."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_GET

from dure.core.errors import NotFound
from dure.portal.applications import queries as applications
from dure.portal.applications.content import Content
from dure.portal.files import queries as files
from dure.portal.framework.pages import person_required
from dure.portal.people.actor import Actor
from dure.portal.reviews import queries as reviews


@require_GET
@person_required
def attachment(request: HttpRequest, number: str, file_id: int) -> HttpResponseBase:
    """The file's bytes, always as a download. NotFound for whoever may not know of the application or the file."""
    named = {one.file_id for content in _readable(number, request.actor) for one in content.attachments}
    view = files.files([file_id]).get(file_id) if file_id in named else None
    if view is None:
        raise NotFound(internal=f"file {file_id} of application {number!r} for {request.actor}")
    return FileResponse(
        files.path_of(view.sha256).open("rb"), as_attachment=True, filename=view.name, content_type=view.media_type
    )


def _readable(number: str, actor: Actor) -> list[Content]:
    """What of the application the person may read: draft and sealed versions, or as a reviewer the last of these."""
    try:
        view = applications.application(number, actor)
    except NotFound:
        own = [one.id for one in reviews.assignments(actor) if one.number == number]
        return [reviews.assignment(one, actor).content for one in own]
    sealed = [applications.versions_content(number, receipt.version, actor) for receipt in view.receipts]
    return [view.draft, *sealed]
