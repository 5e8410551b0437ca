"""What guides search and bound, against every plan of tiny models: losses of forced choices, patterns, proven room."""

from __future__ import annotations

import numpy as np
import pytest

from dure.decide.planning.packing import pack
from dure.decide.planning.packing.bound import Prices, blocks_of, evaluate, group_exclusive
from dure.decide.planning.packing.forced import forced
from dure.decide.planning.packing.model import Model
from dure.decide.planning.packing.patterns import Patterns
from dure.decide.planning.packing.state import possible
from dure.decide.planning.packing.terms import compress
from tests.decide.planning.packing.small import envious, plans, ranking, tiny

SCALE = 1000


def some_prices(model: Model, seed: int) -> Prices:
    chance = np.random.default_rng(seed)
    worth = 10 * SCALE // np.maximum(model.caps, 1)
    return Prices(SCALE, np.array([chance.integers(0, w + 1) for w in worth], dtype=np.int64), np.empty(0, np.int64))


@pytest.mark.parametrize("block", range(3))
def test_no_plan_with_a_choice_is_above_its_forced_bound(block: int) -> None:
    for seed in range(block * 50, block * 50 + 50):
        model = tiny(seed)
        blocks = blocks_of(model, group_exclusive(model, np.arange(1, model.rows)))
        relaxed = evaluate(model, blocks, compress([]), some_prices(model, seed), possible(model))
        taken, left = forced(model, blocks, relaxed)
        assert (left <= 0).all() and (taken[possible(model)] <= 0).all(), seed
        for plan, value, _ in plans(model):
            for g, c in enumerate(plan):
                change = left[g] if c < 0 else taken[model.group_start[g] + c]
                assert value * SCALE <= relaxed.total + change, (seed, g, c)


def test_patterns_give_a_bound_no_worse_than_the_prices_they_start_from() -> None:
    better = 0
    for seed in range(60):
        model = tiny(seed)
        blocks = blocks_of(model, group_exclusive(model, np.arange(1, model.rows)))
        patterns = Patterns(model, blocks, possible(model), some_prices(model, seed))
        before = patterns.total
        patterns.solve()
        best = max(value for _, value, _ in plans(model))
        assert best * SCALE <= patterns.total <= before, seed
        better += patterns.total < before
    assert better > 10


def test_plans_above_a_proof_of_room_leave_it() -> None:
    proven = 0
    for seed in range(150):
        model = tiny(seed)
        merit = ranking(model, seed)
        packed = pack(model, 20_000, merit=merit, threads=1)
        for plan, value, left in plans(model):
            for slack in packed.slack:
                if value * slack.prices.scale > slack.total and not envious(model, merit, plan, left):
                    assert left[slack.row] >= slack.room, seed
        proven += len(packed.slack)
    assert proven > 0
