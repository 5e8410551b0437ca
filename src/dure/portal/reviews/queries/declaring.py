"""What a reviewer is asked before a call's proposals are shown: who applies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dure.core.errors import NotFound
from dure.core.text import Text
from dure.portal.applications import queries as applications
from dure.portal.applications.queries import Heading
from dure.portal.calls import queries as calls
from dure.portal.people.actor import Actor
from dure.portal.people.queries import OrganisationView
from dure.portal.reviews import standing
from dure.portal.reviews.board import READER
from dure.portal.reviews.models import OPEN_STATES, Assignment, Declaration
from dure.portal.reviews.queries.own import own_reviewer


@dataclass(frozen=True)
class DeclarationView:
    """The question to a reviewer: in which of these applicants is there a conflict of interest?

    `organisations` is empty under double-blind review, and leaves out applicants whose every proposal is kept from the
    reviewer already.
    """

    call_id: int
    call_code: str
    call_title: Text
    is_blind: bool
    organisations: Sequence[OrganisationView]
    made_at: datetime | None


def declaration(call_code: str, actor: Actor) -> DeclarationView:
    """What a reviewer is asked about a call. Raises NotFound unless they may be or are asked to review in it."""
    reviewer = own_reviewer(actor)
    call = calls.call(call_code, READER)
    if reviewer is None:
        raise NotFound(internal=f"{actor} is no reviewer")
    held = Assignment.objects.filter(reviewer=reviewer, application__call_id=call.id, state__in=OPEN_STATES)
    may_bid = reviewer.is_active and call.state in ("closed", "reviewing") and call.rules.reviewers > 0
    if not (may_bid or held.exists()):
        raise NotFound(internal=f"nothing for {actor} to review in call {call_code}")
    made = Declaration.objects.filter(reviewer=reviewer, call_id=call.id).first()
    is_blind = call.rules.blind == "double"
    shown: dict[int, OrganisationView] = {}
    if not is_blind:
        found = in_call(call_code)
        barred = standing.bars([reviewer], (one.id for one in found))
        shown = {one.organisation.id: one.organisation for one in found if (reviewer.pk, one.id) not in barred}
    organisations = sorted(shown.values(), key=lambda one: one.name)
    return DeclarationView(call.id, call.code, call.title, is_blind, organisations, made.made_at if made else None)


def in_call(call_code: str) -> list[Heading]:
    """The sealed applications of a call, whatever became of them at intake."""
    return [one for state in applications.SEALED_STATES for one in applications.headings(call_code, state)]
