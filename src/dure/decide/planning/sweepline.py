"""Leaf groups slot by slot: where a cluster is full, awards that start together must fill exactly what has become free.

States are partial placements up to a slot. Each is continued by several random packings of the awards that start there,
and the best few hundred go on: fewest split awards first, then those whose awards end together in one group, because
what ends together leaves one large gap instead of many small ones (a beam search). An award that fits in no group takes
what is free over its whole time in as few groups as possible.
"""

# ruff: noqa: ANN001, ANN202
# (Numba infers types, and compiles loops best.)

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dure.decide.planning.homes import draw
from dure.decide.planning.kernels import compiled

Ints = npt.NDArray[np.int64]

TRIES = 30
"""Packings tried for each state."""
WORK, WIDEST = 2_000_000_000, 400
"""Looks at a group one search may take, and the most states it keeps from slot to slot."""
SEARCHES = 20
"""Searches with other draws, for as long as some award is split: every other one from the last slot to the first."""
LOST = 1_000
"""An award that found too few nodes counts as so many splits."""


def shares(free: Ints, start: Ints, end: Ints, nodes: Ints) -> Ints:
    """[award, leaf] nodes each award takes of each group; a row sums to less than `nodes` where too few were free.

    `free` [leaf, slot]. The same input gives the same answer.
    """
    best, fewest = np.zeros((len(start), len(free)), dtype=np.int64), (LOST + 1) * len(start) + 1
    if not len(start) or not len(free):
        return best
    slots = free.shape[1]
    ways = ((free, start, end), (free[:, ::-1], slots - end, slots - start))
    for search in range(SEARCHES):
        room, first, last = ways[search % 2]
        fewest = _search(room, first, last, nodes, len(start) + 7 + search, best, fewest)
        if not fewest:
            break
    return best


def _search(free: Ints, start: Ints, end: Ints, nodes: Ints, seed: int, best: Ints, fewest: int) -> int:
    """One search, into `best` if it splits fewer than `fewest`; the fewest splits then. Splits only add up, so it ends
    where all its states have as many."""
    order = np.lexsort((end, -nodes, start))
    free, start, end, nodes = np.ascontiguousarray(free), start[order], end[order], nodes[order]
    width = max(20, min(WIDEST, WORK // (TRIES * len(start) * len(free) * 25)))
    steps, falls = len(np.unique(start)), _falls(free)
    parent, seeds = np.zeros((steps, width), dtype=np.int64), np.zeros((steps, width), dtype=np.uint64)
    chance = np.array([seed], dtype=np.uint64)
    splits = int(_beam(free, falls, start, end, nodes, TRIES, parent, seeds, chance, fewest))
    if splits < fewest:
        best[order] = _again(free, falls, start, end, nodes, parent, seeds)
    return splits


def _falls(free: Ints) -> Ints:
    """[leaf, slot] the first later slot at which the group has fewer nodes than the slot before."""
    found = np.full(free.shape, free.shape[1], dtype=np.int64)
    for t in range(free.shape[1] - 2, -1, -1):
        found[:, t] = np.where(free[:, t + 1] < free[:, t], t + 1, found[:, t + 1])
    return found


@compiled
def _room(free, falls, load, leaf, first, last):  # type: ignore[no-untyped-def]
    """Nodes of `leaf` free throughout the slots. Nothing placed starts later, so load only falls: the first slot tells
    for as long as the group itself does not lose nodes."""
    least = free[leaf, first] - load[leaf, first]
    for t in range(falls[leaf, first], last):
        least = min(least, free[leaf, t] - load[leaf, t])
    return least


@compiled
def _add(load, ends, taken, k, leaf, first, last, count):  # type: ignore[no-untyped-def]
    """Give award `k` `count` nodes of `leaf`; returns how much more ends together."""
    load[leaf, first:last] += count
    gain = 2 * ends[leaf, last] * count + count * count
    ends[leaf, last] += count
    taken[k, leaf] += count
    return gain


@compiled
def _pack(free, falls, start, end, nodes, first, last, order, load, ends, taken, seed):  # type: ignore[no-untyped-def]
    """Place awards first…last-1, which start together, at random, large ones mostly first; (splits, together)."""
    count = last - first
    weight = np.empty(count, dtype=np.float64)
    keen = draw(seed, 3)
    for at in range(count):
        weight[at] = -(nodes[first + at] * (1.0 if keen else 0.3) + draw(seed, 1000) / 250.0)
    order[:count] = np.argsort(weight) + first
    splits, together = 0, np.int64(0)
    for at in range(count):
        k = order[at]
        best, best_worth = -1, np.int64(0)
        for leaf in range(len(free)):
            room = _room(free, falls, load, leaf, start[k], end[k])
            if room >= nodes[k]:
                worth = 40 * (64 - min(room - nodes[k], 64)) + 30 * min(ends[leaf, end[k]], 32) + draw(seed, 600)
                worth += 2_000 if room == nodes[k] else 0
                if best < 0 or worth > best_worth:
                    best, best_worth = leaf, worth
        if best >= 0:
            together += _add(load, ends, taken, k, best, start[k], end[k], nodes[k])
            order[at] = -1
    for at in range(count):
        k = order[at]
        if k < 0:
            continue
        splits += 1
        left = nodes[k]
        while left > 0:
            best, most = -1, np.int64(0)
            for leaf in range(len(free)):
                room = _room(free, falls, load, leaf, start[k], end[k])
                if room > most:
                    best, most = leaf, room
            if best < 0:
                splits += LOST
                break
            together += _add(load, ends, taken, k, best, start[k], end[k], min(left, most))
            left -= min(left, most)
    return splits, together


@compiled
def _upto(start, first):  # type: ignore[no-untyped-def]
    """The end of the awards that start when award `first` does."""
    last = first
    while last < len(start) and start[last] == start[first]:
        last += 1
    return last


@compiled
def _beam(free, falls, start, end, nodes, tries, parent, seeds, seed, limit):  # type: ignore[no-untyped-def]
    """Fill `parent` and `seeds` [step, state]: from which state, with which draws, each state kept was reached; the
    best come first. Returns the splits of the best, or `limit` as soon as no state has fewer."""
    leaves, slots, count, width = free.shape[0], free.shape[1], len(start), parent.shape[1]
    load, ends = np.zeros((2, width, leaves, slots), np.int16), np.zeros((2, width, leaves, slots + 1), np.int16)
    one_load, one_ends = load[0, 0].copy(), ends[0, 0].copy()
    splits, together = np.zeros(width, dtype=np.int64), np.zeros(width, dtype=np.int64)
    order, nowhere = np.empty(count, dtype=np.int64), np.zeros((count, leaves), dtype=np.int16)
    alive, first, again = 1, 0, np.empty(1, dtype=np.uint64)
    for step in range(len(parent)):
        now, then = step % 2, (step + 1) % 2
        last = _upto(start, first)
        worth, drawn = np.empty(alive * tries, dtype=np.int64), np.empty(alive * tries, dtype=np.uint64)
        found = np.empty((alive * tries, 2), dtype=np.int64)
        for child in range(alive * tries):
            state = child // tries
            one_load[:], one_ends[:] = load[now, state], ends[now, state]
            drawn[child] = seed[0]
            more, gain = _pack(free, falls, start, end, nodes, first, last, order, one_load, one_ends, nowhere, seed)
            found[child, 0], found[child, 1] = splits[state] + more, together[state] + gain
            worth[child] = found[child, 0] * 1_000_000_000 - found[child, 1]
        kept, before = 0, np.int64(-1)
        for child in np.argsort(worth):
            if kept == width or found[child, 0] >= limit:
                break
            if before >= 0 and worth[child] == worth[before]:
                continue
            before = child
            parent[step, kept], seeds[step, kept], again[0] = child // tries, drawn[child], drawn[child]
            load[then, kept], ends[then, kept] = load[now, child // tries], ends[now, child // tries]
            _pack(
                free, falls, start, end, nodes, first, last, order, load[then, kept], ends[then, kept], nowhere, again
            )
            splits[kept], together[kept] = found[child, 0], found[child, 1]
            kept += 1
        if kept == 0:
            return limit
        alive, first = kept, last
    return splits[0]


@compiled
def _again(free, falls, start, end, nodes, parent, seeds):  # type: ignore[no-untyped-def]
    """[award, leaf] nodes: the way to the best state, walked once more."""
    leaves, slots, steps = free.shape[0], free.shape[1], len(parent)
    way = np.empty(steps, dtype=np.uint64)
    state = np.int64(0)
    for step in range(steps - 1, -1, -1):
        way[step] = seeds[step, state]
        state = parent[step, state]
    load, ends = np.zeros((leaves, slots), np.int16), np.zeros((leaves, slots + 1), np.int16)
    taken, order = np.zeros((len(start), leaves), dtype=np.int16), np.empty(len(start), dtype=np.int64)
    first, seed = 0, np.empty(1, dtype=np.uint64)
    for step in range(steps):
        last = _upto(start, first)
        seed[0] = way[step]
        _pack(free, falls, start, end, nodes, first, last, order, load, ends, taken, seed)
        first = last
    return taken.astype(np.int64)
