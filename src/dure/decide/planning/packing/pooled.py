"""Search where rows of a pool are one row: without the many ways to say the same, a far smaller problem.

A plan of the pooled model is found by annealing and then bettered in *windows*: all but a few of its choices are held
fast, and the few are decided anew by branching on the linear relaxation with its terms from rounding, which is nearly
whole there. What comes out need only be distributed over the rows of each pool, again by annealing (`split`); what does
not fit any more is given up.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from dure.decide.planning.chance import Chance
from dure.decide.planning.packing.master import Floats
from dure.decide.planning.packing.model import Int64, Model, build
from dure.decide.planning.packing.rounding import WHOLE, Roundings
from dure.decide.planning.packing.search import Heat, best_of, field, greedy, open_chains, run_round, share_best
from dure.decide.planning.packing.state import Board

FREE = 60
"""Held choices a window decides anew."""

WINDOW_ITERATIONS = 1_500
"""Simplex iterations one window may take."""

PATIENCE = 40
"""Windows without a better plan before the search gives up."""

SPLIT_HEATS = (100, 50, 33, 100, 50, 33)
"""Heat of the rounds that distribute a plan over the rows of its pools, in permille of a mean value."""

SPLIT_STEPS = 60_000


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """The pooled model; its choice k is column `column[k]` of the relaxation it comes from."""

    model: Model
    column: Int64


def pooled(found: Roundings) -> Pooled:
    """The model of sums of rows."""
    order = np.argsort(found.group, kind="stable")
    first = np.searchsorted(found.owner, np.arange(len(order) + 1))
    parts = [np.arange(first[c], first[c + 1]) for c in order.tolist()]
    source = np.concatenate([np.empty(0, dtype=np.int64), *parts])
    model = build(
        found.caps,
        np.searchsorted(found.group[order], np.arange(found.model.groups + 1)),
        found.value[order],
        np.cumsum([0, *(len(part) for part in parts)]),
        found.row[source].astype(np.int32),
        found.amount[source],
    )
    return Pooled(model, order)


class Windows:
    """Betters the plan `columns` of the relaxation `found`, window by window, the first of which is everything.

    `failed` counts those in vain, `rounds` all.
    """

    def __init__(self, found: Roundings, columns: Int64) -> None:
        self.columns, self.failed, self.rounds = columns, 0, 0
        self._found, self._highs = found, found.highs
        self.value = int(found.value[columns].sum())
        self._ceiling = found.total()
        self._cost: Floats = np.array(self._highs.getSolution().col_dual)
        self._chance = Chance(0, "windows")
        self._iterations = 0

    def take_iterations(self) -> int:
        """Simplex iterations since this was last asked."""
        taken, self._iterations = self._iterations, 0
        return taken

    def round(self) -> None:
        """One window."""
        order = list(range(len(self.columns)))
        self._chance.shuffle(order)
        fast = self.columns[order[FREE:] if self.rounds else order[:0]]
        self.rounds += 1
        # a column whose reduced cost exceeds what a better plan may lose is in none
        most = np.where(self._found.alive & (self._cost <= self._ceiling - self.value), highspy.kHighsInf, 0.0)
        most[self.columns] = highspy.kHighsInf
        least = np.zeros(len(most))
        least[fast] = 1.0
        before = self.value
        self._branch(least, most)
        self.failed = 0 if self.value > before else self.failed + 1

    def _branch(self, least: Floats, most: Floats) -> None:
        """Depth first, the largest fraction up before down, as far as the iterations of a window go."""
        stack, limit = [(least, most)], self._iterations + WINDOW_ITERATIONS
        while stack and self._iterations < limit:
            low, high = stack.pop()
            share = self._solve(low, high)
            if share is None:
                continue
            fractional = np.flatnonzero((share > WHOLE) & (share < 1 - WHOLE))
            if len(fractional) == 0:
                self.columns = np.flatnonzero(share > 0.5)
                self.value = int(self._found.value[self.columns].sum())
                continue
            at = fractional[np.argmax(share[fractional])]
            up, down = low.copy(), high.copy()
            up[at], down[at] = 1.0, 0.0
            stack += [(low, down), (up, high)]

    def _solve(self, low: Floats, high: Floats) -> Floats | None:
        """The relaxation within bounds of its columns, None where it is no better than the plan in hand."""
        solver, count = self._highs, len(low)
        solver.changeColsBounds(count, np.arange(count, dtype=np.int32), low, high)
        solver.run()
        self._iterations += max(1, int(solver.getInfo().simplex_iteration_count))
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal or self._found.total() < self.value + 1:
            return None
        return np.array(solver.getSolution().col_value)


def split(found: Roundings, board: Board, columns: Int64, threads: int, most: int) -> tuple[Int64, int]:
    """A plan [groups] of the whole model that follows the pooled plan `columns` as far as it fits; and its work, at
    most `most`."""
    model = found.model
    wanted = np.zeros(len(found.value), dtype=np.bool_)
    wanted[columns] = True
    targets = np.flatnonzero(wanted[found.column])
    nobody = np.full(model.groups, -1, dtype=np.int64)
    held = greedy(model, board, nobody, targets[np.argsort(-model.value[targets], kind="stable")])
    chains = open_chains(model, model.value, held, 2)
    around, mean = field(model, model.value, targets), int(found.value[columns].sum()) // max(1, len(columns))
    steps = min(SPLIT_STEPS, max(0, most) // (2 * len(SPLIT_HEATS)))
    for heat in SPLIT_HEATS:
        run_round(chains, around, Heat(mean * heat // 1000), steps, threads)
        share_best(chains)
    return best_of(chains).best.copy(), 2 * steps * len(SPLIT_HEATS)
