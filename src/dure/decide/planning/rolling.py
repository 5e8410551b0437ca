"""The rolling track: one application arrives, and is decided at once against what the current plan leaves.

It is funded when some choice fits beside the plan and is worth at least what it uses at the plan's own prices, so that
an arrival cannot take for little what later applicants would pay more for. The answer is a problem and a plan like any
other, of one application, and passes the same audit and explanation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dure.decide.planning import kernels, merit
from dure.decide.planning.bound import certificate
from dure.decide.planning.envy import Envy
from dure.decide.planning.model import build, is_matched, row_word
from dure.decide.planning.plan import Award, Plan
from dure.decide.planning.problem import Application, Policy, Problem, Rule
from dure.decide.planning.solver import versions


@dataclass(frozen=True, slots=True)
class Arrival:
    """What was decided: the problem of what was left, its plan, and worth and price of the best choice that fits.

    `worth` and `price` are None when no choice fits.
    """

    problem: Problem
    plan: Plan
    worth: int | None
    price: int | None


def remaining(problem: Problem, awards: Sequence[Award]) -> Problem:
    """The problem that is left once `awards` stand: capacities and caps without what they use, and no application."""
    capacity = {cluster.code: list(cluster.capacity) for cluster in problem.clusters}
    for award in awards:
        for slot in range(award.start, award.start + problem.application[award.application].duration):
            capacity[award.cluster][slot] -= award.nodes
    clusters = tuple(replace(one, capacity=tuple(capacity[one.code])) for one in problem.clusters)
    policies = tuple(_remaining_policy(problem, policy, awards) for policy in problem.policies)
    return replace(problem, clusters=clusters, policies=policies, applications=())


def arrive(problem: Problem, plan: Plan, application: Application) -> Arrival:
    """Decide `application`, which is not in `problem`, beside the awards of `plan`."""
    left = replace(
        remaining(problem, plan.awards), applications=(application,), rule=Rule("value", plan.rule.delta_tenths)
    )
    model = build(left)
    duals = merit.duals(model, plan.certificate)
    proof, bound = certificate(model, duals)
    tables, state = merit.tables(model, Envy(model, left.rule.delta_tenths), duals), merit.empty(model)
    is_hard = np.array([row.price is None for row in model.rows], dtype=np.bool_)
    best: tuple[int, int, int] | None = None
    for column in range(model.columns):
        rows, amounts = model.uses(column)
        price = int(np.ceil((duals[rows] * amounts)[is_hard[rows]].sum()))
        worth = int(model.value[column]) - int(kernels.soft_cost(tables, state, column))
        if best is None or worth - price > best[0] - best[1]:
            best = (worth, price, column)
    if best is not None and best[0] >= best[1]:
        kernels.move(tables, state, best[2], 1)
    decided = Plan(
        problem=left.digest,
        programme=left.programme,
        rule=left.rule,
        awards=merit.choice(model, state).awards,
        value=int(state.value[0]),
        bound=bound,
        certificate=proof,
        budget=model.columns,
        work=model.columns,
        ended="finished",
        versions=versions(),
    )
    return Arrival(left, decided, best[0] if best else None, best[1] if best else None)


def _remaining_policy(problem: Problem, policy: Policy, awards: Sequence[Award]) -> Policy:
    """A rule with its caps reduced by what awards that match use; a soft cap already exceeded becomes 0."""
    used: dict[str, list[int]] = {}
    for award in awards:
        application = problem.application[award.application]
        cluster = problem.cluster[award.cluster]
        if is_matched(policy, application, cluster):
            word = row_word(policy, application, cluster)
            line = used.setdefault(word, [0] * len(policy.caps))
            _count(policy, application, award, line)
    left = {
        word: tuple(max(0, cap - use) for cap, use in zip(policy.overrides.get(word, policy.caps), line, strict=True))
        for word, line in used.items()
    }
    if not policy.each:
        return replace(policy, caps=left.get("", policy.caps))
    return replace(policy, overrides={**policy.overrides, **left})


def _count(policy: Policy, application: Application, award: Award, line: list[int]) -> None:
    """Add what one award uses of a rule's rows to `line`."""
    option = next(one for one in application.options if one.cluster == award.cluster)
    unit = {"cost_won": option.cost_won, "fee_won": option.fee_won}.get(policy.measure, 1)
    amount = unit * (1 if policy.measure == "awards" else award.nodes)
    begin = max(award.start, policy.first_slot)
    end = min(award.start + application.duration, policy.end_slot)
    if policy.by_slot:
        for slot in range(begin, end):
            line[slot - policy.first_slot] += amount
    elif begin < end:
        line[0] += amount * (1 if policy.measure in ("nodes", "awards") else end - begin)
