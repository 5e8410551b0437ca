"""The merit rule on tiny models: no plan kept has envy, envy is counted as defined, and the bound holds."""

from __future__ import annotations

import numpy as np
import pytest

from dure.decide.planning.packing import Merit, envy_count, from_json, pack
from tests.decide.planning.packing.small import envious, plans, ranking, tiny


@pytest.mark.parametrize("block", range(10))
def test_envy_is_counted_as_defined(block: int) -> None:
    chance = np.random.default_rng(block)
    for seed in range(block * 100, block * 100 + 100):
        model = tiny(seed)
        merit = ranking(model, seed)
        every = list(plans(model))
        for index in chance.integers(0, len(every), 5).tolist():
            plan, _, left = every[index]
            assert envy_count(model, merit, np.array(plan, dtype=np.int64)) == envious(model, merit, plan, left), seed


@pytest.mark.parametrize("block", range(10))
def test_no_envy_and_bound_of_the_rule(block: int) -> None:
    missed = 0
    for seed in range(block * 100, block * 100 + 100):
        model = tiny(seed)
        merit = ranking(model, seed)
        best = max(value for plan, value, left in plans(model) if not envious(model, merit, plan, left))
        packed = pack(model, 20_000, merit=merit, threads=1)
        assert packed.envy == 0, seed
        assert model.worth(packed.choice) == packed.value, seed
        assert packed.value <= best <= packed.bound <= packed.value_bound, seed
        missed += packed.value < best
    assert missed <= 10, "the search under the rule finds most of the best plans of tiny models"


def test_precedence_tightens_the_bound() -> None:
    one = {"0": 2}
    groups = [[{"value": 10, "use": one}], [{"value": 4, "use": one}], [{"value": 9, "use": one}]]
    model = from_json({"rows": [3], "groups": groups})
    free = np.zeros(3, dtype=np.bool_)
    merit = Merit(np.array([60, 90, 70]), np.zeros(3, dtype=np.int64), free, ~free, 5)
    packed = pack(model, 20_000, merit=merit)
    assert packed.choice.tolist() == [-1, 0, -1]
    assert (packed.value, packed.envy, packed.value_bound) == (4, 0, 10)
    assert packed.bound < packed.value_bound
