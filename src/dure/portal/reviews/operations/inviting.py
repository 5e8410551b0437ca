"""Asking people into the pool by link: they answer without an account, and join once they have one.

The link shows what is asked of them and nothing of any proposal. Only a hash of its token is kept.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from dure.core.errors import InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.decide.lifecycles import INVITATION
from dure.portal.calls import queries as calls
from dure.portal.framework.states import is_repeated, locked, move
from dure.portal.journal.operations import append
from dure.portal.messages import operations as messages
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor, system
from dure.portal.reviews import queries
from dure.portal.reviews.models import Invitation, Reviewer
from dure.portal.reviews.operations import pool

VALID_DAYS = 14


@transaction.atomic
def invite(
    *,
    actor: Actor,
    now: datetime,
    email: str,
    name: str = "",
    note: str = "",
    call_code: str = "",
    load_limit: int = 30,
    valid_days: int = VALID_DAYS,
) -> str:
    """Send somebody a link that asks them into the pool; returns its token, which is kept nowhere.

    Raises InvalidInput (no address, or a link is out already), NotFound (no such call).
    """
    actor.require(actor.is_programme_manager)
    email = email.strip().lower()
    _require_address(email)
    if not 1 <= valid_days <= 90 or not 1 <= load_limit <= 500 or len(note) > 500:
        what = Text("초대의 기한이나 건수, 글을 확인하십시오.", "Check days, number of reviews and note.")
        remedy = Text("기한 1~90일, 1~500건, 글 500자 이내", "1 to 90 days, 1 to 500 reviews, 500 characters.")
        raise InvalidInput(Mistake("valid_days", what, remedy))
    call = calls.call(call_code, actor) if call_code else None
    token = secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            row = Invitation.objects.create(
                email=email,
                name=name.strip(),
                token_hash=token_hash(token),
                call_id=call.id if call else None,
                note=note.strip(),
                load_limit=load_limit,
                sent_by=actor.name,
                sent_at=now,
                expires_at=now + timedelta(days=valid_days),
            )
    except IntegrityError:
        what = Text("이미 초대한 주소입니다.", "This address has been invited already.")
        remedy = Text("먼저 보낸 초대를 취소하십시오.", "Withdraw the invitation that is out.")
        raise InvalidInput(Mistake("email", what, remedy)) from None
    append(at=now, actor=actor.name, event="reviews.invite", subject=f"invitation:{row.pk}", call=call_code)
    _send(row, token, call.code if call else "GPU", now)
    return token


def _send(row: Invitation, token: str, about: str, now: datetime) -> None:
    """The mail with the link, in both languages: nothing is known yet of who reads it."""
    url = f"{settings.ENV.public_url}/reviews/invited/{token}/"
    day = queries.shown_day(row.expires_at)
    messages.write(
        key=f"invitation:{row.pk}",
        to=row.email,
        subject=f"평가위원으로 모십니다 / Invitation to review [{about}]",
        body=f"{row.name}\n\n{row.note}\n\n"
        f"맡아 주실 수 있는지 {day.ko}까지 알려 주십시오. 가입하지 않고 답할 수 있습니다.\n"
        f"Please answer by {day.en}. No account is needed for it.\n\n{url}\n",
        now=now,
    )


@transaction.atomic
def accept_invitation(
    *,
    now: datetime,
    token: str,
    affiliation: str,
    keywords: Sequence[str],
    former_affiliations: Sequence[str] = (),
    expertise: str = "",
    load_limit: int = 30,
) -> None:
    """Say yes, with what the pool needs to know; no account is needed yet. The same answer again changes nothing.

    Raises NotFound, InvalidInput.
    """
    row = locked(Invitation.objects.all(), token_hash=token_hash(token))
    known = {
        "affiliation": affiliation.strip(),
        "keywords": [word.strip() for word in keywords if word.strip()],
        "former_affiliations": [one.strip() for one in former_affiliations if one.strip()],
        "expertise": expertise.strip(),
        "load_limit": load_limit,
    }
    if row.state in ("accepted", "joined") and row.answers == known:
        return
    _require_answerable(row, now)
    pool.require_profile(affiliation, known["keywords"], load_limit)
    move(row, INVITATION, "accept", answers=known, answered_at=now)
    subject = f"invitation:{row.pk}"
    append(at=now, actor="invited", event="reviews.accept_invitation", subject=subject)


@transaction.atomic
def decline_invitation(*, now: datetime, token: str, reason: str = "") -> None:
    """Say no, if one likes with a reason; the same again changes nothing. Raises NotFound."""
    row, kept = locked(Invitation.objects.all(), token_hash=token_hash(token)), reason.strip()[:300]
    if is_repeated(row, INVITATION, "decline", state_reason=kept):
        return
    _require_answerable(row, now)
    move(row, INVITATION, "decline", state_reason=kept, answered_at=now)
    append(at=now, actor="invited", event="reviews.decline_invitation", subject=f"invitation:{row.pk}")


@transaction.atomic
def join(*, actor: Actor, now: datetime, token: str) -> int:
    """The person behind an accepted link, now signed in, becomes a reviewer; returns the reviewer's id.

    Only with the account of the invited address, confirmed by mail. Joining again changes nothing. Raises NotFound,
    InvalidInput.
    """
    row = locked(Invitation.objects.all(), token_hash=token_hash(token))
    if row.state == "joined" and row.user_id == actor.user_id:
        return Reviewer.objects.get(user_id=row.user_id).pk
    if row.state != "accepted" or actor.user_id is None:
        raise NotFound(internal=f"invitation {row.pk} is {row.state}")
    if people.person(actor.user_id).email != row.email:
        what = Text("초대받은 이메일 주소의 계정이 아닙니다.", "This is not the account of the invited address.")
        remedy = Text("초대받은 주소로 가입하거나 로그인하십시오.", "Sign up or sign in with the invited address.")
        raise InvalidInput(Mistake("email", what, remedy))
    reviewer_id = pool.add_reviewer(actor=system("reviews"), now=now, user_id=actor.user_id, **row.answers)
    move(row, INVITATION, "join", user_id=actor.user_id)
    append(at=now, actor=actor.name, event="reviews.join", subject=f"invitation:{row.pk}", reviewer=reviewer_id)
    return reviewer_id


@transaction.atomic
def withdraw_invitation(*, actor: Actor, now: datetime, invitation_id: int) -> None:
    """Take a link back; it leads nowhere from now on."""
    actor.require(actor.is_programme_manager)
    row = locked(Invitation.objects.all(), pk=invitation_id)
    if is_repeated(row, INVITATION, "withdraw"):
        return
    move(row, INVITATION, "withdraw")
    append(at=now, actor=actor.name, event="reviews.withdraw_invitation", subject=f"invitation:{invitation_id}")


def expire_invitations(*, now: datetime) -> int:
    """Let links lapse that nobody answered in time; returns how many."""
    due = list(Invitation.objects.filter(state="sent", expires_at__lte=now).values_list("pk", flat=True))
    for pk in due:
        with transaction.atomic():
            row = locked(Invitation.objects.all(), pk=pk)
            if row.state == "sent":
                move(row, INVITATION, "expire")
                append(at=now, actor="loop:expire", event="reviews.expire_invitation", subject=f"invitation:{pk}")
    return len(due)


def token_hash(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _require_answerable(row: Invitation, now: datetime) -> None:
    if row.state != "sent" or now >= row.expires_at:
        raise NotFound(internal=f"invitation {row.pk} is {row.state}")


def _require_address(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        what = Text("이메일 주소가 아닙니다.", "This is no e-mail address.")
        raise InvalidInput(Mistake("email", what, Text("주소를 확인하십시오.", "Check the address."))) from None
