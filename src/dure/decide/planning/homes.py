"""Which leaf group each award goes to, over time: temporal bin packing by ejection.

An award without a home is put into the group where the awards in its way are cheapest to move; those become homeless in
turn. What an award costs to move rises each time it fails to find a home, so the search leaves no corner for good
(ejection with penalties, after Nagata and Bräysy, Oper. Res. Lett. 37, 2009). Between ejections awards are moved and
exchanged at random, which changes nothing in count and everything in what fits next. The best state met is kept, and at
the end awards are drawn together so that free nodes lie in one piece.
"""

# ruff: noqa: ANN001, ANN201, ANN202, SIM110
# (Numba infers types, and compiles loops but not generator expressions.)

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dure.decide.planning.kernels import compiled

Ints = npt.NDArray[np.int64]

HOMELESS = -1
VISITS = 8_000_000
"""Awards looked at before the search gives up; well under a second of one core."""
MOST_ROUNDS = 30_000
SHAKES = 40
"""Random moves between two ejections."""


def homes(free: Ints, start: Ints, end: Ints, nodes: Ints) -> Ints:
    """The leaf group of each award, -1 where none was found. `free` [leaf, slot] nodes; awards in order of start.

    The same input gives the same answer. `free` is left with what the awards leave.
    """
    home = np.full(len(start), HOMELESS, dtype=np.int64)
    if len(free) and len(start):
        rounds = min(MOST_ROUNDS, VISITS // len(start) + 10)
        _search(free, start, end, nodes, home, rounds, np.array([len(start) + 1], dtype=np.uint64))
    return home


@compiled
def draw(seed, count):  # type: ignore[no-untyped-def]
    """A number below `count` (splitmix64: Steele, Lea, Flood, OOPSLA 2014)."""
    seed[0] += np.uint64(0x9E3779B97F4A7C15)
    z = seed[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.int64((z ^ (z >> np.uint64(31))) % np.uint64(count))


@compiled
def _put(free, start, end, nodes, home, k, leaf):  # type: ignore[no-untyped-def]
    """Move award `k` to `leaf`, or out of any with HOMELESS."""
    if home[k] >= 0:
        free[home[k], start[k] : end[k]] += nodes[k]
    home[k] = leaf
    if leaf >= 0:
        free[leaf, start[k] : end[k]] -= nodes[k]


@compiled
def _fits(free, start, end, nodes, k, leaf):  # type: ignore[no-untyped-def]
    """Whether award `k` fits into `leaf` as it stands."""
    for t in range(start[k], end[k]):
        if free[leaf, t] < nodes[k]:
            return False
    return True


@compiled
def _tightest(free, start, end, nodes, k):  # type: ignore[no-untyped-def]
    """The group where award `k` fits with least to spare over its time, HOMELESS for none."""
    best, least = HOMELESS, np.int64(0)
    for leaf in range(len(free)):
        if _fits(free, start, end, nodes, k, leaf):
            spare = free[leaf, start[k] : end[k]].sum()
            if best == HOMELESS or spare < least:
                best, least = leaf, spare
    return best


@compiled
def _in_the_way(free, start, end, nodes, home, k, leaf, cost, lack, out, seed):  # type: ignore[no-untyped-def]
    """Awards to move out of `leaf` so that `k` fits, into `out`; their number and their cost (-1: it never fits).

    `lack` [slots] is room to work in.
    """
    missing = np.int64(0)
    for t in range(start[k], end[k]):
        lack[t] = max(0, nodes[k] - free[leaf, t])
        missing += lack[t]
    count, total = 0, np.int64(0)
    while missing > 0:
        best, best_worth = -1, 0.0
        for one in range(len(home)):
            if home[one] != leaf or start[one] >= end[k] or start[k] >= end[one]:
                continue
            is_out = False
            for at in range(count):
                is_out |= out[at] == one
            if is_out:
                continue
            helps = np.int64(0)
            for t in range(max(start[k], start[one]), min(end[k], end[one])):
                helps += min(lack[t], nodes[one])
            worth = helps * (900 + draw(seed, 200)) / cost[one]
            if helps > 0 and worth > best_worth:
                best, best_worth = one, worth
        if best < 0 or count == len(out):
            return 0, np.int64(-1)
        for t in range(max(start[k], start[best]), min(end[k], end[best])):
            missing -= min(lack[t], nodes[best])
            lack[t] -= min(lack[t], nodes[best])
        out[count] = best
        count, total = count + 1, total + cost[best]
    return count, total


@compiled
def _eject(free, start, end, nodes, home, k, cost, lack, seed):  # type: ignore[no-untyped-def]
    """Put `k` where those in its way cost least and make them homeless; False where it fits in no group at all."""
    out, chosen = np.empty(12, dtype=np.int64), np.empty(12, dtype=np.int64)
    best, best_count, best_cost = HOMELESS, 0, np.int64(0)
    for leaf in range(len(free)):
        count, total = _in_the_way(free, start, end, nodes, home, k, leaf, cost, lack, out, seed)
        if total >= 0 and (best == HOMELESS or total < best_cost or (total == best_cost and draw(seed, 2) == 0)):
            best, best_count, best_cost = leaf, count, total
            chosen[:count] = out[:count]
    if best == HOMELESS:
        return False
    for at in range(best_count):
        _put(free, start, end, nodes, home, chosen[at], HOMELESS)
    _put(free, start, end, nodes, home, k, best)
    return True


@compiled
def _shake(free, start, end, nodes, home, seed):  # type: ignore[no-untyped-def]
    """Random moves and exchanges between groups that all fit."""
    for _ in range(SHAKES):
        one, two = draw(seed, len(home)), draw(seed, len(home))
        first = home[one]
        if first == HOMELESS:
            continue
        second = home[two]
        if second in (first, HOMELESS) or draw(seed, 2) == 0:
            leaf = draw(seed, len(free))
            if leaf != first and _fits(free, start, end, nodes, one, leaf):
                _put(free, start, end, nodes, home, one, leaf)
            continue
        _put(free, start, end, nodes, home, one, HOMELESS)
        _put(free, start, end, nodes, home, two, HOMELESS)
        if _fits(free, start, end, nodes, one, second) and _fits(free, start, end, nodes, two, first):
            _put(free, start, end, nodes, home, one, second)
            _put(free, start, end, nodes, home, two, first)
        else:
            _put(free, start, end, nodes, home, one, first)
            _put(free, start, end, nodes, home, two, second)


@compiled
def _search(free, start, end, nodes, home, rounds, seed):  # type: ignore[no-untyped-def]
    """Fill `home`: best fit in order, then ejections until all have a home or `rounds` are over."""
    lack = np.zeros(free.shape[1], dtype=np.int64)
    cost = np.ones(len(home), dtype=np.int64)
    hopeless = np.zeros(len(home), dtype=np.bool_)
    for k in range(len(home)):
        _put(free, start, end, nodes, home, k, _tightest(free, start, end, nodes, k))
    best, fewest = home.copy(), len(home) + 1
    for _ in range(rounds):
        waiting = np.flatnonzero((home == HOMELESS) & ~hopeless)
        for one in waiting:
            _put(free, start, end, nodes, home, one, _tightest(free, start, end, nodes, one))
        waiting = np.flatnonzero((home == HOMELESS) & ~hopeless)
        if len(waiting) < fewest:
            fewest = len(waiting)
            best[:] = home
        if len(waiting) == 0 or len(free) == 1:
            break
        one = waiting[draw(seed, len(waiting))]
        cost[one] += 1
        if not _eject(free, start, end, nodes, home, one, cost, lack, seed):
            hopeless[one] = True
        _shake(free, start, end, nodes, home, seed)
    for k in range(len(home)):
        _put(free, start, end, nodes, home, k, HOMELESS)
    for k in range(len(home)):
        _put(free, start, end, nodes, home, k, best[k])
    _draw_together(free, start, end, nodes, home)


@compiled
def _draw_together(free, start, end, nodes, home):  # type: ignore[no-untyped-def]
    """Move awards to fuller groups while any moves: free nodes then lie in as few groups as may be."""
    for _ in range(20):
        is_moved = False
        for k in range(len(home)):
            had = home[k]
            if had == HOMELESS:
                continue
            _put(free, start, end, nodes, home, k, HOMELESS)
            leaf = _tightest(free, start, end, nodes, k)
            is_fuller = free[leaf, start[k] : end[k]].sum() < free[had, start[k] : end[k]].sum()
            _put(free, start, end, nodes, home, k, leaf if is_fuller else had)
            is_moved |= is_fuller
        if not is_moved:
            return
