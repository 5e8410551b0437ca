"""Django's mail backend that writes to the outbox, so that no page waits for a mail server."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from dure.portal.clock.queries import now
from dure.portal.messages.operations import write


class OutboxBackend(BaseEmailBackend):
    """Every recipient of every message becomes a row."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write the messages; returns how many."""
        for message in email_messages:
            for recipient in message.recipients():
                key = f"mail:{uuid.uuid4().hex}"
                write(key=key, to=recipient, subject=message.subject, body=str(message.body), now=now())
        return len(email_messages)
