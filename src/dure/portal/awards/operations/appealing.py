"""Appeals (이의신청): one per application, in time; a reviewer who did not score it looks, the programme answers."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dure.core.errors import IllegalTransition, InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.decide.lifecycles import APPEAL
from dure.portal.applications import queries as applications
from dure.portal.awards import queries
from dure.portal.awards.models import Appeal
from dure.portal.framework.states import is_repeated, locked, move
from dure.portal.journal import operations as journal
from dure.portal.messages import operations as messages
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor
from dure.portal.reviews import operations as reviews
from dure.portal.reviews import queries as review_queries

LONGEST = 4000


@transaction.atomic
def lodge(*, actor: Actor, now: datetime, number: str, text: str) -> None:
    """The applicant appeals against the decision on an application. The same text again changes nothing.

    Raises NotFound, NotPermitted, IllegalTransition (before the decision, after the deadline), InvalidInput.
    """
    application = applications.application(number, actor)
    actor.require(application.lead_id == actor.user_id or application.organisation.id in actor.headed)
    limit = queries.appeal_limit(number)
    if limit is None:
        raise NotFound(internal=f"{number} has not been decided")
    there = Appeal.objects.filter(application_id=application.id).first()
    if there is not None and there.text == text.strip():
        return
    if there is not None:
        once = Text("이의신청은 한 번만 할 수 있습니다.", "An appeal can be lodged once.")
        raise IllegalTransition("appeal", there.state, "lodge", once)
    if now >= limit.until:
        late = Text("이의신청 기한이 지났습니다.", "The time to appeal has passed.")
        raise IllegalTransition("application", application.state, "appeal", late)
    if not text.strip() or len(text.strip()) > LONGEST:
        what = Text(
            f"무엇이 왜 잘못되었다고 보시는지 {LONGEST:,}자 안으로 적어 주십시오.",
            f"Say what you hold to be wrong and why, in up to {LONGEST:,} characters.",
        )
        raise InvalidInput(Mistake("text", what))
    Appeal.objects.create(
        application_id=application.id,
        plan_id=limit.plan_id,
        text=text.strip(),
        lodged_by=actor.name,
        lodged_at=now,
    )
    journal.append(at=now, actor=actor.name, event="awards.appeal_lodge", subject=f"application:{number}")
    for one in people.people_with_role("programme_manager"):
        _tell(number, one.id, now, "lodged", Text("이의신청이 들어왔습니다", "An appeal has been lodged"))


@transaction.atomic
def withdraw(*, actor: Actor, now: datetime, number: str) -> None:
    """The applicant takes the appeal back. Raises NotFound, NotPermitted, IllegalTransition."""
    application = applications.application(number, actor)
    actor.require(application.lead_id == actor.user_id or application.organisation.id in actor.headed)
    appeal = _locked(number)
    if is_repeated(appeal, APPEAL, "withdraw"):
        return
    move(appeal, APPEAL, "withdraw")
    journal.append(at=now, actor=actor.name, event="awards.appeal_withdraw", subject=f"application:{number}")


@transaction.atomic
def ask_reviewer(*, actor: Actor, now: datetime, number: str) -> None:
    """Ask a reviewer who did not score it to look again. Raises NotPermitted, NotFound, and as `reviews.ask_fresh`."""
    actor.require(actor.is_programme_manager)
    appeal = _locked(number)
    if is_repeated(appeal, APPEAL, "ask"):
        return
    move(appeal, APPEAL, "ask")
    reviews.ask_fresh(actor=actor, now=now, application_number=number, reason=appeal.text[:300])
    journal.append(at=now, actor=actor.name, event="awards.appeal_ask", subject=f"application:{number}")


@transaction.atomic
def dismiss(*, actor: Actor, now: datetime, number: str, answer: str) -> None:
    """Dismiss an appeal that names nothing that can be looked at, with the reason."""
    _answer(actor, now, number, "dismiss", answer)


@transaction.atomic
def uphold(*, actor: Actor, now: datetime, number: str, answer: str) -> None:
    """Uphold the appeal: the application is first in line for whatever becomes free. Needs the fresh review."""
    _need_fresh(number, actor)
    _answer(actor, now, number, "uphold", answer)


@transaction.atomic
def reject(*, actor: Actor, now: datetime, number: str, answer: str) -> None:
    """Reject the appeal after the fresh review, with the reason."""
    _need_fresh(number, actor)
    _answer(actor, now, number, "reject", answer)


def _need_fresh(number: str, actor: Actor) -> None:
    actor.require(actor.is_programme_manager)
    if not any(one.state == "submitted" for one in review_queries.fresh_reviews(number, actor)):
        early = Text(
            "새 평가위원의 의견이 아직 들어오지 않았습니다.", "The fresh reviewer has not given an opinion yet."
        )
        raise IllegalTransition("appeal", "in_review", "decide", early)


def _answer(actor: Actor, now: datetime, number: str, event: str, answer: str) -> None:
    actor.require(actor.is_programme_manager)
    if not answer.strip():
        what = Text("신청자에게 알릴 답을 적어 주십시오.", "Write the answer for the applicant.")
        raise InvalidInput(Mistake("answer", what))
    appeal, kept = _locked(number), answer.strip()[:LONGEST]
    if is_repeated(appeal, APPEAL, event, answer=kept):
        return
    move(appeal, APPEAL, event, decided_by=actor.name, decided_at=now, answer=kept)
    journal.append(
        at=now, actor=actor.name, event=f"awards.appeal_{event}", subject=f"application:{number}", reason=answer
    )
    lead = applications.application(number, queries.READER).lead_id
    _tell(number, lead, now, event, Text("이의신청 결과가 나왔습니다", "Your appeal has been decided"))


def _locked(number: str) -> Appeal:
    row: Appeal = locked(Appeal.objects.all(), application__number=number)
    return row


def _tell(number: str, user_id: int, now: datetime, what: str, subject: Text) -> None:
    headed = Text(f"[{number}] {subject.ko}", f"[{number}] {subject.en}")
    body = Text(f"내용: /appeals/{number}/", f"Details: /appeals/{number}/")
    messages.announce(key=f"appeal:{number}:{what}:{user_id}", user_id=user_id, subject=headed, body=body, now=now)
