"""One rule over several values: what the plan is worth, whom it funds, who gains or loses against the rule as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dure.core.errors import InvalidInput, Mistake
from dure.core.text import Text
from dure.decide.planning.plan import Plan
from dure.decide.planning.problem import Problem, Rule
from dure.decide.planning.solver import rule_of, solve

AS_IS = 100
CAPACITY = "capacity/"


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

    `capacity/CLUSTER` stands for the nodes of one cluster in every slot: maintenance and delivery dates are in them.
    `keep_going(steps done)` may end it early. Raises InvalidInput when the problem has no such rule or cluster.
    """
    _check_known(problem, name, percents)
    chosen = rule_of(problem, rule)
    as_is = solve(problem, budget, rule=chosen)
    found = []
    for done, percent in enumerate(percents):
        if not keep_going(done):
            break
        plan = as_is if percent == AS_IS else solve(_scaled(problem, name, percent), budget, rule=chosen)
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


def _check_known(problem: Problem, name: str, percents: Sequence[int | None]) -> None:
    """Raises InvalidInput unless `name` is a rule or the capacity of a cluster, which nobody can go without."""
    clusters = [CAPACITY + one.code for one in problem.clusters]
    known = [one.name for one in problem.policies] + clusters
    if name not in known:
        what = Text(f"'{name}'이라는 규칙이 없습니다.", f"The problem has no rule '{name}'.")
        among = ", ".join(known)
        remedy = Text(f"다음 가운데 하나를 쓰십시오: {among}.", f"Use one of: {among}.")
        raise InvalidInput(Mistake("rule", what, remedy))
    if name in clusters and None in percents:
        what = Text("서버 수는 없앨 수 있는 규칙이 아닙니다.", "The nodes of a cluster are no rule to go without.")
        raise InvalidInput(Mistake("percent", what, Text("퍼센트를 쓰십시오.", "Give percentages.")))


def _scaled(problem: Problem, name: str, percent: int | None) -> Problem:
    """The problem with the caps of one rule, or one cluster's nodes, scaled and cut to whole numbers; without the rule
    for None."""

    def scaled(caps: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(cap * (percent or 0) // 100 for cap in caps)

    if name.startswith(CAPACITY):
        clusters = tuple(
            replace(one, capacity=scaled(one.capacity)) if CAPACITY + one.code == name else one
            for one in problem.clusters
        )
        return replace(problem, clusters=clusters)
    rest = tuple(one for one in problem.policies if one.name != name)
    if percent is None:
        return replace(problem, policies=rest)
    (policy,) = (one for one in problem.policies if one.name == name)
    overrides = {word: scaled(caps) for word, caps in policy.overrides.items()}
    return replace(problem, policies=(*rest, replace(policy, caps=scaled(policy.caps), overrides=overrides)))
