"""A higher score never turns an award into a rejection at the optimum, under either rule, when nothing else changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dure.decide.planning import reference
from dure.decide.planning.problem import Problem
from tests.decide.planning.tiny import problems


@pytest.mark.parametrize("rule", ["value", "merit"])
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(most=4), st.integers(0, 3), st.integers(1, 200))
def test_a_higher_score_keeps_an_award(rule: str, problem: Problem, which: int, more: int) -> None:
    chosen = replace(problem.rule, name=rule)
    before = reference.optimum(problem, chosen)
    assume(which < len(before.awards))
    name = before.awards[which].application
    raised = replace(
        problem,
        applications=tuple(
            replace(one, score_tenths=min(1000, one.score_tenths + more)) if one.id == name else one
            for one in problem.applications
        ),
    )
    after = reference.optimum(raised, chosen)
    assert rule == "value" or not reference.envious(raised, before.awards, chosen.delta_tenths)
    if all(award.application != name for award in after.awards):
        assert reference.value(raised, before.awards) >= after.value
