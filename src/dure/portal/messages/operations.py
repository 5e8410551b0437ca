"""Writing mail into the outbox."""

from __future__ import annotations

from datetime import datetime

from dure.portal.messages.models import Message


def write(*, key: str, to: str, subject: str, body: str, now: datetime) -> None:
    """Put one mail into the outbox in the caller's transaction; the same `key` again changes nothing."""
    Message.objects.bulk_create(
        [Message(key=key, to=to, subject=subject, body=body, written_at=now)], ignore_conflicts=True
    )
