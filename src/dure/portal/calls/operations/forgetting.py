"""Taking a person out of the public questions and nominations of calls."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from dure.portal.calls.models import Nomination, Question
from dure.portal.framework.redaction import redact


@transaction.atomic
def forget_person(*, words: Sequence[str]) -> None:
    """Redact names and addresses in what was asked, answered and nominated."""
    redact(Question.objects.all(), ("text", "answer"), words)
    redact(Nomination.objects.all(), ("project", "reason"), words)
