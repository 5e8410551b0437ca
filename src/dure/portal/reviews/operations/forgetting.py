"""Taking a person out of the pool for good; the reviews they gave keep their points and lose their name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from dure.portal.framework.redaction import INSTEAD, redact
from dure.portal.reviews.models import Conflict, Invitation, Reviewer


@transaction.atomic
def forget_person(*, user_id: int, email: str, words: Sequence[str], now: datetime) -> None:
    """Empty what the pool knows of them, and their invitations; their name leaves the evidence of conflicts."""
    Reviewer.objects.filter(user_id=user_id).update(
        is_active=False, expertise="", former_affiliations=[], keywords=[], affiliation=INSTEAD
    )
    Invitation.objects.filter(email__iexact=email).update(email=f"erased@{now:%Y%m%d}.invalid", name="", answers={})
    redact(Conflict.objects.all(), ("evidence", "reason", "plan"), words)
