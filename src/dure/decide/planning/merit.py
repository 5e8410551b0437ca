"""The search under the merit rule: every plan it keeps is free of justified envy.

A disturbance (an award forced in, a few taken out, the gap filled by price) is settled by swaps that put a higher score
in the place of a lower one; the result is kept when it is better, or a little worse while the search is still warm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dure.decide.planning import kernels
from dure.decide.planning.envy import Envy
from dure.decide.planning.kernels import Tables, Work
from dure.decide.planning.model import Ints, Model
from dure.decide.planning.plan import Award, Certificate

ROUNDS = 50
LARGEST_DISTURBANCE = 4
WARMTH = 0.25
"""Highest loss accepted at the start, in mean values of an award."""

KeepGoing = Callable[[int, int], bool]


def tables(model: Model, envy: Envy, duals: npt.NDArray[np.float64]) -> Tables:
    """The model as the kernels read it; `duals` are prices per unit of each row."""
    cost = np.concatenate([[0.0], np.cumsum(duals[model.use_row] * model.use_amount)])
    paid = cost[model.use_first[1:]] - cost[model.use_first[:-1]]
    return Tables(
        first=model.first,
        owner=model.owner,
        cluster=model.cluster,
        start=model.start,
        nodes=model.nodes,
        value=model.value,
        use_first=model.use_first,
        use_row=model.use_row,
        use_amount=model.use_amount,
        small_first=np.searchsorted(envy.smallest, model.first).astype(np.int64),
        small=envy.smallest,
        score=envy.score,
        lane=envy.lane,
        is_enviable=envy.is_enviable,
        by_score=np.ascontiguousarray(envy.order[::-1]),
        soft_price=np.array([-1 if row.price is None else row.price for row in model.rows], dtype=np.int64),
        soft_rows=np.array([r for r, row in enumerate(model.rows) if row.price is not None], dtype=np.int64),
        priced=np.round(model.value - paid).astype(np.int64),
    )


def duals(model: Model, proof: Certificate) -> npt.NDArray[np.float64]:
    """The certificate's prices per unit of each row."""
    return np.array([proof.prices.get(row.name, 0) / proof.scale for row in model.rows], dtype=np.float64)


def empty(model: Model) -> Work:
    """A state with no award."""
    is_hard = np.array([row.price is None for row in model.rows], dtype=np.bool_)
    return Work(
        column=np.full(len(model.applications), kernels.NONE, dtype=np.int64),
        left=np.where(is_hard, model.caps, kernels.ENDLESS),
        room=model.caps.copy(),
        value=np.zeros(1, dtype=np.int64),
        steps=np.zeros(1, dtype=np.int64),
    )


def search(t: Tables, start: Work, delta: int, steps: int, keep_going: KeepGoing) -> int:
    """Improve `start` in place within about `steps` steps; it ends without justified envy. Returns the steps taken.

    `keep_going(steps so far, best value)` is asked between rounds.
    """
    current, best, trial = (Work(*(array.copy() for array in start)) for _ in range(3))
    kernels.settle(t, current, delta, t.value, -kernels.ENDLESS, kernels.ENDLESS)
    kernels.copy(current, best)
    chance = np.array([len(t.value)], dtype=np.uint64)
    mean = float(best.value[0]) / max(1, int((best.column != kernels.NONE).sum()))
    taken = int(current.steps[0])
    while taken < steps and keep_going(taken, int(best.value[0])):
        heat = WARMTH * mean * (1 - taken / steps)
        kernels.search(t, current, best, trial, delta, chance, ROUNDS, heat, LARGEST_DISTURBANCE)
        taken = int(current.steps[0]) + int(trial.steps[0])
    kernels.enlarge(t, best, delta)
    kernels.copy(best, start)
    return taken


def no_prices(model: Model) -> npt.NDArray[np.float64]:
    """Rows that cost nothing."""
    return np.zeros(len(model.rows), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Choice:
    """Awards and what they are worth, soft costs taken off."""

    awards: tuple[Award, ...]
    value: int


def choice(model: Model, work: Work) -> Choice:
    """What a state stands for."""
    awards = tuple(sorted(award(model, column) for column in columns(work).tolist()))
    return Choice(awards, int(work.value[0]))


def award(model: Model, column: int) -> Award:
    """The award a column stands for."""
    application = model.applications[int(model.owner[column])]
    cluster = model.problem.clusters[int(model.cluster[column])]
    return Award(application.id, cluster.code, int(model.start[column]), int(model.nodes[column]))


def columns(work: Work) -> Ints:
    """The chosen columns of a state."""
    found: Ints = work.column[work.column != kernels.NONE]
    return found
