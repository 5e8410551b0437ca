"""Who reviews what: an exact optimum under hard conflicts and even loads.

First the worst-off: the greatest t such that every proposal can have reviewers who all fit it at least t (or as well as
its own best allowed reviewers do, where those fit less). Then, within that, the greatest total fit. The second is a
transport problem, whose linear program has whole-number optima; it is solved over few pairs and all others are priced
with the dual values until none can improve it, so the bound holds for all pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt

from dure.core.errors import DureError

Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

SPREAD = 1  # loads may lie this far beyond an even share
_SHORT_COST = 100_000.0  # of a review that nobody gives: more than any gain in fit
_UNEVEN_COST = 2_000.0  # of a load below the even share
_FIRST_PAIRS = 12


@dataclass(frozen=True, slots=True)
class Side:
    """What limits the reviewers: how many more each may take, how many each has already."""

    limits: tuple[int, ...]
    loads: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Matching:
    """Pairs (proposal, reviewer) by index; `short` lists proposals that lack reviewers, and how many.

    `worst_permille` is the worst fit of any pair, `total_permille` the sum of all, `bound_permille` what no matching
    within the same floors can exceed.
    """

    pairs: tuple[tuple[int, int], ...]
    short: tuple[tuple[int, int], ...]
    floor_permille: int
    worst_permille: int
    total_permille: int
    bound_permille: int

    @property
    def is_optimal(self) -> bool:
        """Whether the total is proven to be the greatest possible."""
        return self.total_permille >= self.bound_permille


def match(fit: Ints, allowed: Bools, needs: Sequence[int], side: Side, *, lifts_worst: bool = True) -> Matching:
    """The best matching: proposal p gets `needs[p]` different reviewers among `allowed[p]`.

    `fit` in ‰, proposals by reviewers. Where not enough reviewers are allowed, `short` says so. Without `lifts_worst`
    only the total counts: the floor costs some of it, and both figures can be compared.
    """
    if not sum(needs):
        return Matching((), (), 0, 0, 0, 0)
    most, least = _bands(needs, side, allowed)
    floor = _worst_off(fit, allowed, needs, most) if lifts_worst else 0
    usable = allowed & (fit >= np.minimum(floor, _own_best(fit, allowed, needs))[:, None])
    pairs, short, bound = _Transport(fit, usable, needs, most, least).solve()
    fits = [int(fit[pair]) for pair in pairs]
    return Matching(tuple(pairs), tuple(short), floor, min(fits, default=0), sum(fits), bound)


def greedy(fit: Ints, allowed: Bools, needs: Sequence[int], limits: Sequence[int]) -> list[tuple[int, int]]:
    """Best pairs first, as long as loads allow: what the optimum is compared with."""
    left, need, found = list(limits), list(needs), []
    reviewers = fit.shape[1]
    for flat in np.argsort(-fit, axis=None, kind="stable"):
        p, r = divmod(int(flat), reviewers)
        if allowed[p, r] and left[r] and need[p]:
            left[r] -= 1
            need[p] -= 1
            found.append((p, r))
    return found


def _bands(needs: Sequence[int], side: Side, allowed: Bools) -> tuple[list[int], list[int]]:
    """The most and the fewest further reviews of each reviewer: an even share, give or take SPREAD, within limits."""
    wanted, level = sum(needs), 0
    while sum(_room(level, side)) < wanted and level < max(
        (a + b for a, b in zip(side.limits, side.loads, strict=True)), default=0
    ):
        level += 1
    most = _room(level + SPREAD, side)
    free = allowed.sum(axis=0) if allowed.size else np.zeros(len(most), dtype=np.int64)
    least = [min(int(f), m) for f, m in zip(free, _room(max(0, level - 1 - SPREAD), side), strict=True)]
    return most, least


def _room(level: int, side: Side) -> list[int]:
    return [min(limit, max(0, level - load)) for limit, load in zip(side.limits, side.loads, strict=True)]


def _own_best(fit: Ints, allowed: Bools, needs: Sequence[int]) -> Ints:
    """For each proposal the fit of its last reviewer if it could choose freely; 0 where it has too few."""
    ranked = -np.sort(-np.where(allowed, fit, -1), axis=1)
    columns = np.clip(np.asarray(needs) - 1, 0, max(0, fit.shape[1] - 1))
    if not fit.shape[1]:
        return np.zeros(fit.shape[0], dtype=np.int32)
    return np.asarray(np.maximum(0, ranked[np.arange(fit.shape[0]), columns]), dtype=np.int32)


def _worst_off(fit: Ints, allowed: Bools, needs: Sequence[int], most: Sequence[int]) -> int:
    """The greatest floor at which everybody can still be served; 0 when not even without one."""
    own = _own_best(fit, allowed, needs)
    levels = np.unique(np.concatenate([[0], fit[allowed]])) if allowed.any() else np.zeros(1, dtype=np.int32)
    low, high = 0, len(levels) - 1
    while low < high:
        middle = (low + high + 1) // 2
        usable = allowed & (fit >= np.minimum(levels[middle], own)[:, None])
        if _is_servable(usable, needs, most):
            low = middle
        else:
            high = middle - 1
    return int(levels[low])


def _is_servable(usable: Bools, needs: Sequence[int], most: Sequence[int]) -> bool:
    """Whether every proposal can get its reviewers within the loads: augmenting paths over bit sets."""
    order = np.argsort(usable.sum(axis=0), kind="stable")  # who fits few comes first, so that others stay free
    rows = [int.from_bytes(np.packbits(row, bitorder="little").tobytes(), "little") for row in usable[:, order]]
    left, holders = [most[r] for r in order], [0] * len(most)  # holders[r]: bit set of the proposals that r reviews
    given = [0] * len(rows)  # given[p]: bit set of the reviewers that p has
    spare = sum(1 << r for r, room in enumerate(left) if room)
    for p in np.argsort(usable.sum(axis=1), kind="stable"):
        for _ in range(needs[p]):
            target = _augment(int(p), rows, holders, given, spare)
            if target is None:
                return False
            left[target] -= 1
            if not left[target]:
                spare &= ~(1 << target)
    return True


def _augment(start: int, rows: list[int], holders: list[int], given: list[int], spare: int) -> int | None:
    """Give `start` one more reviewer, moving others along a path; the reviewer whose load grew, or None."""
    came_from: dict[int, int] = {}  # reviewer -> proposal that would take it
    taken: dict[int, int] = {start: -1}  # proposal -> reviewer it would hand on
    queue, seen, reached = [start], 0, 1 << start
    for p in queue:
        fresh = rows[p] & ~seen & ~given[p]
        direct = fresh & spare
        if direct:
            r = (direct & -direct).bit_length() - 1
            came_from[r] = p
            _flip(r, came_from, taken, holders, given)
            return r
        seen |= fresh
        for r in _bits(fresh):
            came_from[r] = p
            for q in _bits(holders[r] & ~reached):
                taken[q] = r
                queue.append(q)
            reached |= holders[r]
    return None


def _flip(r: int, came_from: dict[int, int], taken: dict[int, int], holders: list[int], given: list[int]) -> None:
    while True:
        p = came_from[r]
        holders[r] |= 1 << p
        given[p] |= 1 << r
        r = taken[p]
        if r < 0:
            return
        holders[r] &= ~(1 << p)
        given[p] &= ~(1 << r)


def _bits(mask: int) -> list[int]:
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found


class _Transport:
    """The linear program: least cost, where a pair costs −fit; grown by pairs that the duals ask for."""

    def __init__(
        self, fit: Ints, usable: Bools, needs: Sequence[int], most: Sequence[int], least: Sequence[int]
    ) -> None:
        self.fit, self.usable = fit, usable
        self.needs, self.most, self.least = needs, most, least
        self.proposals, self.reviewers = fit.shape
        self.inside = np.zeros_like(usable)
        self.pairs: list[tuple[int, int]] = []
        self.highs = highspy.Highs()
        self.highs.setOptionValue("output_flag", False)
        self.highs.setOptionValue("threads", 1)
        self._rows()

    def _rows(self) -> None:
        rows = self.proposals + self.reviewers
        lower = np.array([*self.needs, *self.least], dtype=np.float64)
        upper = np.array([*self.needs, *map(max, self.most, self.least)], dtype=np.float64)
        empty = np.empty(0, dtype=np.int32)
        self.highs.addRows(rows, lower, upper, 0, np.zeros(rows, dtype=np.int32), empty, np.empty(0))
        costs = np.array([_SHORT_COST] * self.proposals + [_UNEVEN_COST] * self.reviewers)
        each = np.arange(rows, dtype=np.int32)
        self.highs.addCols(rows, costs, np.zeros(rows), np.full(rows, 1e6), rows, each, each, np.ones(rows))

    def solve(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]], int]:
        """Pairs, shortages, and the bound on the total fit. Raises DureError when the solver gives up."""
        self._add(self._first())
        while True:
            self.highs.run()
            if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                raise DureError(internal=f"matching: {self.highs.getModelStatus()}")
            duals = np.array(self.highs.getSolution().row_dual)
            wanted = self._improving(duals)
            if not wanted.any():
                return self._read()
            self._add(wanted)

    def _first(self) -> Bools:
        count = min(self.reviewers, max(_FIRST_PAIRS, 3 * max(self.needs, default=0)))
        ranked = np.argsort(-np.where(self.usable, self.fit, -1), axis=1, kind="stable")[:, :count]
        first = np.zeros_like(self.usable)
        np.put_along_axis(first, ranked, True, axis=1)
        return first & self.usable

    def _improving(self, duals: npt.NDArray[np.float64]) -> Bools:
        reduced = -self.fit - duals[: self.proposals, None] - duals[None, self.proposals :]
        return np.asarray((reduced < -1e-6) & self.usable & ~self.inside)

    def _add(self, wanted: Bools) -> None:
        p, r = np.nonzero(wanted & ~self.inside)
        self.inside |= wanted
        self.pairs += zip(p.tolist(), r.tolist(), strict=True)
        count = len(p)
        index = np.column_stack([p, r + self.proposals]).astype(np.int32).ravel()
        starts = np.arange(0, 2 * count, 2, dtype=np.int32)
        costs = -self.fit[p, r].astype(np.float64)
        self.highs.addCols(count, costs, np.zeros(count), np.ones(count), 2 * count, starts, index, np.ones(2 * count))

    def _read(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]], int]:
        values = np.array(self.highs.getSolution().col_value)
        rows = self.proposals + self.reviewers
        chosen = [pair for pair, value in zip(self.pairs, values[rows:], strict=True) if value > 0.5]
        short = [(p, round(v)) for p, v in enumerate(values[: self.proposals]) if v > 0.5]
        penalties = _SHORT_COST * values[: self.proposals].sum() + _UNEVEN_COST * values[self.proposals : rows].sum()
        bound = int(np.floor(penalties - self.highs.getInfo().objective_function_value + 1e-4))
        return sorted(chosen), short, bound
