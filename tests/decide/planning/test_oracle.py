"""Planner, auditor and bound against the oracle that tries every plan, on tiny problems with every kind of rule."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dure.decide.planning import audit, reference
from dure.decide.planning.explain import explain
from dure.decide.planning.load import read_problem
from dure.decide.planning.plan import Award, Certificate, Plan
from dure.decide.planning.problem import Problem, Rule
from dure.decide.planning.solver import solve
from tests.decide.planning.tiny import problems

SLOW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def report_on(problem: Problem, plan: Plan) -> audit.Object:
    return audit.examine((problem.document(), problem.encode()), (plan.document(), plan.encode()))


@SLOW
@given(problems(most=4))
def test_value_plan_is_the_optimum(problem: Problem) -> None:
    best = reference.optimum(problem, Rule("value", 30))
    plan = solve(problem, 30_000, rule="value")
    report = report_on(problem, plan)
    assert report["violations"] == []
    assert plan.value == report["value"] == best.value
    assert report["bound"] == plan.bound >= best.value


@SLOW
@given(problems(most=4))
def test_merit_plan_is_free_of_envy_and_below_its_optimum(problem: Problem) -> None:
    best = reference.optimum(problem, problem.rule)
    plan = solve(problem, 30_000, rule="merit")
    report = report_on(problem, plan)
    assert report["violations"] == []
    assert reference.envious(problem, plan.awards, plan.rule.delta_tenths) == set()
    assert plan.value <= best.value <= plan.bound


@SLOW
@given(problems(), st.integers(0, 2**32))
def test_auditor_and_oracle_agree_on_any_plan(problem: Problem, seed: int) -> None:
    awards = some_awards(problem, random.Random(seed))
    plan = Plan(
        problem=problem.digest,
        programme="",
        rule=Rule("value", problem.rule.delta_tenths),
        awards=awards,
        value=reference.value(problem, awards),
        bound=10**15,
        certificate=Certificate(1, {}),
        budget=0,
        work=0,
        ended="finished",
        versions={},
    )
    report = report_on(problem, plan)
    assert report["value"] == plan.value
    running = {one.id for one in problem.applications if one.standing == "running"}
    is_feasible = reference.is_feasible(problem, awards) and running <= {award.application for award in awards}
    assert (report["violations"] == []) == is_feasible
    if is_feasible:
        envious = {pair[0] for pair in report["envious"]}
        assert envious == reference.envious(problem, awards, problem.rule.delta_tenths)
        assert {s.application for s in explain(problem, plan).statements} == set(problem.application)


@SLOW
@given(problems())
def test_document_reads_back(problem: Problem) -> None:
    assert read_problem(problem.encode()).encode() == problem.encode()


def some_awards(problem: Problem, chance: random.Random) -> tuple[Award, ...]:
    found = []
    for application in problem.applications:
        choices = list(reference.choices(problem, application))
        if choices and chance.random() < 0.7:
            found.append(chance.choice(choices))
    return tuple(found)
