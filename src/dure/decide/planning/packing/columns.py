"""The exact linear relaxation by column generation: start from good prices, price every choice, add the best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dure.decide.planning.packing.bound import Blocks, Prices, Relaxation, evaluate
from dure.decide.planning.packing.master import Answer, Master
from dure.decide.planning.packing.model import Bool, Int32, Int64, Model
from dure.decide.planning.packing.terms import compress

PER_GROUP = 3
"""Choices one group may add in one pass."""


@dataclass(slots=True)
class Linear:
    """The state of column generation: the master, its last answer, and the prices that answer gave."""

    master: Master
    answer: Answer
    prices: Prices
    exact: bool


def rounded(answer: Answer, scale: int) -> Prices:
    """Dual values as integer prices."""
    return Prices(
        scale,
        np.maximum(0, np.rint(answer.rows * scale)).astype(np.int64),
        np.empty(0, dtype=np.int64),
    )


def near(model: Model, relaxation: Relaxation, width: int) -> Int64:
    """The choices whose reduced value is within `width` of their group's best, or of zero where none is positive."""
    ceiling = np.maximum(relaxation.top, 0)[model.group_of()]
    return np.flatnonzero(relaxation.reduced >= ceiling - width)


def add_columns(model: Model, nothing: Blocks, alive: Bool, linear: Linear) -> None:
    """One pass: price every choice, add the best, solve again; marks the relaxation exact where none is missing.

    `nothing` is the block structure without blocks: the relaxation prices every row.
    """
    group_of = model.group_of()
    priced = evaluate(model, nothing, compress([]), linear.prices, alive)
    profit = priced.reduced - np.rint(linear.answer.groups * linear.prices.scale).astype(np.int64)[group_of]
    new = _best_of_each(model, group_of, profit, floor=_tolerance(priced, model.groups))
    if linear.master.add(new) == 0:
        linear.exact = True
        return
    linear.answer = linear.master.solve()
    linear.prices = rounded(linear.answer, linear.prices.scale)


def _tolerance(priced: Relaxation, groups: int) -> int:
    """Profits below this, summed over all groups, change the bound by less than a millionth."""
    return max(1, priced.total // (1_000_000 * max(groups, 1)))


def _best_of_each(model: Model, group_of: Int32, profit: Int64, floor: int) -> Int64:
    """Up to `PER_GROUP` choices of every group with a profit above `floor`, the best first."""
    found = np.flatnonzero(profit > floor)
    order = found[np.lexsort((found, -profit[found], group_of[found]))]
    groups = group_of[order]
    first = np.searchsorted(groups, groups)
    return order[np.arange(len(order)) - first < PER_GROUP]


def start_linear(model: Model, choices: Int64, scale: int) -> Linear:
    """A master over `choices`, solved once."""
    master = Master(model)
    master.add(choices)
    answer = master.solve()
    return Linear(master, answer, rounded(answer, scale), exact=False)
