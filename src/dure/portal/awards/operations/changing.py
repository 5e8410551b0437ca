"""Changes of an award: asked for by its holder, decided, then carried out on a date.

Giving back (`reduce`, `shorten`) and handing over inside the organisation need nobody's leave; an extension and a
transfer to another organisation are decided by the programme, the transfer after the receiving organisation agreed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from dure.core.errors import IllegalTransition, InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.decide import award_changes, fit
from dure.decide.lifecycles import AWARD_CHANGE
from dure.portal.awards import extension
from dure.portal.awards.models import Award, Change
from dure.portal.awards.operations.agreeing import held
from dure.portal.fleet import operations as fleet
from dure.portal.fleet import queries as fleet_queries
from dure.portal.framework import programme
from dure.portal.framework.states import is_repeated, locked, move
from dure.portal.journal import operations as journal
from dure.portal.messages import operations as messages
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor, system
from dure.portal.people.queries import MemberView

LOOP = system("loop:expire")
OPEN = ("requested", "consented", "approved")


@transaction.atomic
def ask_extension(*, actor: Actor, now: datetime, number: str, months: int, reason: str) -> int:
    """Ask for `months` more on the same nodes; the programme decides. Returns the change's id.

    Raises NotFound, NotPermitted, InvalidInput (limit, no reason, another change open), IllegalTransition (not agreed).
    """
    award = _changeable(actor, number, reason)
    limit = programme.current().after_award.extension_months
    already = extension.months_added(award)
    zone = programme.zone()
    end = award_changes.extended_end(award.end_at, months, already=already, limit=limit, now=now, zone=zone)
    change = _open(actor, now, award, "extend", reason, effective_at=award.end_at, months=months, end_at=end)
    _tell_the_office(change, now)
    return change.pk


@transaction.atomic
def reduce(*, actor: Actor, now: datetime, number: str, nodes: int, reason: str) -> int:
    """Keep `nodes` nodes and give the others back at once. Returns the change's id. Raises as `ask_extension`."""
    award = _changeable(actor, number, reason)
    there = extension.nodes_held(award, now)
    award_changes.reduced_nodes(nodes, len(there))
    change = _open(actor, now, award, "reduce", reason, effective_at=now, nodes=nodes)
    _approve(change, actor.name, now, "")
    _carry_out(change.pk, now)
    return change.pk


@transaction.atomic
def shorten(*, actor: Actor, now: datetime, number: str, end_at: datetime, reason: str) -> int:
    """Bring the end forward to `end_at`; from then on the nodes are free. Returns the change's id."""
    award = _changeable(actor, number, reason)
    end = award_changes.shortened_end(award.start_at, award.end_at, end_at, now)
    change = _open(actor, now, award, "shorten", reason, effective_at=now, end_at=end)
    _approve(change, actor.name, now, "")
    _carry_out(change.pk, now)
    return change.pk


@transaction.atomic
def hand_over(*, actor: Actor, now: datetime, number: str, email: str, reason: str) -> int:
    """Another active member of the organisation leads the award from now on. Returns the change's id."""
    award = _changeable(actor, number, reason)
    lead = _member(award.holder_id, email)
    if lead.user_id == award.lead_id:
        raise InvalidInput(Mistake("email", Text("이미 책임자입니다.", "This person leads it already.")))
    change = _open(actor, now, award, "hand_over", reason, effective_at=now, lead_id=lead.user_id)
    _approve(change, actor.name, now, "")
    _carry_out(change.pk, now)
    return change.pk


@transaction.atomic
def ask_transfer(*, actor: Actor, now: datetime, number: str, organisation_code: str, email: str, reason: str) -> int:
    """Ask that another organisation takes the award over from the coming month; returns the change's id.

    The receiving organisation's head agrees first (`consent`), then the programme decides. Raises as `ask_extension`,
    InvalidInput also for an organisation that is unknown, not verified, or for a lead who is no member of it.
    """
    award = _changeable(actor, number, reason)
    try:
        to = people.organisation_of_code(organisation_code.strip())
    except NotFound as missing:
        what = Text("그런 기관이 없습니다.", "There is no such organisation.")
        raise InvalidInput(Mistake("organisation", what)) from missing
    if to.id == award.holder_id or to.state != "verified":
        what = Text("확인을 마친 다른 기관을 골라 주십시오.", "Choose another, verified organisation.")
        raise InvalidInput(Mistake("organisation", what))
    lead = _member(to.id, email)
    when = award_changes.next_month(now, programme.zone())
    if when >= award.end_at:
        what = Text("다음 달 전에 끝나는 선정은 넘길 수 없습니다.", "An award ending before next month cannot move.")
        raise InvalidInput(Mistake("organisation", what))
    change = _open(
        actor, now, award, "transfer", reason, effective_at=when, organisation_id=to.id, lead_id=lead.user_id
    )
    for head in people.heads(to.id):
        _tell(
            change, head.id, now, "consent", Text("선정 이관 동의가 필요합니다", "Your consent to a transfer is needed")
        )
    return change.pk


@transaction.atomic
def consent(*, actor: Actor, now: datetime, change_id: int) -> str:
    """The receiving organisation's head agrees to take the award over; returns its number.

    Raises NotFound, IllegalTransition.
    """
    change = locked(Change.objects.select_related("award"), pk=change_id)
    if change.organisation_id is None or change.organisation_id not in actor.headed:
        raise NotFound(internal=f"change {change_id} for {actor}")
    if is_repeated(change, AWARD_CHANGE, "consent"):
        return str(change.award.number)
    move(change, AWARD_CHANGE, "consent", consented_at=now)
    _note(change, actor, now, "consent")
    _tell_the_office(change, now)
    return str(change.award.number)


@transaction.atomic
def withdraw(*, actor: Actor, now: datetime, change_id: int) -> str:
    """The holder takes a request back before it is decided; returns the award's number.

    Raises NotFound, NotPermitted, IllegalTransition.
    """
    change = locked(Change.objects.select_related("award"), pk=change_id)
    held(actor, change.award.number)
    if is_repeated(change, AWARD_CHANGE, "withdraw"):
        return str(change.award.number)
    move(change, AWARD_CHANGE, "withdraw")
    _note(change, actor, now, "withdraw")
    return str(change.award.number)


@transaction.atomic
def approve(*, actor: Actor, now: datetime, change_id: int, reason: str = "") -> None:
    """The programme approves an extension or a transfer; an extension books its nodes at once. Again: nothing changes.

    Raises NotPermitted, IllegalTransition (a transfer without consent too), InsufficientCapacity (nodes taken),
    InvalidInput when a rule of the plan stands against an extension.
    """
    actor.require(actor.is_programme_manager)
    change = locked(Change.objects.select_related("award__cluster"), pk=change_id)
    if change.state in ("approved", "carried_out"):
        return
    if change.kind == "transfer" and change.state != "consented":
        early = Text("넘겨받는 기관이 아직 동의하지 않았습니다.", "The receiving organisation has not agreed yet.")
        raise IllegalTransition("award change", change.state, "approve", early)
    if change.kind == "extend":
        against = extension.obstacle(change, now)
        if against is not None:
            raise InvalidInput(Mistake("change", against))
    _approve(change, actor.name, now, reason)
    if change.kind == "extend":
        _carry_out(change.pk, now)
    _tell(change, change.award.lead_id, now, "approved", Text("변경이 승인되었습니다", "The change has been approved"))


@transaction.atomic
def refuse(*, actor: Actor, now: datetime, change_id: int, reason: str) -> None:
    """The programme refuses a change, with a reason. Raises NotPermitted, InvalidInput, IllegalTransition."""
    actor.require(actor.is_programme_manager)
    _need(reason)
    change = locked(Change.objects.select_related("award"), pk=change_id)
    kept = reason.strip()[:1000]
    if is_repeated(change, AWARD_CHANGE, "refuse", decision_reason=kept):
        return
    move(change, AWARD_CHANGE, "refuse", decided_by=actor.name, decided_at=now, decision_reason=kept)
    _note(change, actor, now, "refuse", reason)
    _tell(change, change.award.lead_id, now, "refused", Text("변경이 승인되지 않았습니다", "The change was refused"))


def carry_out_due(*, now: datetime) -> int:
    """Carry out approved changes whose day has come, let those of awards that are over lapse; returns how many."""
    due = list(
        Change.objects.filter(state="approved", effective_at__lte=now).order_by("id").values_list("pk", flat=True)
    )
    over = list(
        Change.objects.filter(state__in=OPEN)
        .exclude(award__state="agreed")
        .exclude(pk__in=due)
        .values_list("pk", flat=True)
    )
    for pk in due:
        with transaction.atomic():
            _carry_out(pk, now)
    for pk in over:
        with transaction.atomic():
            _lapse(pk, now)
    return len(due) + len(over)


def _carry_out(pk: int, now: datetime) -> None:
    change = locked(Change.objects.select_related("award__cluster"), pk=pk)
    if change.state != "approved":
        return
    award = locked(Award.objects.select_related("cluster"), pk=change.award_id)
    if award.state != "agreed":
        _lapse(pk, now)
        return
    for name, value in _EFFECTS[change.kind](award, change, now).items():
        setattr(award, name, value)
    award.save(update_fields=["nodes", "node_names", "end_at", "holder", "lead"])
    move(change, AWARD_CHANGE, "carry_out", carried_out_at=now)
    _note(change, LOOP, now, "carry_out")


def _lapse(pk: int, now: datetime) -> None:
    change = locked(Change.objects.select_related("award"), pk=pk)
    if change.state in OPEN:
        move(change, AWARD_CHANGE, "lapse")
        _note(change, LOOP, now, "lapse")


def _extended(award: Award, change: Change, now: datetime) -> dict[str, Any]:
    fleet.book(
        actor=LOOP,
        now=now,
        cluster=award.cluster.code,
        node_names=extension.nodes_held(award, now),
        start_at=award.end_at,
        end_at=change.end_at,
        kind="award",
        organisation=people.organisation(award.holder_id).code,
        reference=f"award:{award.number}",
    )
    return {"end_at": change.end_at}


def _reduced(award: Award, change: Change, now: datetime) -> dict[str, Any]:
    there = set(extension.nodes_held(award, now))
    leaves = {node.name: node.leaf for node in fleet_queries.nodes(award.cluster.code, now)}
    kept = fit.best_fit([(name, leaves[name]) for name in sorted(there)], change.nodes or 0)
    reference = f"award:{award.number}"
    fleet.release(actor=LOOP, now=now, reference=reference, from_at=now, node_names=sorted(there - set(kept)))
    return {"nodes": len(kept), "node_names": sorted(kept)}


def _shortened(award: Award, change: Change, now: datetime) -> dict[str, Any]:
    fleet.release(actor=LOOP, now=now, reference=f"award:{award.number}", from_at=change.end_at or now)
    return {"end_at": change.end_at}


def _handed_over(award: Award, change: Change, now: datetime) -> dict[str, Any]:
    return {"lead_id": change.lead_id}


def _transferred(award: Award, change: Change, now: datetime) -> dict[str, Any]:
    return {"holder_id": change.organisation_id, "lead_id": change.lead_id}


_EFFECTS = {
    "extend": _extended,
    "reduce": _reduced,
    "shorten": _shortened,
    "hand_over": _handed_over,
    "transfer": _transferred,
}


def _changeable(actor: Actor, number: str, reason: str) -> Award:
    award = held(actor, number)
    if award.state != "agreed":
        early = Text("협약이 체결된 선정만 바꿀 수 있습니다.", "Only an award under an agreement can be changed.")
        raise IllegalTransition("award", award.state, "change", early)
    _need(reason)
    if award.changes.filter(state__in=OPEN).exists():
        what = Text("처리 중인 변경 요청이 있습니다.", "Another change is still open.")
        remedy = Text("먼저 그 요청이 끝나기를 기다리거나 취소해 주십시오.", "Wait for it, or withdraw it first.")
        raise InvalidInput(Mistake("change", what, remedy))
    return award


def _open(actor: Actor, now: datetime, award: Award, kind: str, reason: str, **columns: Any) -> Change:
    before = {
        "nodes": award.nodes,
        "node_names": award.node_names,
        "end_at": award.end_at.isoformat(),
        "organisation": award.holder_id,
        "lead": award.lead_id,
    }
    change = Change.objects.create(
        award=award,
        kind=kind,
        before=before,
        reason=reason.strip()[:1000],
        requested_by=actor.name,
        requested_at=now,
        **columns,
    )
    _note(change, actor, now, "request", reason)
    return change


def _approve(change: Change, decided_by: str, now: datetime, reason: str) -> None:
    move(
        change,
        AWARD_CHANGE,
        "approve",
        decided_by=decided_by,
        decided_at=now,
        decision_reason=reason.strip()[:1000],
    )


def _member(organisation_id: int, email: str) -> MemberView:
    found = [one for one in people.members(organisation_id) if one.email.lower() == email.strip().lower()]
    if not found:
        what = Text("그 기관에 소속된 사람이 아닙니다.", "Not an active member of that organisation.")
        remedy = Text("먼저 기관에 가입하도록 안내해 주십시오.", "Ask them to join the organisation first.")
        raise InvalidInput(Mistake("email", what, remedy))
    return found[0]


def _need(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput(Mistake("reason", Text("사유를 입력해 주십시오.", "Give the reason.")))


def _note(change: Change, actor: Actor, now: datetime, what: str, reason: str = "") -> None:
    journal.append(
        at=now,
        actor=actor.name,
        event=f"awards.change_{what}",
        subject=f"award:{change.award.number}",
        reason=reason,
        change=change.pk,
        kind=change.kind,
    )


def _tell(change: Change, user_id: int, now: datetime, what: str, subject: Text) -> None:
    number = change.award.number
    body = Text(f"내용과 다음 할 일: /awards/{number}/changes/", f"Details and what to do: /awards/{number}/changes/")
    headed = Text(f"[{number}] {subject.ko}", f"[{number}] {subject.en}")
    messages.announce(
        key=f"award-change:{change.pk}:{what}:{user_id}", user_id=user_id, subject=headed, body=body, now=now
    )


def _tell_the_office(change: Change, now: datetime) -> None:
    for one in people.people_with_role("programme_manager"):
        _tell(
            change, one.id, now, "decide", Text("변경 요청을 결정해 주십시오", "A change is waiting for your decision")
        )
