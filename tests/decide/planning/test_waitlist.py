"""Down the waitlist: what is offered fits and is the best that fits, what is refused has no room, nobody is wronged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dure.core.errors import InvalidInput
from dure.decide.planning import reference
from dure.decide.planning.held import Held, held_by
from dure.decide.planning.plan import Award
from dure.decide.planning.problem import Problem
from dure.decide.planning.solver import solve
from dure.decide.planning.waitlist import offers
from tests.decide.planning.small import small_call
from tests.decide.planning.tiny import problems


def by_score(problem: Problem, funded: set[str]) -> list[str]:
    ranked = sorted(problem.applications, key=lambda one: (-one.score_tenths, one.lottery_rank))
    return [one.id for one in ranked if one.id not in funded]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(), st.integers(0, 4), st.integers(0, 2))
def test_every_answer_agrees_with_the_definition(problem: Problem, dropped: int, first_slot: int) -> None:
    best = reference.optimum(problem, problem.rule).awards
    awards = tuple(
        award
        for index, award in enumerate(best)
        if index != dropped or problem.application[award.application].standing == "running"
    )
    waiting = by_score(problem, {award.application for award in awards})
    envious = reference.envious(problem, awards, problem.rule.delta_tenths)
    found = offers(problem, held_by(problem, awards), waiting, first_slot=first_slot)
    assert [one.application for one in found] == waiting
    for one in found:
        assert one.text.ko and one.text.en
        application = problem.application[one.application]
        fitting = [
            choice
            for choice in reference.choices(problem, application)
            if choice.start >= first_slot and reference.is_feasible(problem, (*awards, choice))
        ]
        gains = [reference.value(problem, (*awards, choice)) - reference.value(problem, awards) for choice in fitting]
        if one.offer is None:
            assert not fitting or (one.code == "not_worth" and max(gains) < 0)
        else:
            assert one.offer in fitting and one.code == "offered"
            assert gains[fitting.index(one.offer)] == max(gains) >= 0
            awards = (*awards, one.offer)
    assert first_slot or reference.envious(problem, awards, problem.rule.delta_tenths) <= envious


def test_it_stops_after_so_many_offers_and_respects_free_nodes() -> None:
    problem = small_call(5)
    plan = solve(problem, 30_000)
    held = held_by(problem, plan.awards[3:])
    waiting = by_score(problem, {one.application for one in held})
    everything = offers(problem, held, waiting)
    made = [one.offer for one in everything if one.offer is not None]
    assert made
    first = offers(problem, held, waiting, most=1)
    assert [one.offer for one in first if one.offer] == made[:1] and first == everything[: len(first)]
    nothing = offers(problem, held, waiting, free={})
    assert all(one.offer is None for one in nothing)
    codes = {one.code for one in nothing}
    assert "capacity" in codes or "no_choice" in codes


def test_an_award_that_ended_early_gives_room_back() -> None:
    problem = small_call(5)
    plan = solve(problem, 30_000)
    award = max(plan.awards, key=lambda one: one.nodes)
    held = [one for one in held_by(problem, plan.awards) if one.application != award.application]
    early = Held(award.application, award.cluster, award.start, award.start + 1, award.nodes)
    waiting = by_score(problem, set(plan.award))
    before = {one.application for one in offers(problem, held_by(problem, plan.awards), waiting) if one.offer}
    after = {
        one.application for one in offers(problem, [*held, early], waiting, first_slot=award.start + 1) if one.offer
    }
    assert not before and after


def test_who_is_not_in_line_hears_why() -> None:
    problem = small_call(5)
    one, two, three = problem.applications[:3]
    changed = replace(
        problem,
        applications=(
            replace(one, eligible=False),
            replace(two, score_tenths=100),
            replace(three, eligible=True, score_tenths=900, earliest=0, latest=0),
            *problem.applications[3:],
        ),
    )
    award = Award(problem.applications[4].id, problem.applications[4].options[0].cluster, 0, 1)
    held = held_by(changed, [award])
    asked = [one.id, two.id, three.id, award.application]
    codes = [each.code for each in offers(changed, held, asked, first_slot=1)]
    assert codes == ["ineligible", "below_pass_mark", "window_passed", "held"]


def test_what_does_not_belong_is_refused() -> None:
    problem = small_call(5)
    with pytest.raises(InvalidInput):
        offers(problem, (), ["nobody"])
    with pytest.raises(InvalidInput):
        offers(problem, [Held("nobody", "kakao-b200", 0, 1, 1)], [])
    with pytest.raises(InvalidInput):
        offers(problem, (), [], free={"kakao-b200": [1]})
