"""Taking a person out of the mail: what was sent to them goes, what names them to others loses the name."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from dure.portal.framework.redaction import redact
from dure.portal.messages.models import Message, SupportEntry, SupportRequest


@transaction.atomic
def forget_person(*, email: str, words: Sequence[str]) -> None:
    """Delete all mail to the address; redact names and addresses in other mail and in support requests."""
    Message.objects.filter(to__iexact=email).delete()
    redact(Message.objects.all(), ("subject", "body"), words)
    redact(SupportRequest.objects.all(), ("title",), words)
    redact(SupportEntry.objects.all(), ("text",), words)
