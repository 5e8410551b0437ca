"""Taking a person's keys away for good."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from dure.portal.allocations.models import SshKey
from dure.portal.allocations.operations.access import revoke_ssh_key
from dure.portal.people.actor import Actor


@transaction.atomic
def forget_person(*, actor: Actor, user_id: int, now: datetime) -> None:
    """Revoke the keys of somebody who is erased and empty what they hold; the fingerprint stays."""
    actor.require(actor.is_system)
    person = Actor(f"person:{user_id}", user_id=user_id)
    for key_id in SshKey.objects.filter(user_id=user_id, revoked_at=None).values_list("pk", flat=True):
        revoke_ssh_key(actor=person, now=now, key_id=key_id)
    SshKey.objects.filter(user_id=user_id).update(label="", public_key=F("fingerprint"))
