"""Terms from rounding hold for every plan of tiny models, lower bounds, and say themselves how they come about."""

from __future__ import annotations

import numpy as np
import pytest

from dure.decide.planning.packing import Model, from_json, pack
from dure.decide.planning.packing.rounding import MOST_ROUNDS, Pools, Roundings
from dure.decide.planning.packing.state import alone
from dure.decide.planning.packing.terms import Term
from tests.decide.planning.packing.small import plans


def crowded(seed: int) -> Model:
    """Six groups of one or two choices that all want the same three rows."""
    chance = np.random.default_rng(seed)
    groups = [
        [
            {"value": int(chance.integers(5, 30)), "use": {str(r): int(chance.integers(1, 8)) for r in range(3)}}
            for _ in range(int(chance.integers(1, 3)))
        ]
        for _ in range(6)
    ]
    return from_json({"rows": [int(cap) for cap in chance.integers(7, 16, 3)], "groups": groups})


def pools(model: Model, seed: int) -> Pools:
    """Two rows added up, and one that may not be used."""
    usable = np.ones(model.rows, dtype=np.bool_)
    usable[seed % model.rows] = seed % 3 > 0
    return Pools([np.array([1, 2])], usable)


def found(model: Model, seed: int) -> list[Term]:
    roundings = Roundings(model, pools(model, seed), alone(model))
    for _ in range(MOST_ROUNDS):
        roundings.round()
    return roundings.terms


def load(model: Model, term: Term, plan: list[int]) -> int:
    """What the weights of a plan add up to."""
    weight = dict(zip(term.choice.tolist(), term.weight.tolist(), strict=True))
    return sum(weight.get(int(model.group_start[g]) + c, 0) for g, c in enumerate(plan) if c >= 0)


@pytest.mark.parametrize("block", range(3))
def test_no_plan_breaks_a_term(block: int) -> None:
    terms = 0
    for seed in range(block * 20, block * 20 + 20):
        model = crowded(seed)
        every = [plan for plan, _, _ in plans(model)]
        for term in found(model, seed):
            assert max(load(model, term, plan) for plan in every) <= term.cap, seed
            terms += 1
    assert terms > 10


def test_rows_that_may_not_be_used_are_not() -> None:
    for seed in range(20):
        model = crowded(seed)
        where = pools(model, seed)
        used = {row for term in found(model, seed) if term.rounding for row, _ in term.rounding.rows}
        assert all(where.usable[row] for row in used)


def test_bounds_fall_and_hold() -> None:
    lower = 0
    for seed in range(30):
        model = crowded(seed)
        best = max(value for _, value, _ in plans(model))
        without, packed = pack(model, 2_000, threads=1), pack(model, 2_000, pools=pools(model, seed), threads=1)
        assert packed.value <= best <= packed.bound <= without.bound, seed
        lower += packed.bound < without.bound
    assert lower > 1
