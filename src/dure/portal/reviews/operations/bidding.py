"""Reviewers say what they would like to review; the assignment reads it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from dure.core.errors import InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.decide.affinity import WISHES
from dure.portal.journal.operations import append
from dure.portal.people.actor import Actor
from dure.portal.reviews import queries
from dure.portal.reviews.models import Bid


@transaction.atomic
def bid(*, actor: Actor, now: datetime, call_code: str, wishes: Mapping[str, str]) -> int:
    """Keep a reviewer's wishes by application number ("" takes one back); returns how many changed.

    Raises NotFound (also for a proposal the reviewer may not see), NotPermitted before the declaration, InvalidInput.
    """
    shown = {one.number: one for one in queries.biddable(call_code, actor)}
    if unknown := sorted(set(wishes) - set(shown)):
        raise NotFound(internal=f"{actor} bids on {unknown}")
    if any(wish not in ("", *WISHES) for wish in wishes.values()):
        what = Text("고를 수 없는 답입니다.", "There is no such answer.")
        raise InvalidInput(Mistake("wishes", what, Text("목록에서 고르십시오.", "Choose from the list.")))
    reviewer = queries.own_reviewer(actor)
    changed = {number: wish for number, wish in wishes.items() if wish != shown[number].wish}
    for number, wish in changed.items():
        mine = {"reviewer": reviewer, "application_id": shown[number].id}
        if wish:
            Bid.objects.update_or_create(**mine, defaults={"wish": wish, "made_at": now})
        else:
            Bid.objects.filter(**mine).delete()
    if changed:
        append(at=now, actor=actor.name, event="reviews.bid", subject=f"call:{call_code}", changed=len(changed))
    return len(changed)
