"""Cases of reclaim: idle allocations are found, the holder is asked, the answer judged, nodes taken back."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property

from django.db import transaction

from dure.core.errors import IllegalTransition, InvalidInput, Mistake
from dure.core.gpu_hours import hours as shown_hours
from dure.core.period import Period
from dure.core.text import Text
from dure.decide import reclaim
from dure.decide.lifecycles import RECLAIM
from dure.decide.reclaim import Excuses, Hour, Run
from dure.metering.hours import HourUse
from dure.portal.allocations import operations as allocations
from dure.portal.allocations import queries as allocation_queries
from dure.portal.allocations.queries import AllocationView
from dure.portal.fleet import queries as fleet
from dure.portal.framework.programme import current, zone
from dure.portal.framework.states import locked, move
from dure.portal.journal import operations as journal
from dure.portal.messages import operations as messages
from dure.portal.people.actor import Actor, system
from dure.portal.reclaims import queries
from dure.portal.reclaims.models import Case
from dure.portal.reclaims.operations import lending
from dure.portal.usage import queries as usage
from dure.programme.use import IdleRule

LOOP = system("loop:reclaim")
TIME_TO_REVERSE = timedelta(days=1)
_ACTIONS = {
    "notice": Text("알림", "notice"),
    "lend": Text("임시 제공", "lending"),
    "shrink": Text("서버 일부 회수", "taking back some servers"),
    "end": Text("할당 종료", "ending the allocation"),
}

_VERDICTS = {
    "accept": Text("사유를 받아들여 GPU를 회수하지 않습니다", "Your explanation was accepted: nothing is taken"),
    "reject": Text("사유를 받아들이지 않아 하루 뒤에 회수합니다", "Your explanation was not accepted"),
    "reverse": Text("회수를 취소하였습니다", "The reclaim was reversed"),
}


class Findings:
    """What was metered of the allocations present at `now`, read once for all of them; or the hours given."""

    def __init__(self, now: datetime, given: dict[tuple[str, str], list[HourUse]] | None = None) -> None:
        self.now, self.given = now, given
        rungs = [step.after_hours for rule in current().idle_rules for step in rule.ladder]
        # Holidays and maintenance stretch a run over more hours than the highest rung has.
        self.period = Period(now - timedelta(hours=2 * max(rungs)) - timedelta(days=30), now)
        self.least = timedelta(hours=min(rungs))

    @cached_property
    def hours(self) -> dict[tuple[str, str], list[HourUse]]:
        """The hours of allocations that are idle now and have been for as long as the lowest rung; or those given."""
        if self.given is not None:
            return self.given
        lately = Period(self.now - self.least - timedelta(days=2), self.now)
        idle = usage.idle_now(lately, self.least // timedelta(seconds=1))
        return usage.hours_of(sorted({name for _cluster, name in idle}), self.period)

    def run(self, view: AllocationView, rule: IdleRule) -> Run | None:
        """The idle run of an allocation that counts under `rule`."""
        seen = self.hours.get((view.cluster, view.name))
        return reclaim.current_run(rule, [_hour(use) for use in seen], _excuses(view, rule)) if seen else None


def _hour(use: HourUse) -> Hour:
    return Hour(
        use.start,
        use.allocated_gpu_seconds,
        use.running_gpu_seconds,
        use.busy_gpu_seconds,
        use.missing_gpu_seconds,
        use.idle_lead_seconds,
        use.idle_longest_seconds,
        use.idle_tail_seconds,
    )


def _excuses(view: AllocationView, rule: IdleRule) -> Excuses:
    free_until = view.start_at + timedelta(days=rule.first_days_free)
    if "justified" in rule.exempt:
        accepted = Case.objects.filter(allocation_id=view.id, rule=rule.code, state="dismissed").exclude(
            justification=""
        )
        free_until = max([free_until, *accepted.values_list("closed_at", flat=True)])
    nodes = set(view.node_names)
    works = fleet.maintenances(view.cluster, ending_after=view.start_at) if "maintenance" in rule.exempt else []
    down = fleet.down_since_of(view.cluster, view.node_names) if "failed_node" in rule.exempt else {}
    return Excuses(
        free_until=free_until,
        zone=zone(),
        holidays=current().holidays if "holiday" in rule.exempt else (),
        periods=[
            *(Period(work.start_at, work.end_at) for work in works if nodes & set(work.node_names)),
            *(Period(since, view.end_at) for since in down.values() if since < view.end_at),
        ],
    )


def look_for_idle(*, now: datetime) -> int:
    """Apply the idle rules to every allocation that holds nodes; returns how many cases changed."""
    if not current().idle_rules:
        return 0
    findings, changed = Findings(now), 0
    waiting = set(Case.objects.filter(state="noticed").values_list("allocation_id", "rule"))
    for view in allocation_queries.present(now):
        mine = [rule for rule in current().idle_rules if view.organisation.applicant_class in rule.applicant_classes]
        runs = [(rule, findings.run(view, rule)) for rule in mine]
        for rule, run in runs:
            if run is not None or (view.id, rule.code) in waiting:
                changed += _judge(view, rule, run, now)
        changed += lending.keep_used(view, runs, now)
    return changed


@transaction.atomic
def _judge(view: AllocationView, rule: IdleRule, run: Run | None, now: datetime) -> int:
    """Open, escalate or clear the case of one allocation under one rule; returns 1 when it changed."""
    row = Case.objects.select_for_update().filter(allocation_id=view.id, rule=rule.code, state__in=queries.OPEN).first()
    index = reclaim.rung(rule, run)
    if index is None or run is None:
        return _clear(row, now) if row is not None and row.state == "noticed" else 0
    done = Case.objects.filter(allocation_id=view.id, rule=rule.code, state="executed", idle_since=run.since)
    if row is None and not done.filter(step__gte=index).exists():
        row = Case(allocation_id=view.id, rule=rule.code, opened_at=now, step=-1)
    if row is None or row.state not in ("", "noticed") or row.step >= index:
        return 0
    step = rule.ladder[index]
    row.step, row.action, row.idle_since = index, step.action, run.since
    row.answer_by = reclaim.answer_by(rule, index, run, now)
    row.finding = {
        "idle_seconds": run.seconds,
        "nodes": view.nodes,
        "would_take": reclaim.nodes_taken(step, view.nodes),
    }
    if step.action == "lend":
        row.finding["lend_from"] = lending.lend_from(step, now)
    row.save()
    _tell(row, view, now)
    detail = {"allocation": view.name, "action": step.action, "idle_seconds": run.seconds}
    note(LOOP, now, "notice", row, "", **detail)
    return 1


def _clear(row: Case, now: datetime) -> int:
    move(row, RECLAIM, "clear", closed_at=now, decision_reason="in use again")
    note(LOOP, now, "clear", row, "in use again")
    return 1


def _tell(row: Case, view: AllocationView, now: datetime) -> None:
    idle, action = shown_hours(row.finding["idle_seconds"]), _ACTIONS[row.action]
    by = row.answer_by.astimezone(zone())
    subject = Text(f"[{view.award_number}] 사용하지 않는 GPU가 있습니다", f"[{view.award_number}] Your GPUs are idle")
    since = datetime.fromisoformat(row.finding["lend_from"]).astimezone(zone()) if row.action == "lend" else None
    lent = Text(
        f"{since:%Y-%m-%d %H:%M}부터는 쉬는 동안 다른 과제가 쓰고, 작업을 내시면 바로 돌려드립니다.\n" if since else "",
        f"From {since:%Y-%m-%d %H:%M} others use them while idle; your own jobs come first.\n" if since else "",
    )
    body = Text(
        f"{idle}시간 동안 GPU가 쉬고 있습니다. 지금 단계: {action.ko}.\n{lent.ko}"
        f"{by:%Y-%m-%d %H:%M}까지 사유를 알려 주시면 검토합니다: /reclaims/{row.pk}/",
        f"Your GPUs have been idle for {idle} hours. Present step: {action.en}.\n{lent.en}"
        f"Tell us why by {by:%Y-%m-%d %H:%M} and we will consider it: /reclaims/{row.pk}/",
    )
    for person in allocation_queries.members(view.id):
        key = f"reclaim:{row.pk}:{row.step}:{person.id}"
        messages.announce(key=key, user_id=person.id, subject=subject, body=body, now=now)


@transaction.atomic
def justify(*, actor: Actor, now: datetime, case_id: int, text: str) -> None:
    """The holder explains. Raises NotFound, NotPermitted, InvalidInput, IllegalTransition (also after the term)."""
    view = queries.case(case_id, actor)
    actor.require(view.organisation.id in actor.organisations)
    if not text.strip():
        raise InvalidInput(Mistake("text", Text("사유를 적어 주십시오.", "Give the reason.")))
    if view.state == "noticed" and now >= view.answer_by:
        late = Text("소명 기한이 지났습니다. 담당자에게 문의해 주십시오.", "The time to answer has passed.")
        raise IllegalTransition("reclaim case", view.state, "justify", late)
    row = locked(Case.objects.all(), pk=case_id)
    pace = next((rule for rule in current().pull_back_rules if rule.code == row.rule), None)
    if pace is not None and not pace.may_be_exempted:
        fixed = Text("이 규칙에는 예외가 없습니다.", "This rule knows no exceptions.")
        raise IllegalTransition("reclaim case", view.state, "justify", fixed)
    move(row, RECLAIM, "justify", justification=text.strip()[:4000])
    note(actor, now, "justify", row, text.strip()[:300])


@transaction.atomic
def accept(*, actor: Actor, now: datetime, case_id: int, reason: str) -> None:
    """The programme accepts the explanation: nothing is taken, and the idle time so far no longer counts."""
    _decide(actor, now, case_id, "accept", reason, closed_at=now)


@transaction.atomic
def reject(*, actor: Actor, now: datetime, case_id: int, reason: str) -> None:
    """The programme does not accept it: the step is executed a day later unless reversed."""
    _decide(actor, now, case_id, "reject", reason, execute_at=now + TIME_TO_REVERSE)


@transaction.atomic
def reverse(*, actor: Actor, now: datetime, case_id: int, reason: str) -> None:
    """The programme takes a confirmed step back before it is executed."""
    _decide(actor, now, case_id, "reverse", reason, closed_at=now)


def _decide(actor: Actor, now: datetime, case_id: int, event: str, reason: str, **changes: datetime) -> None:
    actor.require(actor.is_programme_manager)
    if not reason.strip():
        raise InvalidInput(Mistake("reason", Text("사유를 적어 주십시오.", "Give the reason.")))
    row = locked(Case.objects.all(), pk=case_id)
    move(row, RECLAIM, event, decision_reason=reason.strip()[:300], **changes)
    if event in ("accept", "reverse"):
        lending.keep(row.allocation.name, now, f"reclaim case {row.pk}: {event}")
    _tell_decision(row, event, now)
    note(actor, now, event, row, reason)


def _tell_decision(row: Case, event: str, now: datetime) -> None:
    what = _VERDICTS[event]
    body = Text(
        f"{what.ko}\n사유: {row.decision_reason}\n자세한 내용: /reclaims/{row.pk}/",
        f"{what.en}\nReason: {row.decision_reason}\nMore: /reclaims/{row.pk}/",
    )
    for person in allocation_queries.members(row.allocation_id):
        key = f"reclaim:{row.pk}:{event}:{person.id}"
        messages.announce(key=key, user_id=person.id, subject=what, body=body, now=now)


def lapse_due(*, now: datetime) -> int:
    """Confirm cases nobody answered in time whose rung takes something; returns how many."""
    due = Case.objects.filter(state="noticed", action__in=reclaim.TAKING, answer_by__lte=now)
    return sum(_lapse(pk, now) for pk in list(due.values_list("pk", flat=True)))


@transaction.atomic
def _lapse(pk: int, now: datetime) -> int:
    row = locked(Case.objects.all(), pk=pk)
    if row.state != "noticed" or row.action not in reclaim.TAKING or row.answer_by > now:
        return 0
    move(row, RECLAIM, "lapse", execute_at=now + TIME_TO_REVERSE, decision_reason="no answer in time")
    note(LOOP, now, "lapse", row, "no answer in time")
    return 1


def execute_due(*, now: datetime) -> int:
    """Execute confirmed cases whose time to reverse has passed; returns how many."""
    due = Case.objects.filter(state="confirmed", execute_at__lte=now)
    return sum(_execute(pk, now) for pk in list(due.values_list("pk", flat=True)))


@transaction.atomic
def _execute(pk: int, now: datetime) -> int:
    row = locked(Case.objects.select_related("allocation"), pk=pk)
    if row.state != "confirmed" or row.execute_at > now:
        return 0
    view = allocation_queries.allocation(row.allocation.name, LOOP)
    taken = 0
    if view.state == "present" and view.end_at > now:
        taken = _taken(row, view)
        reason = f"reclaim case {row.pk}"
        if row.action == "lend":
            lending.lend(row, now)
        elif row.action == "end":
            allocations.revise(actor=LOOP, now=now, name=view.name, reason=reason, present=False)
        elif taken:
            kept = view.node_names[: view.nodes - taken]
            allocations.revise(actor=LOOP, now=now, name=view.name, reason=reason, node_names=kept)
    move(row, RECLAIM, "execute", closed_at=now, nodes_taken=taken)
    note(LOOP, now, "execute", row, "", nodes_taken=taken)
    return 1


def _taken(row: Case, view: AllocationView) -> int:
    """How many nodes the case takes of those the allocation holds now."""
    rule = next((rule for rule in current().idle_rules if rule.code == row.rule), None)
    if rule is None:
        return min(int(row.finding["would_take"]), view.nodes - 1)
    return reclaim.nodes_taken(rule.ladder[row.step], view.nodes)


def note(actor: Actor, now: datetime, event: str, row: Case, reason: str, **detail: object) -> None:
    subject = f"reclaim:{row.pk}"
    journal.append(at=now, actor=actor.name, event=f"reclaims.{event}", subject=subject, reason=reason, **detail)
