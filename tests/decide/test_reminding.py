"""When a reviewer is reminded and when a silent one is replaced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dure.decide import reminding
from dure.decide.reminding import Rules

DUE = datetime(2026, 2, 14, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("days", "stage"),
    [(-3.1, None), (-3, "before"), (-0.1, "before"), (0, "due"), (1.9, "due"), (2, "after"), (99, "after")],
)
def test_the_newest_stage_that_is_due(days, stage):
    assert reminding.stage(DUE, DUE + days * DAY, Rules()) == stage


@pytest.mark.parametrize("state", ["in_progress", "submitted", "declined", "recused", "replaced"])
def test_only_who_never_began_is_silent(state):
    assert not reminding.is_silent(state, DUE, DUE + 400 * DAY, Rules())
    assert reminding.is_silent("assigned", DUE, DUE + 4 * DAY, Rules())
    assert not reminding.is_silent("assigned", DUE, DUE + 3.9 * DAY, Rules())


@given(st.integers(0, 60), st.integers(0, 60), st.integers(-30, 90))
def test_a_successor_has_two_days_at_least_and_half_the_time_to_the_decision_at_most(term, late, left):
    now = DUE + late * DAY
    due = reminding.next_due(DUE - term * DAY, DUE, now, now + left * DAY)
    assert now + 2 * DAY <= due <= now + max(2 * DAY, min(term * DAY, left * DAY / 2))
