"""Erasing people and forgetting teams: names go, numbers stay."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dure.core.errors import NotFound
from dure.portal.allocations.operations import forgetting as keys
from dure.portal.applications import operations as applications
from dure.portal.calls.operations import forgetting as questions
from dure.portal.journal.operations import append
from dure.portal.messages.operations import forgetting as mail
from dure.portal.people import operations as people
from dure.portal.people import queries as persons
from dure.portal.people.actor import Actor, system
from dure.portal.privacy import queries
from dure.portal.privacy.models import Erasure
from dure.portal.reviews.operations import forgetting as reviews

ACTOR = system("loop:expire")
MOST_AT_ONCE = 50  # teams forgotten in one turn of the loop


@transaction.atomic
def ask(*, actor: Actor, now: datetime) -> None:
    """A person wants to be erased; a loop does it once nothing stands in the way. Asking again changes nothing."""
    actor.require(actor.user_id is not None)
    if queries.pending(actor.user_id or 0) is None:
        Erasure.objects.create(user_id=actor.user_id, requested_at=now)
        append(at=now, actor=actor.name, event="privacy.ask", subject=f"person:{actor.user_id}")


@transaction.atomic
def take_back(*, actor: Actor, now: datetime) -> None:
    """The person wants to stay after all. Raises NotFound when nothing is pending."""
    row = Erasure.objects.filter(user_id=actor.user_id, done_at=None, withdrawn_at=None).first()
    if actor.user_id is None or row is None:
        raise NotFound(internal=f"no erasure of {actor} is pending")
    row.withdrawn_at = now
    row.save(update_fields=["withdrawn_at"])
    append(at=now, actor=actor.name, event="privacy.take_back", subject=f"person:{actor.user_id}")


def carry_out_due(*, now: datetime) -> int:
    """Erase whoever waits without obstacle, and forget teams kept long enough; returns how many things were done."""
    done = 0
    for user_id in queries.waiting():
        if not queries.obstacles(user_id, now):
            _erase(user_id, now)
            done += 1
    for number in queries.forgettable(now)[:MOST_AT_ONCE]:
        applications.forget_team(actor=ACTOR, now=now, number=number)
        done += 1
    return done


@transaction.atomic
def _erase(user_id: int, now: datetime) -> None:
    """Everything in one transaction; files with a person's keys and texts follow from the rows."""
    person = persons.person(user_id)
    words = [word for word in (person.email, person.name, person.name_en, person.orcid) if word]
    applications.forget_person(actor=ACTOR, now=now, user_id=user_id, email=person.email, name=person.name)
    reviews.forget_person(user_id=user_id, email=person.email, words=words, now=now)
    keys.forget_person(actor=ACTOR, user_id=user_id, now=now)
    questions.forget_person(words=words)
    mail.forget_person(email=person.email, words=words)
    people.erase(actor=ACTOR, now=now, user_id=user_id)
    Erasure.objects.filter(user_id=user_id, done_at=None, withdrawn_at=None).update(done_at=now)
    append(at=now, actor=ACTOR.name, event="privacy.erase", subject=f"person:{user_id}")
