"""Reading stored files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from dure.core.errors import NotFound
from dure.portal.files.models import StoredFile
from dure.portal.people.actor import Actor


@dataclass(frozen=True)
class FileView:
    """An uploaded file; its bytes are read with `content`."""

    id: int
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    purpose: str
    owner_id: int
    organisation_id: int | None
    created_at: datetime


def digest_of(content: bytes) -> str:
    """The name under which these bytes are kept."""
    return hashlib.sha256(content).hexdigest()


def path_of(sha256: str) -> Path:
    """Where the bytes with this hash lie."""
    return settings.ENV.home / "files" / sha256[:2] / sha256[2:]


def _view(row: Any) -> FileView:
    return FileView(
        row.pk,
        row.name,
        row.media_type,
        row.size_bytes,
        row.sha256,
        row.purpose,
        row.owner_id,
        row.organisation_id,
        row.created_at,
    )


def file(file_id: int, actor: Actor) -> FileView:
    """One file, for its owner, members of its organisation and those who oversee. Raises NotFound for others."""
    row = StoredFile.objects.filter(pk=file_id).first()
    own = row is not None and actor.user_id is not None and row.owner_id == actor.user_id
    if row is None or not (own or row.organisation_id in actor.organisations or actor.may_oversee):
        raise NotFound(internal=f"{actor} and file {file_id}")
    return _view(row)


def files(file_ids: Iterable[int]) -> dict[int, FileView]:
    """Several files by id, for chapters that have checked who may see them."""
    return {row.pk: _view(row) for row in StoredFile.objects.filter(pk__in=set(file_ids))}


def owned(user_id: int) -> list[FileView]:
    """What a person has uploaded."""
    return [_view(row) for row in StoredFile.objects.filter(owner_id=user_id)]


def content(view: FileView) -> bytes:
    """The bytes of a file. Raises NotFound when they are gone from the disk."""
    try:
        return path_of(view.sha256).read_bytes()
    except FileNotFoundError as error:
        raise NotFound(internal=f"bytes of file {view.id} are missing: {error}") from error
