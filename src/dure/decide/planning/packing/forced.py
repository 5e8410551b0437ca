"""What the bound becomes when one choice is forced in: prices of taking each choice, exact within its knapsack.

The difference to the bound is how much a plan that takes the choice must lose against it. A choice that must lose more
than the gap between the bound and a plan in hand is in no better plan (see `core`).
"""

# ruff: noqa: ANN001, ANN202
# (Numba infers the types of kernels, and compiles plain loops best.)

from __future__ import annotations

import numba
import numpy as np

from dure.decide.planning.packing.bound import Blocks, Relaxation
from dure.decide.planning.packing.model import Int64, Model

LARGEST_TABLE = 1 << 24
"""Cells of a knapsack table; a larger block has fine-grained members, and its price of zero is close enough."""


@numba.njit(cache=True, nogil=True)
def _tables(members, width, group_start, amount, reduced):  # type: ignore[no-untyped-def]
    """Table m [width + 1] is the best pick of the first m members within each load."""
    table = np.zeros((len(members) + 1, width + 1), dtype=np.int64)
    for m in range(len(members)):
        g = members[m]
        before, after = table[m], table[m + 1]
        after[:] = before
        for j in range(group_start[g], group_start[g + 1]):
            worth, need = reduced[j], amount[j]
            if worth > 0:
                for w in range(need, width + 1):
                    if before[w - need] + worth > after[w]:
                        after[w] = before[w - need] + worth
    return table


@numba.njit(cache=True, nogil=True)
def _beside(before, behind, width):  # type: ignore[no-untyped-def]
    """The best both tables [width + 1] hold together within `width`."""
    best = before[width] + behind[0]
    for w in range(width):
        if before[w] + behind[width - w] > best:
            best = before[w] + behind[width - w]
    return best


@numba.njit(cache=True, nogil=True)
def _force_block(members, width, group_start, amount, reduced, taken, left):  # type: ignore[no-untyped-def]
    """For one block: the change of its best when a choice is forced in [choices], when a group is left out [groups]."""
    ahead = _tables(members, width, group_start, amount, reduced)
    behind = _tables(members[::-1], width, group_start, amount, reduced)
    best = ahead[len(members)][width]
    known = np.empty(width + 1, dtype=np.int64)
    for m in range(len(members)):
        g = members[m]
        before, after = ahead[m], behind[len(members) - m - 1]
        known[:] = -1
        left[g] = _beside(before, after, width) - best
        for j in range(group_start[g], group_start[g + 1]):
            room = width - amount[j]
            if room < 0:
                taken[j] = -(1 << 60)
                continue
            if known[room] < 0:
                known[room] = _beside(before, after, room)
            taken[j] = known[room] + reduced[j] - best


@numba.njit(cache=True, nogil=True)
def _always_fits(members, width, group_start, amount, reduced):  # type: ignore[no-untyped-def]
    """Whether the best choices of all members fit together, even if one of them takes its largest instead."""
    load, largest = 0, 0
    for g in members:
        best, at = 0, -1
        for j in range(group_start[g], group_start[g + 1]):
            largest = max(largest, amount[j])
            if reduced[j] > best:
                best, at = reduced[j], j
        if at >= 0:
            load += amount[at]
    return load + largest <= width


@numba.njit(cache=True, nogil=True)
def _force(group_start, of_group, block_start, member, width, amount, reduced, top, taken, left):  # type: ignore[no-untyped-def]
    """Fill `taken` and `left` for every group."""
    for g in range(len(group_start) - 1):
        if of_group[g] < 0:
            left[g] = -top[g]
            for j in range(group_start[g], group_start[g + 1]):
                taken[j] = reduced[j] - top[g]
    for b in range(len(width)):
        members = member[block_start[b] : block_start[b + 1]]
        if len(members) * width[b] > LARGEST_TABLE or _always_fits(members, width[b], group_start, amount, reduced):
            for g in members:
                left[g] = -top[g]
                for j in range(group_start[g], group_start[g + 1]):
                    taken[j] = min(0, reduced[j] - top[g])
            continue
        _force_block(members, width[b], group_start, amount, reduced, taken, left)


def forced(model: Model, blocks: Blocks, relaxation: Relaxation) -> tuple[Int64, Int64]:
    """By how much the bound of `relaxation` changes when each choice [choices] is taken, when each group [groups] is
    left out; never positive, in 1/scale of a value unit."""
    taken, left = np.empty(model.choices, dtype=np.int64), np.empty(model.groups, dtype=np.int64)
    _force(
        model.group_start, blocks.of_group, blocks.start, blocks.member, blocks.width, blocks.amount,
        relaxation.reduced, relaxation.top, taken, left,
    )  # fmt: skip
    return taken, left
