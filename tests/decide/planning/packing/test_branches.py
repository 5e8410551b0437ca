"""Plans divided by who is served: every part's bound holds for its plans, and together the parts bound them better."""

from __future__ import annotations

import numpy as np
import pytest

from dure.decide.planning.packing import Merit, Model, from_json
from dure.decide.planning.packing.bound import evaluate
from dure.decide.planning.packing.branches import Leaf
from dure.decide.planning.packing.pack import Run, pack
from dure.decide.planning.packing.patterns import Patterns
from dure.decide.planning.packing.terms import compress
from tests.decide.planning.packing.small import envious, plans


def leaf_of(tree: tuple[int | Leaf, ...], plan: list[int]) -> Leaf:
    """The leaf a plan belongs to, by walking down: a decision is followed by all of the part that serves its group."""
    at = 0
    while True:
        one = tree[at]
        if isinstance(one, Leaf):
            return one
        at = at + 1 if plan[one] >= 0 else after(tree, at + 1)


def after(tree: tuple[int | Leaf, ...], at: int) -> int:
    """The place behind the part that begins at `at`."""
    open_parts = 1
    while open_parts:
        open_parts += -1 if isinstance(tree[at], Leaf) else 1
        at += 1
    return at


def crowded(seed: int) -> tuple[Model, Merit]:
    """Six groups that all may envy, and rows with room for half of them."""
    chance = np.random.default_rng(seed)
    groups = [
        [
            {
                "value": int(chance.integers(5, 30)),
                "use": {str(r): int(chance.integers(2, 7)) for r in range(2) if r == 0 or chance.random() < 0.5},
            }
            for _ in range(int(chance.integers(1, 3)))
        ]
        for _ in range(6)
    ]
    model = from_json({"rows": [int(chance.integers(8, 15)), int(chance.integers(5, 10))], "groups": groups})
    nobody, score = np.zeros(6, dtype=np.bool_), chance.integers(50, 80, 6).astype(np.int64)
    return model, Merit(score, np.zeros(6, dtype=np.int64), nobody, ~nobody, int(chance.choice([1, 10])))


def test_every_part_bounds_its_plans() -> None:
    divided = 0
    for seed in range(60):
        model, merit = crowded(seed)
        run = Run(model, 1_000_000, any_value=True)
        run.price()
        run.choose_blocks(np.empty(0, dtype=np.int64))
        run.bind(merit)
        if not run.branches:
            continue
        divided += 1
        main = evaluate(model, run.blocks, compress(run.terms), run.proof, run.alive).total
        floor = max((one.total for one in run.slack), default=0)
        totals = [one.total for one in run.branches if isinstance(one, Leaf)]
        assert run.total == max(floor, *totals) < main, seed
        for plan, value, left in plans(model):
            if not envious(model, merit, plan, left):
                leaf = leaf_of(run.branches, plan)
                assert all(plan[g] >= 0 for g in leaf.served) and all(plan[g] < 0 for g in leaf.out), seed
                assert value * run.plain.scale <= max(leaf.total, floor), seed
    assert divided > 10


def test_a_linear_programme_that_cannot_be_solved_leaves_a_bound_that_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    model, merit = crowded(1)
    best = max(value for plan, value, left in plans(model) if not envious(model, merit, plan, left))
    monkeypatch.setattr(Patterns, "_run", lambda patterns: None)
    packed = pack(model, 20_000, merit=merit)
    assert packed.value <= best <= packed.bound
