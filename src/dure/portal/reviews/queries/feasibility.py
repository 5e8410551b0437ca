"""Technical checks: a provider's own, and for the programme all of a call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dure.core.text import Text
from dure.decide import conflicts
from dure.decide.conflicts import Judge
from dure.portal.applications import queries as applications
from dure.portal.framework import programme as programmes
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor
from dure.portal.reviews import standing
from dure.portal.reviews.models import Feasibility


@dataclass(frozen=True)
class FeasibilityView:
    """One technical check: what is asked for (no team, no scores) and what was said."""

    id: int
    number: str
    call_code: str
    provider: str
    provider_name: Text
    state: str
    title: Text
    summary: str
    sizing: str
    models: Sequence[str]
    requested_nodes: int
    min_nodes: int
    months: int
    reason: str
    asked_at: datetime
    due_at: datetime
    answered_by: str
    answered_at: datetime | None
    judgement_reason: str


def feasibility_for(actor: Actor) -> list[FeasibilityView]:
    """What the person's provider is asked, open ones first; none of applicants they belong to themselves."""
    if not actor.providers or actor.user_id is None:
        return []
    rows = list(Feasibility.objects.filter(provider__in=actor.providers).select_related("application"))
    judge = _judge(actor)
    behind = applications.behind(row.application_id for row in rows)
    own = {pk for pk, one in behind.items() if conflicts.detect(judge, standing.party_of(one))}
    found = _views(row for row in rows if row.application_id not in own)
    return sorted(found, key=lambda one: (one.state != "asked", one.due_at, one.number))


def feasibility_of(call_code: str, actor: Actor) -> list[FeasibilityView]:
    """All technical checks of a call; what waits for the programme's judgement first."""
    actor.require(actor.may_oversee)
    rows = Feasibility.objects.filter(application__call__code=call_code).select_related("application")
    return sorted(_views(rows), key=lambda one: (one.state != "infeasible", one.state != "asked", one.number))


def to_judge(call_codes: Iterable[str]) -> int:
    """How many providers' "infeasible" wait for the programme in these calls."""
    return Feasibility.objects.filter(application__call__code__in=set(call_codes), state="infeasible").count()


def _judge(actor: Actor) -> Judge:
    person = people.person(actor.user_id or 0)
    return Judge(
        user_id=person.id,
        name=conflicts.tidy(person.name),
        email=person.email.lower(),
        affiliation="",
        organisations=actor.organisations,
    )


def _views(rows: Iterable[Feasibility]) -> list[FeasibilityView]:
    listed = list(rows)
    views = applications.by_ids(row.application_id for row in listed)
    names = {one.code: one.name for one in programmes.current().providers}
    found = []
    for row in listed:
        view = views[row.application_id]
        content = view.content
        found.append(
            FeasibilityView(
                id=row.pk,
                number=view.number,
                call_code=view.call_code,
                provider=row.provider,
                provider_name=names.get(row.provider, Text(row.provider, row.provider)),
                state=row.state,
                title=view.title,
                summary=content.summary,
                sizing=content.plan.get("sizing", ""),
                models=[model.gpu_model for model in content.models],
                requested_nodes=content.requested_nodes or 0,
                min_nodes=content.min_nodes or 0,
                months=content.months or 0,
                reason=row.reason,
                asked_at=row.asked_at,
                due_at=row.due_at,
                answered_by=row.answered_by,
                answered_at=row.answered_at,
                judgement_reason=row.judgement_reason,
            )
        )
    return found
