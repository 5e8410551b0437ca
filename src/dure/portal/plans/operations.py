"""Writing plans: freeze the problem, queue plans for it, keep what the planner found, accept one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from dure.core import canonical
from dure.core.errors import IllegalTransition, InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.lifecycles import PLAN
from dure.decide.planning.problem import RULES
from dure.portal.calls import operations as calls
from dure.portal.framework.states import locked, move
from dure.portal.journal import operations as journal
from dure.portal.people.actor import Actor
from dure.portal.plans import posing
from dure.portal.plans.models import Plan, Problem, Rank

LARGEST_BUDGET = 10**15


@dataclass(frozen=True, slots=True)
class RankRow:
    """What a plan says of one application, ready to be kept."""

    application_id: int
    outcome: str
    score_tenths: int | None
    lottery_rank: int
    cluster: str = ""
    nodes: int = 0
    start_at: datetime | None = None
    end_at: datetime | None = None
    waitlist_rank: int | None = None
    explanation: Mapping[str, Any] | None = None


@transaction.atomic
def queue(
    *,
    actor: Actor,
    now: datetime,
    call_code: str,
    title: str,
    rule: str = "merit",
    delta_tenths: int | None = None,
    budget: int | None = None,
) -> int:
    """Freeze the call's problem as it stands now and queue a plan for it; the `plan` loop solves it.

    A plan already queued or solving for the same problem, rule and budget is returned instead of a second one.
    Raises NotPermitted, NotFound (call), InvalidInput (rule, band, budget, nothing to decide).
    """
    actor.require(actor.is_programme_manager or actor.is_system)
    _check(rule, delta_tenths, budget)
    posed = posing.pose(call_code, rule=rule, delta_tenths=delta_tenths)
    document = posed.problem.encode()
    problem, _ = Problem.objects.get_or_create(
        hash=canonical.digest(document),
        defaults={"call_id": posed.call_id, "document": document, "made_at": now, "made_by": actor.name},
    )
    same = Plan.objects.filter(problem=problem, rule=rule, budget=budget, state__in=["queued", "solving"]).first()
    if same is not None:
        return same.pk
    plan = Plan.objects.create(
        problem=problem,
        title=title.strip()[:120] or rule,
        rule=rule,
        delta_tenths=posed.problem.rule.delta_tenths,
        budget=budget,
        queued_at=now,
        queued_by=actor.name,
    )
    journal.append(
        at=now,
        actor=actor.name,
        event="plans.queue",
        subject=f"plan:{plan.pk}",
        call=call_code,
        problem=problem.hash,
        rule=rule,
        delta_tenths=plan.delta_tenths,
    )
    return plan.pk


@transaction.atomic
def start(*, actor: Actor, now: datetime) -> int | None:
    """Take the oldest queued plan for solving; None when there is none."""
    actor.require(actor.is_system)
    plan = Plan.objects.select_for_update().filter(state="queued").order_by("id").first()
    if plan is None:
        return None
    move(plan, PLAN, "start", progress_permille=0)
    journal.append(at=now, actor=actor.name, event="plans.start", subject=f"plan:{plan.pk}")
    return plan.pk


@transaction.atomic
def requeue_orphans(*, actor: Actor, now: datetime) -> int:
    """Put plans back whose solving process died with its lease; returns how many."""
    actor.require(actor.is_system)
    orphans = list(Plan.objects.select_for_update().filter(state="solving"))
    for plan in orphans:
        move(plan, PLAN, "requeue", progress_permille=0, progress_value=None, progress_bound=None)
        journal.append(at=now, actor=actor.name, event="plans.requeue", subject=f"plan:{plan.pk}")
    return len(orphans)


def note_progress(*, plan_id: int, permille: int, value: int | None, bound: int | None) -> bool:
    """Keep how far solving is; False when the plan is no longer being solved (somebody cancelled it)."""
    columns = {"progress_permille": permille, "progress_value": value, "progress_bound": bound}
    return bool(Plan.objects.filter(pk=plan_id, state="solving").update(**columns))


@transaction.atomic
def finish(
    *, actor: Actor, now: datetime, plan_id: int, document: bytes, audit: Mapping[str, Any], ranks: Sequence[RankRow]
) -> None:
    """Keep a solved plan with its audit and what it says of every application.

    Raises Stale when the plan is no longer being solved, InvalidInput when it answers another problem.
    """
    actor.require(actor.is_system)
    plan = locked(Plan.objects.select_related("problem"), pk=plan_id)
    if audit.get("problem") != plan.problem.hash:
        what = Text("배분안이 다른 문제에 대한 답입니다.", "The plan answers another problem.")
        raise InvalidInput(Mistake("problem", what, Text("다시 계산해 주십시오.", "Solve it again.")))
    digest = canonical.digest(document)
    move(plan, PLAN, "finish", document=document, hash=digest, audit=dict(audit), solved_at=now, progress_permille=1000)
    Rank.objects.bulk_create(
        [
            Rank(
                plan=plan,
                application_id=row.application_id,
                outcome=row.outcome,
                score_tenths=row.score_tenths,
                cluster=row.cluster,
                nodes=row.nodes,
                start_at=row.start_at,
                end_at=row.end_at,
                waitlist_rank=row.waitlist_rank,
                lottery_rank=row.lottery_rank,
                explanation=dict(row.explanation or {}),
            )
            for row in ranks
        ]
    )
    journal.append(
        at=now,
        actor=actor.name,
        event="plans.finish",
        subject=f"plan:{plan.pk}",
        problem=plan.problem.hash,
        plan=digest,
        awards=sum(row.outcome == "awarded" for row in ranks),
    )


@transaction.atomic
def fail(*, actor: Actor, now: datetime, plan_id: int, reason: str) -> None:
    """Say that a plan could not be solved, and why."""
    actor.require(actor.is_system)
    plan = locked(Plan.objects.all(), pk=plan_id)
    move(plan, PLAN, "fail", state_reason=reason[:300])
    journal.append(at=now, actor=actor.name, event="plans.fail", subject=f"plan:{plan.pk}", reason=reason[:300])


@transaction.atomic
def cancel(*, actor: Actor, now: datetime, plan_id: int) -> None:
    """Stop a plan that is queued or being solved; its process ends within two seconds."""
    actor.require(actor.is_programme_manager)
    plan = locked(Plan.objects.all(), pk=plan_id)
    move(plan, PLAN, "cancel")
    journal.append(at=now, actor=actor.name, event="plans.cancel", subject=f"plan:{plan.pk}")


@transaction.atomic
def discard(*, actor: Actor, now: datetime, plan_id: int, reason: str) -> None:
    """Put a solved or failed plan aside."""
    actor.require(actor.is_programme_manager)
    plan = locked(Plan.objects.all(), pk=plan_id)
    move(plan, PLAN, "discard", state_reason=reason[:300])
    journal.append(at=now, actor=actor.name, event="plans.discard", subject=f"plan:{plan.pk}", reason=reason)


@transaction.atomic
def accept(*, actor: Actor, now: datetime, plan_id: int, reason: str) -> None:
    """Make a solved plan the decision of its call. One per call; the auditor must have found no violation.

    Raises NotPermitted, IllegalTransition (not solved, or the call has been decided), InvalidInput (no reason given,
    or the audit found violations).
    """
    actor.require(actor.is_programme_manager)
    plan = locked(Plan.objects.select_related("problem__call"), pk=plan_id)
    _may_be_accepted(plan, reason)
    move(plan, PLAN, "accept", accepted_at=now, accepted_by=actor.name, accept_reason=reason.strip())
    calls.decide(actor=actor, now=now, code=plan.problem.call.code)
    journal.append(
        at=now,
        actor=actor.name,
        event="plans.accept",
        subject=f"plan:{plan.pk}",
        reason=reason.strip(),
        call=plan.problem.call.code,
        problem=plan.problem.hash,
        plan=plan.hash,
    )


def _may_be_accepted(plan: Plan, reason: str) -> None:
    if Plan.objects.filter(problem__call=plan.problem.call, state="accepted").exists():
        taken = Text("이 공모의 배분안은 이미 확정되었습니다.", "A plan has already been accepted for this call.")
        raise IllegalTransition("call", plan.problem.call.state, "accept a plan", taken)
    mistakes = []
    if not reason.strip():
        what = Text("확정 사유를 입력해 주십시오.", "Give the reason for accepting this plan.")
        mistakes.append(Mistake("reason", what))
    if plan.state == "solved" and (plan.audit or {}).get("violations"):
        what = Text("감사에서 규칙 위반이 발견되었습니다.", "The audit found violations.")
        remedy = Text("다른 배분안을 확정하거나 다시 계산해 주십시오.", "Accept another plan or solve again.")
        mistakes.append(Mistake("plan", what, remedy))
    if mistakes:
        raise InvalidInput(mistakes)


def _check(rule: str, delta_tenths: int | None, budget: int | None) -> None:
    mistakes = []
    if rule not in RULES:
        what = Text("배분 규칙이 올바르지 않습니다.", "There is no such rule.")
        mistakes.append(Mistake("rule", what, Text("merit 또는 value를 고르십시오.", "Choose merit or value.")))
    if delta_tenths is not None and not 1 <= delta_tenths <= 1000:
        what = Text("점수 구간은 0.1점에서 100점 사이여야 합니다.", "The score band lies between 0.1 and 100 points.")
        mistakes.append(Mistake("delta", what))
    if budget is not None and not 1 <= budget <= LARGEST_BUDGET:
        what = Text("계산량은 1 이상이어야 합니다.", "The work budget is at least 1.")
        mistakes.append(Mistake("budget", what, Text("비워 두면 기본값을 씁니다.", "Leave it empty for the default.")))
    if mistakes:
        raise InvalidInput(mistakes)
