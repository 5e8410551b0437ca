"""Every application hears why, in both languages; what is offered fits; what is said of swaps is exact."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from dure.core.errors import InvalidInput
from dure.decide.planning import audit, reference
from dure.decide.planning.committee import committee
from dure.decide.planning.explain import Explanation, explain
from dure.decide.planning.plan import Award, Plan
from dure.decide.planning.problem import Problem
from dure.decide.planning.solver import solve
from tests.decide.planning.small import small_call


@pytest.fixture(scope="module")
def problem() -> Problem:
    return small_call(8)


@pytest.fixture(scope="module")
def plan(problem: Problem) -> Plan:
    return solve(problem, 100_000)


@pytest.fixture(scope="module")
def told(problem: Problem, plan: Plan) -> Explanation:
    return explain(problem, plan)


def test_everybody_hears_why_in_both_languages(problem: Problem, told: Explanation) -> None:
    assert [one.application for one in told.statements] == [one.id for one in problem.applications]
    for one in told.statements:
        assert one.reasons and all(reason.text.ko and reason.text.en for reason in one.reasons)
    document = json.loads(json.dumps(told.document()))
    assert set(document["applications"]) == set(problem.application)


def test_offered_changes_fit_beside_the_plan(problem: Problem, plan: Plan, told: Explanation) -> None:
    offers = [one.change for one in told.statements if one.change is not None]
    assert offers
    for offer in offers:
        one = problem.application[offer.application]
        terms = next((option for option in one.options if option.cluster == offer.cluster), None)
        if terms is None:
            continue
        changed = replace(
            problem,
            applications=tuple(
                replace(each, duration=offer.duration, earliest=offer.start, latest=offer.start)
                if each.id == one.id
                else each
                for each in problem.applications
            ),
        )
        awards = (*plan.awards, Award(one.id, offer.cluster, offer.start, offer.nodes))
        assert reference.is_feasible(changed, awards)


def test_swap_statement_is_exact(problem: Problem, plan: Plan, told: Explanation) -> None:
    for one in told.statements:
        if one.outcome != "unfunded":
            continue
        choices = list(reference.choices(problem, problem.application[one.application]))
        expected = set()
        for award in plan.awards:
            rest = tuple(each for each in plan.awards if each != award)
            if any(reference.is_feasible(problem, (*rest, choice)) for choice in choices):
                expected.add(award.application)
        assert set(one.displaced) == expected


def test_waitlist_is_by_score_then_lottery(problem: Problem, told: Explanation) -> None:
    ranked = sorted((one.waitlist_rank, one.application) for one in told.statements if one.waitlist_rank)
    keys = [(-problem.application[name].score_tenths, problem.application[name].lottery_rank) for _, name in ranked]
    assert keys == sorted(keys) and [rank for rank, _ in ranked] == list(range(1, len(ranked) + 1))


def test_a_plan_for_another_problem_is_refused(problem: Problem, plan: Plan) -> None:
    with pytest.raises(InvalidInput):
        explain(small_call(9), plan)
    with pytest.raises(InvalidInput):
        explain(problem, replace(plan, awards=(Award(plan.awards[0].application, "nowhere", 0, 2),)))


def test_committee_is_feasible_in_score_order_and_below_the_plan(problem: Problem, plan: Plan) -> None:
    found = committee(problem)
    assert reference.is_feasible(problem, found.awards)
    assert found.value == reference.value(problem, found.awards) <= plan.bound
    document = {**plan.document(), "awards": [], "value": 0}
    assert audit.examine((problem.document(), problem.encode()), (document, b""))["envy"] == 0
