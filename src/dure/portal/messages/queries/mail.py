"""Reading the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q

from dure.core.errors import NotFound
from dure.portal.clock.queries import is_virtual
from dure.portal.messages.models import Message
from dure.portal.people.actor import Actor
from dure.portal.people.queries import person

MOST_ATTEMPTS = 8


@dataclass(frozen=True)
class MessageView:
    """One mail."""

    id: int
    key: str
    to: str
    subject: str
    body: str
    written_at: datetime
    sent_at: datetime | None
    attempts: int
    last_error: str


def message_view(row: Any) -> MessageView:
    """One row of `inbox` or `demo_mail`."""
    return MessageView(
        row.pk, row.key, row.to, row.subject, row.body, row.written_at, row.sent_at, row.attempts, row.last_error
    )


def is_demo_open() -> bool:
    """Whether everybody may read all mail: only where time is virtual and no mail server is set."""
    return is_virtual() and not settings.ENV.smtp_url


def inbox(actor: Actor, text: str = "") -> Any:
    """A person's own mail, newest first, as a queryset for `paged(…, make=message_view)`."""
    actor.require(actor.user_id is not None)
    return _matching(Message.objects.filter(to=person(actor.user_id or 0).email), text)


def demo_mail(text: str = "") -> Any:
    """All mail of a demonstration, newest first. Raises NotFound anywhere else."""
    if not is_demo_open():
        raise NotFound(internal="mail of others is open in a demonstration only")
    return _matching(Message.objects.all(), text)


def _matching(rows: Any, text: str) -> Any:
    if text:
        rows = rows.filter(Q(subject__icontains=text) | Q(to__icontains=text) | Q(body__icontains=text))
    return rows.order_by("-written_at", "-id")


def message(message_id: int, actor: Actor) -> MessageView:
    """One mail, for its recipient, or for anybody in a demonstration. Raises NotFound."""
    row = Message.objects.filter(pk=message_id).first()
    if row is None:
        raise NotFound(internal=f"no message {message_id}")
    own = actor.user_id is not None and person(actor.user_id).email == row.to
    if not own and not is_demo_open():
        raise NotFound(internal=f"{actor} and message {message_id}")
    return message_view(row)


def unsent(now: datetime, limit: int = 100) -> list[MessageView]:
    """Mail to send now, oldest first: new, or failed before and due for another try (1, 3, 7 … minutes later)."""
    rows = Message.objects.filter(sent_at=None, attempts__lt=MOST_ATTEMPTS).order_by("id")[: 10 * limit]
    due = [row for row in rows if row.written_at + timedelta(minutes=2**row.attempts - 1) <= now]
    return [message_view(row) for row in due[:limit]]
