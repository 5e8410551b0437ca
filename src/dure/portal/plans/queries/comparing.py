"""Plans side by side: whom each treats otherwise than the first, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from dure.core.errors import InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.portal.people.actor import Actor
from dure.portal.plans.models import Rank
from dure.portal.plans.queries.plans import PlanView, plan
from dure.portal.plans.queries.ranks import RankView, rank_view

MOST = 4
KINDS = ("gains", "loses", "changes")


@dataclass(frozen=True, slots=True)
class Cell:
    """What one plan says of one application, and how that differs from the first plan."""

    kind: str
    rank: RankView | None


@dataclass(frozen=True, slots=True)
class Row:
    """One application across the plans compared; the first cell is the first plan's."""

    first: RankView
    cells: tuple[Cell, ...]


def compared(plan_ids: Sequence[int], actor: Actor) -> list[PlanView]:
    """Two to four solved plans of one call, in the order asked for.

    Raises NotFound, also for people who may not see plans, and InvalidInput (`plan`).
    """
    if not actor.may_oversee:
        raise NotFound(internal=f"plans for {actor}")
    views = [plan(plan_id, actor) for plan_id in dict.fromkeys(plan_ids)]
    if not 2 <= len(views) <= MOST:
        what = Text("배분안을 두 개에서 네 개까지 고르십시오.", "Choose two to four plans.")
        raise InvalidInput(Mistake("plan", what))
    if len({view.call_code for view in views}) > 1:
        what = Text("같은 공모의 배분안끼리만 견줄 수 있습니다.", "Only plans of one call can be compared.")
        raise InvalidInput(Mistake("plan", what))
    if any(not view.hash for view in views):
        what = Text("계산이 끝난 배분안만 견줄 수 있습니다.", "Only solved plans can be compared.")
        raise InvalidInput(Mistake("plan", what))
    return views


def differences(
    plan_ids: Sequence[int], *, kind: str = "", against: int | None = None, text: str = "", order: str = "-score_tenths"
) -> QuerySet[Rank]:
    """Applications that a plan treats otherwise than the first, as rows of the first, to be paged with `rows_of`.

    `kind` (gains, loses, changes) and `against` (one of the others) narrow it down.
    """
    first, *others = plan_ids
    rows = Rank.objects.filter(plan_id=first).select_related("application__organisation", "application__version")
    chosen = [other for other in others if against in (None, other)]
    wanted = Q()
    for other in chosen:
        rows = _beside(rows, other)
        kinds = _kinds(other)
        for name in (kind,) if kind in KINDS else KINDS:
            wanted |= kinds[name]
    rows = rows.filter(wanted)
    if text:
        rows = rows.filter(
            Q(application__number__icontains=text)
            | Q(application__organisation__name__icontains=text)
            | Q(application__organisation__name_en__icontains=text)
        )
    return rows.order_by(order, "lottery_rank")


def difference_counts(plan_ids: Sequence[int]) -> list[dict[str, int]]:
    """For each plan after the first: how many applications gain, lose, change against it."""
    first, *others = plan_ids
    found = []
    for other in others:
        rows, kinds = _beside(Rank.objects.filter(plan_id=first), other), _kinds(other)
        found.append({name: rows.filter(kinds[name]).count() for name in KINDS})
    return found


def rows_of(plan_ids: Sequence[int], found: Iterable[Rank]) -> list[Row]:
    """Rows of `differences` with what every plan says of them."""
    others = plan_ids[1:]
    rows = [rank_view(row) for row in found]
    ids = [row.application_id for row in rows]
    theirs = {
        (row.plan_id, row.application_id): rank_view(row)
        for row in Rank.objects.filter(plan_id__in=others, application_id__in=ids).select_related(
            "application__organisation", "application__version"
        )
    }
    made = []
    for row in rows:
        cells = [Cell("", row)]
        for other in others:
            rank = theirs.get((other, row.application_id))
            cells.append(Cell(_kind(row, rank), rank))
        made.append(Row(row, tuple(cells)))
    return made


def _kind(first: RankView, other: RankView | None) -> str:
    had, has = first.outcome == "awarded", other is not None and other.outcome == "awarded"
    if had != has:
        return "gains" if has else "loses"
    if other is None or not has:
        return "same"
    same = (first.cluster, first.nodes, first.start_at) == (other.cluster, other.nodes, other.start_at)
    return "same" if same else "changes"


def _beside(rows: QuerySet[Rank], other: int) -> QuerySet[Rank]:
    """The rows with what plan `other` says of the same application."""
    theirs = Rank.objects.filter(plan_id=other, application_id=OuterRef("application_id"))
    return rows.annotate(
        **{
            f"outcome_{other}": Coalesce(Subquery(theirs.values("outcome")), Value("")),
            f"cluster_{other}": Coalesce(Subquery(theirs.values("cluster")), Value("")),
            f"nodes_{other}": Coalesce(Subquery(theirs.values("nodes")), Value(0)),
            f"start_at_{other}": Subquery(theirs.values("start_at")),
        }
    )


def _kinds(other: int) -> dict[str, Q]:
    had, has = Q(outcome="awarded"), Q(**{f"outcome_{other}": "awarded"})
    moved = Q()
    for column in ("cluster", "nodes", "start_at"):
        moved |= ~Q(**{column: F(f"{column}_{other}")})
    return {"gains": ~had & has, "loses": had & ~has, "changes": had & has & moved}
