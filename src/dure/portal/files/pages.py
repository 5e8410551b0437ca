"""Downloading stored files."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest, HttpResponseBase

from dure.portal.files import queries
from dure.portal.framework.pages import person_required


@person_required
def download(request: HttpRequest, file_id: int) -> HttpResponseBase:
    """The file's bytes, always as a download: nothing that was uploaded is shown inside this site."""
    view = queries.file(file_id, request.actor)
    return FileResponse(
        queries.path_of(view.sha256).open("rb"), as_attachment=True, filename=view.name, content_type=view.media_type
    )
