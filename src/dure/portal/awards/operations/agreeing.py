"""Answers to offers, agreements, and the end of awards."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dure.core import canonical
from dure.core.errors import IllegalTransition, InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.decide.lifecycles import AWARD
from dure.portal.applications import queries as applications
from dure.portal.awards.agreement import TEXT_VERSION, agreement_text
from dure.portal.awards.models import Agreement, Award
from dure.portal.fleet import operations as fleet
from dure.portal.framework import programme
from dure.portal.framework.states import is_repeated, locked, move
from dure.portal.journal import operations as journal
from dure.portal.people.actor import Actor, system

READER = system("awards")


@transaction.atomic
def accept(*, actor: Actor, now: datetime, number: str) -> None:
    """The applicant accepts the offer; accepting again changes nothing.

    Raises NotFound, NotPermitted, IllegalTransition (also after the deadline).
    """
    award = held(actor, number)
    if award.state in ("accepted", "agreed"):
        return
    if now >= award.respond_by and award.state == "offered":
        late = Text(
            "수락 기한이 지났습니다. 담당자에게 문의해 주십시오.",
            "The time to accept has passed. Contact the programme.",
        )
        raise IllegalTransition("award", award.state, "accept", late)
    found = applications.standings([award.application_id])[award.application_id]
    if award.state == "offered" and not found.is_eligible:
        remedy = Text("사업 담당자에게 문의해 주십시오.", "Contact the programme.")
        raise InvalidInput(Mistake("eligibility", found.reason, remedy))
    move(award, AWARD, "accept", accepted_at=now)
    journal.append(at=now, actor=actor.name, event="awards.accept", subject=f"award:{number}")


@transaction.atomic
def decline(*, actor: Actor, now: datetime, number: str, reason: str) -> None:
    """The applicant gives the award up; its nodes are free for the waitlist at once. A reason is needed."""
    award = held(actor, number)
    if not reason.strip():
        what = Text("포기 사유를 입력해 주십시오.", "Say why you decline.")
        raise InvalidInput(Mistake("reason", what))
    kept = reason.strip()[:300]
    if is_repeated(award, AWARD, "decline", state_reason=kept):
        return
    move(award, AWARD, "decline", state_reason=kept, ended_at=now)
    fleet.release(actor=system("awards"), now=now, reference=f"award:{number}", from_at=now)
    journal.append(at=now, actor=actor.name, event="awards.decline", subject=f"award:{number}", reason=reason)


@transaction.atomic
def sign(*, actor: Actor, now: datetime, number: str) -> None:
    """The applicant signs the agreement: a head of the organisation or the lead. Signing again changes nothing."""
    award = held(actor, number)
    if award.state in ("accepted", "agreed") and Agreement.objects.filter(award=award).exists():
        return
    AWARD.after(award.state, "sign")
    application = applications.application(number, READER)
    text = agreement_text(award, application, programme.current())
    Agreement.objects.create(
        award=award,
        text_version=TEXT_VERSION,
        text=text,
        hash=canonical.digest(text.encode()),
        signed_by_applicant=actor.name,
        applicant_signed_at=now,
    )
    journal.append(at=now, actor=actor.name, event="awards.sign", subject=f"award:{number}")


@transaction.atomic
def countersign(*, actor: Actor, now: datetime, number: str) -> None:
    """The programme signs: the award may now be made real. Signing again changes nothing.

    Raises IllegalTransition before the applicant did.
    """
    actor.require(actor.is_programme_manager)
    award = locked(Award.objects.all(), number=number)
    if is_repeated(award, AWARD, "sign"):
        return
    agreement = Agreement.objects.filter(award=award).first()
    if agreement is None:
        early = Text("신청자가 아직 협약에 서명하지 않았습니다.", "The applicant has not signed the agreement yet.")
        raise IllegalTransition("award", award.state, "countersign", early)
    move(award, AWARD, "sign", agreed_at=now)
    agreement.signed_by_programme, agreement.programme_signed_at = actor.name, now
    agreement.save(update_fields=["signed_by_programme", "programme_signed_at"])
    journal.append(
        at=now, actor=actor.name, event="awards.countersign", subject=f"award:{number}", agreement=agreement.hash
    )


def end_due(*, now: datetime) -> int:
    """End agreed awards whose period is over; returns how many."""
    due = list(Award.objects.filter(state="agreed", end_at__lte=now).values_list("number", flat=True))
    for number in due:
        with transaction.atomic():
            award = locked(Award.objects.all(), number=number)
            if award.state == "agreed":
                move(award, AWARD, "end", ended_at=now)
                journal.append(at=now, actor="loop:expire", event="awards.end", subject=f"award:{number}")
    return len(due)


def held(actor: Actor, number: str) -> Award:
    """The award, locked, if the person may act for its holder; NotFound when they may not know of it."""
    award: Award = locked(Award.objects.all(), number=number)
    if award.holder_id not in actor.organisations and not actor.may_oversee:
        raise NotFound(internal=f"award {number} for {actor}")
    actor.require(award.lead_id == actor.user_id or award.holder_id in actor.headed)
    return award
