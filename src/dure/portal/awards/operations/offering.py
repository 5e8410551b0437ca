"""Writing awards: offers from an accepted plan, answers, agreements, and what happens when nobody answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from dure.core.errors import IllegalTransition, InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.lifecycles import AWARD
from dure.portal.applications import queries as applications
from dure.portal.awards.models import Award
from dure.portal.awards.operations.placing import place
from dure.portal.fleet import operations as fleet
from dure.portal.fleet import queries as fleet_queries
from dure.portal.framework import programme
from dure.portal.framework.states import is_repeated, locked, move
from dure.portal.journal import operations as journal
from dure.portal.messages import operations as messages
from dure.portal.people.actor import Actor, system
from dure.portal.plans import queries as plans

READER = system("awards")


@transaction.atomic
def offer_plan(*, actor: Actor, now: datetime, plan_id: int) -> int:
    """Offer every award of an accepted plan to its applicant and hold its nodes; returns how many offers are new.

    Offers that exist already stay as they are, so this can be repeated. Raises NotPermitted, NotFound,
    IllegalTransition (plan not accepted), InsufficientCapacity (nodes were booked since; nothing is offered then).
    """
    actor.require(actor.is_programme_manager or actor.is_system)
    plan = plans.plan(plan_id, actor)
    if plan.state != "accepted":
        raise IllegalTransition("plan", plan.state, "offer its awards")
    known = set(Award.objects.filter(plan_id=plan_id).values_list("application_id", flat=True))
    wanted = [rank for rank in plans.awarded(plan_id) if rank.application_id not in known]
    _require_eligible(wanted)
    names = place(wanted)
    for rank in wanted:
        offer(actor, now, plan_id, rank, rank.cluster, names[rank.number], rank.start_at, rank.end_at)
    _tell_the_others(plan_id, now)
    journal.append(at=now, actor=actor.name, event="awards.offer_plan", subject=f"plan:{plan_id}", offers=len(wanted))
    return len(wanted)


def _require_eligible(wanted: Sequence[plans.RankView]) -> None:
    """Raise InvalidInput naming every application that no longer meets the rules; nothing is offered then."""
    mistakes = []
    standings = applications.standings(rank.application_id for rank in wanted)
    for rank in wanted:
        found = standings[rank.application_id]
        if not found.is_eligible:
            what = Text(f"{rank.number}: {found.reason.ko}", f"{rank.number}: {found.reason.en}")
            remedy = Text(
                "기관을 다시 확인하거나 이 신청을 빼고 배분안을 다시 만드십시오.",
                "Verify the organisation again, or plan again without this application.",
            )
            mistakes.append(Mistake(rank.number, what, remedy))
    if mistakes:
        raise InvalidInput(mistakes)


def _tell_the_others(plan_id: int, now: datetime) -> None:
    """Everybody hears the result, not only those who are awarded; telling again changes nothing."""
    for number, lead_id in plans.leads_without_award(plan_id):
        messages.announce(
            key=f"result:{number}",
            user_id=lead_id,
            subject=Text(f"[{number}] 결과가 나왔습니다", f"[{number}] The result is out"),
            body=Text(
                f"이번에는 선정되지 않았습니다. 까닭과 예비 순위: /awards/{number}/",
                f"Not selected this time. Why, and your place on the waitlist: /awards/{number}/",
            ),
            now=now,
        )


def offer(
    actor: Actor,
    now: datetime,
    plan_id: int,
    rank: plans.RankView,
    cluster: str,
    names: Sequence[str],
    start_at: datetime,
    end_at: datetime,
) -> None:
    """One offer: its nodes `names` booked, the applicant told."""
    application = applications.application(rank.number, READER)
    fleet.book(
        actor=system("awards"),
        now=now,
        cluster=cluster,
        node_names=names,
        start_at=start_at,
        end_at=end_at,
        kind="award",
        organisation=application.organisation.code,
        reference=f"award:{rank.number}",
    )
    respond_by = now + timedelta(days=programme.current().after_award.accept_within_days)
    Award.objects.create(
        number=rank.number,
        application_id=rank.application_id,
        plan_id=plan_id,
        holder_id=application.organisation.id,
        lead_id=application.lead_id,
        cluster_id=fleet_queries.cluster(cluster).id,
        nodes=len(names),
        node_names=list(names),
        requested_nodes=application.content.requested_nodes,
        start_at=start_at,
        end_at=end_at,
        offered_at=now,
        respond_by=respond_by,
    )
    by = f"{respond_by.astimezone(programme.zone()):%Y-%m-%d %H:%M}"
    messages.announce(
        key=f"award-offer:{rank.number}",
        user_id=application.lead_id,
        subject=Text(f"[{rank.number}] 선정되었습니다", f"[{rank.number}] Your application has been selected"),
        body=Text(
            f"서버 {len(names)}대를 지원받게 되었습니다. {by}까지 답이 없으면 예비 순위로 넘어갑니다. 수락 여부를 알려"
            f" 주십시오: /awards/{rank.number}/",
            f"You have been awarded {len(names)} servers. Without an answer by {by} they go to the waitlist. Please"
            f" accept or decline: /awards/{rank.number}/",
        ),
        now=now,
    )


@transaction.atomic
def revoke(*, actor: Actor, now: datetime, number: str, reason: str) -> None:
    """The programme takes an offer back before it is agreed. A reason is needed."""
    actor.require(actor.is_programme_manager)
    if not reason.strip():
        raise InvalidInput(Mistake("reason", Text("취소 사유를 입력해 주십시오.", "Give the reason for revoking.")))
    award = locked(Award.objects.all(), number=number)
    kept = reason.strip()[:300]
    if is_repeated(award, AWARD, "revoke", state_reason=kept):
        return
    move(award, AWARD, "revoke", state_reason=kept, ended_at=now)
    fleet.release(actor=system("awards"), now=now, reference=f"award:{number}", from_at=now)
    journal.append(at=now, actor=actor.name, event="awards.revoke", subject=f"award:{number}", reason=reason)


def expire_due(*, now: datetime) -> int:
    """Let offers lapse that nobody answered in time, each in its own transaction; returns how many."""
    due = list(Award.objects.filter(state="offered", respond_by__lte=now).values_list("number", flat=True))
    for number in due:
        _expire(now, number)
    return len(due)


@transaction.atomic
def _expire(now: datetime, number: str) -> None:
    award = locked(Award.objects.all(), number=number)
    if award.state != "offered":
        return
    move(award, AWARD, "expire", ended_at=now)
    fleet.release(actor=system("loop:expire"), now=now, reference=f"award:{number}", from_at=now)
    journal.append(at=now, actor="loop:expire", event="awards.expire", subject=f"award:{number}")
