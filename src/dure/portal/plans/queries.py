"""Reading plans: their state, what they say of each application, two of them side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from dure.core.errors import NotFound
from dure.portal.framework.programme import zone
from dure.portal.people.actor import Actor
from dure.portal.plans.models import Plan, Problem, Rank


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan with its figures: how many awards, and the nodes of those that start with the call's use."""

    id: int
    title: str
    call_id: int
    call_code: str
    rule: str
    delta_tenths: int
    budget: int | None
    state: str
    state_reason: str
    progress_permille: int
    progress_value: int | None
    progress_bound: int | None
    problem_hash: str
    hash: str
    audit: dict[str, Any] | None
    awards: int
    first_month_nodes: int
    queued_at: datetime
    queued_by: str
    solved_at: datetime | None
    accepted_at: datetime | None
    accepted_by: str
    accept_reason: str

    @property
    def gap(self) -> float | None:
        """The auditor's gap to the bound of the plan's own rule, as a fraction."""
        return self.audit["gap"] if self.audit else None

    @property
    def envy(self) -> int | None:
        """Applications with justified envy, counted by the auditor."""
        return self.audit["envy"] if self.audit else None

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


@dataclass(frozen=True, slots=True)
class RankView:
    """What a plan says of one application."""

    plan_id: int
    application_id: int
    number: str
    title: dict[str, str]
    organisation: str
    organisation_en: str
    applicant_class: str
    region: str
    requested_nodes: int
    outcome: str
    score_tenths: int | None
    cluster: str
    nodes: int
    start_at: datetime | None
    end_at: datetime | None
    waitlist_rank: int | None
    lottery_rank: int
    explanation: dict[str, Any]

    @property
    def score(self) -> str:
        """The deciding score in points."""
        return "–" if self.score_tenths is None else f"{self.score_tenths // 10}.{self.score_tenths % 10}"

    @property
    def award_line(self) -> str:
        """Cluster, nodes and first day in short; empty without an award."""
        if self.outcome != "awarded" or self.start_at is None:
            return ""
        return f"{self.cluster} × {self.nodes}, {self.start_at.astimezone(zone()):%Y-%m-%d}"

    @property
    def reasons(self) -> Sequence[Any]:
        """Each reason as {"label", "text"}, in both languages."""
        return self.explanation.get("reasons", ())


@dataclass(frozen=True, slots=True)
class Difference:
    """One application that two plans treat differently."""

    number: str
    organisation: str
    score_tenths: int | None
    left: RankView
    right: RankView

    @property
    def kind(self) -> str:
        """gains, loses, or changes (awarded by both, but not alike), seen from left to right."""
        if self.left.outcome == self.right.outcome == "awarded":
            return "changes"
        return "gains" if self.right.outcome == "awarded" else "loses"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two plans side by side."""

    left: PlanView
    right: PlanView
    differences: Sequence[Difference]

    @property
    def sides(self) -> tuple[PlanView, PlanView]:
        """Left and right, for the columns of a table."""
        return self.left, self.right

    def _count(self, kind: str) -> int:
        return sum(one.kind == kind for one in self.differences)

    @property
    def gains(self) -> int:
        """Applications that only the right plan awards."""
        return self._count("gains")

    @property
    def loses(self) -> int:
        """Applications that only the left plan awards."""
        return self._count("loses")

    @property
    def changes(self) -> int:
        """Applications that both award, but not alike."""
        return self._count("changes")


def plans(actor: Actor, call_code: str = "") -> Sequence[PlanView]:
    """Plans, newest first; of one call when named. Only for those who oversee the programme."""
    actor.require(actor.may_oversee)
    rows = _with_figures(Plan.objects.all())
    if call_code:
        rows = rows.filter(problem__call__code=call_code)
    return [_view(row) for row in rows]


def plan(plan_id: int, actor: Actor) -> PlanView:
    """One plan. Raises NotFound, also for people who may not see plans."""
    row = _with_figures(Plan.objects.filter(pk=plan_id)).first() if actor.may_oversee else None
    if row is None:
        raise NotFound(internal=f"plan {plan_id} for {actor}")
    return _view(row)


def accepted(call_code: str) -> PlanView | None:
    """The plan that decided a call, if one has been accepted. Public."""
    row = _with_figures(Plan.objects.filter(problem__call__code=call_code, state="accepted")).first()
    return _view(row) if row else None


def is_any_waiting() -> bool:
    """Whether a plan is queued, or was being solved when its process died."""
    return Plan.objects.filter(state__in=["queued", "solving"]).exists()


def is_solving(plan_id: int) -> bool:
    """Whether the plan is still to be solved (nobody cancelled it)."""
    return Plan.objects.filter(pk=plan_id, state="solving").exists()


def problem_document(plan_id: int) -> bytes:
    """The frozen problem a plan answers: canonical JSON. Raises NotFound."""
    found = Problem.objects.filter(plans__pk=plan_id).values_list("document", flat=True).first()
    if found is None:
        raise NotFound(internal=f"plan {plan_id}")
    return bytes(found)


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


def ranks(plan_id: int, *, outcome: str = "", text: str = "", order: str = "-score_tenths") -> QuerySet[Rank]:
    """What a plan says of every application, to be filtered, sorted and paged; make rows with `rank_view`."""
    rows = Rank.objects.filter(plan_id=plan_id).select_related("application__organisation", "application__version")
    if outcome:
        rows = rows.filter(outcome=outcome)
    if text:
        rows = rows.filter(
            Q(application__number__icontains=text)
            | Q(application__organisation__name__icontains=text)
            | Q(application__organisation__name_en__icontains=text)
        )
    return rows.order_by(order, "lottery_rank")


def rank_view(row: Rank) -> RankView:
    """A rank as pages show it."""
    application, content = row.application, row.application.version.content
    organisation = application.organisation
    return RankView(
        row.plan_id,
        application.pk,
        application.number,
        content.get("title", {}),
        organisation.name,
        organisation.name_en or organisation.name,
        organisation.applicant_class,
        organisation.region,
        content.get("requested_nodes", 0),
        row.outcome,
        row.score_tenths,
        row.cluster,
        row.nodes,
        row.start_at,
        row.end_at,
        row.waitlist_rank,
        row.lottery_rank,
        row.explanation,
    )


def rank(plan_id: int, number: str) -> RankView:
    """What a plan says of one application. Raises NotFound."""
    row = ranks(plan_id).filter(application__number=number).first()
    if row is None:
        raise NotFound(internal=f"plan {plan_id} says nothing of {number}")
    return rank_view(row)


def decided_rank(number: str) -> RankView | None:
    """What the accepted plan of an application's call says of it; None before the decision."""
    row = (
        Rank.objects.filter(application__number=number, plan__state="accepted")
        .select_related("application__organisation", "application__version")
        .first()
    )
    return rank_view(row) if row else None


def awarded(plan_id: int) -> Sequence[RankView]:
    """The applications a plan awards, by number."""
    return [rank_view(row) for row in ranks(plan_id, outcome="awarded", order="application__number")]


def leads_without_award(plan_id: int) -> Sequence[tuple[str, int]]:
    """Number and lead's id of every application the plan does not award."""
    rows = Rank.objects.filter(plan_id=plan_id).exclude(outcome="awarded").order_by("application__number")
    return list(rows.values_list("application__number", "application__lead_id"))


def waitlist(plan_id: int) -> Sequence[RankView]:
    """Ranked applications without an award in the plan, in order of the waitlist."""
    rows = ranks(plan_id, outcome="waitlisted").exclude(waitlist_rank=None).order_by("waitlist_rank")
    return [rank_view(row) for row in rows]


def compare(left_id: int, right_id: int, actor: Actor) -> Comparison:
    """Two plans side by side: who gains, who loses, whose award changes. Raises NotFound."""
    left, right = plan(left_id, actor), plan(right_id, actor)
    ours = {row.application.number: rank_view(row) for row in ranks(left_id)}
    theirs = {row.application.number: rank_view(row) for row in ranks(right_id)}
    found = []
    for number in sorted(ours.keys() & theirs.keys()):
        one, other = ours[number], theirs[number]
        if _award_of(one) != _award_of(other):
            found.append(Difference(number, one.organisation, one.score_tenths, one, other))
    return Comparison(left, right, found)


def _award_of(view: RankView) -> tuple[Any, ...]:
    is_awarded = view.outcome == "awarded"
    return (is_awarded, view.cluster, view.nodes, view.start_at) if is_awarded else (False,)


def _with_figures(rows: QuerySet[Plan]) -> QuerySet[Plan]:
    funded = Q(ranks__outcome="awarded")
    at_start = Q(ranks__start_at=F("problem__call__use_from"))
    return (
        rows.select_related("problem__call")
        .defer("document", "problem__document")
        .annotate(award_count=Count("ranks", filter=funded), first_count=Sum("ranks__nodes", filter=funded & at_start))
    )


def _view(row: Any) -> PlanView:
    return PlanView(
        row.pk,
        row.title,
        row.problem.call_id,
        row.problem.call.code,
        row.rule,
        row.delta_tenths,
        row.budget,
        row.state,
        row.state_reason,
        row.progress_permille,
        row.progress_value,
        row.progress_bound,
        row.problem.hash,
        row.hash,
        row.audit,
        row.award_count,
        row.first_count or 0,
        row.queued_at,
        row.queued_by,
        row.solved_at,
        row.accepted_at,
        row.accepted_by,
        row.accept_reason,
    )
