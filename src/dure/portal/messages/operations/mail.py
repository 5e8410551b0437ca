"""Writing mail into the outbox."""

from __future__ import annotations

import re
from datetime import datetime

from django.conf import settings
from django.db.models import F

from dure.core.text import Text
from dure.portal.messages.models import Message
from dure.portal.people.queries import person

LONGEST_SUBJECT = 300
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_PATH = re.compile(r"(?<!\S)(/[a-z][\w./-]*/)")


def write(*, key: str, to: str, subject: str, body: str, now: datetime) -> None:
    """Put one mail into the outbox in the caller's transaction; the same `key` again changes nothing.

    The subject becomes one line: names and titles that people chose stand in it, and a line break would begin a header.
    """
    line = " ".join(_UNSEEN.sub(" ", subject).split())[:LONGEST_SUBJECT]
    Message.objects.bulk_create(
        [Message(key=key, to=to, subject=line, body=body, written_at=now)], ignore_conflicts=True
    )


def announce(*, key: str, user_id: int, subject: Text, body: Text, now: datetime) -> None:
    """Write to a person in their language; the same `key` again changes nothing. Raises NotFound.

    A path of the portal that stands alone in `body` (" /awards/25-1-0007/") becomes an address one can follow.
    """
    to = person(user_id)
    text = _PATH.sub(rf"{settings.ENV.public_url}\1", body.in_(to.language))
    write(key=key, to=to.email, subject=subject.in_(to.language), body=text, now=now)


def sent(*, message_id: int, now: datetime) -> None:
    """Note that the mail server took a mail."""
    Message.objects.filter(pk=message_id, sent_at=None).update(sent_at=now, attempts=F("attempts") + 1, last_error="")


def failed(*, message_id: int, error: str) -> None:
    """Note that the mail server did not take a mail, and why."""
    Message.objects.filter(pk=message_id, sent_at=None).update(attempts=F("attempts") + 1, last_error=error[:300])
