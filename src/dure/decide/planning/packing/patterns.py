"""The best prices of all beside block knapsacks and terms: a linear programme over patterns.

A column is what one block may hold at once (a *pattern*: choices of different groups that fit the block's row), or one
choice of a group in no block. The linear programme mixes patterns; its dual values are prices at which `bound.evaluate`
finds the patterns that are missing. When none is, its value is the lowest L(p) there is for these blocks and terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from dure.decide.planning.packing.bound import Blocks, Prices, Relaxation, evaluate
from dure.decide.planning.packing.model import LARGEST, Bool, Int64, Model
from dure.decide.planning.packing.terms import Term, compress

Floats = NDArray[np.float64]

INERTIA = 0.7
"""Share of the best prices met so far in the prices tried next; keeps column generation from swinging."""

CLOSE = 1e-7
"""The relative distance of bound and linear programme at which prices count as best."""

MOST_PASSES = 300

STEEP = 20
"""What filling a forced row out of nothing would cost, as a multiple of the bound."""


@dataclass(frozen=True, slots=True, eq=False)
class Force:
    """A row of which at least `least` must be used, instead of at most its cap; it may not be a block."""

    row: int
    least: int


class Patterns:
    """A linear programme over patterns of `model`, kept in HiGHS and grown while it is solved.

    `total` is the best L (in 1/scale) met so far and `prices` the prices that prove it; `x` [choices] is the last
    mixture.
    """

    def __init__(self, model: Model, blocks: Blocks, alive: Bool, prices: Prices) -> None:
        self.model, self.blocks, self.alive = model, blocks, alive
        self.prices = Prices(prices.scale, np.where(blocks.dual, prices.rows, 0), np.empty(0, dtype=np.int64))
        self.terms: list[Term] = []
        self.force: Force | None = None
        self._iterations = 0
        self.x: Floats = np.zeros(model.choices)
        self._packed_terms = compress([])
        self._group_of = model.group_of()
        self._start = np.zeros(1, dtype=np.int64)
        self._choice = np.empty(0, dtype=np.int64)
        self._known: set[bytes] = set()
        self._unit = row_units(model)
        owner = np.where(blocks.of_group < 0, len(blocks.row) + np.arange(model.groups), blocks.of_group)
        self._owner_row: Int64 = model.rows + owner
        self._term_row = model.rows + len(blocks.row) + model.groups
        self._highs = self._open()
        self._missing = 0
        self._possible, self._closed = alive, np.empty(0, dtype=np.int64)
        self._served: dict[int, int] = {}
        self.total = self.relax(self.prices).total
        self._worth = max(1.0, self.total / prices.scale)
        self._held = self.total, self.prices

    def _open(self) -> Any:
        solver = highspy.Highs()
        for option, setting in (("output_flag", False), ("threads", 1), ("presolve", "off"), ("solver", "simplex")):
            solver.setOptionValue(option, setting)
        caps = np.where(self.blocks.dual, self.model.caps / self._unit, highspy.kHighsInf)
        upper = np.concatenate([caps, np.ones(self._term_row - self.model.rows)])
        rows, nothing = len(upper), np.empty(0, dtype=np.int32)
        lower = np.full(rows, -highspy.kHighsInf)
        solver.addRows(rows, lower, upper, 0, np.zeros(rows, dtype=np.int32), nothing, np.empty(0))
        return solver

    def relax(self, prices: Prices) -> Relaxation:
        """L at `prices`, with the forced row counted at what must be used of it."""
        found = evaluate(self.model, self.blocks, self._packed_terms, prices, self.alive)
        if self.force is not None:
            row, least = self.force.row, self.force.least
            found.total -= int(prices.rows[row]) * (int(self.model.caps[row]) - least)
        return found

    def add_choices(self, choices: Int64) -> int:
        """Bring in single choices of groups in no block; returns how many were new."""
        single = choices[self.alive[choices] & (self.blocks.of_group[self._group_of[choices]] < 0)]
        return self._add([single[k : k + 1] for k in range(len(single))])

    def _add_picked(self, relaxation: Relaxation) -> int:
        """Bring in what a relaxation picked: every block's pattern and every other group's choice."""
        block = self.blocks
        picked = relaxation.choice
        found = [
            members[members >= 0]
            for members in (picked[block.member[block.start[b] : block.start[b + 1]]] for b in range(len(block.row)))
        ]
        free = picked[(block.of_group < 0) & (picked >= 0)]
        return self._add([one for one in found if len(one)]) + self._add([free[k : k + 1] for k in range(len(free))])

    def _add(self, patterns: Sequence[Int64]) -> int:
        fresh = []
        for pattern in patterns:
            key = pattern.tobytes()
            if key not in self._known:
                self._known.add(key)
                fresh.append(pattern)
        if not fresh:
            return 0
        start = np.cumsum([0, *(len(pattern) for pattern in fresh)], dtype=np.int64)
        choice = np.concatenate(fresh)
        first, row, amount = self._entries(start, choice)
        worth = np.add.reduceat(self.model.value[choice], start[:-1]).astype(np.float64)
        count = len(fresh)
        self._highs.addCols(
            count, -worth, np.zeros(count), np.full(count, highspy.kHighsInf), len(row),
            first.astype(np.int32), row.astype(np.int32), amount,
        )  # fmt: skip
        self._start = np.concatenate([self._start, self._start[-1] + start[1:]])
        self._choice = np.concatenate([self._choice, choice])
        return count

    def _entries(self, start: Int64, choice: Int64) -> tuple[Int64, Int64, Floats]:
        """Column starts, row indices and coefficients of patterns: rows, the owner's row, terms; each once."""
        model, terms = self.model, self._packed_terms
        column = np.repeat(np.arange(len(start) - 1), np.diff(start))
        source, length = _ranges(model.use_start[choice], model.use_start[choice + 1])
        rows = model.use_row[source].astype(np.int64)
        parts = [
            (np.repeat(column, length), rows, model.use_amount[source] / self._unit[rows]),
            (np.arange(len(start) - 1), self._owner_row[self._group_of[choice[start[:-1]]]], np.ones(len(start) - 1)),
        ]
        if len(terms.cap):
            order, first = self._by_choice
            source, length = _ranges(first[choice], first[choice + 1])
            entry = order[source]
            at = np.searchsorted(terms.start, entry, side="right") - 1
            parts.append((np.repeat(column, length), self._term_row + at, terms.weight[entry] / self._term_size[at]))
        where, rows, amount = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        key, place = np.unique(where * (self._term_row + len(terms.cap)) + rows, return_inverse=True)
        height = self._term_row + len(terms.cap)
        first = np.searchsorted(key // height, np.arange(len(start) - 1)).astype(np.int64)
        return first, (key % height).astype(np.int64), np.bincount(place, amount).astype(np.float64)

    def add_terms(self, new: Sequence[Term]) -> None:
        """Bring in further inequalities, each scaled so that its largest weight is 1."""
        owner = np.repeat(np.arange(len(self._start) - 1), np.diff(self._start))
        weight = np.zeros(self.model.choices)
        for term in new:
            weight[term.choice] = term.weight / term.size
            column = np.bincount(owner, weight[self._choice], len(self._start) - 1)
            weight[term.choice] = 0.0
            index = np.flatnonzero(column)
            self._highs.addRow(
                -highspy.kHighsInf, term.cap / term.size, len(index), index.astype(np.int32), column[index]
            )
        self.terms += new
        self._packed_terms = packed = compress(self.terms)
        self._term_size = np.array([term.size for term in self.terms], dtype=np.float64)
        order = np.argsort(packed.choice, kind="stable")
        self._by_choice = order, np.searchsorted(packed.choice[order], np.arange(self.model.choices + 1))
        more = np.zeros(len(new), dtype=np.int64)
        self.prices = Prices(self.prices.scale, self.prices.rows, np.concatenate([self.prices.terms, more]))

    def require(self, force: Force) -> None:
        """Ask that a row be used at least so much; `total` and `prices` are those of that problem from now on."""
        self.release()
        self._held = self.total, self.prices
        self._highs.changeRowBounds(force.row, force.least / self._unit[force.row], highspy.kHighsInf)
        self._allow_missing(force)
        self.force = force
        self.total = self.relax(self.prices).total

    def release(self) -> None:
        """Take back what was required, if anything was."""
        if self.force is None:
            return
        row = self.force.row
        self._highs.changeRowBounds(row, -highspy.kHighsInf, self.model.caps[row] / self._unit[row])
        self._highs.changeColBounds(self._missing, 0.0, 0.0)
        self.force = None
        self.total, self.prices = self._held
        self.solve()

    def decide(self, served: Sequence[int], out: Sequence[int], prices: Prices) -> None:
        """Look at plans that serve the groups `served` and not those `out` only, with `prices` to begin with.

        Whoever must be served has a term of cap -1, which does not count where nothing is required of it.
        """
        for g in (g for g in served if g not in self._served):
            choice = np.arange(self.model.group_start[g], self.model.group_start[g + 1])
            self._served[g] = len(self.terms)
            self.add_terms([Term(choice, -np.ones(len(choice), dtype=np.int64), -1, g, -1)])
            row = np.array([self._term_row + self._served[g]], dtype=np.int32)
            self._highs.addCol(STEEP * self._worth, 0.0, highspy.kHighsInf, 1, row, -np.ones(1))
            self._start = np.concatenate([self._start, self._start[-1:]])
        for g, term in self._served.items():
            upper = -1.0 if g in served else highspy.kHighsInf
            self._highs.changeRowBounds(self._term_row + term, -highspy.kHighsInf, upper)
        self.alive = self._possible & ~np.isin(self._group_of, out)
        owner = np.repeat(np.arange(len(self._start) - 1), np.diff(self._start))
        self._bound_columns(self._closed, highspy.kHighsInf)
        self._closed = np.unique(owner[~self.alive[self._choice]])
        self._bound_columns(self._closed, 0.0)
        more = np.zeros(len(self.terms) - len(prices.terms), dtype=np.int64)
        self.prices = Prices(prices.scale, prices.rows, np.concatenate([prices.terms, more]))
        self.total = self.relax(self.prices).total

    def _bound_columns(self, columns: Int64, upper: float) -> None:
        none, most = np.zeros(len(columns)), np.full(len(columns), upper)
        self._highs.changeColsBounds(len(columns), columns.astype(np.int32), none, most)

    def take_iterations(self) -> int:
        """Simplex iterations since this was last asked."""
        taken, self._iterations = self._iterations, 0
        return taken

    def _allow_missing(self, force: Force) -> None:
        """Let the linear programme buy what is missing on a forced row, dearly, so that it always has an answer."""
        dear = STEEP * self._worth / max(1, force.least) * self._unit[force.row]
        row = np.array([force.row], dtype=np.int32)
        self._missing = self._highs.getNumCol()
        self._highs.addCol(dear, 0.0, highspy.kHighsInf, 1, row, np.ones(1))
        self._start = np.concatenate([self._start, self._start[-1:]])

    def solve(self, passes: int = MOST_PASSES, enough: int = -LARGEST, close: float = CLOSE) -> bool:
        """Generate patterns until no price is better, `passes` are done or `total` is below `enough`; updates `total`,
        `prices` and `x`. Answers whether no price is better by more than `close`."""
        self._add_picked(self.relax(self.prices))
        if not self._known:
            return True  # at these prices nothing is worth having: L is what the prices of the caps come to
        is_best = False
        for _ in range(passes):
            value = self._run()
            if value is None:
                return False  # the prices and the mixture known before stand
            for inertia in (INERTIA, 0.0):
                tried = self._mixed(inertia)
                relaxed = self.relax(tried)
                new = self._add_picked(relaxed)
                if relaxed.total < self.total:
                    self.total, self.prices = relaxed.total, tried
                if new:
                    break
            is_best = new == 0 or self.total <= value * self.prices.scale * (1 + close)
            if is_best or self.total < enough:
                break
        self._read_mixture()
        return is_best

    def _run(self) -> float | None:
        """Solve the linear programme from its last basis, or else from none; its value, None where HiGHS fails twice.

        HiGHS gives up where a basis is ill-conditioned ("unknown"), which mostly helps once the basis is forgotten.
        """
        for _ in range(2):
            self._highs.run()
            self._iterations += int(self._highs.getInfo().simplex_iteration_count)
            if self._highs.getModelStatus() == highspy.HighsModelStatus.kOptimal:
                self._dual = -np.array(self._highs.getSolution().row_dual)
                return -float(self._highs.getInfo().objective_function_value)
            self._highs.clearSolver()
        return None

    def _mixed(self, inertia: float) -> Prices:
        """Prices between the best so far and the linear programme's."""
        scale, known = self.prices.scale, self.prices
        dual = self._dual[: self.model.rows] / self._unit * scale
        term_dual = self._dual[self._term_row :]
        if len(term_dual):
            term_dual = term_dual / self._term_size * scale
        rows = np.rint(inertia * known.rows + (1 - inertia) * dual).astype(np.int64)
        least = np.zeros(self.model.rows, dtype=np.int64)
        if self.force is not None:
            least[self.force.row] = -(1 << 50)
        rows = np.where(self.blocks.dual, np.maximum(rows, least), 0)
        terms = np.maximum(0, np.rint(inertia * known.terms + (1 - inertia) * term_dual)).astype(np.int64)
        return Prices(scale, rows, terms)

    def _read_mixture(self) -> None:
        share = np.array(self._highs.getSolution().col_value)
        mixture = np.bincount(self._choice, np.repeat(share, np.diff(self._start)), self.model.choices)
        self.x = mixture.astype(np.float64)


def row_units(model: Model) -> Floats:
    """What the linear programme counts each row [rows] in, so that coefficients stay near one."""
    most = np.ones(model.rows)
    np.maximum.at(most, model.use_row, model.use_amount.astype(np.float64))
    return np.where(most > 1_000, most / 100, 1.0)


def _ranges(first: Int64, end: Int64) -> tuple[Int64, Int64]:
    """The indices first[0]…end[0]-1, first[1]…end[1]-1, … in one array, and the length of each."""
    length = end - first
    before = np.cumsum(length) - length
    return np.arange(int(length.sum())) - np.repeat(before - first, length), length
