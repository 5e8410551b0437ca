"""A sweep solves anew at every value; at the value as it is nothing changes, and looser rules never lower the bound."""

from __future__ import annotations

import pytest

from dure.core.errors import InvalidInput
from dure.decide.planning.problem import Rule
from dure.decide.planning.solver import solve
from dure.decide.planning.sweep import sweep_band, sweep_rule
from tests.decide.planning.small import small_call


def test_a_rule_is_swept_over_percent_of_its_caps() -> None:
    problem = small_call(8)
    steps = sweep_rule(problem, "organisation-cap", [0, 50, 100, None], 30_000, Rule("value", 30))
    nothing, half, as_is, without = steps
    assert (nothing.value, nothing.awards, nothing.gains) == (0, 0, ())
    assert len(nothing.loses) == as_is.awards and as_is.gains == as_is.loses == ()
    assert half.value <= as_is.bound <= without.bound
    plan = solve(problem, 30_000, rule="value")
    assert (as_is.value, as_is.bound, as_is.awards) == (plan.value, plan.bound, len(plan.awards))
    assert half.awards == as_is.awards + len(half.gains) - len(half.loses)
    with pytest.raises(InvalidInput, match="organisation-cap"):
        sweep_rule(problem, "no-such-rule", [100])


def test_the_band_is_swept_and_can_be_ended() -> None:
    problem = small_call(8)
    steps = sweep_band(problem, [1, 30, 1000], 30_000, keep_going=lambda done: done < 2)
    assert [one.setting for one in steps] == [1, 30] and steps[1].gains == ()
