"""Every state table, walked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dure.core.errors import IllegalTransition, NotPermitted
from dure.core.lifecycle import Lifecycle
from dure.decide import lifecycles


@pytest.mark.parametrize("lifecycle", lifecycles.ALL, ids=lambda one: one.noun)
def test_no_wildcards_and_every_state_can_be_reached(lifecycle: Lifecycle) -> None:
    assert lifecycle.initial in lifecycle.states
    assert all("*" not in source for source, _ in lifecycle.table)
    assert len(set(lifecycle.states)) == len(lifecycle.states)


@given(st.sampled_from(lifecycles.ALL), st.lists(st.integers(0, 50), max_size=30))
def test_walks_stay_inside_the_table(lifecycle: Lifecycle, choices: list[int]) -> None:
    events = sorted({event for _, event in lifecycle.table})
    state = lifecycle.initial
    for choice in choices:
        event = events[choice % len(events)]
        if lifecycle.allows(state, event):
            state = lifecycle.after(state, event)
            assert state in lifecycle.states
        else:
            with pytest.raises(IllegalTransition) as caught:
                lifecycle.after(state, event)
            assert not isinstance(caught.value, NotPermitted)
            assert caught.value.public.ko
            assert caught.value.public.en


@pytest.mark.parametrize("lifecycle", lifecycles.ALL, ids=lambda one: one.noun)
def test_what_is_done_was_done_by_that_event_and_cannot_be_done_again(lifecycle: Lifecycle) -> None:
    for state in lifecycle.states:
        for event in {event for _, event in lifecycle.table}:
            led_here = any(lifecycle.after(*pair) == state for pair in lifecycle.table if pair[1] == event)
            assert lifecycle.is_done(state, event) == (led_here and not lifecycle.allows(state, event))
    assert not lifecycle.is_done(lifecycle.initial, "fly")


def test_a_table_with_an_unreachable_state_is_refused() -> None:
    with pytest.raises(ValueError, match="never reached"):
        Lifecycle("thing", "new", {("new", "go"): "gone", ("lost", "find"): "new"})


def test_ends() -> None:
    assert set(lifecycles.AWARD.ends) == {"declined", "expired", "revoked", "ended"}
