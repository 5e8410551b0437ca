"""Price-guided annealing: force a promising choice in, evict what is worth least at the prices, refill, judge.

Integer arithmetic throughout, so that a seed gives the same plan on every machine.
"""

# ruff: noqa: ANN001, ANN201, ANN202
# (Numba infers the types of kernels, and compiles plain loops best.)

from __future__ import annotations

import math

import numba
import numpy as np

from dure.decide.planning.packing.model import Int64
from dure.decide.planning.packing.state import change, draw, fits, keep, undo

PATIENCE: Int64 = np.array([round(-1024 * math.log((k + 0.5) / 256)) for k in range(256)], dtype=np.int64)
"""Quantiles of the exponential law in 1/1024: a loss is accepted while 1024 * loss <= heat * a random one of these."""

SAMPLE = 12
"""Seats looked at when a row needs a victim, and candidates when a freed row is refilled."""

HOPELESS = -(1 << 50)
"""The change of worth of a move that cannot be made."""

LONGEST = 24
"""Evictions one move may make."""


@numba.njit(cache=True, nogil=True)
def _victim(board, r, keeper, regret, seed):  # type: ignore[no-untyped-def]
    """Of up to `SAMPLE` random seats on row r the choice with the least regret, never of group `keeper`; or -1."""
    best, at = 1 << 62, -1
    count = board.filled[r]
    if count == 0:
        return -1
    begin, looks = draw(seed, count), min(count, SAMPLE)
    stride = 1 if count <= SAMPLE else 1 + draw(seed, count // SAMPLE)
    for n in range(looks):
        k = board.seats[board.seat_start[r] + (begin + n * stride) % count]
        j = board.use_choice[k]
        if board.owner[j] != keeper and regret[j] < best:
            best, at = regret[j], j
    return at


@numba.njit(cache=True, nogil=True)
def _best_fit(board, g, bar):  # type: ignore[no-untyped-def]
    """The choice of g worth most that fits and is worth more than `bar`, or -1."""
    best, at = bar, -1
    for j in range(board.group_start[g], board.group_start[g + 1]):
        if board.worth[j] > best and fits(board, j):
            best, at = board.worth[j], j
    return at


@numba.njit(cache=True, nogil=True)
def force(board, j, regret, seed):  # type: ignore[no-untyped-def]
    """Hold choice j whatever it takes, evicting as few as seem worth little; logged.

    Returns the change of worth, or HOPELESS if no room could be made.
    """
    g = board.owner[j]
    delta = change(board, g, -1) if board.held[g] >= 0 else 0
    evicted = 0
    for k in range(board.use_start[j], board.use_start[j + 1]):
        r = board.use_row[k]
        while board.free[r] < board.use_amount[k]:
            out = _victim(board, r, g, regret, seed)
            if out < 0 or evicted == LONGEST:
                return HOPELESS
            delta += change(board, board.owner[out], -1)
            evicted += 1
    return delta + change(board, g, j)


@numba.njit(cache=True, nogil=True)
def refill(board, begin_at, near_start, near, seed):  # type: ignore[no-untyped-def]
    """Give what the changes since log entry `begin_at` freed to the evicted, then to random candidates; logged.

    `near[near_start[r] : near_start[r + 1]]` are the promising choices that use row r. Returns the worth gained.
    """
    gained, moves = 0, board.log_size[0]
    for at in range(begin_at, moves):
        g = board.log[2 * at]
        if board.held[g] < 0:
            j = _best_fit(board, g, 0)
            if j >= 0:
                gained += change(board, g, j)
    for at in range(begin_at, moves):
        out = board.log[2 * at + 1]
        if out < 0 or board.held[board.owner[out]] == out:
            continue
        uses = board.use_start[out + 1] - board.use_start[out]
        if uses == 0:
            continue
        r = board.use_row[board.use_start[out] + draw(seed, uses)]
        count = near_start[r + 1] - near_start[r]
        if count == 0:
            continue
        begin = draw(seed, count)
        for n in range(min(count, SAMPLE)):
            j = near[near_start[r] + (begin + n) % count]
            g = board.owner[j]
            if board.held[g] < 0 and fits(board, j):
                gained += change(board, g, j)
            elif board.held[g] >= 0 and board.worth[j] > board.worth[board.held[g]]:
                gained += _upgrade(board, g, j)
    return gained


@numba.njit(cache=True, nogil=True)
def _upgrade(board, g, j):  # type: ignore[no-untyped-def]
    """Let g change to choice j if that fits; logged. Returns the worth gained, 0 if it does not fit."""
    before = board.held[g]
    delta = change(board, g, -1)
    if fits(board, j):
        return delta + change(board, g, j)
    board.log_size[0] -= 1
    change(board, g, before)
    board.log_size[0] -= 1
    return 0


@numba.njit(cache=True, nogil=True)
def anneal(board, regret, targets, near_start, near, heat, cold, steps, patience, seed):  # type: ignore[no-untyped-def]
    """`steps` moves, cooling from `heat` to `cold` (in value units); returns the change of worth.

    `regret` [choices] is a choice's reduced value, `targets` the choices forced in at random.
    """
    total = 0
    for step in range(steps):
        j = targets[draw(seed, len(targets))]
        if board.held[board.owner[j]] == j:
            continue
        delta = force(board, j, regret, seed)
        if delta == HOPELESS:
            undo(board)
            continue
        delta += refill(board, 0, near_start, near, seed)
        warmth = cold + (heat - cold) * (steps - step) // steps
        if delta >= 0 or -delta * 1024 <= warmth * patience[draw(seed, 256)]:
            keep(board)
            total += delta
        else:
            undo(board)
    return total
