"""Invitations as the programme sees them, and what a link shows to whoever holds it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from dure.core.errors import NotFound
from dure.core.text import Text
from dure.portal.calls import queries as calls
from dure.portal.people.actor import Actor
from dure.portal.reviews.board import READER
from dure.portal.reviews.models import Invitation


@dataclass(frozen=True)
class InvitationView:
    """One invitation, for the programme."""

    id: int
    email: str
    name: str
    call_code: str
    state: str
    state_reason: str
    sent_at: datetime
    expires_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True)
class Asked:
    """What a link shows: what is asked, by when. Nothing of any proposal."""

    email: str
    name: str
    note: str
    call: calls.CallView | None
    load_limit: int
    state: str
    expires_at: datetime
    reviewers_each: int

    @property
    def about(self) -> Text:
        """The call's title, or that it is for the pool."""
        return self.call.title if self.call else Text("평가위원 명부", "The pool of reviewers")


def invitations(actor: Actor) -> list[InvitationView]:
    """All invitations, the newest first."""
    actor.require(actor.may_oversee)
    return [
        InvitationView(
            row.pk,
            row.email,
            row.name,
            row.call.code if row.call else "",
            row.state,
            row.state_reason,
            row.sent_at,
            row.expires_at,
            row.answered_at,
        )
        for row in Invitation.objects.select_related("call")
    ]


def asked(token: str, now: datetime) -> Asked:
    """What a link asks. Raises NotFound for a link that was never sent, was answered with no, taken back or lapsed."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    row = Invitation.objects.select_related("call").filter(token_hash=digest).first()
    if row is None or row.state not in ("sent", "accepted") or (row.state == "sent" and now >= row.expires_at):
        raise NotFound(internal="no such invitation")
    call = calls.call(row.call.code, READER) if row.call else None
    each = call.rules.reviewers if call else 0
    return Asked(row.email, row.name, row.note, call, row.load_limit, row.state, row.expires_at, each)
