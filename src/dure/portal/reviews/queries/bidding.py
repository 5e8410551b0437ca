"""What a reviewer may bid on: title and abstract, as the programme's blindness allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dure.core.errors import NotFound, NotPermitted
from dure.core.text import Text
from dure.portal.applications import queries as applications
from dure.portal.calls import queries as calls
from dure.portal.people.actor import Actor
from dure.portal.people.queries import OrganisationView
from dure.portal.reviews import standing
from dure.portal.reviews.board import READER
from dure.portal.reviews.models import Bid
from dure.portal.reviews.queries.own import UNDECLARED, declared_calls, own_reviewer


@dataclass(frozen=True)
class Biddable:
    """A proposal of the call; no organisation under double-blind review. `wish` is "" where none was given."""

    id: int
    number: str
    title: Text
    summary: str
    keywords: Sequence[str]
    field: str
    organisation: OrganisationView | None
    wish: str


def biddable(call_code: str, actor: Actor, text: str = "") -> list[Biddable]:
    """The admitted proposals of a call a reviewer may wish for, by number; none in which a conflict stands.

    Raises NotFound (no reviewer of the pool, or not the time for it) and NotPermitted before conflicts are declared.
    """
    reviewer = own_reviewer(actor)
    call = calls.call(call_code, READER)
    if reviewer is None or not reviewer.is_active or call.state not in ("closed", "reviewing"):
        raise NotFound(internal=f"{actor} may not bid in call {call_code}")
    if call.id not in declared_calls(reviewer.pk):
        raise NotPermitted(UNDECLARED, f"{actor} has not declared in {call_code}")
    views = applications.of_call(call_code, READER, states=("admitted",))
    barred = standing.bars([reviewer], (view.id for view in views))
    wishes = dict(
        Bid.objects.filter(reviewer=reviewer, application__call_id=call.id).values_list("application_id", "wish")
    )
    is_blind, found = call.rules.blind == "double", []
    for view in views:
        content = view.content
        known = f"{view.number} {content.title.ko} {content.title.en} {content.summary} {' '.join(content.keywords)}"
        if (reviewer.pk, view.id) in barred or text.casefold() not in known.casefold():
            continue
        found.append(
            Biddable(
                id=view.id,
                number=view.number,
                title=view.title,
                summary=content.summary,
                keywords=content.keywords,
                field=content.field,
                organisation=None if is_blind else view.organisation,
                wish=wishes.get(view.id, ""),
            )
        )
    return found


def bidding_calls(actor: Actor) -> list[calls.CallView]:
    """The calls in which this reviewer may say what they would like to review."""
    reviewer = own_reviewer(actor)
    if reviewer is None or not reviewer.is_active:
        return []
    return [call for call in calls.calls(READER, ("closed", "reviewing")) if call.rules.reviewers]
