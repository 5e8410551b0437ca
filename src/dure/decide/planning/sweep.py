"""One rule over several values: what the plan is worth, whom it funds, who gains or loses against the rule as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.planning.plan import Plan
from dure.decide.planning.problem import Policy, Problem, Rule
from dure.decide.planning.solver import rule_of, solve

AS_IS = 100


@dataclass(frozen=True, slots=True)
class Step:
    """The plan under one setting. `setting` is percent of the caps (None: without the rule) or tenths of a point.

    `gains`, `loses` are the applications funded here only, or under the rule as it is only.
    """

    setting: int | None
    value: int
    bound: int
    awards: int
    nodes: int
    gains: tuple[str, ...]
    loses: tuple[str, ...]


def sweep_rule(
    problem: Problem,
    name: str,
    percents: Sequence[int | None],
    budget: int | None = None,
    rule: Rule | None = None,
    keep_going: Callable[[int], bool] = lambda done: True,
) -> list[Step]:
    """Plans with the caps of one rule at `percents` of what they are (100 as it is, None without the rule).

    `keep_going(steps done)` may end it early. Raises InvalidInput when the problem has no such rule.
    """
    policy = next((one for one in problem.policies if one.name == name), None)
    if policy is None:
        known = ", ".join(one.name for one in problem.policies)
        what = Text(f"'{name}'이라는 규칙이 없습니다.", f"The problem has no rule '{name}'.")
        remedy = Text(f"다음 가운데 하나를 쓰십시오: {known}.", f"Use one of: {known}.")
        raise InvalidInput(Mistake("rule", what, remedy))
    chosen = rule_of(problem, rule)
    as_is = solve(problem, budget, rule=chosen)
    found = []
    for done, percent in enumerate(percents):
        if not keep_going(done):
            break
        plan = as_is if percent == AS_IS else solve(_scaled(problem, policy, percent), budget, rule=chosen)
        found.append(_step(percent, plan, as_is))
    return found


def sweep_band(
    problem: Problem,
    deltas: Sequence[int],
    budget: int | None = None,
    keep_going: Callable[[int], bool] = lambda done: True,
) -> list[Step]:
    """Merit plans at bands of `deltas` tenths of a point, against the problem's own band."""
    as_is = solve(problem, budget, rule=Rule("merit", problem.rule.delta_tenths))
    found = []
    for done, delta in enumerate(deltas):
        if not keep_going(done):
            break
        own = delta == problem.rule.delta_tenths
        found.append(_step(delta, as_is if own else solve(problem, budget, rule=Rule("merit", delta)), as_is))
    return found


def _step(setting: int | None, plan: Plan, as_is: Plan) -> Step:
    funded, before = set(plan.award), set(as_is.award)
    nodes = sum(award.nodes for award in plan.awards)
    gains, loses = tuple(sorted(funded - before)), tuple(sorted(before - funded))
    return Step(setting, plan.value, plan.bound, len(plan.awards), nodes, gains, loses)


def _scaled(problem: Problem, policy: Policy, percent: int | None) -> Problem:
    """The problem with the caps of one rule scaled, cut to whole numbers; without the rule for None."""
    rest = tuple(one for one in problem.policies if one is not policy)
    if percent is None:
        return replace(problem, policies=rest)
    scaled = replace(
        policy,
        caps=tuple(cap * percent // 100 for cap in policy.caps),
        overrides={word: tuple(cap * percent // 100 for cap in caps) for word, caps in policy.overrides.items()},
    )
    return replace(problem, policies=(*rest, scaled))
