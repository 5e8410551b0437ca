"""Inequalities from rounding: what whole choices can never make of some rows, although fractions of them do.

Add up rows with whole multipliers u into sum a[j] x[j] <= b; where u is negative, the row stands with what is left of
it. A group's choices sum to at most 1, so of group g any amount c[g] may be taken off each of its choices and off
leaving it out. Divide by d and round (mixed-integer rounding, Nemhauser and Wolsey 1990): with beta = b - sum c[g],
r = beta mod d and F(a) = (a div d) (d - r) + max(0, a mod d - r), every plan obeys

    sum over choices of (F(a[j] - c[g]) - F(-c[g]) + n[j]) x[j]  <=  (beta div d) (d - r) - sum of F(-c[g]) + N

where n[j] is what j uses of the rows with negative u, times -u, and N their caps times -u. Both sides may be divided by
a whole number and cut, for small weights. Whoever knows u, d and c can derive it again; a certificate holds no more.

Which u and c are worth having is read from the linear relaxation, as Gomory did: a fractional choice in its basis names
the combination of rows that makes it so. Rows that cannot be told apart (clusters of one kind in one month) are added
up before, because otherwise the relaxation evades every inequality by moving choices between them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from dure.decide.planning.packing.master import Floats
from dure.decide.planning.packing.model import Bool, Int64, Model
from dure.decide.planning.packing.patterns import row_units
from dure.decide.planning.packing.terms import Rounding, Term

FINENESS = 10_000
"""The divisor: multipliers of the basis are cut to this fraction."""

MULTIPLES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 11)
"""Multiples of a basis row that are rounded, with either sign."""

MOST_FRACTIONS = 60
MOST_TERMS = 40
MOST_ROUNDS = 12
LEAST_BREACH = 1e-5
"""How much a term must be broken, relative to the length of its weights."""

ALIKE = 0.95
"""Terms of one round whose weights point more alike than this (cosine) are one."""

LARGEST_WEIGHT = 1_000_000
LARGEST_SUM = float(1 << 50)
WHOLE = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Pools:
    """What to round: sets of rows that cannot be told apart, and the rows [rows] that may be used at all."""

    rows: Sequence[Int64]
    usable: Bool


def rounded(amount: Int64, divisor: int, left: int) -> Int64:
    """F of the module's text."""
    return np.asarray(amount // divisor * (divisor - left) + np.maximum(0, amount % divisor - left))


def length(weight: Int64) -> float:
    """Euclidean. Added up here: BLAS sums in an order that depends on its threads, and plans may not."""
    return math.sqrt(float(np.square(weight.astype(np.float64)).sum()))


class Roundings:
    """A linear relaxation of `model` with the rows of each pool added up, grown by the terms it breaks.

    `terms` holds those found so far, `iterations` the simplex iterations of the last solution. Column k of `group` is
    worth `value` and uses `row` by `amount` where `owner` is k; `column` [choices] is the one that stands for a choice.
    """

    def __init__(self, model: Model, pools: Pools, alive: Bool) -> None:
        self.model, self.terms = model, list[Term]()
        self._sets = _sets(model.rows, pools.rows)
        place = np.empty(model.rows, dtype=np.int64)
        for at, rows in enumerate(self._sets):
            place[rows] = at
        self.caps = np.array([int(model.caps[rows].sum()) for rows in self._sets], dtype=np.int64)
        self._usable = np.array([bool(pools.usable[rows].all()) for rows in self._sets])
        self._merge(place, alive)
        self._may_free = np.zeros(model.groups, dtype=np.bool_)
        self._may_free[self.group[self.owner[self._usable[self.row]]]] = True
        self.highs = self._open()
        self._solve()

    def _merge(self, place: Int64, alive: Bool) -> None:
        """One column for all choices of a group that use the same of every sum: the one with the highest value."""
        model, height = self.model, len(self._sets)
        choice = np.repeat(np.arange(model.choices), np.diff(model.use_start))
        key, at = np.unique(choice * height + place[model.use_row], return_inverse=True)
        amount = np.bincount(at, model.use_amount).astype(np.int64)
        owner, row = key // height, key % height
        start = np.searchsorted(owner, np.arange(model.choices + 1))
        group = model.group_of().astype(np.int64)
        known: dict[tuple[int, bytes, bytes], int] = {}
        self.column = np.empty(model.choices, dtype=np.int64)
        kept: list[int] = []
        for j in np.lexsort((-model.value, ~alive)).tolist():
            part = slice(start[j], start[j + 1])
            same = (int(group[j]), row[part].tobytes(), amount[part].tobytes())
            if same not in known:
                known[same] = len(kept)
                kept.append(j)
            self.column[j] = known[same]
        parts = [np.arange(start[j], start[j + 1]) for j in kept]
        source = np.concatenate([np.empty(0, dtype=np.int64), *parts])
        self.row, self.amount = row[source], amount[source]
        self.owner = np.repeat(np.arange(len(kept)), [len(part) for part in parts])
        self.value, self.group, self.alive = model.value[kept], group[kept], alive[kept]

    def _open(self) -> Any:
        """The relaxation in HiGHS: a row per sum, then one per group."""
        sums, columns = len(self._sets), len(self.value)
        most = row_units(self.model)
        self._unit = np.array([float(most[rows].max()) for rows in self._sets])
        solver = highspy.Highs()
        for option, setting in (("output_flag", False), ("threads", 1), ("presolve", "off"), ("solver", "simplex")):
            solver.setOptionValue(option, setting)
        order = np.argsort(np.concatenate([self.owner, np.arange(columns)]), kind="stable")
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = columns, sums + self.model.groups
        lp.col_cost_ = -self.value.astype(np.float64)
        lp.col_lower_ = np.zeros(columns)
        lp.col_upper_ = np.where(self.alive, highspy.kHighsInf, 0.0)
        lp.row_lower_ = np.full(lp.num_row_, -highspy.kHighsInf)
        lp.row_upper_ = np.concatenate([self.caps / self._unit, np.ones(self.model.groups)])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = np.searchsorted(np.sort(self.owner), np.arange(columns + 1)) + np.arange(columns + 1)
        lp.a_matrix_.index_ = np.concatenate([self.row, sums + self.group])[order]
        lp.a_matrix_.value_ = np.concatenate([self.amount / self._unit[self.row], np.ones(columns)])[order]
        solver.passModel(lp)
        return solver

    def _solve(self) -> None:
        self.highs.run()
        if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"the linear programme of sums ended as {self.highs.getModelStatus()}")
        self.x: Floats = np.array(self.highs.getSolution().col_value)
        self.iterations = int(self.highs.getInfo().simplex_iteration_count)

    def total(self) -> float:
        """The value of the last solution."""
        return -float(self.highs.getInfo().objective_function_value)

    def round(self) -> int:
        """Take in the terms that the relaxation breaks most and solve it again; returns how many were new."""
        found = [one for y in self._basis_rows() for one in self._roundings(y)]
        found.sort(key=lambda one: -one[0])
        taken: list[Floats] = []
        for _, one, weight, cap in found:
            direction = weight / length(weight)
            if len(taken) < MOST_TERMS and all(abs(float((direction * other).sum())) < ALIKE for other in taken):
                taken.append(direction)
                self._add(one, weight, cap)
        if taken:
            self._solve()
        return len(taken)

    def _basis_rows(self) -> list[Floats]:
        """The combination of sums and groups behind each fractional column of the basis, the most fractional first."""
        basic = np.array(self.highs.getBasicVariables()[1])
        share = np.where(basic >= 0, self.x[np.maximum(basic, 0)], 0.0)
        fractional = np.flatnonzero((share > WHOLE) & (share < 1 - WHOLE))
        order = fractional[np.argsort(np.abs(share[fractional] - 0.5), kind="stable")][:MOST_FRACTIONS]
        height = len(self._sets) + self.model.groups
        rows = (np.array(self.highs.getBasisInverseRow(int(i))[1])[:height] for i in order)
        return [np.concatenate([y[: len(self._sets)] / self._unit, y[len(self._sets) :]]) for y in rows]

    def _roundings(self, y: Floats) -> list[tuple[float, Rounding, Int64, int]]:
        """The broken roundings of multiples of one combination: (breach, what it is, weights per column, cap)."""
        found = []
        for multiple in MULTIPLES:
            for sign in (1, -1):
                whole = np.rint(sign * multiple * FINENESS * y)
                whole[: len(self._sets)][~self._usable] = 0.0
                whole[len(self._sets) :][~self._may_free] = 0.0
                one = self._rounding(whole[: len(self._sets)], -whole[len(self._sets) :])
                if one is not None:
                    found.append(one)
        return found

    def _rounding(self, factor: Floats, free: Floats) -> tuple[float, Rounding, Int64, int] | None:
        """The rounding of the sums times `factor` with `free` [groups] taken off, if it is broken."""
        if not factor.any() or float(np.abs(factor) @ self.caps) + float(np.abs(free).sum()) > LARGEST_SUM:
            return None
        u, taken, columns = factor.astype(np.int64), free.astype(np.int64), len(self.value)
        amount = np.bincount(self.owner, self.amount * factor[self.row], columns).astype(np.int64)
        beta = int(u @ self.caps) - int(taken.sum())
        left = beta % FINENESS
        if left * 1000 < FINENESS or left * 1000 > 999 * FINENESS:
            return None
        less, back = taken[self.group], np.minimum(u, 0)
        weight = rounded(amount - less, FINENESS, left) - rounded(-less, FINENESS, left)
        weight -= np.bincount(self.owner, self.amount * back[self.row].astype(np.float64), columns).astype(np.int64)
        cap = beta // FINENESS * (FINENESS - left) - int(rounded(-taken, FINENESS, left).sum()) - int(back @ self.caps)
        shrink = int(np.abs(weight).max(initial=0)) // LARGEST_WEIGHT + 1
        weight, cap = weight // shrink, cap // shrink
        breach = (float((weight * self.x).sum()) - cap) / max(1.0, length(weight))
        if breach < LEAST_BREACH:
            return None
        rows = tuple((int(r), int(u[at])) for at in np.flatnonzero(u) for r in self._sets[at])
        groups = tuple((int(g), int(taken[g])) for g in np.flatnonzero(taken))
        return breach, Rounding(tuple(sorted(rows)), FINENESS, groups, shrink), weight, cap

    def _add(self, one: Rounding, weight: Int64, cap: int) -> None:
        size = float(np.abs(weight).max())
        index = np.flatnonzero(weight)
        self.highs.addRow(-highspy.kHighsInf, cap / size, len(index), index.astype(np.int32), weight[index] / size)
        every = weight[self.column]
        choice = np.flatnonzero(every)
        self.terms.append(Term(choice, every[choice], cap, -1, -1, rounding=one))


def _sets(rows: int, pools: Sequence[Int64]) -> list[Int64]:
    """The pools, then every other row by itself."""
    alone = np.ones(rows, dtype=np.bool_)
    for pool in pools:
        alone[pool] = False
    return [*pools, *(np.array([r]) for r in np.flatnonzero(alone))]
