"""The search under the merit rule: every plan it keeps has no justified envy.

A move of `anneal` is made; if its worth passes, the envy it caused is settled by swaps, each of which puts a higher
score in the place of a lower one (so settling ends), and what they freed is refilled; then the whole is judged.
"""

# ruff: noqa: ANN001, ANN201, ANN202
# (Numba infers the types of kernels, and compiles plain loops best.)

from __future__ import annotations

import numba
import numpy as np

from dure.decide.planning.packing.anneal import HOPELESS, force, refill
from dure.decide.planning.packing.envy import best_swap, new_swap
from dure.decide.planning.packing.state import LOG_SPACE, change, draw, keep, undo

MOST_SWAPS = 40
"""Swaps one move may cause before it is taken back."""


@numba.njit(cache=True, nogil=True)
def _swap(board, i, found, near_start, near, seed):  # type: ignore[no-untyped-def]
    """Carry out the swap in `found` and refill what it freed; logged. Returns the change of worth."""
    before = board.log_size[0]
    delta = change(board, board.owner[found[1]], -1) if found[1] >= 0 else 0
    delta += change(board, i, found[0])
    return delta + refill(board, before, near_start, near, seed)


@numba.njit(cache=True, nogil=True)
def settle_all(board, rule, near_start, near, seed):  # type: ignore[no-untyped-def]
    """Swap until nobody has justified envy, whatever it costs; returns the change of worth. The log is left empty."""
    delta = 0
    found = np.empty(2, dtype=np.int64)
    again = True
    while again:
        again = False
        for i in rule.order:
            if board.held[i] < 0 and rule.may_envy[i] and best_swap(board, rule, i, found):
                delta += _swap(board, i, found, near_start, near, seed)
                keep(board)
                again = True
    return delta


@numba.njit(cache=True, nogil=True)
def _gather(board, from_log, news, news_size, stamp, mark):  # type: ignore[no-untyped-def]
    """Add the groups changed since log entry `from_log` to `news`, each once; returns how many there are now."""
    for at in range(from_log, board.log_size[0]):
        g = board.log[2 * at]
        if stamp[g] != mark:
            stamp[g] = mark
            news[news_size] = g
            news_size += 1
    return news_size


@numba.njit(cache=True, nogil=True)
def _settle_move(board, rule, near_start, near, floor, settled_free, news, stamp, mark, seed):  # type: ignore[no-untyped-def]
    """Settle the envy a logged move caused; returns the change of worth, HOPELESS once it is below `floor`."""
    delta, swaps, logged = 0, 0, 0
    found = np.empty(2, dtype=np.int64)
    size = _gather(board, 0, news, 0, stamp, mark)
    again = True
    while again:
        again = False
        for i in rule.order:
            if board.held[i] >= 0 or not rule.may_envy[i]:
                continue
            if stamp[i] == mark:
                envies = best_swap(board, rule, i, found)
            else:
                envies = new_swap(board, rule, i, settled_free, news, size, found)
            if not envies:
                continue
            logged = board.log_size[0]
            if swaps == MOST_SWAPS or logged > LOG_SPACE // 2:
                return HOPELESS
            delta += _swap(board, i, found, near_start, near, seed)
            if delta < floor:
                return HOPELESS
            size = _gather(board, logged, news, size, stamp, mark)
            swaps += 1
            again = True
    return delta


@numba.njit(cache=True, nogil=True)
def _remember(board, settled_free):  # type: ignore[no-untyped-def]
    """Bring `settled_free` up to date with the logged changes."""
    for at in range(board.log_size[0]):
        for j in (board.log[2 * at + 1], board.held[board.log[2 * at]]):
            if j >= 0:
                for k in range(board.use_start[j], board.use_start[j + 1]):
                    settled_free[board.use_row[k]] = board.free[board.use_row[k]]


@numba.njit(cache=True, nogil=True)
def _is_changed(board):  # type: ignore[no-untyped-def]
    """Whether the log has left anything different from before."""
    for at in range(board.log_size[0] - 1, -1, -1):
        g, before = board.log[2 * at], board.log[2 * at + 1]
        first = True
        for earlier in range(at):
            if board.log[2 * earlier] == g:
                first = False
                break
        if first and board.held[g] != before:
            return True
    return False


@numba.njit(cache=True, nogil=True)
def anneal_settled(board, rule, regret, targets, near_start, near, heat, cold, steps, patience, seed):  # type: ignore[no-untyped-def]
    """`steps` moves between plans without envy, cooling from `heat` to `cold`; returns the change of worth.

    Arguments as for `anneal.anneal`; the board must hold a plan without envy.
    """
    total = 0
    settled_free = board.free.copy()
    stamp, news = np.full(len(board.held), -1, dtype=np.int64), np.empty(len(board.held), dtype=np.int64)
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
        loss = (warmth * patience[draw(seed, 256)]) >> 10
        if delta < -loss or not _is_changed(board):
            undo(board)
            continue
        delta += _settle_move(board, rule, near_start, near, -loss - delta, settled_free, news, stamp, step, seed)
        if delta >= -loss:
            _remember(board, settled_free)
            keep(board)
            total += delta
        else:
            undo(board)
    return total
