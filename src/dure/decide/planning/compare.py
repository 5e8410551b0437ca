"""What a plan looks like in figures, to lay plans side by side: shares, use, concentration, targets, rules.

Whole numbers only, counted from problem and plan; nothing here is asked of the solver.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from dure.decide.planning.held import caps_of, held_by, nodes_held, option_of, used
from dure.decide.planning.plan import Plan
from dure.decide.planning.problem import Application, Policy, Problem

FORMAT = "dure-measures/1"


def measures(problem: Problem, plan: Plan, committee_value: int) -> dict[str, Any]:
    """The figures of `plan` as JSON values.

    `score_hundredths`: mean deciding score of the awards in hundredths of a point. `months`: per calendar slot, nodes
    awarded and nodes there are. `shares`: awards, awarded and requested node-slots by class, region and youth.
    `organisations`: how many hold awards, the largest shares of the awarded node-slots, and their concentration
    (Herfindahl index, in ten-thousandths). `targets` and `caps`: what each rule allows and what is held of it.
    """
    funded = [problem.application[award.application] for award in plan.awards]
    held = nodes_held(problem, held_by(problem, plan.awards))
    slots = range(problem.calendar.slots)
    return {
        "format": FORMAT,
        "committee_value": committee_value,
        "awards": len(funded),
        "fundable": sum(problem.is_fundable(one) for one in problem.applications),
        "score_hundredths": sum(one.score_tenths for one in funded) * 10 // len(funded) if funded else 0,
        "first_month": problem.calendar.first,
        "slots_per_month": problem.calendar.slots_per_month,
        "months": [
            {"used": sum(line[t] for line in held.values()), "there": sum(c.capacity[t] for c in problem.clusters)}
            for t in slots
        ],
        "supply": sum(sum(cluster.capacity) for cluster in problem.clusters),
        "held": sum(map(sum, held.values())),
        "cost_won": _won(problem, plan, "cost_won"),
        "fee_won": _won(problem, plan, "fee_won"),
        "shares": {
            "applicant_class": _shares(problem, plan, lambda one: one.applicant_class),
            "region": _shares(problem, plan, lambda one: one.region),
            "youth": _shares(problem, plan, lambda one: one.fact("youth")),
        },
        "organisations": _organisations(problem, plan),
        "rules": [_rule(problem, plan, policy) for policy in problem.policies],
    }


def _node_slots(problem: Problem, plan: Plan, of: Callable[[Application], str]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for award in plan.awards:
        application = problem.application[award.application]
        counted[of(application)] += award.nodes * application.duration
    return counted


def _shares(problem: Problem, plan: Plan, of: Callable[[Application], str]) -> dict[str, dict[str, int]]:
    asked: Counter[str] = Counter()
    for one in problem.applications:
        asked[of(one)] += one.requested_nodes * one.duration
    awards = Counter(of(problem.application[award.application]) for award in plan.awards)
    held = _node_slots(problem, plan, of)
    return {word: {"awards": awards[word], "held": held[word], "asked": asked[word]} for word in sorted(asked)}


def _organisations(problem: Problem, plan: Plan) -> dict[str, Any]:
    held = _node_slots(problem, plan, lambda one: one.organisation)
    total = sum(held.values())
    ranked = sorted(held.items(), key=lambda item: (-item[1], item[0]))
    squares = sum(nodes * nodes for nodes in held.values())
    return {
        "count": len(held),
        "largest": [{"organisation": name, "held": nodes} for name, nodes in ranked[:10]],
        "concentration": squares * 10_000 // (total * total) if total else 0,
    }


def _won(problem: Problem, plan: Plan, what: str) -> int:
    total = 0
    for award in plan.awards:
        application = problem.application[award.application]
        unit: int = getattr(option_of(application, award.cluster), what)
        total += unit * award.nodes * application.duration
    return total


def _rule(problem: Problem, plan: Plan, policy: Policy) -> dict[str, Any]:
    """What a rule allows and what is held of it, in the row where least is left."""
    held = used(problem, policy, held_by(problem, plan.awards))
    rows = [
        (cap - use, use, cap, word)
        for word, line in held.items()
        for use, cap in zip(line, caps_of(policy, word), strict=True)
    ]
    left, use, cap, word = min(rows, default=(policy.caps[0], 0, policy.caps[0], ""))
    return {
        "name": policy.name,
        "kind": policy.kind,
        "label": {"ko": policy.label.ko, "en": policy.label.en},
        "measure": policy.measure,
        "is_soft": policy.price is not None,
        "word": word,
        "held": use,
        "cap": cap,
        "left": left,
    }
