"""From a solved plan to the decision: overrides by hand with their price, acceptance, the sealed file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from dure.core import canonical
from dure.core.errors import IllegalTransition, InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.lifecycles import PLAN
from dure.decide.planning.load import read_problem
from dure.decide.planning.overrides import Override, as_document, from_document, overridden
from dure.portal.calls import operations as calls
from dure.portal.framework.states import is_repeated, locked, move
from dure.portal.journal import operations as journal
from dure.portal.people.actor import Actor
from dure.portal.plans.models import Plan, Seal
from dure.portal.plans.operations.rows import plan_of, problem_row


@transaction.atomic
def override(*, actor: Actor, now: datetime, plan_id: int, override: Override) -> int:
    """Put one application in or leave it out by hand, beside what was overridden before: a new plan is queued.

    What that costs is known once it is solved; it stands only when it is confirmed. Raises NotFound, NotPermitted,
    IllegalTransition (plan not solved), InvalidInput (`overrides[ID]`: cannot be had that way).
    """
    base = plan_of(actor, plan_id)
    if base.state != "solved":
        early = Text("계산이 끝난 배분안만 손으로 바꿀 수 있습니다.", "Only a solved plan can be changed by hand.")
        raise IllegalTransition("plan", base.state, "override", early)
    ground = base.ground or base.problem
    kept = [one for one in from_document(base.overrides) if one.application != override.application]
    overrides = (*kept, override)
    posed = overridden(read_problem(bytes(ground.document)), overrides)
    made = Plan.objects.create(
        problem=problem_row(actor, now, ground.call_id, posed),
        ground=ground,
        base=base,
        title=f"{base.title[:100]} ± {override.application}",
        note=base.note,
        rule=base.rule,
        delta_tenths=base.delta_tenths,
        budget=base.budget,
        changes=base.changes,
        overrides=as_document(overrides),
        queued_at=now,
        queued_by=actor.name,
    )
    move(made, PLAN, "queue")
    journal.append(
        at=now,
        actor=actor.name,
        event="plans.override",
        subject=f"plan:{made.pk}",
        base=f"plan:{base.pk}",
        problem=made.problem.hash,
        overrides=made.overrides,
        reason=override.reason.ko,
    )
    return made.pk


@transaction.atomic
def confirm(*, actor: Actor, now: datetime, plan_id: int) -> None:
    """Let the overrides of a solved plan stand, knowing their price. Doing it again changes nothing.

    Raises NotFound, NotPermitted, IllegalTransition (not solved, or nothing was overridden).
    """
    plan = plan_of(actor, plan_id)
    if plan.state != "solved" or not plan.overrides or plan.base is None:
        none = Text("확정할 손질이 없습니다.", "There is nothing to confirm.")
        raise IllegalTransition("plan", plan.state, "confirm overrides", none)
    if plan.confirmed_at is not None:
        return
    plan.confirmed_at, plan.confirmed_by = now, actor.name
    plan.save(update_fields=["confirmed_at", "confirmed_by"])
    journal.append(
        at=now,
        actor=actor.name,
        event="plans.confirm",
        subject=f"plan:{plan.pk}",
        overrides=plan.overrides,
        value=plan.audit["value"],
        value_before=plan.base.audit["value"],
    )


@transaction.atomic
def accept(*, actor: Actor, now: datetime, plan_id: int, reason: str) -> None:
    """Make a solved plan the decision of its call. One per call; the auditor must have found no violation.

    Accepting it again for the same reason changes nothing.
    Raises NotFound, NotPermitted, IllegalTransition (not solved, or the call has been decided), InvalidInput (no
    reason given, the audit found violations, criteria weighed otherwise than announced, overrides not confirmed).
    """
    plan = plan_of(actor, plan_id)
    if is_repeated(plan, PLAN, "accept", accept_reason=reason.strip()):
        return
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
        overrides=plan.overrides,
    )


def _may_be_accepted(plan: Plan, reason: str) -> None:
    if Plan.objects.filter(problem__call=plan.problem.call, state="accepted").exists():
        taken = Text("이 공모의 배분안은 이미 확정되었습니다.", "A plan has already been accepted for this call.")
        raise IllegalTransition("call", plan.problem.call.state, "accept a plan", taken)
    mistakes = [] if plan.state != "solved" else list(_hindrances(plan))
    if not reason.strip():
        what = Text("확정 사유를 입력해 주십시오.", "Give the reason for accepting this plan.")
        mistakes.append(Mistake("reason", what))
    if mistakes:
        raise InvalidInput(mistakes)


def _hindrances(plan: Plan) -> list[Mistake]:
    """What keeps a solved plan from becoming the decision."""
    mistakes = []
    if (plan.audit or {}).get("violations"):
        what = Text("감사에서 규칙 위반이 발견되었습니다.", "The audit found violations.")
        remedy = Text("다른 배분안을 확정하거나 다시 계산해 주십시오.", "Accept another plan or solve again.")
        mistakes.append(Mistake("plan", what, remedy))
    if plan.changes.get("weights"):
        what = Text(
            "공고한 배점과 다른 배점으로 계산한 배분안입니다. 평가가 끝난 뒤에는 배점을 바꿀 수 없습니다.",
            "The criteria weigh otherwise than announced. That cannot change once proposals have been scored.",
        )
        remedy = Text("공고한 배점으로 계산한 배분안을 확정하십시오.", "Accept a plan under the announced weights.")
        mistakes.append(Mistake("weights", what, remedy))
    if plan.overrides and plan.confirmed_at is None:
        what = Text("손으로 바꾼 것을 먼저 확정해 주십시오.", "Confirm what was changed by hand first.")
        mistakes.append(Mistake("overrides", what))
    return mistakes


@transaction.atomic
def keep_seal(
    *, actor: Actor, now: datetime, plan_id: int, document: bytes, signature: bytes, public_key: bytes
) -> None:
    """Keep the sealed file of an accepted plan with the programme's signature. Keeping it again changes nothing."""
    actor.require(actor.is_system)
    plan = locked(Plan.objects.all(), pk=plan_id)
    if plan.state != "accepted":
        raise IllegalTransition("plan", plan.state, "seal")
    columns: dict[str, Any] = {
        "document": document,
        "hash": canonical.digest(document),
        "signature": signature,
        "public_key": public_key.decode(),
        "made_at": now,
    }
    seal, is_new = Seal.objects.get_or_create(plan=plan, defaults=columns)
    if is_new:
        journal.append(at=now, actor=actor.name, event="plans.seal", subject=f"plan:{plan.pk}", seal=seal.hash)


@transaction.atomic
def fail_seal(*, actor: Actor, now: datetime, plan_id: int, reason: str) -> None:
    """Say why an accepted plan could not be sealed; the loop tries again when a manager asks it to."""
    actor.require(actor.is_system)
    plan = locked(Plan.objects.all(), pk=plan_id)
    plan.state_reason = reason[:300]
    plan.save(update_fields=["state_reason"])
    journal.append(at=now, actor=actor.name, event="plans.seal_fail", subject=f"plan:{plan.pk}", reason=reason[:300])


@transaction.atomic
def seal_again(*, actor: Actor, now: datetime, plan_id: int) -> None:
    """Let the loop try again to seal an accepted plan. Raises NotFound, NotPermitted, IllegalTransition."""
    plan = plan_of(actor, plan_id)
    if plan.state != "accepted":
        raise IllegalTransition("plan", plan.state, "seal")
    plan.state_reason = ""
    plan.save(update_fields=["state_reason"])
    journal.append(at=now, actor=actor.name, event="plans.seal_again", subject=f"plan:{plan.pk}")
