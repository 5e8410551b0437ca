"""Prices by subgradient descent on L(p): no linear programme, a few passes over the choices per unit of work."""

# ruff: noqa: ANN001, ANN202
# (Numba infers the types of kernels, and compiles plain loops best.)

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from dure.decide.planning.packing.bound import Blocks, Prices, price_terms, reduced_values, relax
from dure.decide.planning.packing.model import Bool, Int32, Int64, Model
from dure.decide.planning.packing.terms import Terms

Floats = NDArray[np.float64]

PATIENCE = 20
"""Steps without progress before the step length shrinks and the search returns to the best prices."""


@numba.njit(cache=True, nogil=True)
def _slopes(caps, dual, use_start, use_row, use_amount, choice, gauge, load, slope):  # type: ignore[no-untyped-def]
    """Slack of every dualised row under `choice`, in units of `gauge` [rows], into `slope` [rows]."""
    load[:] = 0
    for g in range(len(choice)):
        j = choice[g]
        if j >= 0:
            for k in range(use_start[j], use_start[j + 1]):
                load[use_row[k]] += use_amount[k]
    for r in range(len(caps)):
        slope[r] = (caps[r] - load[r]) / gauge[r] if dual[r] else 0.0


@numba.njit(cache=True, nogil=True)
def _term_slopes(start, choice, weight, cap, held, picked, gauge, slope):  # type: ignore[no-untyped-def]
    """The same for terms, under `held` [groups]; `picked` [choices] is all False and is left so."""
    for j in held:
        if j >= 0:
            picked[j] = True
    for t in range(len(cap)):
        load = 0
        for k in range(start[t], start[t + 1]):
            if picked[choice[k]]:
                load += weight[k]
        slope[t] = (cap[t] - load) / gauge[t]
    for j in held:
        if j >= 0:
            picked[j] = False


@numba.njit(cache=True, nogil=True)
def _at_caps(rows, caps, term_prices, term_cap):  # type: ignore[no-untyped-def]
    """Prices times caps, added up in integers (which may wrap) and in floating point (which tells)."""
    total, rough = 0, 0.0
    for r in range(len(caps)):
        total += rows[r] * caps[r]
        rough += float(rows[r]) * caps[r]
    for t in range(len(term_cap)):
        total += term_prices[t] * term_cap[t]
    return total, rough


@numba.njit(cache=True, nogil=True)
def _follow(slope, momentum, direction, prices):  # type: ignore[no-untyped-def]
    """Mix `slope` into `direction`, blocked where a zero price would fall; returns the squared length."""
    length = 0.0
    for r in range(len(slope)):
        direction[r] = slope[r] + momentum * direction[r]
        if prices[r] == 0 and direction[r] > 0:
            direction[r] = 0.0
        length += direction[r] * direction[r]
    return length


@numba.njit(cache=True, nogil=True)
def _move(prices, gauge, direction, step, limit):  # type: ignore[no-untyped-def]
    """Prices one step against `direction`, kept within 0 and `limit`."""
    for r in range(len(prices)):
        worth = prices[r] - step * direction[r] / gauge[r]
        prices[r] = int(min(max(worth, 0.0), limit[r]) + 0.5)


@numba.njit(cache=True, nogil=True)
def _descend(model, blocks, terms, alive, scale, target, rows, term_prices, limit, gauges, steps):  # type: ignore[no-untyped-def]
    """`steps` descent steps from `rows` [rows] and `term_prices` [terms]; both leave holding the best prices met.

    `model` is (caps, group_start, value, use_start, use_row, use_amount); `blocks` (start, member, width, amount,
    dual); `terms` (start, choice, weight, cap). `target` is a value known to be attainable, in 1/scale. Returns L.
    """
    caps, group_start, value, use_start, use_row, use_amount = model
    block_start, member, width, amount, dual = blocks
    term_start, term_choice, term_weight, term_cap = terms
    gauge, term_gauge = gauges
    groups = len(group_start) - 1
    reduced = np.empty(len(value), dtype=np.int64)
    picked = np.zeros(len(value), dtype=np.bool_)
    choice, top = np.empty(groups, dtype=np.int64), np.empty(groups, dtype=np.int64)
    load, slope, direction = np.empty(len(caps), dtype=np.int64), np.empty(len(caps)), np.zeros(len(caps))
    term_slope, term_direction = np.empty(len(term_cap)), np.zeros(len(term_cap))
    term_limit = np.full(len(term_cap), 1e17)
    best_rows, best_terms = rows.copy(), term_prices.copy()
    best, reach, stalled = 1 << 62, 1.0, 0
    for _ in range(steps):
        reduced_values(use_start, use_row, use_amount, value, scale, rows, alive, reduced)
        price_terms(term_start, term_choice, term_weight, term_prices, reduced)
        total = relax(group_start, block_start, member, width, amount, reduced, choice, top)
        fixed, rough = _at_caps(rows, caps, term_prices, term_cap)
        total += fixed
        stalled += 1
        if rough > 4e18:
            stalled = PATIENCE + 1  # a step so long that 64 bits may not hold the total
        elif total < best:
            if best - total > 1e-5 * best:
                stalled = 0
            best = total
            best_rows[:], best_terms[:] = rows, term_prices
        if stalled > PATIENCE:
            reach, stalled = reach * 0.8, 0
            rows[:], term_prices[:] = best_rows, best_terms
            direction[:], term_direction[:] = 0.0, 0.0
            continue
        _slopes(caps, dual, use_start, use_row, use_amount, choice, gauge, load, slope)
        _term_slopes(term_start, term_choice, term_weight, term_cap, choice, picked, term_gauge, term_slope)
        length = _follow(slope, 0.9, direction, rows) + _follow(term_slope, 0.9, term_direction, term_prices)
        if length == 0.0 or total <= target or reach < 1e-4:
            break
        stride = reach * (total - target) / length
        _move(rows, gauge, direction, stride, limit)
        _move(term_prices, term_gauge, term_direction, stride, term_limit)
    rows[:], term_prices[:] = best_rows, best_terms
    return best


def descend(
    model: Model, blocks: Blocks, terms: Terms, alive: Bool, start: Prices, target: int, steps: int
) -> tuple[int, Prices]:
    """The best L (in 1/scale) met in at most `steps` steps from `start`, and its prices.

    `target` is an attained value in value units; the nearer to the optimum, the better the steps.
    """
    rows, term_prices = np.where(blocks.dual, start.rows, 0), start.terms.copy()
    total = _descend(
        (model.caps, model.group_start, model.value, model.use_start, model.use_row, model.use_amount),
        (blocks.start, blocks.member, blocks.width, blocks.amount, blocks.dual),
        (terms.start, terms.choice, terms.weight, terms.cap),
        alive,
        start.scale,
        target * start.scale,
        rows,
        term_prices,
        price_limits(model, start.scale),
        (_gauge(model.caps, model.use_row, model.use_amount), _term_gauge(terms)),
        steps,
    )
    return int(total), Prices(start.scale, rows, term_prices)


def price_limits(model: Model, scale: int) -> Int64:
    """The price of each row [rows] above which no choice that uses the row is worth anything."""
    limit = np.zeros(model.rows, dtype=np.int64)
    value = np.repeat(np.maximum(model.value, 0), np.diff(model.use_start)) * scale
    used = model.use_amount > 0
    np.maximum.at(limit, model.use_row[used], value[used] // model.use_amount[used] + 1)
    return limit


def _gauge(caps: Int64, use_row: Int32, use_amount: Int64) -> Floats:
    """The unit of slack of each row [rows]: sqrt(cap * mean amount), about the spread of a random full load.

    It makes steps alike for rows that count servers, server-months or money, and hardly depends on the unit.
    """
    total = np.bincount(use_row, use_amount, len(caps))
    mean = total / np.maximum(np.bincount(use_row, minlength=len(caps)), 1)
    return np.asarray(np.sqrt(np.maximum(caps, 1) * np.maximum(mean, 1.0)))


def _term_gauge(terms: Terms) -> Floats:
    """The same for terms [terms], from the mean size of their weights."""
    size = np.add.reduceat(np.abs(terms.weight), terms.start[:-1]) if len(terms.cap) else np.empty(0)
    mean = size / np.maximum(np.diff(terms.start), 1)
    return np.asarray(np.sqrt(np.maximum(terms.cap, mean) * np.maximum(mean, 1.0)))
