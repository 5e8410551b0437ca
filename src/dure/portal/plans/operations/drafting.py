"""Scenarios: drafted, changed, copied, put aside, queued for the planner."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import transaction

from dure.core.errors import IllegalTransition, InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.lifecycles import PLAN
from dure.decide.planning.problem import RULES, RuleName
from dure.decide.planning.scenario import Changes, changes_from
from dure.portal.framework.states import move
from dure.portal.journal import operations as journal
from dure.portal.people.actor import Actor
from dure.portal.plans import posing
from dure.portal.plans.models import Plan, Problem
from dure.portal.plans.operations.rows import plan_of, problem_row

LARGEST_BUDGET = 10**15
LONGEST_TITLE = 120


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a manager writes down: a name, a note, what differs from the programme, the planner's work budget."""

    title: str
    note: str = ""
    changes: Changes = field(default_factory=Changes)
    budget: int | None = None


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
    if rule not in RULES:
        what = Text("배분 규칙이 올바르지 않습니다.", "There is no such rule.")
        raise InvalidInput(Mistake("rule", what, Text("merit 또는 value를 고르십시오.", "Choose merit or value.")))
    name: RuleName = "merit" if rule == "merit" else "value"
    scenario = Scenario(title.strip() or rule, changes=Changes(name, delta_tenths), budget=budget)
    actor.require(actor.is_programme_manager or actor.is_system)
    _check(scenario)
    posed = posing.pose(call_code, scenario.changes)
    same = _same(problem_row(actor, now, posed.call_id, posed.problem), rule, budget)
    return same if same is not None else _enqueue(actor, now, _keep(actor, now, posed, scenario))


@transaction.atomic
def draft(*, actor: Actor, now: datetime, call_code: str, scenario: Scenario) -> int:
    """Keep a scenario for a call without solving it yet. Raises NotPermitted, NotFound (call), InvalidInput."""
    actor.require(actor.is_programme_manager)
    plan = _draft(actor, now, call_code, scenario)
    return plan.pk


def _draft(actor: Actor, now: datetime, call_code: str, scenario: Scenario) -> Plan:
    _check(scenario)
    return _keep(actor, now, posing.pose(call_code, scenario.changes), scenario)


def _keep(actor: Actor, now: datetime, posed: posing.Posed, scenario: Scenario) -> Plan:
    plan = Plan.objects.create(
        problem=problem_row(actor, now, posed.call_id, posed.problem),
        title=scenario.title.strip(),
        note=scenario.note.strip(),
        rule=posed.problem.rule.name,
        delta_tenths=posed.problem.rule.delta_tenths,
        budget=scenario.budget,
        changes=scenario.changes.document(),
        queued_at=now,
        queued_by=actor.name,
    )
    subject = f"plan:{plan.pk}"
    journal.append(at=now, actor=actor.name, event="plans.draft", subject=subject, call=posed.problem.call)
    return plan


@transaction.atomic
def revise(*, actor: Actor, now: datetime, plan_id: int, scenario: Scenario) -> None:
    """Change a draft. Raises NotFound, NotPermitted, IllegalTransition (no longer a draft), InvalidInput."""
    plan = plan_of(actor, plan_id)
    _must_be_draft(plan)
    _check(scenario)
    posed = posing.pose(plan.problem.call.code, scenario.changes)
    plan.problem = problem_row(actor, now, posed.call_id, posed.problem)
    plan.title, plan.note, plan.budget = scenario.title.strip(), scenario.note.strip(), scenario.budget
    plan.rule, plan.delta_tenths = posed.problem.rule.name, posed.problem.rule.delta_tenths
    plan.changes = scenario.changes.document()
    plan.save(update_fields=["problem", "title", "note", "budget", "rule", "delta_tenths", "changes"])
    journal.append(at=now, actor=actor.name, event="plans.revise", subject=f"plan:{plan.pk}")


@transaction.atomic
def submit(*, actor: Actor, now: datetime, plan_id: int) -> int:
    """Pose a draft's problem anew and queue it; returns its id, or that of the same plan already in the queue."""
    plan = plan_of(actor, plan_id)
    _must_be_draft(plan)
    posed = posing.pose(plan.problem.call.code, changes_from(plan.changes))
    plan.problem = problem_row(actor, now, posed.call_id, posed.problem)
    plan.save(update_fields=["problem"])
    return _enqueue(actor, now, plan)


def _same(problem: Problem, rule: str, budget: int | None) -> int | None:
    """A plan for the same problem, rule and budget that is already in the queue."""
    rows = Plan.objects.filter(problem=problem, rule=rule, budget=budget, state__in=["queued", "solving"])
    return rows.values_list("pk", flat=True).first()


def _enqueue(actor: Actor, now: datetime, plan: Plan) -> int:
    same = _same(plan.problem, plan.rule, plan.budget)
    if same is not None:
        move(plan, PLAN, "discard", state_reason=f"plan:{same}")
        return same
    move(plan, PLAN, "queue", queued_at=now, queued_by=actor.name)
    journal.append(
        at=now,
        actor=actor.name,
        event="plans.queue",
        subject=f"plan:{plan.pk}",
        call=plan.problem.call.code,
        problem=plan.problem.hash,
        rule=plan.rule,
        delta_tenths=plan.delta_tenths,
        changes=plan.changes,
    )
    return plan.pk


@transaction.atomic
def duplicate(*, actor: Actor, now: datetime, plan_id: int, title: str) -> int:
    """A new draft with the same changes, for the call as it stands now; overrides are not copied."""
    plan = plan_of(actor, plan_id)
    changes = replace(changes_from(plan.changes), rule=plan.rule, delta_tenths=plan.delta_tenths)
    made = _draft(actor, now, plan.problem.call.code, Scenario(title, plan.note, changes, plan.budget))
    return made.pk


@transaction.atomic
def rename(*, actor: Actor, now: datetime, plan_id: int, title: str, note: str) -> None:
    """Another name and note for a plan that is not the decision. Raises NotFound, NotPermitted, InvalidInput."""
    plan = plan_of(actor, plan_id)
    if plan.state == "accepted":
        raise IllegalTransition("plan", plan.state, "rename")
    _check(Scenario(title, note))
    plan.title, plan.note = title.strip(), note.strip()
    plan.save(update_fields=["title", "note"])
    journal.append(at=now, actor=actor.name, event="plans.rename", subject=f"plan:{plan.pk}")


@transaction.atomic
def discard(*, actor: Actor, now: datetime, plan_id: int, reason: str) -> None:
    """Put a draft or a plan that is not being solved aside; it stays in the records, out of the lists."""
    plan = plan_of(actor, plan_id)
    move(plan, PLAN, "discard", state_reason=reason.strip()[:300])
    journal.append(at=now, actor=actor.name, event="plans.discard", subject=f"plan:{plan.pk}", reason=reason)


def _must_be_draft(plan: Plan) -> None:
    PLAN.after(plan.state, "queue")


def _check(scenario: Scenario) -> None:
    mistakes = []
    if not 0 < len(scenario.title.strip()) <= LONGEST_TITLE:
        what = Text(
            f"이름을 {LONGEST_TITLE}자 안으로 입력해 주십시오.", f"Give a name of at most {LONGEST_TITLE} characters."
        )
        mistakes.append(Mistake("title", what))
    if len(scenario.note) > 2000:
        mistakes.append(Mistake("note", Text("2,000자 안으로 적어 주십시오.", "At most 2,000 characters.")))
    if scenario.budget is not None and not 1 <= scenario.budget <= LARGEST_BUDGET:
        what = Text("계산량은 1 이상이어야 합니다.", "The work budget is at least 1.")
        mistakes.append(Mistake("budget", what, Text("비워 두면 기본값을 씁니다.", "Leave it empty for the default.")))
    if mistakes:
        raise InvalidInput(mistakes)
