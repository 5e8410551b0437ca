"""Reading plans: their state and figures, how far they are, the files behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from dure.core.errors import NotFound
from dure.core.text import Text
from dure.decide.planning.load import read_problem
from dure.decide.planning.overrides import Override, from_document, overridden
from dure.decide.planning.scenario import Changes, changes_from
from dure.portal.people.actor import Actor
from dure.portal.plans.models import Plan, Problem, StabilityRun


@dataclass(frozen=True, slots=True)
class StabilityView:
    """How far working out a plan's firmness is."""

    state: str
    state_reason: str
    runs: int
    done: int

    @property
    def is_open(self) -> bool:
        """Whether it is still to be worked out."""
        return self.state in ("queued", "running")


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan with its figures: how many awards, and the nodes of those that start with the call's use.

    `base` is the plan that was overridden, `base_value` its value; `ahead` how many plans are solved before this one.
    """

    id: int
    title: str
    note: str
    call_id: int
    call_code: str
    rule: str
    delta_tenths: int
    budget: int | None
    changes: Changes
    overrides: tuple[Override, ...]
    base_id: int | None
    base_title: str
    base_value: int | None
    state: str
    state_reason: str
    conflicts: Sequence[Mapping[str, str]]
    progress_phase: str
    progress_permille: int
    progress_value: int | None
    progress_bound: int | None
    problem_hash: str
    hash: str
    audit: dict[str, Any] | None
    measures: dict[str, Any] | None
    awards: int
    first_month_nodes: int
    queued_at: datetime
    queued_by: str
    solved_at: datetime | None
    confirmed_at: datetime | None
    confirmed_by: str
    accepted_at: datetime | None
    accepted_by: str
    accept_reason: str
    ahead: int
    stability: StabilityView | None

    @property
    def gap(self) -> float | None:
        """The auditor's gap to the bound of the plan's own rule, as a fraction."""
        return self.audit["gap"] if self.audit else None

    @property
    def envy(self) -> int | None:
        """Applications with justified envy, counted by the auditor."""
        return self.audit["envy"] if self.audit else None

    @property
    def size_envy(self) -> int | None:
        """Applications that would fit if an award were smaller, counted by the auditor."""
        return self.audit.get("size_envy") if self.audit else None

    @property
    def value(self) -> int | None:
        """The plan's value, as the auditor recomputed it."""
        return self.audit["value"] if self.audit else None

    @property
    def statements(self) -> Sequence[Any]:
        """What the auditor says it proved, in both languages."""
        return self.audit["statements"] if self.audit else ()

    @property
    def rules(self) -> Sequence[Any]:
        """What every rule of the policy cost, in both languages."""
        return (self.audit or {}).get("rules", ())

    @property
    def delta_points(self) -> str:
        """The score band in points."""
        return f"{self.delta_tenths // 10}.{self.delta_tenths % 10}"

    @property
    def progress(self) -> float:
        """How far solving is, as a fraction."""
        return self.progress_permille / 1000

    @property
    def is_open(self) -> bool:
        """Whether it is still to be solved."""
        return self.state in ("queued", "solving")

    @property
    def lost_value(self) -> int | None:
        """What the overrides cost against the plan they were made from; negative when the search found more."""
        if self.base_value is None or self.value is None:
            return None
        return self.base_value - self.value

    @property
    def lost_share(self) -> float | None:
        """`lost_value` as a fraction of the value before."""
        return self.lost_value / self.base_value if self.base_value and self.lost_value is not None else None

    @property
    def awaits_confirmation(self) -> bool:
        """Whether a person has yet to say that the overrides stand, knowing what they cost."""
        return self.state == "solved" and bool(self.overrides) and self.confirmed_at is None


def plans(actor: Actor, call_code: str = "") -> Sequence[PlanView]:
    """Plans, newest first, without those put aside; of one call when named. NotFound for those who may not see."""
    if not actor.may_oversee:
        raise NotFound(internal=f"plans for {actor}")
    rows = _with_figures(Plan.objects.exclude(state="discarded"))
    if call_code:
        rows = rows.filter(problem__call__code=call_code)
    queue = list(Plan.objects.filter(state="queued").order_by("queued_at", "id").values_list("pk", flat=True))
    busy = Plan.objects.filter(state="solving").count()
    return [_view(row, busy + queue.index(row.pk) if row.state == "queued" else 0) for row in rows]


def plan(plan_id: int, actor: Actor) -> PlanView:
    """One plan. Raises NotFound, also for people who may not see plans."""
    row = _with_figures(Plan.objects.filter(pk=plan_id)).first() if actor.may_oversee else None
    if row is None:
        raise NotFound(internal=f"plan {plan_id} for {actor}")
    return _view(row, _ahead(row))


def accepted(call_code: str) -> PlanView | None:
    """The plan that decided a call, if one has been accepted. Public."""
    row = _with_figures(Plan.objects.filter(problem__call__code=call_code, state="accepted")).first()
    return _view(row) if row else None


def is_any_waiting() -> bool:
    """Whether the plan loop has anything to do: a plan or a stability run is queued, or its process died, or an
    accepted plan has no sealed file yet."""
    return (
        Plan.objects.filter(state__in=["queued", "solving"]).exists()
        or StabilityRun.objects.filter(state__in=["queued", "running"]).exists()
        or unsealed() is not None
    )


def is_any_queued() -> bool:
    """Whether a plan is queued."""
    return Plan.objects.filter(state="queued").exists()


def unsealed() -> int | None:
    """An accepted plan that has no sealed file yet and was not given up for a reason."""
    rows = Plan.objects.filter(state="accepted", seal__isnull=True, state_reason="")
    return rows.values_list("pk", flat=True).first()


def is_solving(plan_id: int) -> bool:
    """Whether the plan is still to be solved (nobody cancelled it)."""
    return Plan.objects.filter(pk=plan_id, state="solving").exists()


def is_running(run_id: int) -> bool:
    """Whether a stability run is still wanted."""
    return StabilityRun.objects.filter(pk=run_id, state="running").exists()


def run_of(run_id: int) -> tuple[int, int]:
    """The plan of a stability run and how many variants it solves. Raises NotFound."""
    found = StabilityRun.objects.filter(pk=run_id).values_list("plan_id", "runs").first()
    if found is None:
        raise NotFound(internal=f"stability run {run_id}")
    return found


def problem_document(plan_id: int) -> bytes:
    """The frozen problem a plan answers: canonical JSON. Raises NotFound."""
    found = Problem.objects.filter(plans__pk=plan_id).values_list("document", flat=True).first()
    if found is None:
        raise NotFound(internal=f"plan {plan_id}")
    return bytes(found)


def waitlist_problem(plan_id: int) -> bytes:
    """The problem by which awards of a plan are held and offered on: before applications were put in by hand (their
    awards hold like any other, and free what they hold when declined), with those left out by hand. Raises NotFound."""
    row = Plan.objects.filter(pk=plan_id).select_related("ground", "problem").first()
    if row is None:
        raise NotFound(internal=f"plan {plan_id}")
    if row.ground is None:
        return bytes(row.problem.document)
    left_out = [one for one in from_document(row.overrides) if one.award is None]
    return overridden(read_problem(bytes(row.ground.document)), left_out).encode()


def ground_document(plan_id: int) -> bytes:
    """The problem before anything was overridden by hand. Raises NotFound."""
    row = Plan.objects.filter(pk=plan_id).select_related("ground", "problem").first()
    if row is None:
        raise NotFound(internal=f"plan {plan_id}")
    return bytes((row.ground or row.problem).document)


def solving_arguments(plan_id: int) -> list[str]:
    """Rule, band and budget of a plan as arguments of the process that solves it. Raises NotFound."""
    found = Plan.objects.filter(pk=plan_id).values_list("rule", "delta_tenths", "budget").first()
    if found is None:
        raise NotFound(internal=f"plan {plan_id}")
    return [str(part) for part in found if part is not None]


def plan_document(plan_id: int) -> bytes:
    """A solved plan: canonical JSON with its certificate. Raises NotFound."""
    found = Plan.objects.filter(pk=plan_id, document__isnull=False).values_list("document", flat=True).first()
    if found is None:
        raise NotFound(internal=f"plan {plan_id} has no document")
    return bytes(found)


def call_of(plan_id: int) -> str:
    """The code of the call a plan decides. Raises NotFound."""
    found = Plan.objects.filter(pk=plan_id).values_list("problem__call__code", flat=True).first()
    if found is None:
        raise NotFound(internal=f"plan {plan_id}")
    return found


def override_lines(view: PlanView) -> list[tuple[str, Text, Text]]:
    """What was changed by hand: application, what was done, why."""
    return [
        (
            one.application,
            Text("담당자가 넣음", "Put in by hand") if one.award else Text("담당자가 제외함", "Left out by hand"),
            one.reason,
        )
        for one in view.overrides
    ]


def _ahead(row: Any) -> int:
    """How many plans are solved before this one."""
    if row.state != "queued":
        return 0
    earlier = Q(queued_at__lt=row.queued_at) | Q(queued_at=row.queued_at, pk__lt=row.pk)
    waiting = Plan.objects.filter(earlier, state="queued").count()
    return waiting + Plan.objects.filter(state="solving").count()


def _with_figures(rows: QuerySet[Plan]) -> QuerySet[Plan]:
    funded = Q(ranks__outcome="awarded")
    at_start = Q(ranks__start_at=F("problem__call__use_from"))
    return (
        rows.order_by("-id")
        .select_related("problem__call", "base")
        .defer("document", "problem__document", "base__document", "base__measures")
        .prefetch_related("stability_runs")
        .annotate(award_count=Count("ranks", filter=funded), first_count=Sum("ranks__nodes", filter=funded & at_start))
    )


def _view(row: Any, ahead: int = 0) -> PlanView:
    run = next(iter(row.stability_runs.all()), None)
    base: Mapping[str, Any] = (row.base.audit if row.base else None) or {}
    return PlanView(
        id=row.pk,
        title=row.title,
        note=row.note,
        call_id=row.problem.call_id,
        call_code=row.problem.call.code,
        rule=row.rule,
        delta_tenths=row.delta_tenths,
        budget=row.budget,
        changes=changes_from(row.changes),
        overrides=from_document(row.overrides),
        base_id=row.base_id,
        base_title=row.base.title if row.base else "",
        base_value=base.get("value"),
        state=row.state,
        state_reason=row.state_reason,
        conflicts=row.conflicts,
        progress_phase=row.progress_phase,
        progress_permille=row.progress_permille,
        progress_value=row.progress_value,
        progress_bound=row.progress_bound,
        problem_hash=row.problem.hash,
        hash=row.hash,
        audit=row.audit,
        measures=row.measures,
        awards=row.award_count,
        first_month_nodes=row.first_count or 0,
        queued_at=row.queued_at,
        queued_by=row.queued_by,
        solved_at=row.solved_at,
        confirmed_at=row.confirmed_at,
        confirmed_by=row.confirmed_by,
        accepted_at=row.accepted_at,
        accepted_by=row.accepted_by,
        accept_reason=row.accept_reason,
        ahead=ahead,
        stability=StabilityView(run.state, run.state_reason, run.runs, run.done) if run else None,
    )
