"""What a demo ended with: figures for people, and a digest of the final state for the test that kills processes."""

from __future__ import annotations

from typing import Any

from dure.core import canonical
from dure.core.gpu_hours import hours
from dure.core.period import Month
from dure.portal.allocations import queries as allocations
from dure.portal.applications import queries as applications
from dure.portal.awards import queries as awards
from dure.portal.billing import queries as billing
from dure.portal.framework import programme
from dure.portal.people.actor import system
from dure.portal.plans import queries as plans
from dure.portal.usage import queries as usage

READER = system("demo")


def summary(call_code: str, month: str) -> dict[str, Any]:
    """Figures of the call and of the first month, and `state`: the digest of awards, allocations, use and invoices."""
    plan = plans.accepted(call_code)
    given = [awards.award_view(row) for row in awards.awards(READER, call_code=call_code)]
    held = [allocations.view_of(row) for row in allocations.listing(READER)]
    used = _use_by_allocation(Month.parse(month))
    invoices = [billing.view_of(row) for row in billing.listing(READER, month=month, order="number")]
    states = awards.state_counts(call_code)
    state = {
        "plan": plan.hash if plan else "",
        "awards": [[a.number, a.state, a.cluster, a.nodes, list(a.node_names), str(a.start_at)] for a in given],
        "allocations": [[a.name, a.state, list(a.node_names), str(a.start_at), str(a.end_at)] for a in held],
        "use": [
            [name, u.allocated_gpu_seconds, u.running_gpu_seconds, u.busy_gpu_seconds, u.missing_gpu_seconds]
            for name, u in sorted(used.items())
        ],
        "invoices": [[i.number, i.price, i.self_pay, i.subsidy] for i in invoices],
    }
    figures: dict[str, Any] = {
        "applications": len(applications.of_call(call_code, READER)),
        "awards in the plan": plan.awards if plan else 0,
        "servers in use in the first month": plan.first_month_nodes if plan else 0,
        "gap to the best possible, proved": f"{plan.gap:.2%}" if plan and plan.gap is not None else "",
        "applications with justified envy": plan.envy if plan else 0,
        **{f"awards {name}": count for name, count in sorted(states.items())},
        "allocations": len(held),
        "GPU-hours allocated": f"{hours(sum(u.allocated_gpu_seconds for u in used.values()), 0):,}",
        "GPU-hours running": f"{hours(sum(u.running_gpu_seconds for u in used.values()), 0):,}",
        "GPU-hours busy": f"{hours(sum(u.busy_gpu_seconds for u in used.values()), 0):,}",
        "invoices": len(invoices),
        "price": sum(i.price for i in invoices),
        "self-pay": sum(i.self_pay for i in invoices),
        "subsidy": sum(i.subsidy for i in invoices),
    }
    return {"call": call_code, "month": month, "figures": figures, "state": canonical.digest(state), "detail": state}


def _use_by_allocation(month: Month) -> dict[str, usage.Use]:
    """Use of every allocation in a month of the programme's zone, by name."""
    found = usage.by_allocation([month.period(programme.zone())])
    return {name: use for (_, name, _), use in found.items()}
