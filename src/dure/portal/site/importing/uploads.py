"""The file of an import between the look at it and the word to go ahead."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core import signing

from dure.core.errors import Stale
from dure.core.text import Text
from dure.portal.people.actor import Actor
from dure.portal.site.importing.sheets import read
from dure.portal.site.importing.taking import Outcome, preview

SALT = "dure.importing"
KEPT_SECONDS = 3600
_GONE = Text(
    "확인한 파일이 더는 없습니다. 파일을 다시 올려 확인해 주십시오.",
    "The file that was looked at is gone. Upload it and look again.",
)


@dataclass(frozen=True)
class Upload:
    """A file as it came."""

    name: str
    content: bytes


def looked_at(actor: Actor, now: datetime, call_code: str, upload: Upload, work: Callable[..., Outcome]) -> Outcome:
    """Read the upload and try (`preview`) or do (`take_over`) it; what is wrong in a table's shape stops before that.

    Raises InvalidInput (field `file`) for what is no table.
    """
    sheets, mistakes = read(upload.content, upload.name)
    if any(mistake.line <= 1 for mistake in mistakes):
        return Outcome(mistakes=mistakes)
    outcome = (preview if mistakes else work)(actor=actor, now=now, call_code=call_code, sheets=sheets)
    known = {(one.sheet, one.line, one.column) for one in mistakes}
    rest = [one for one in outcome.mistakes if (one.sheet, one.line, one.column) not in known]
    outcome.mistakes = sorted([*mistakes, *rest], key=lambda one: (one.sheet, one.line))
    return outcome


def keep(actor: Actor, call_code: str, upload: Upload) -> str:
    """Keep the upload for an hour and return the token that names it for this person and call."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(upload.content).hexdigest()
    draft = folder / f"{digest}.{os.getpid()}"
    draft.write_bytes(upload.content)
    draft.replace(folder / digest)
    newest = (folder / digest).stat().st_mtime
    for old in folder.iterdir():
        if old.stat().st_mtime < newest - KEPT_SECONDS:
            old.unlink(missing_ok=True)
    return signing.dumps([actor.user_id, call_code, digest, upload.name], salt=SALT)


def kept(actor: Actor, call_code: str, token: str) -> Upload:
    """The upload a token names. Raises Stale when it is another's, too old or gone."""
    try:
        user_id, code, digest, name = signing.loads(token, salt=SALT, max_age=KEPT_SECONDS)
        if (user_id, code) != (actor.user_id, call_code) or not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise Stale(_GONE, "the token is for somebody or something else")
        return Upload(name, (_folder() / digest).read_bytes())
    except (signing.BadSignature, FileNotFoundError) as error:
        raise Stale(_GONE, str(error)) from None


def _folder() -> Path:
    return settings.ENV.home / "importing"
