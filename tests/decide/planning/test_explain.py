"""Every application hears why, in both languages; what is offered fits; what is said of swaps is exact."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dure.core.errors import InvalidInput
from dure.decide.planning import audit, costs, displacement, reasons, reference
from dure.decide.planning.committee import committee
from dure.decide.planning.explain import Explanation, explain
from dure.decide.planning.plan import Award, Plan
from dure.decide.planning.problem import Problem
from dure.decide.planning.solver import solve
from dure.decide.planning.whatif import Offer
from tests.decide.planning.small import small_call
from tests.decide.planning.tiny import problems


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
        assert one.displaced == len(expected) and set(one.lowest) <= expected
        ranked = sorted(expected, key=lambda name: worst_first(problem, name))
        assert list(one.lowest) == ranked[: displacement.SHOWN]


def worst_first(problem: Problem, name: str) -> tuple[int, int]:
    return problem.application[name].score_tenths, -problem.application[name].lottery_rank


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems())
def test_changes_are_offered_exactly_where_the_definition_finds_one(problem: Problem) -> None:
    plan = solve(problem, 2_000)
    told = explain(problem, plan)
    for one in told.statements:
        if one.outcome != "unfunded":
            continue
        assert one.displaced == len(standing_between(problem, plan, one.application))
        expected = best_changes(problem, plan, one.application)
        if one.change is None:
            assert not expected
        else:
            kind, most = expected[0]
            assert (one.change.kind, one.change.nodes) == (kind, most)
            changed = asking(problem, one.application, one.change)
            award = Award(one.application, one.change.cluster, one.change.start, one.change.nodes)
            assert reference.is_feasible(changed, (*plan.awards, award))
            assert award in list(reference.choices(changed, changed.application[one.application]))


def standing_between(problem: Problem, plan: Plan, name: str) -> set[str]:
    """Awards any one of which, gone, makes room, from the definition."""
    choices = list(reference.choices(problem, problem.application[name]))
    found = set()
    for award in plan.awards:
        rest = tuple(each for each in plan.awards if each != award)
        if any(reference.is_feasible(problem, (*rest, choice)) for choice in choices):
            found.add(award.application)
    return found


def asking(problem: Problem, name: str, offer: Offer) -> Problem:
    """The problem in which `name` asks for exactly the offer, on its own terms or those of its class."""
    one = problem.application[name]
    terms = (
        next((each for each in one.options if each.cluster == offer.cluster), None)
        or [
            each
            for other in sorted(problem.applications, key=lambda each: each.lottery_rank)
            if (other.applicant_class, other.youth) == (one.applicant_class, one.youth)
            for each in other.options
            if each.cluster == offer.cluster
        ][-1]
    )
    changed = replace(
        one,
        options=(replace(terms, min_nodes=offer.nodes, max_nodes=offer.nodes),),
        duration=offer.duration,
        earliest=offer.start,
        latest=offer.start,
    )
    return replace(problem, applications=tuple(changed if each is one else each for each in problem.applications))


def best_changes(problem: Problem, plan: Plan, name: str) -> list[tuple[str, int]]:
    """Kind and most nodes of every kind of change that fits, in the order they are offered, by trying everything."""
    one, slots, found = problem.application[name], problem.calendar.slots, []
    last = min(one.latest, slots - one.duration)
    own = {each.cluster: (each.min_nodes, each.max_nodes) for each in one.options}
    least = {
        cluster.code: min(each.min_nodes for other in problem.applications for each in other.options
                          if each.cluster == cluster.code)
        for cluster in problem.clusters
        if any(each.cluster == cluster.code for other in problem.applications for each in other.options)
    }  # fmt: skip
    tries: list[tuple[str, dict[str, tuple[int, int]], range, list[int]]] = [
        ("fewer_nodes", {code: (least[code], low - 1) for code, (low, _) in own.items()},
         range(one.earliest, last + 1), [one.duration]),
        ("later_start", own, range(max(last + 1, one.earliest), slots - one.duration + 1), [one.duration]),
        ("other_cluster", foreign(problem, name), range(one.earliest, last + 1), [one.duration]),
        ("shorter", own, range(one.earliest, one.latest + 1), list(range(one.duration - 1, 0, -1))),
    ]  # fmt: skip
    for kind, sizes, starts, durations in tries:
        for duration in durations:
            fitting = [
                nodes
                for code, (low, high) in sizes.items()
                for start in starts
                if start + duration <= slots
                for nodes in range(low, high + 1)
                if fits(problem, plan, name, Offer(name, kind, code, start, nodes, duration))  # type: ignore[arg-type]
            ]
            if fitting:
                found.append((kind, max(fitting)))
                break
    return found


def foreign(problem: Problem, name: str) -> dict[str, tuple[int, int]]:
    """Sizes on clusters it did not name, on the terms of its class."""
    one, found = problem.application[name], {}
    for other in sorted(problem.applications, key=lambda each: each.lottery_rank):
        if (other.applicant_class, other.youth) == (one.applicant_class, one.youth):
            for each in other.options:
                if each.cluster not in {option.cluster for option in one.options}:
                    most = min(one.options[0].max_nodes, each.max_nodes)
                    found[each.cluster] = (min(one.options[0].min_nodes, most), most)
    return found


def fits(problem: Problem, plan: Plan, name: str, offer: Offer) -> bool:
    changed = asking(problem, name, offer)
    award = Award(name, offer.cluster, offer.start, offer.nodes)
    is_asked = award in list(reference.choices(changed, changed.application[name]))
    return is_asked and reference.is_feasible(changed, (*plan.awards, award))


def test_what_rules_cost_is_proven(problem: Problem, plan: Plan, told: Explanation) -> None:
    for one in told.rules:
        rest = tuple(policy for policy in problem.policies if policy.name != one.cost.policy.name)
        best = solve(replace(problem, policies=rest), 100_000, rule="value")
        assert best.value <= plan.value + one.cost.at_most
        assert one.cost.cost >= 0 and one.text.ko and one.text.en


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(most=4), st.booleans())
def test_no_plan_without_a_rule_gains_more_than_is_said(problem: Problem, is_large: bool) -> None:
    plan = solve(problem, 2_000)
    largest = costs.LARGEST_RELAXED
    costs.LARGEST_RELAXED = -1 if is_large else largest
    try:
        told = explain(problem, plan)
    finally:
        costs.LARGEST_RELAXED = largest
    for one in told.rules:
        rest = tuple(policy for policy in problem.policies if policy.name != one.cost.policy.name)
        best = reference.optimum(replace(problem, policies=rest), replace(problem.rule, name="value"))
        assert best.value <= plan.value + one.cost.at_most


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


def test_a_guide_below_the_own_score_says_that_no_place_was_left() -> None:
    """Prices are rough by whole awards: to somebody with more points the guide is no condition to be met."""
    assert "71.6" in reasons.guidance(720, 716).en and "72.0 points would have made" in reasons.guidance(720, 716).en
    for needed in (681, 716):
        said = reasons.guidance(needed, 716)
        assert "no whole place was left" in said.en and "자리가 남지" in said.ko
        assert "68.1" not in said.en + said.ko
