"""How firm a plan is: asked by a manager, worked out by the plan loop, kept with every application."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from dure.core.errors import IllegalTransition
from dure.core.text import Text
from dure.decide.lifecycles import STABILITY
from dure.portal.framework.states import locked, move
from dure.portal.journal import operations as journal
from dure.portal.people.actor import Actor
from dure.portal.plans.models import Rank, StabilityRun
from dure.portal.plans.operations.rows import plan_of

RUNS = 20
OPEN = ("queued", "running")


@transaction.atomic
def ask_stability(*, actor: Actor, now: datetime, plan_id: int, runs: int = RUNS) -> int:
    """Ask how firm a solved plan is; asking again while it is worked out changes nothing.

    Raises NotFound, NotPermitted, IllegalTransition (plan not solved).
    """
    plan = plan_of(actor, plan_id)
    if plan.state not in ("solved", "accepted"):
        early = Text("계산이 끝난 배분안만 볼 수 있습니다.", "The plan has not been solved yet.")
        raise IllegalTransition("plan", plan.state, "ask how firm it is", early)
    open_run = StabilityRun.objects.filter(plan=plan, state__in=OPEN).first()
    if open_run is not None:
        return open_run.pk
    run = StabilityRun.objects.create(plan=plan, runs=runs, asked_at=now, asked_by=actor.name)
    journal.append(at=now, actor=actor.name, event="plans.stability_ask", subject=f"plan:{plan.pk}", runs=runs)
    return run.pk


@transaction.atomic
def cancel_stability(*, actor: Actor, now: datetime, plan_id: int) -> None:
    """Stop working it out. Raises IllegalTransition when nothing is being worked out."""
    plan = plan_of(actor, plan_id)
    run = StabilityRun.objects.select_for_update().filter(plan=plan).order_by("-id").first()
    if run is None:
        raise IllegalTransition("stability run", "none", "cancel")
    move(run, STABILITY, "cancel")
    journal.append(at=now, actor=actor.name, event="plans.stability_cancel", subject=f"plan:{plan.pk}")


@transaction.atomic
def start_stability(*, actor: Actor, now: datetime) -> int | None:
    """Take the oldest run asked for; None when there is none."""
    actor.require(actor.is_system)
    run = StabilityRun.objects.select_for_update().filter(state="queued").order_by("id").first()
    if run is None:
        return None
    move(run, STABILITY, "start", done=0)
    journal.append(at=now, actor=actor.name, event="plans.stability_start", subject=f"plan:{run.plan_id}")
    return run.pk


def note_stability(*, run_id: int, done: int) -> bool:
    """Keep how many variants are solved; False when it is no longer wanted."""
    return bool(StabilityRun.objects.filter(pk=run_id, state="running").update(done=done))


@transaction.atomic
def finish_stability(*, actor: Actor, now: datetime, run_id: int, funded: Mapping[str, int], runs: int) -> None:
    """Keep in how many of `runs` variants each application (by number) was funded. Raises Stale if not wanted."""
    actor.require(actor.is_system)
    run = locked(StabilityRun.objects.all(), pk=run_id)
    move(run, STABILITY, "finish", done=runs, runs=runs, finished_at=now)
    ranks = list(Rank.objects.filter(plan_id=run.plan_id).select_related("application"))
    for rank in ranks:
        count = funded.get(rank.application.number, 0)
        rank.funded_runs = count
        rank.stability = "never" if count == 0 else "always" if count == runs else "margin"
    Rank.objects.bulk_update(ranks, ["funded_runs", "stability"], batch_size=500)
    journal.append(at=now, actor=actor.name, event="plans.stability_finish", subject=f"plan:{run.plan_id}", runs=runs)


@transaction.atomic
def fail_stability(*, actor: Actor, now: datetime, run_id: int, reason: str) -> None:
    """Say that it could not be worked out, and why."""
    actor.require(actor.is_system)
    run = locked(StabilityRun.objects.all(), pk=run_id)
    move(run, STABILITY, "fail", state_reason=reason[:300])
    journal.append(
        at=now, actor=actor.name, event="plans.stability_fail", subject=f"plan:{run.plan_id}", reason=reason[:300]
    )
