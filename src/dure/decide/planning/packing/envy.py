"""Justified envy on a board: who could take whose place, found by looking only at the seats that matter.

Group i, unserved and eligible, has justified envy of served group j when both are in one track, j is not shielded,
score[i] >= score[j] + delta, and some choice of i fits once j is gone, all else unchanged.
"""

# ruff: noqa: ANN001, ANN201, ANN202, SIM110
# (Numba infers the types of kernels, and compiles plain loops best.)

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numba
import numpy as np

from dure.decide.planning.packing.model import Bool, Int64, Model, absolute
from dure.decide.planning.packing.state import open_board, possible


@dataclass(frozen=True, slots=True, eq=False)
class Merit:
    """The merit order of a model's groups; all arrays [groups].

    `score` in any integer unit, `delta` in the same; `track` any labels; `shielded` marks groups nobody may envy;
    `may_envy` the groups whose envy counts; `soft` lists rows on which nobody can prove that room is left.
    """

    score: Int64
    track: Int64
    shielded: Bool
    may_envy: Bool
    delta: int
    soft: Int64 = field(default_factory=lambda: np.empty(0, dtype=np.int64))


NO_SWAP = -(1 << 60)
NEW_ROOM = -1

TRACES = 63
"""Rows of one remainder by this share a bit of `Rule.trace`."""


class Rule(NamedTuple):
    """`Merit` as the kernels read it: the candidates of group g are `lean[lean_start[g] : lean_start[g + 1]]`, its
    choices that no other of its choices undercuts on every row; `order` [groups] goes from the highest score down,
    and of several swaps the one with most `pull` [choices] in for `pull` out is made. `trace` [choices] has a bit for
    every row a choice uses; a choice that lacks another's bit does not use all of its rows."""

    score: Int64
    track: Int64
    shielded: Bool
    may_envy: Bool
    delta: int
    lean_start: Int64
    lean: Int64
    order: Int64
    pull: Int64
    trace: Int64


def rule_of(model: Model, merit: Merit, pull: Int64 | None = None) -> Rule:
    """The rule for the kernels; swaps are ranked by `pull` [choices], by value if none is given."""
    least = possible(model)
    _drop_undercut(model.group_start, model.use_start, model.use_row, model.use_amount, model.rows, least)
    lean = np.flatnonzero(least)
    order = np.lexsort((np.arange(model.groups), -merit.score)).astype(np.int64)
    return Rule(
        np.asarray(merit.score, dtype=np.int64),
        np.asarray(merit.track, dtype=np.int64),
        np.asarray(merit.shielded, dtype=np.bool_),
        np.asarray(merit.may_envy, dtype=np.bool_),
        int(merit.delta),
        np.searchsorted(lean, model.group_start),
        lean,
        order,
        model.value if pull is None else pull,
        _traces(model),
    )


def _traces(model: Model) -> Int64:
    """Per choice [choices] the bits of the rows it uses."""
    owner = np.repeat(np.arange(model.choices), np.diff(model.use_start))
    found = np.zeros(model.choices, dtype=np.int64)
    np.bitwise_or.at(found, owner, np.left_shift(np.int64(1), (model.use_row % TRACES).astype(np.int64)))
    return found


@numba.njit(cache=True, nogil=True)
def _drop_undercut(group_start, use_start, use_row, use_amount, rows, least):  # type: ignore[no-untyped-def]
    """Clear `least` [choices] where another such choice of the group uses no more of any row."""
    load = np.zeros(rows, dtype=np.int64)
    for g in range(len(group_start) - 1):
        for big in range(group_start[g], group_start[g + 1]):
            if not least[big]:
                continue
            for k in range(use_start[big], use_start[big + 1]):
                load[use_row[k]] += use_amount[k]
            for small in range(group_start[g], group_start[g + 1]):
                if small == big or not least[small]:
                    continue
                under, length = True, 0
                for k in range(use_start[small], use_start[small + 1]):
                    if use_amount[k] > load[use_row[k]]:
                        under = False
                        break
                    length += use_amount[k]
                if under and (length < _sum(use_start, use_amount, big) or small < big):
                    least[big] = False
                    break
            for k in range(use_start[big], use_start[big + 1]):
                load[use_row[k]] = 0


@numba.njit(cache=True, nogil=True)
def _sum(use_start, use_amount, j):  # type: ignore[no-untyped-def]
    """All amounts of choice j added up."""
    total = 0
    for k in range(use_start[j], use_start[j + 1]):
        total += use_amount[k]
    return total


@numba.njit(cache=True, nogil=True)
def _covers(board, j, c):  # type: ignore[no-untyped-def]
    """Whether choice c fits once the held choice j is gone."""
    for k in range(board.use_start[c], board.use_start[c + 1]):
        r = board.use_row[k]
        short = board.use_amount[k] - board.free[r]
        if short > 0:
            for h in range(board.use_start[j], board.use_start[j + 1]):
                if board.use_row[h] == r:
                    short -= board.use_amount[h]
            if short > 0:
                return False
    return True


@numba.njit(cache=True, nogil=True)
def may_displace(rule, i, g):  # type: ignore[no-untyped-def]
    """Whether merit lets group i envy group g at all."""
    return rule.track[i] == rule.track[g] and not rule.shielded[g] and rule.score[i] >= rule.score[g] + rule.delta


@numba.njit(cache=True, nogil=True)
def _tightest(board, c):  # type: ignore[no-untyped-def]
    """The use of choice c that does not fit and whose row has the fewest seats taken; -1 if c fits."""
    best, at = 1 << 62, -1
    for k in range(board.use_start[c], board.use_start[c + 1]):
        r = board.use_row[k]
        if board.use_amount[k] > board.free[r] and board.filled[r] < best:
            best, at = board.filled[r], k
    return at


@numba.njit(cache=True, nogil=True)
def _swap_through(board, rule, i, c, best, found):  # type: ignore[no-untyped-def]
    """Improve on `best`, the pull gained by the swap in `found`, with swaps that let i in with choice c."""
    k = _tightest(board, c)
    if k < 0:
        if rule.pull[c] > best and _envies_anyone(board, rule, i):
            found[0], found[1] = c, -1
            return rule.pull[c]
        return best
    r = board.use_row[k]
    short = board.use_amount[k] - board.free[r]
    for seat in range(board.seat_start[r], board.seat_start[r] + board.filled[r]):
        use = board.seats[seat]
        if board.use_amount[use] < short:
            continue
        j = board.use_choice[use]
        gain = rule.pull[c] - rule.pull[j]
        better = gain > best or (gain == best and j < found[1])
        if better and may_displace(rule, i, board.owner[j]) and _covers(board, j, c):
            best = gain
            found[0], found[1] = c, j
    return best


@numba.njit(cache=True, nogil=True)
def best_swap(board, rule, i, found):  # type: ignore[no-untyped-def]
    """The swap by which group i justly gets in that has most pull; whether there is one.

    `found` [2] receives the choice of i and the held choice to drop (-1 where i fits beside a lower award).
    """
    best = NO_SWAP
    for at in range(rule.lean_start[i], rule.lean_start[i + 1]):
        best = _swap_through(board, rule, i, rule.lean[at], best, found)
    return best > NO_SWAP


@numba.njit(cache=True, nogil=True)
def new_swap(board, rule, i, settled_free, news, news_size, found):  # type: ignore[no-untyped-def]
    """`best_swap` among what has become possible since a plan without envy that left `settled_free` [rows] free.

    `news[:news_size]` are the groups that hold something else since. A swap is new only if a row of the choice that had
    too little room then has more now, or if it drops one of the news.
    """
    best, used = NO_SWAP, np.int64(0)
    for n in range(news_size):
        g = news[n]
        if board.held[g] >= 0 and may_displace(rule, i, g):
            used |= rule.trace[board.held[g]]
    for at in range(rule.lean_start[i], rule.lean_start[i + 1]):
        c = rule.lean[at]
        short = _short_rows(board, c, settled_free)
        if short == NEW_ROOM:
            best = _swap_through(board, rule, i, c, best, found)
            continue
        if short & ~used:
            continue
        for n in range(news_size):
            g = news[n]
            j = board.held[g]
            if j < 0 or short & ~rule.trace[j] or rule.pull[c] - rule.pull[j] <= best:
                continue
            if may_displace(rule, i, g) and _covers(board, j, c):
                best = rule.pull[c] - rule.pull[j]
                found[0], found[1] = c, j
    return best > NO_SWAP


@numba.njit(cache=True, nogil=True)
def _short_rows(board, c, settled_free):  # type: ignore[no-untyped-def]
    """The bits, as in `Rule.trace`, of the rows on which choice c does not fit; NEW_ROOM if one of its rows that had
    too little room in `settled_free` [rows] has more now."""
    found = np.int64(0)
    for k in range(board.use_start[c], board.use_start[c + 1]):
        r, amount = board.use_row[k], board.use_amount[k]
        if settled_free[r] < amount and settled_free[r] < board.free[r]:
            return NEW_ROOM
        if amount > board.free[r]:
            found |= np.int64(1) << np.int64(r % TRACES)
    return found


@numba.njit(cache=True, nogil=True)
def _envies_anyone(board, rule, i):  # type: ignore[no-untyped-def]
    """Whether any served group is one that i may displace."""
    for g in range(len(board.held)):
        if board.held[g] >= 0 and may_displace(rule, i, g):
            return True
    return False


@numba.njit(cache=True, nogil=True)
def count_envious(board, rule):  # type: ignore[no-untyped-def]
    """How many groups have justified envy."""
    found = np.empty(2, dtype=np.int64)
    count = 0
    for i in range(len(board.held)):
        if board.held[i] < 0 and rule.may_envy[i] and best_swap(board, rule, i, found):
            count += 1
    return count


def envy_count(model: Model, merit: Merit, choice: Int64) -> int:
    """How many groups of the plan `choice` ([groups], places within the group or -1) have justified envy."""
    board = open_board(model, model.value, absolute(model, choice))
    return int(count_envious(board, rule_of(model, merit)))
