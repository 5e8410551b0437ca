"""Inviting people into an organisation: a head asks an address, whoever it belongs to takes the link."""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import transaction

from dure.core.errors import InvalidInput, Mistake, NotFound, NotPermitted, Stale
from dure.core.text import Text
from dure.decide.identifiers import is_email
from dure.decide.lifecycles import MEMBERSHIP
from dure.portal.framework.states import locked, move
from dure.portal.journal.operations import append
from dure.portal.people import queries
from dure.portal.people.actor import Actor
from dure.portal.people.models import Invitation, Membership, Organisation

VALID_FOR = timedelta(days=14)
MOST_OPEN = 50  # invitations of one organisation at a time
ROLES = ("member", "head", "finance")
_OVER = Text(
    "이 초대는 더는 쓸 수 없습니다. 기관 대표자에게 다시 초대해 달라고 하십시오.",
    "This invitation can no longer be used. Ask the head of the organisation for another.",
)
_OTHER_ADDRESS = Text(
    "다른 이메일로 보낸 초대입니다. 초대받은 이메일로 가입하거나, 내 정보에서 그 이메일을 더하고 확인하십시오.",
    "The invitation went to another address. Sign in with that address, or add and confirm it in your details.",
)


@transaction.atomic
def invite(*, actor: Actor, now: datetime, organisation_id: int, email: str, role: str = "member") -> int:
    """Invite an address into the organisation, as `role`; the link is mailed by a loop. For its heads.

    Inviting again while an invitation is open sends a new link and ends the old one. Raises InvalidInput.
    """
    if organisation_id not in actor.organisations:
        raise NotFound(internal=f"{actor} and organisation {organisation_id}")
    actor.require(organisation_id in actor.headed)
    organisation = locked(Organisation.objects, pk=organisation_id)
    email = email.strip().lower()
    if not is_email(email):
        what = Text("이메일 주소가 아닙니다.", "Not an e-mail address.")
        raise InvalidInput(Mistake("email", what, Text("주소를 확인하십시오.", "Check the address.")))
    if role not in ROLES:
        raise InvalidInput(Mistake("role", Text("없는 역할입니다.", "There is no such role.")))
    if any(member.email.lower() == email for member in queries.members(organisation_id)):
        raise InvalidInput(Mistake("email", Text("이미 소속된 사람입니다.", "This person is a member already.")))
    waiting = Invitation.objects.filter(organisation=organisation, accepted_at=None, withdrawn_at=None)
    waiting.filter(email=email).update(withdrawn_at=now)
    if waiting.count() >= MOST_OPEN:
        what = Text("답하지 않은 초대가 너무 많습니다.", "Too many invitations are open.")
        raise InvalidInput(Mistake("email", what, Text("쓰지 않을 초대를 거두십시오.", "Take some of them back.")))
    row = Invitation.objects.create(
        organisation=organisation, email=email, role=role, sent_by_id=actor.user_id, sent_at=now,
        expires_at=now + VALID_FOR,
    )  # fmt: skip
    subject = f"organisation:{organisation.code}"
    append(at=now, actor=actor.name, event="people.invite", subject=subject, invitation=row.pk, role=role)
    return row.pk


@transaction.atomic
def uninvite(*, actor: Actor, now: datetime, invitation_id: int) -> None:
    """Take an open invitation back. For heads of the organisation; repeating changes nothing."""
    row = locked(Invitation.objects.select_related("organisation"), pk=invitation_id)
    if row.organisation_id not in actor.headed:
        raise NotFound(internal=f"{actor} and invitation {invitation_id}")
    if Invitation.objects.filter(pk=row.pk, accepted_at=None, withdrawn_at=None).update(withdrawn_at=now):
        subject = f"organisation:{row.organisation.code}"
        append(at=now, actor=actor.name, event="people.uninvite", subject=subject, invitation=row.pk)


@transaction.atomic
def take_invitation(*, actor: Actor, now: datetime, token: str) -> str:
    """Become a member by the link; returns the organisation's code. Only for whoever has the invited address.

    Raises NotFound (no such link), NotPermitted (another's address), Stale (used, taken back or expired).
    """
    actor.require(actor.user_id is not None)
    row = locked(Invitation.objects.select_related("organisation"), pk=queries.invitation_of(token).id)
    own = EmailAddress.objects.filter(user_id=actor.user_id, verified=True, email__iexact=row.email)
    if not own.exists():
        raise NotPermitted(_OTHER_ADDRESS, f"{actor} and invitation {row.pk}")
    if row.accepted_at is not None or row.withdrawn_at is not None or now >= row.expires_at:
        raise Stale(_OVER, f"invitation {row.pk} is over")
    row.accepted_at = now
    row.save(update_fields=["accepted_at"])
    _admit(actor, now, row)
    subject = f"organisation:{row.organisation.code}"
    append(at=now, actor=actor.name, event="people.take_invitation", subject=subject, invitation=row.pk)
    return row.organisation.code


def _admit(actor: Actor, now: datetime, row: Invitation) -> None:
    """An active membership with the invited role, whatever became of earlier ones; a head stays one."""
    there = Membership.objects.filter(user_id=actor.user_id, organisation_id=row.organisation_id).first()
    if there is None:
        there = Membership.objects.create(user_id=actor.user_id, organisation_id=row.organisation_id, since_at=now)
    elif there.state in ("left", "refused"):
        move(there, MEMBERSHIP, "rejoin", since_at=now, left_at=None, role="member")
    if there.state == "requested":
        move(there, MEMBERSHIP, "approve", since_at=now, role=row.role)
    elif there.role != "head":
        Membership.objects.filter(pk=there.pk).update(role=row.role)
