"""Reading reclaim cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from dure.core.errors import NotFound
from dure.core.text import Text
from dure.portal.framework.programme import current
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor
from dure.portal.people.queries import OrganisationView
from dure.portal.reclaims.models import Case

OPEN = ("noticed", "justified", "confirmed")


@dataclass(frozen=True)
class CaseView:
    """An idle finding put to its holder, and what came of it."""

    id: int
    allocation_id: int
    allocation: str
    award_number: str
    organisation: OrganisationView
    cluster: str
    rule: str
    rule_name: Text
    step: int
    action: str
    idle_since: datetime
    idle_seconds: int
    used_percent: int | None
    nodes: int
    would_take: int
    state: str
    opened_at: datetime
    answer_by: datetime
    justification: str
    decision_reason: str
    nodes_taken: int
    execute_at: datetime | None
    closed_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether anything can still happen."""
        return self.state in OPEN


def listing(actor: Actor, *, state: str = "", text: str = "", order: str = "-opened") -> QuerySet[Case]:
    """The cases this person may see, for `framework.lists.paged(…, make=view_of)`."""
    rows = Case.objects.select_related("allocation__organisation", "allocation__cluster")
    if not actor.may_oversee:
        rows = rows.filter(allocation__organisation_id__in=actor.organisations)
    if state == "open":
        rows = rows.filter(state__in=OPEN)
    elif state:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(Q(allocation__name__icontains=text) | Q(allocation__organisation__name__icontains=text))
    orders = {"opened": "opened_at", "answer": "answer_by", "allocation": "allocation__name", "idle": "idle_since"}
    sign = "-" if order.startswith("-") else ""
    return rows.order_by(sign + orders.get(order.lstrip("-"), "opened_at"), "-id")


def view_of(row: Case) -> CaseView:
    """One row of `listing`."""
    rules = {rule.code: rule.name for rule in (*current().idle_rules, *current().pull_back_rules)}
    finding: dict[str, Any] = row.finding
    return CaseView(
        id=row.pk,
        allocation_id=row.allocation_id,
        allocation=row.allocation.name,
        award_number=row.allocation.award_number,
        organisation=people.organisation_view(row.allocation.organisation),
        cluster=row.allocation.cluster.code,
        rule=row.rule,
        rule_name=rules.get(row.rule, Text(row.rule, row.rule)),
        step=row.step,
        action=row.action,
        idle_since=row.idle_since,
        idle_seconds=finding["idle_seconds"],
        used_percent=finding.get("used_percent"),
        nodes=finding["nodes"],
        would_take=finding["would_take"],
        state=row.state,
        opened_at=row.opened_at,
        answer_by=row.answer_by,
        justification=row.justification,
        decision_reason=row.decision_reason,
        nodes_taken=row.nodes_taken,
        execute_at=row.execute_at,
        closed_at=row.closed_at,
    )


def case(case_id: int, actor: Actor) -> CaseView:
    """One case. Raises NotFound, also for another organisation's."""
    row = listing(actor).filter(pk=case_id).first()
    if row is None:
        raise NotFound(internal=f"reclaim case {case_id} for {actor}")
    return view_of(row)


def of_allocation(allocation_id: int, actor: Actor) -> list[CaseView]:
    """The cases of an allocation, newest first, as far as this person may see them."""
    return [view_of(row) for row in listing(actor).filter(allocation_id=allocation_id)]


def to_answer(actor: Actor) -> list[CaseView]:
    """Cases that wait for the person's organisations, the most urgent first."""
    rows = listing(actor, order="answer").filter(allocation__organisation_id__in=actor.organisations, state="noticed")
    return [view_of(row) for row in rows]


def to_judge(actor: Actor) -> list[CaseView]:
    """Justifications that wait for the programme, the oldest first."""
    if not actor.may_oversee:
        return []
    return [view_of(row) for row in listing(actor, order="opened").filter(state="justified")]
