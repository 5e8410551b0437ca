"""The kernels of the merit rule agree with the plain definition after long searches, at more than toy size."""

from __future__ import annotations

import numpy as np
import pytest

from dure.decide.planning.packing import Merit, Model, build, envy_count, pack
from tests.decide.planning.packing.small import envious


def months(seed: int, groups: int = 40) -> Model:
    """Groups that ask for a block of months on one of two clusters, with organisations' caps."""
    chance = np.random.default_rng(seed)
    span, organisations = 8, 6
    caps = [12] * span + [5] * span + [30] * organisations
    start, value, use_start = [0], [], [0]
    rows: list[int] = []
    amounts: list[int] = []
    for _ in range(groups):
        organisation, length = int(chance.integers(organisations)), int(chance.integers(2, 5))
        for cluster in (0, 1):
            for first in range(0, span - length + 1, 2):
                for nodes in (2, 3):
                    value.append(int(chance.integers(40, 60)) * nodes * length)
                    rows += [cluster * span + t for t in range(first, first + length)] + [2 * span + organisation]
                    amounts += [nodes] * length + [nodes * length]
                    use_start.append(len(rows))
        start.append(len(value))
    return build(caps, start, value, use_start, rows, amounts)


@pytest.mark.parametrize("seed", range(4))
def test_plans_without_envy(seed: int) -> None:
    model = months(seed)
    chance = np.random.default_rng(seed)
    free = np.zeros(model.groups, dtype=np.bool_)
    merit = Merit(chance.integers(600, 1000, model.groups), np.zeros(model.groups, dtype=np.int64), free, ~free, 30)
    packed = pack(model, 400_000, merit=merit)
    plan = packed.choice.tolist()
    left = model.caps.copy()
    for g, c in enumerate(plan):
        if c >= 0:
            j = int(model.group_start[g]) + c
            here = slice(int(model.use_start[j]), int(model.use_start[j + 1]))
            left[model.use_row[here]] -= model.use_amount[here]
    assert (left >= 0).all()
    assert packed.envy == 0 == envious(model, merit, plan, left.tolist())
    free_plan = pack(model, 400_000)
    assert packed.value <= free_plan.value <= free_plan.bound
    assert packed.bound >= packed.value
    assert envy_count(model, merit, free_plan.choice) > 0, "the rule binds in these instances"


def test_two_threads_same_bytes() -> None:
    model = months(9)
    merit = Merit(
        np.arange(model.groups) * 20,
        np.zeros(model.groups, dtype=np.int64),
        np.zeros(model.groups, dtype=np.bool_),
        np.ones(model.groups, dtype=np.bool_),
        30,
    )
    one, two = (pack(model, 300_000, merit=merit, threads=t) for t in (1, 2))
    assert one.choice.tolist() == two.choice.tolist()
    assert (one.value, one.bound) == (two.value, two.bound)
    assert repr((one.prices, one.terms, one.slack)) == repr((two.prices, two.terms, two.slack))
