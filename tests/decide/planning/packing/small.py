"""Tiny random models, and what is best for them by looking at every plan."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from dure.decide.planning.packing import Merit, Model, from_json


def tiny(seed: int, groups: int = 5, rows: int = 4) -> Model:
    """A model of at most `groups` groups, `rows` rows and three choices a group; row 0 may be a large-number row."""
    chance = np.random.default_rng(seed)
    caps = [int(c) for c in chance.integers(0, 12, rows)]
    caps[0] *= int(chance.choice([1, 1_000_000_007]))
    big = 1_000_000_007 if caps[0] > 12 else 1
    document = {
        "rows": caps,
        "groups": [
            [
                {
                    "value": int(chance.integers(-2, 30)),
                    "use": {
                        str(r): int(chance.integers(0, 8)) * (big if r == 0 else 1)
                        for r in range(rows)
                        if chance.random() < 0.6
                    },
                }
                for _ in range(int(chance.integers(0, 4)))
            ]
            for _ in range(int(chance.integers(0, groups + 1)))
        ],
    }
    return from_json(document)


def uses(model: Model, choice: int) -> dict[int, int]:
    """What one choice uses, row by row."""
    here = range(int(model.use_start[choice]), int(model.use_start[choice + 1]))
    return {int(model.use_row[k]): int(model.use_amount[k]) for k in here}


def plans(model: Model) -> Iterator[tuple[list[int], int, list[int]]]:
    """Every feasible plan: places within groups (-1: none), value, and what is left of every row."""
    start = model.group_start.tolist()
    for plan in product(*(range(-1, start[g + 1] - start[g]) for g in range(model.groups))):
        left, value = model.caps.tolist(), 0
        for g, c in enumerate(plan):
            if c >= 0:
                value += int(model.value[start[g] + c])
                for r, amount in uses(model, start[g] + c).items():
                    left[r] -= amount
        if min(left, default=0) >= 0:
            yield list(plan), value, left


def envious(model: Model, merit: Merit, plan: list[int], left: list[int]) -> int:
    """The groups with justified envy, straight from the definition."""
    start = model.group_start.tolist()

    def envies(i: int, j: int) -> bool:
        if plan[j] < 0 or merit.shielded[j] or merit.track[i] != merit.track[j]:
            return False
        if merit.score[i] < merit.score[j] + merit.delta:
            return False
        freed = uses(model, start[j] + plan[j])
        return any(
            all(amount <= left[r] + freed.get(r, 0) for r, amount in uses(model, c).items())
            for c in range(start[i], start[i + 1])
        )

    return sum(
        plan[i] < 0 and bool(merit.may_envy[i]) and any(envies(i, j) for j in range(model.groups))
        for i in range(model.groups)
    )


def ranking(model: Model, seed: int) -> Merit:
    """A random merit order with two tracks, some shielded groups and some that may not envy."""
    chance = np.random.default_rng(seed)
    n = model.groups
    return Merit(
        score=chance.integers(0, 10, n),
        track=chance.integers(0, 2, n),
        shielded=chance.random(n) < 0.15,
        may_envy=chance.random(n) < 0.85,
        delta=int(chance.integers(1, 4)),
    )
