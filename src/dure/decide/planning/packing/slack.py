"""Rows that no plan worth considering fills: proven by what filling them would cost.

A floor or cap on a large share of everybody is often far from binding at the best plans. As long as a row might be
full, it might be what refuses somebody, and a precedence across it (see `precedence`) cannot be claimed. So force the
row to be used by more than cap - n, n being the most anybody needs of it: the bound of that problem falls. Whatever
plan is worth more than that leaves at least n free, and in the end the larger of all those bounds and of the main one
is a bound on every plan without envy. A proof may rest on the room of rows proven before it: whoever is worth more than
all these bounds leaves room on the first row, therefore on the second, and so on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dure.decide.planning.packing.bound import Prices
from dure.decide.planning.packing.model import LARGEST
from dure.decide.planning.packing.patterns import Force, Patterns
from dure.decide.planning.packing.precedence import Precedences
from dure.decide.planning.packing.terms import Term

MOST_ROWS = 6
"""Rows tried, those used by most choices first."""

WORTH_PERMILLE = 2
"""How far below the bound, in permille, the forced bound must lie for a row to be taken."""

PASSES = 40

ENOUGH_PERMILLE = 50
"""How far below the bound, in permille, a forced bound need not be lowered any more."""


@dataclass(frozen=True, slots=True, eq=False)
class Slack:
    """Every plan worth more than `total` (in 1/scale) leaves at least `room` free on `row`.

    Proof: `prices` with `terms`; the price of `row` itself is negative or zero and counted at cap - room.
    """

    row: int
    room: int
    total: int
    prices: Prices
    terms: tuple[Term, ...]


def prove_slack(found: Precedences, patterns: Patterns, row: int) -> list[Slack]:
    """The proof of room on `row` at the terms `patterns` has, if it can be had."""
    room = int(found.needs[row])
    patterns.release()
    bound = patterns.total
    patterns.require(Force(row, int(patterns.model.caps[row]) - room))
    patterns.solve(PASSES, bound - bound // 1000 * ENOUGH_PERMILLE)
    if patterns.total >= bound - bound // 1000 * WORTH_PERMILLE:
        return []
    return [_kept(patterns, row, room)]


def candidates_for_slack(found: Precedences, patterns: Patterns) -> list[int]:
    """Priced rows that the present mixture leaves room on, the most used first."""
    model, need = patterns.model, found.needs
    load = np.bincount(model.use_row, model.use_amount * np.repeat(patterns.x, np.diff(model.use_start)), model.rows)
    users = np.bincount(model.use_row, minlength=model.rows)
    open_rows = (
        (found.room < LARGEST) & patterns.blocks.dual & (need > 0) & (need < model.caps) & (load < model.caps - need)
    )
    open_rows[found.soft] = False
    rows = np.flatnonzero(open_rows)
    return [int(row) for row in rows[np.lexsort((rows, -users[rows]))][:MOST_ROWS]]


def _kept(patterns: Patterns, row: int, room: int) -> Slack:
    """The proof at hand, without the terms that have no price."""
    prices = patterns.prices
    priced = np.flatnonzero(prices.terms)
    kept = Prices(prices.scale, prices.rows.copy(), prices.terms[priced])
    return Slack(row, room, patterns.total, kept, tuple(patterns.terms[t] for t in priced.tolist()))
