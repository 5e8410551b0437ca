"""What the plan loop writes: a plan taken up, how far it is, what was found; and people who stop it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from dure.core import canonical
from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.lifecycles import PLAN, STABILITY
from dure.portal.framework.states import locked, move
from dure.portal.journal import operations as journal
from dure.portal.people.actor import Actor
from dure.portal.plans.models import Plan, Rank, StabilityRun
from dure.portal.plans.operations.rows import plan_of


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
def start(*, actor: Actor, now: datetime) -> int | None:
    """Take the oldest queued plan for solving; None when there is none."""
    actor.require(actor.is_system)
    plan = Plan.objects.select_for_update().filter(state="queued").order_by("queued_at", "id").first()
    if plan is None:
        return None
    move(plan, PLAN, "start", progress_permille=0, progress_phase="")
    journal.append(at=now, actor=actor.name, event="plans.start", subject=f"plan:{plan.pk}")
    return plan.pk


@transaction.atomic
def requeue_orphans(*, actor: Actor, now: datetime) -> int:
    """Put plans and stability runs back whose process died with its lease; returns how many."""
    actor.require(actor.is_system)
    orphans = list(Plan.objects.select_for_update().filter(state="solving"))
    for plan in orphans:
        move(plan, PLAN, "requeue", progress_permille=0, progress_phase="", progress_value=None, progress_bound=None)
        journal.append(at=now, actor=actor.name, event="plans.requeue", subject=f"plan:{plan.pk}")
    runs = list(StabilityRun.objects.select_for_update().filter(state="running"))
    for run in runs:
        move(run, STABILITY, "requeue", done=0)
        journal.append(at=now, actor=actor.name, event="plans.stability_requeue", subject=f"plan:{run.plan_id}")
    return len(orphans) + len(runs)


def note_progress(*, plan_id: int, permille: int, value: int | None, bound: int | None, phase: str = "") -> bool:
    """Keep how far solving is; False when the plan is no longer being solved (somebody cancelled it)."""
    columns = {
        "progress_permille": permille,
        "progress_value": value,
        "progress_bound": bound,
        "progress_phase": phase[:12],
    }
    return bool(Plan.objects.filter(pk=plan_id, state="solving").update(**columns))


@transaction.atomic
def finish(
    *,
    actor: Actor,
    now: datetime,
    plan_id: int,
    document: bytes,
    audit: Mapping[str, Any],
    ranks: Sequence[RankRow],
    measures: Mapping[str, Any] | None = None,
) -> None:
    """Keep a solved plan with its audit, its figures and what it says of every application.

    Raises Stale when the plan is no longer being solved, InvalidInput when it answers another problem.
    """
    actor.require(actor.is_system)
    plan = locked(Plan.objects.select_related("problem"), pk=plan_id)
    if audit.get("problem") != plan.problem.hash:
        what = Text("배분안이 다른 문제에 대한 답입니다.", "The plan answers another problem.")
        raise InvalidInput(Mistake("problem", what, Text("다시 계산해 주십시오.", "Solve it again.")))
    digest = canonical.digest(document)
    found = {"document": document, "hash": digest, "audit": dict(audit), "measures": measures and dict(measures)}
    move(plan, PLAN, "finish", **found, solved_at=now, progress_permille=1000)
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
def fail(
    *, actor: Actor, now: datetime, plan_id: int, reason: str, conflicts: Sequence[Mapping[str, str]] = ()
) -> None:
    """Say that a plan could not be solved, and why; `conflicts` name rules that cannot all hold, in both languages."""
    actor.require(actor.is_system)
    plan = locked(Plan.objects.all(), pk=plan_id)
    move(plan, PLAN, "fail", state_reason=reason[:300], conflicts=[dict(one) for one in conflicts])
    journal.append(at=now, actor=actor.name, event="plans.fail", subject=f"plan:{plan.pk}", reason=reason[:300])


@transaction.atomic
def cancel(*, actor: Actor, now: datetime, plan_id: int) -> None:
    """Stop a plan that is queued or being solved; its process ends within two seconds."""
    plan = plan_of(actor, plan_id)
    move(plan, PLAN, "cancel")
    journal.append(at=now, actor=actor.name, event="plans.cancel", subject=f"plan:{plan.pk}")
