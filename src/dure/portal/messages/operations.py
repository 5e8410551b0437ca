"""Writing mail into the outbox."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from dure.core.text import Text
from dure.portal.messages.models import Message
from dure.portal.people.queries import person


def write(*, key: str, to: str, subject: str, body: str, now: datetime) -> None:
    """Put one mail into the outbox in the caller's transaction; the same `key` again changes nothing."""
    Message.objects.bulk_create(
        [Message(key=key, to=to, subject=subject, body=body, written_at=now)], ignore_conflicts=True
    )


def announce(*, key: str, user_id: int, subject: Text, body: Text, now: datetime) -> None:
    """Write to a person in their language; the same `key` again changes nothing. Raises NotFound."""
    to = person(user_id)
    write(key=key, to=to.email, subject=subject.in_(to.language), body=body.in_(to.language), now=now)


def sent(*, message_id: int, now: datetime) -> None:
    """Note that the mail server took a mail."""
    Message.objects.filter(pk=message_id, sent_at=None).update(sent_at=now, attempts=F("attempts") + 1, last_error="")


def failed(*, message_id: int, error: str) -> None:
    """Note that the mail server did not take a mail, and why."""
    Message.objects.filter(pk=message_id, sent_at=None).update(attempts=F("attempts") + 1, last_error=error[:300])
