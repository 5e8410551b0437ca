"""What plans say of applications: outcome, place on the waitlist, why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from dure.core.errors import NotFound
from dure.core.period import Month
from dure.core.text import Text
from dure.portal.framework.programme import current, zone
from dure.portal.plans.models import Rank


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
    stability: str
    funded_runs: int | None

    @property
    def score(self) -> str:
        """The deciding score in points."""
        return "–" if self.score_tenths is None else f"{self.score_tenths // 10}.{self.score_tenths % 10}"

    @property
    def award_line(self) -> Text | None:
        """Cluster, nodes and first month in short; None without an award."""
        if self.outcome != "awarded" or self.start_at is None:
            return None
        name, month = current().cluster(self.cluster).name, Month.of(self.start_at, zone()).words
        return Text(f"{name.ko} {self.nodes}대, {month.ko}부터", f"{name.en} × {self.nodes}, from {month.en}")

    @property
    def reasons(self) -> Sequence[Any]:
        """Each reason as {"label", "text"}, in both languages."""
        return self.explanation.get("reasons", ())

    @property
    def why(self) -> Any:
        """The binding reason alone, in both languages; None without one."""
        return self.reasons[0]["text"] if self.reasons else None


def ranks(
    plan_id: int, *, outcome: str = "", stability: str = "", text: str = "", order: str = "-score_tenths"
) -> QuerySet[Rank]:
    """What a plan says of every application, to be filtered, sorted and paged; make rows with `rank_view`."""
    rows = Rank.objects.filter(plan_id=plan_id).select_related("application__organisation", "application__version")
    if outcome:
        rows = rows.filter(outcome=outcome)
    if stability:
        rows = rows.filter(stability=stability)
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
        row.stability,
        row.funded_runs,
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


def stability_counts(plan_id: int) -> dict[str, int]:
    """How many fundable applications are always in, marginal and always out; empty before it was worked out."""
    words = Rank.objects.filter(plan_id=plan_id, outcome__in=["awarded", "waitlisted"]).exclude(stability="")
    counts: dict[str, int] = {}
    for word in words.values_list("stability", flat=True):
        counts[word] = counts.get(word, 0) + 1
    return counts
