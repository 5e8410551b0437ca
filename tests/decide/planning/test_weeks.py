"""Weekly problems: what is lifted from months keeps every weekly rule, maintenance in single weeks included."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings

from dure.decide.planning import audit, reference
from dure.decide.planning.problem import Problem
from dure.decide.planning.seal import replay, seal
from dure.decide.planning.solver import solve
from dure.decide.planning.weeks import WEEKS, in_weeks, monthly, solve_weekly
from tests.decide.planning.small import small_call
from tests.decide.planning.tiny import problems


@pytest.mark.parametrize("rule", ["value", "merit"])
def test_the_lift_is_as_good_as_the_months_and_can_be_replayed(rule: str) -> None:
    problem = in_weeks(small_call(8))
    months = solve(monthly(problem), 60_000, rule=rule)  # type: ignore[arg-type]
    plan = solve_weekly(problem, 60_000, rule=rule)  # type: ignore[arg-type]
    report = audit.examine((problem.document(), problem.encode()), (plan.document(), plan.encode()))
    assert report["violations"] == [] and report["bound"] == plan.bound
    assert plan.value >= months.value or rule == "merit"
    assert replay(seal(problem.encode(), plan.encode())).is_same


def test_under_merit_the_bound_is_that_of_the_weekly_problem_without_envy() -> None:
    problem = in_weeks(small_call(1, size=150))
    plan = solve_weekly(problem, 300_000, rule="merit")
    proof = plan.certificate
    assert proof.precedence or proof.conditional
    report = audit.examine((problem.document(), problem.encode()), (plan.document(), plan.encode()))
    assert report["violations"] == [] and report["bound"] == plan.bound
    plain = replace(proof, precedence=(), conditional=(), slack=(), rounding=())
    ground, rule = audit.Ground(problem.document()), {"name": "merit", "delta_tenths": plan.rule.delta_tenths}
    value_bound, _ = audit.prove(ground, plain.document(), rule)
    assert value_bound is not None and plan.bound < value_bound


def test_maintenance_in_one_week_is_kept_free_and_the_other_weeks_are_used() -> None:
    problem = in_weeks(small_call(8))
    closed = tuple(
        replace(one, capacity=tuple(0 if week == 9 else nodes for week, nodes in enumerate(one.capacity)))
        for one in problem.clusters
    )
    short = tuple(
        replace(one, duration=2, earliest=8, latest=30) if index % 3 == 0 else one
        for index, one in enumerate(problem.applications)
    )
    problem = replace(problem, clusters=closed, applications=short)
    plan = solve_weekly(problem, 60_000)
    report = audit.examine((problem.document(), problem.encode()), (plan.document(), plan.encode()))
    assert report["violations"] == []
    assert any(award.start > 9 and award.start % WEEKS for award in plan.awards)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems())
def test_any_weekly_problem_is_lifted_without_a_violation(problem: Problem) -> None:
    slots = problem.calendar.slots
    assume(slots == WEEKS)
    problem = replace(problem, calendar=replace(problem.calendar, slots_per_month=WEEKS))
    plan = solve_weekly(problem, 2_000)
    report = audit.examine((problem.document(), problem.encode()), (plan.document(), plan.encode()))
    assert report["violations"] == []
    assert reference.is_feasible(problem, plan.awards)
    assert plan.bound >= reference.optimum(problem, problem.rule).value
