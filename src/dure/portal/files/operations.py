"""Keeping uploaded files."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

from django.db import transaction

from dure.core.errors import NotFound
from dure.portal.files.kinds import MEDIA_TYPES, check
from dure.portal.files.models import StoredFile
from dure.portal.files.queries import digest_of, path_of
from dure.portal.framework.states import locked
from dure.portal.journal.operations import append
from dure.portal.people.actor import Actor


@transaction.atomic
def store(
    *, actor: Actor, now: datetime, content: bytes, name: str, purpose: str, organisation_id: int | None = None
) -> int:
    """Keep an upload and return its id; equal bytes lie on disk once.

    For signed-in people, and for an organisation only by its members. Raises InvalidInput (field `file`) for a
    kind, size or name that may not be.
    """
    actor.require(actor.user_id is not None)
    actor.require(organisation_id is None or organisation_id in actor.organisations)
    name = tidy_name(name)
    kind = check(content, name, purpose)
    digest = digest_of(content)
    row = StoredFile.objects.create(
        sha256=digest,
        name=name,
        media_type=MEDIA_TYPES[kind],
        size_bytes=len(content),
        owner_id=actor.user_id,
        organisation_id=organisation_id,
        purpose=purpose,
        created_at=now,
    )
    append(at=now, actor=actor.name, event="files.store", subject=f"file:{row.pk}", sha256=digest, purpose=purpose)
    _write(path_of(digest), content)
    return row.pk


@transaction.atomic
def discard(*, actor: Actor, now: datetime, file_id: int) -> None:
    """Forget a file that no record needs any more; the bytes go with the last row that names them.

    For its owner and members of its organisation; the calling chapter knows that nothing refers to it. Raises NotFound.
    """
    row = locked(StoredFile.objects, pk=file_id)
    own = actor.user_id is not None and row.owner_id == actor.user_id
    if not (own or row.organisation_id in actor.organisations or actor.is_system):
        raise NotFound(internal=f"{actor} and file {file_id}")
    digest = row.sha256
    row.delete()
    append(at=now, actor=actor.name, event="files.discard", subject=f"file:{file_id}", sha256=digest)
    transaction.on_commit(lambda: _forget(actor.name, now, digest))


@transaction.atomic
def _forget(actor: str, now: datetime, digest: str) -> None:
    """Remove bytes that no row names any more.

    Both this and `store` touch the disk after their journal entry: the journal lets one transaction at a time past
    it, so bytes just uploaded again are seen here or written again there.
    """
    if StoredFile.objects.filter(sha256=digest).exists():
        return
    append(at=now, actor=actor, event="files.forget", subject=f"bytes:{digest[:16]}", sha256=digest)
    if not StoredFile.objects.filter(sha256=digest).exists():
        path_of(digest).unlink(missing_ok=True)


def tidy_name(name: str) -> str:
    """The last part of a file name, without control characters; at most 120 characters, the ending kept.

    Marks that turn the direction of writing are such: with one, "report-fdp.exe" reads "report-exe.pdf".
    """
    last = (
        re.sub(
            r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\"]",
            "",
            name.replace("\\", "/").rsplit("/", 1)[-1],
        ).strip()
        or "file"
    )
    stem, dot, ending = last.rpartition(".")
    return last if len(last) <= 120 else f"{stem[: 119 - len(ending)]}{dot}{ending[:40]}"


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: temporary name, fsync, rename."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
