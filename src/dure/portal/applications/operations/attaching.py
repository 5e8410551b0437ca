"""Files of an application: added and taken away while its draft may be written, sealed by hash with the rest."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dure.core.errors import InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.portal.applications import content as contents
from dure.portal.applications.content import Attachment
from dure.portal.applications.models import Application
from dure.portal.applications.operations.writing import editable
from dure.portal.files import operations as files
from dure.portal.files import queries as stored
from dure.portal.people.actor import Actor


@transaction.atomic
def attach(*, actor: Actor, now: datetime, number: str, name: str, content: bytes) -> Attachment:
    """Add an upload to the draft; the same bytes under the same name again change nothing.

    Raises InvalidInput (field `file`) for a kind, size or name that may not be and for too many files.
    """
    row = editable(actor, number)
    attachments = contents.read(row.draft).attachments
    digest = stored.digest_of(content)
    same = [one for one in attachments if one.sha256 == digest and one.name == files.tidy_name(name)]
    if same:
        return same[0]
    if len(attachments) >= contents.MOST_ATTACHMENTS:
        most = contents.MOST_ATTACHMENTS
        what = Text(f"파일은 {most}개까지 붙일 수 있습니다.", f"At most {most} files can be attached.")
        remedy = Text("다른 파일을 먼저 지우거나 합쳐 주십시오.", "Remove another file first, or join them.")
        raise InvalidInput(Mistake("file", what, remedy))
    file_id = files.store(
        actor=actor,
        now=now,
        content=content,
        name=name,
        purpose="application",
        organisation_id=row.organisation_id,
    )
    view = stored.files([file_id])[file_id]
    made = Attachment(
        file_id=file_id, name=view.name, media_type=view.media_type, size_bytes=view.size_bytes, sha256=view.sha256
    )
    _save(row, now, (*attachments, made))
    return made


@transaction.atomic
def detach(*, actor: Actor, now: datetime, number: str, file_id: int) -> None:
    """Take a file out of the draft; its bytes go too unless a sealed version names it. Raises NotFound."""
    row = editable(actor, number)
    attachments = contents.read(row.draft).attachments
    if file_id not in {one.file_id for one in attachments}:
        raise NotFound(internal=f"application {number} has no file {file_id}")
    _save(row, now, tuple(one for one in attachments if one.file_id != file_id))
    sealed = {one["file_id"] for version in row.versions.all() for one in version.content.get("attachments", ())}
    if file_id not in sealed:
        files.discard(actor=actor, now=now, file_id=file_id)


def _save(row: Application, now: datetime, attachments: tuple[Attachment, ...]) -> None:
    """Not counted as an edition: a tab in which texts are typed goes on saving."""
    draft = contents.read(row.draft).model_copy(update={"attachments": attachments})
    row.draft, row.draft_saved_at = contents.stored(draft), now
    row.save(update_fields=["draft", "draft_saved_at"])
