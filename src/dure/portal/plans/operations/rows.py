"""What the operations of this chapter share: the plan a person may change, a problem's row."""

from __future__ import annotations

from datetime import datetime

from dure.core import canonical
from dure.core.errors import NotFound
from dure.decide.planning.problem import Problem as Posed
from dure.portal.framework.states import locked
from dure.portal.people.actor import Actor
from dure.portal.plans.models import Plan, Problem


def plan_of(actor: Actor, plan_id: int) -> Plan:
    """The plan, locked. Raises NotFound for people who may not know of it, NotPermitted for those who only read."""
    if not actor.may_oversee:
        raise NotFound(internal=f"plan {plan_id} for {actor}")
    actor.require(actor.is_programme_manager or actor.is_system)
    found: Plan = locked(Plan.objects.select_related("problem__call"), pk=plan_id)
    return found


def problem_row(actor: Actor, now: datetime, call_id: int, posed: Posed) -> Problem:
    """The row of a problem: the one there is, or a new one."""
    document = posed.encode()
    found, _ = Problem.objects.get_or_create(
        hash=canonical.digest(document),
        defaults={"call_id": call_id, "document": document, "made_at": now, "made_by": actor.name},
    )
    return found
