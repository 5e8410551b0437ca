"""The proven bound: prices for rows, exact knapsacks for block rows, all in integers.

For prices p >= 0 (in 1/scale of a value unit) on the dualised rows, and block rows kept as they are,

    scale * optimum  <=  L(p) = sum over dualised rows p[r] caps[r]
                              + sum over groups in no block of max(0, best rv[j] in the group)
                              + sum over blocks of the best pick of at most one choice per group within the block's cap

with rv[j] = scale * value[j] - sum p[r] amount[r, j]. Any p >= 0 gives a valid bound, so a checker needs the
prices and nothing else: a loop over choices and one knapsack table per block.
"""

# ruff: noqa: ANN001, ANN201
# (Numba infers the types of kernels, and compiles plain loops best.)

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from dure.decide.planning.packing.model import Bool, Int64, Model
from dure.decide.planning.packing.terms import Terms

WIDEST = 1 << 16
"""Largest knapsack table, in steps of the greatest common divisor of the amounts."""


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Rows kept as exact knapsacks. No group touches two of them.

    `row` [blocks], the row of each block; `of_group` [groups], the block of each group or -1; `start` [blocks + 1]
    and `member` list the groups block by block; `amount` [choices], what a choice uses of its block's row in steps;
    `width` [blocks], the cap in steps; `dual` [rows], True where a row is priced instead.
    """

    row: Int64
    of_group: Int64
    start: Int64
    member: Int64
    amount: Int64
    width: Int64
    dual: Bool


def price_scale(model: Model) -> int:
    """The scale of prices: the largest power of ten up to a million that keeps every sum far from 64 bits."""
    best = np.zeros(model.groups, dtype=np.int64)
    np.maximum.at(best, model.group_of(), np.maximum(model.value, 0))
    total, scale = int(best.sum()), 1_000_000
    while scale > 1 and total * scale > 1 << 58:
        scale //= 10
    return scale


def group_exclusive(model: Model, wanted: Int64) -> Int64:
    """The rows of `wanted` that can be blocks together, taken in the given order.

    A row is taken if none of its groups belongs to a row already taken and its table is no wider than `WIDEST`.
    """
    group_of = model.group_of()
    use_group = np.repeat(group_of, np.diff(model.use_start))
    order = np.argsort(model.use_row, kind="stable")
    start = np.searchsorted(model.use_row[order], np.arange(model.rows + 1))
    taken = np.zeros(model.groups, dtype=np.bool_)
    chosen: list[int] = []
    for r in wanted.tolist():
        uses = order[start[r] : start[r + 1]]
        uses = uses[model.use_amount[uses] > 0]
        groups = np.unique(use_group[uses])
        if len(uses) == 0 or taken[groups].any():
            continue
        if model.caps[r] // np.gcd.reduce(model.use_amount[uses]) <= WIDEST:
            taken[groups] = True
            chosen.append(r)
    return np.array(chosen, dtype=np.int64)


def blocks_of(model: Model, rows: Int64) -> Blocks:
    """The block structure of `rows`, which must be group-exclusive (see `group_exclusive`)."""
    index = np.full(model.rows, -1, dtype=np.int64)
    index[rows] = np.arange(len(rows))
    uses = np.flatnonzero((index[model.use_row] >= 0) & (model.use_amount > 0))
    use_choice = np.repeat(np.arange(model.choices), np.diff(model.use_start))[uses]
    block = index[model.use_row[uses]]
    step = np.zeros(len(rows), dtype=np.int64)
    np.gcd.at(step, block, model.use_amount[uses])
    step = np.maximum(step, 1)
    amount = np.zeros(model.choices, dtype=np.int64)
    amount[use_choice] = model.use_amount[uses] // step[block]
    of_group = np.full(model.groups, -1, dtype=np.int64)
    of_group[model.group_of()[use_choice]] = block
    member = np.argsort(of_group, kind="stable")[(of_group < 0).sum() :]
    start = np.searchsorted(of_group[member], np.arange(len(rows) + 1))
    dual = np.ones(model.rows, dtype=np.bool_)
    dual[rows] = False
    return Blocks(rows, of_group, start, member, amount, model.caps[rows] // step, dual)


@numba.njit(cache=True, nogil=True)
def reduced_values(use_start, use_row, use_amount, value, scale, prices, alive, out):  # type: ignore[no-untyped-def]
    """Fill `out` [choices] with scale * value - price of what the choice uses; barred choices get a hopeless value."""
    for j in range(len(value)):
        if not alive[j]:
            out[j] = -(1 << 60)
            continue
        worth = scale * value[j]
        for k in range(use_start[j], use_start[j + 1]):
            worth -= prices[use_row[k]] * use_amount[k]
        out[j] = worth


@numba.njit(cache=True, nogil=True)
def best_choices(group_start, reduced, choice, top):  # type: ignore[no-untyped-def]
    """The best positive choice of each group into `choice` [groups] (-1 if none) and its reduced value into `top`."""
    for g in range(len(group_start) - 1):
        best, at = 0, -1
        for j in range(group_start[g], group_start[g + 1]):
            if reduced[j] > best:
                best, at = reduced[j], j
        choice[g], top[g] = at, best


@numba.njit(cache=True, nogil=True)
def knapsack(members, width, group_start, amount, reduced, choice, top):  # type: ignore[no-untyped-def]
    """Best pick of at most one choice per group of `members` within `width` steps; returns its reduced value.

    `choice` and `top` come in with each group's best choice and leave with the knapsack's (top 0 where dropped).
    When the best choices fit together they are the answer and no table is made.
    """
    load, free_total = 0, 0
    for g in members:
        if choice[g] >= 0:
            load += amount[choice[g]]
            free_total += top[g]
    if load <= width:
        return free_total
    size = width + 1
    table = np.zeros(size, dtype=np.int64)
    taken = np.full((len(members), size), -1, dtype=np.int32)
    for m in range(len(members)):
        g = members[m]
        if choice[g] < 0:
            continue
        before = table.copy()
        row = taken[m]
        for j in range(group_start[g], group_start[g + 1]):
            worth, need = reduced[j], amount[j]
            if worth <= 0:
                continue
            for w in range(need, size):
                if before[w - need] + worth > table[w]:
                    table[w] = before[w - need] + worth
                    row[w] = j
    w = width
    for m in range(len(members) - 1, -1, -1):
        g = members[m]
        j = taken[m, w]
        choice[g] = j
        top[g] = 0
        if j >= 0:
            top[g] = reduced[j]
            w -= amount[j]
    return table[width]


@numba.njit(cache=True, nogil=True)
def price_terms(start, choice, weight, prices, reduced):  # type: ignore[no-untyped-def]
    """Subtract each priced term's weight times its price from `reduced` [choices]."""
    for t in range(len(prices)):
        if prices[t] != 0:
            for k in range(start[t], start[t + 1]):
                reduced[choice[k]] -= prices[t] * weight[k]


@numba.njit(cache=True, nogil=True)
def relax(group_start, block_start, block_member, block_width, amount, reduced, choice, top):  # type: ignore[no-untyped-def]
    """The part of L(p) left to the groups, in 1/scale of a value unit; fills `choice` and `top` [groups]."""
    best_choices(group_start, reduced, choice, top)
    for b in range(len(block_width)):
        members = block_member[block_start[b] : block_start[b + 1]]
        knapsack(members, block_width[b], group_start, amount, reduced, choice, top)
    total = 0
    for g in range(len(top)):
        total += top[g]
    return total


@dataclass(slots=True)
class Relaxation:
    """One evaluation of the Lagrangian: its value, the choices it picked, and the reduced values behind it."""

    total: int
    choice: Int64
    top: Int64
    reduced: Int64


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """Integer prices in 1/scale of a value unit: one per row [rows] and one per term [terms]."""

    scale: int
    rows: Int64
    terms: Int64


def evaluate(model: Model, blocks: Blocks, terms: Terms, prices: Prices, alive: Bool) -> Relaxation:
    """L at `prices`; the prices of block rows are taken as zero, choices not `alive` as absent."""
    charged = np.where(blocks.dual, prices.rows, 0)
    reduced = np.empty(model.choices, dtype=np.int64)
    choice, top = np.empty(model.groups, dtype=np.int64), np.empty(model.groups, dtype=np.int64)
    reduced_values(model.use_start, model.use_row, model.use_amount, model.value, prices.scale, charged, alive, reduced)
    price_terms(terms.start, terms.choice, terms.weight, prices.terms, reduced)
    total = relax(model.group_start, blocks.start, blocks.member, blocks.width, blocks.amount, reduced, choice, top)
    fixed = int(charged @ model.caps) + int(prices.terms @ terms.cap)
    return Relaxation(int(total) + fixed, choice, top, reduced)
