"""Awards that already run: every plan keeps them, rules count them, and the auditor misses none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dure.core.errors import InvalidInput
from dure.decide.planning import audit
from dure.decide.planning.load import read_problem
from dure.decide.planning.plan import Award, Plan
from dure.decide.planning.problem import Problem
from dure.decide.planning.solver import solve
from dure.decide.planning.weeks import in_weeks, solve_weekly
from tests.decide.planning.small import small_call

BUDGET = 40_000


def with_running(count: int = 3) -> Problem:
    """A small call in which the worst of all applications already run, the first of them below the pass mark."""
    problem = small_call(5)
    ranked = sorted(problem.applications, key=lambda one: (one.score_tenths, one.id))
    open_clusters = {one.code for one in problem.clusters if min(one.capacity) >= 8}
    usable = [one for one in ranked if any(option.cluster in open_clusters for option in one.options)][:count]
    running = {one.id: one for one in usable}

    def fixed(place: int, one):  # type: ignore[no-untyped-def]
        option = next(each for each in one.options if each.cluster in open_clusters)
        option = replace(option, min_nodes=1, max_nodes=1)
        score = 100 if place == 0 else one.score_tenths
        return replace(one, standing="running", score_tenths=score, options=(option,), earliest=1, latest=1, duration=3)

    changed = {name: fixed(place, one) for place, (name, one) in enumerate(running.items())}
    return replace(problem, applications=tuple(changed.get(one.id, one) for one in problem.applications))


def report_on(problem: Problem, plan: Plan) -> audit.Object:
    return audit.examine((problem.document(), problem.encode()), (plan.document(), plan.encode()))


@pytest.mark.parametrize("rule", ["value", "merit"])
@pytest.mark.parametrize("weekly", [False, True])
def test_every_plan_keeps_them(rule: str, weekly: bool) -> None:
    problem = with_running()
    problem = in_weeks(problem) if weekly else problem
    plan = (solve_weekly if weekly else solve)(problem, BUDGET, rule=rule)  # type: ignore[arg-type, operator]
    report = report_on(problem, plan)
    assert report["violations"] == []
    assert report["bound"] == plan.bound
    for one in problem.applications:
        if one.standing == "running":
            assert plan.award[one.id] == Award(one.id, one.options[0].cluster, one.earliest, 1)


def test_a_plan_that_drops_or_moves_one_is_found() -> None:
    problem = with_running()
    plan = solve(problem, BUDGET)
    name = next(one.id for one in problem.applications if one.standing == "running")
    without = replace(plan, awards=tuple(one for one in plan.awards if one.application != name))
    moved = replace(without, awards=(*without.awards, replace(plan.award[name], start=2)))
    for broken in (without, moved):
        found = report_on(problem, broken)["violations"]
        assert {"rule": "running", "application": name, "what": "already runs and must stay as it is"} in found


def test_a_rule_that_they_fill_leaves_nothing_to_others() -> None:
    problem = with_running()
    runs = next(one for one in problem.applications if one.standing == "running")
    cap = next(one for one in problem.policies if one.each == "organisation")
    full = replace(cap, overrides={**cap.overrides, runs.organisation: (3,)})
    others = tuple(
        replace(one, organisation=runs.organisation) if one.standing == "new" and place % 3 == 0 else one
        for place, one in enumerate(problem.applications)
    )
    rules = tuple(full if one is cap else one for one in problem.policies)
    problem = replace(problem, applications=others, policies=rules)
    plan = solve(problem, BUDGET)
    assert report_on(problem, plan)["violations"] == []
    held = [one for one in plan.awards if problem.application[one.application].organisation == runs.organisation]
    assert [one.application for one in held] == [runs.id]


def test_what_runs_must_say_what_it_holds() -> None:
    problem = with_running()
    loose = tuple(
        replace(one, latest=one.latest + 1) if one.standing == "running" else one for one in problem.applications
    )
    with pytest.raises(InvalidInput) as refused:
        read_problem(replace(problem, applications=loose).encode())
    assert "already runs" in str(refused.value.mistakes[0].what.en)
    with pytest.raises(InvalidInput):
        solve(replace(problem, applications=loose), BUDGET)
