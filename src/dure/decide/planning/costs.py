"""What each rule costs: its price per unit, and how much higher the bound on value would be without it.

Two figures, both from bounds that whole-number prices prove: `cost` is the bound without the rule less the bound with
it; `at_most` is the bound without the rule less the value of the plan: no plan that drops the rule can gain more. By
`prices` the rule's own prices are struck out and the others kept, which proves a bound for any size at once but a rough
one; where that is more than nothing and the problem is small, the `relaxation` is solved anew without the rule.
"""

# ruff: noqa: ANN001, ANN202
# (Numba infers types, and compiles loops best.)

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from dure.decide.planning import highs
from dure.decide.planning.bound import SCALE, certificate, units
from dure.decide.planning.kernels import compiled
from dure.decide.planning.model import Model, build
from dure.decide.planning.plan import Certificate, Plan
from dure.decide.planning.problem import Policy

Floats = npt.NDArray[np.float64]
Method = Literal["prices", "relaxation"]

LARGEST_RELAXED = 20_000
"""Problems of no more columns than this are relaxed anew without each rule that may cost something."""


@dataclass(frozen=True, slots=True)
class RuleCost:
    """`price` is the value of 10⁹ more units of `row`, the rule's dearest; `cost` and `at_most` as above."""

    policy: Policy
    row: str
    price: int
    cost: int
    at_most: int
    method: Method


def rule_costs(model: Model, plan: Plan, duals: Floats) -> list[RuleCost]:
    """What every rule of the problem costs. `duals` are the plan's prices per unit of each row."""
    policies = model.problem.policies
    rows = _rows_of(model)
    base, struck = _strike(model, duals, rows)
    relaxed: int | None = None
    found = []
    for policy, bound in zip(policies, struck, strict=True):
        mine = rows[policy.name]
        is_block = any(name in plan.certificate.blocks for name in _names(model, mine))
        method: Method = "prices"
        beside = plan.bound if is_block and plan.rule.name == "value" else base
        if model.columns <= LARGEST_RELAXED and (bound > base or is_block):
            relaxed = _relaxed(model) if relaxed is None else relaxed
            rest = tuple(one for one in policies if one.name != policy.name)
            method, beside = "relaxation", relaxed
            bound = min(bound, _relaxed(build(replace(model.problem, policies=rest))))
        row, price = _dearest(plan.certificate, _names(model, mine))
        found.append(RuleCost(policy, row, price, max(0, bound - beside), max(0, bound - plan.value), method))
    return found


def _strike(model: Model, duals: Floats, rows: dict[str, range]) -> tuple[int, list[int]]:
    """The bound of `duals` as they are, and with the prices of each rule struck out, over every choice that capacity
    allows: without a rule, choices come back that it had made impossible by itself."""
    wide = _wide(model) if _may_bar(model) else model
    unit = units(wide)
    price = np.round(np.maximum(duals, 0.0) * unit * SCALE).astype(np.int64)
    rule = np.full(len(wide.rows), len(rows), dtype=np.int64)
    for r, row in enumerate(wide.rows):
        if row.price is not None:
            price[r] = min(int(price[r]), row.price * int(unit[r]) * SCALE)
    for index, mine in enumerate(rows.values()):
        rule[mine.start : mine.stop] = index
    best = _best(wide.first, wide.value, wide.use_first, wide.use_row, wide.use_amount, unit, price, rule, len(rows))
    paid = [int(price[r]) * wide.rows[r].cap // int(unit[r]) for r in range(len(wide.rows))]
    total = sum(paid)
    struck = [total - sum(paid[mine.start : mine.stop]) for mine in rows.values()]
    return (total + int(best[-1])) // SCALE, [
        (part + int(one)) // SCALE for part, one in zip(struck, best[:-1], strict=True)
    ]


def _wide(model: Model) -> Model:
    """The model with the choices that only a rule had made impossible."""
    soft = tuple(replace(one, price=0) if one.price is None else one for one in model.problem.policies)
    return replace(build(replace(model.problem, policies=soft)), rows=model.rows)


def _may_bar(model: Model) -> bool:
    """Whether some hard rule could make a choice impossible by itself."""
    problem = model.problem
    options = [option for one in problem.applications for option in one.options]
    nodes = max((option.max_nodes for option in options), default=0)
    longest = max((one.duration for one in problem.applications), default=0)
    most = {
        "cost_won": max((option.cost_won for option in options), default=0),
        "fee_won": max((option.fee_won for option in options), default=0),
    }
    return any(
        min(min(caps, default=0) for caps in (policy.caps, *policy.overrides.values()))
        < nodes * longest * max(1, most.get(policy.measure, 1))
        for policy in problem.policies
        if policy.price is None
    )


@compiled
def _best(first, value, use_first, use_row, use_amount, unit, price, rule, rules):  # type: ignore[no-untyped-def]
    """[rules + 1]: the sum over applications of the best reduced value without each rule's prices; last: with all."""
    total, best, paid = np.zeros(rules + 1, np.int64), np.zeros(rules + 1, np.int64), np.zeros(rules + 1, np.int64)
    for i in range(len(first) - 1):
        best[:] = 0
        for j in range(first[i], first[i + 1]):
            paid[:] = 0
            reduced = SCALE * value[j]
            for k in range(use_first[j], use_first[j + 1]):
                cost = price[use_row[k]] * (use_amount[k] // unit[use_row[k]])
                reduced -= cost
                paid[rule[use_row[k]]] += cost
            paid[rules] = 0
            for one in range(rules + 1):
                best[one] = max(best[one], reduced + paid[one])
        total += best
    return total


def _relaxed(model: Model) -> int:
    """The bound of the linear relaxation, proven from its prices in whole numbers."""
    return certificate(model, highs.relax(model).duals)[1]


def _rows_of(model: Model) -> dict[str, range]:
    """The rows of each policy, in the order of the policies; they lie together."""
    found = {policy.name: range(0) for policy in model.problem.policies}
    for r, row in enumerate(model.rows):
        if row.policy is not None:
            begin = found[row.policy.name].start if found[row.policy.name] else r
            found[row.policy.name] = range(begin, r + 1)
    return found


def _names(model: Model, rows: range) -> list[str]:
    return [model.rows[r].name for r in rows]


def _dearest(proof: Certificate, names: list[str]) -> tuple[str, int]:
    """The row with the highest price and that price per 10⁹ units; the first row at 0 where none has a price."""
    name = max(names, key=lambda one: proof.prices.get(one, 0), default="")
    return name, proof.prices.get(name, 0) * 10**9 // proof.scale
