"""Who has justified envy of whom.

Application i, fundable and without an award, has justified envy of award j when both are in one track and rubric,
score_i >= score_j + delta, j is neither running nor nominated, and the plan without j, all else unchanged, admits
some choice of i under every hard row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dure.decide.planning.model import Ints, Model
from dure.decide.planning.state import NONE, State


@dataclass(frozen=True, slots=True)
class Swap:
    """`application` could take the place of `award` with `column` (indices of the model)."""

    application: int
    award: int
    column: int


class Envy:
    """Finds justified envy in a state of `model` at a band of `delta` tenths of a point."""

    def __init__(self, model: Model, delta: int) -> None:
        self.model, self.delta = model, delta
        applications, track = model.applications, model.problem.track
        self.score: Ints = np.array([one.score_tenths for one in applications], dtype=np.int64)
        lanes = sorted({(one.track, track[one.track].rubric) for one in applications})
        self.lane: Ints = np.array(
            [lanes.index((one.track, track[one.track].rubric)) for one in applications], dtype=np.int64
        )
        self.is_enviable = np.array([one.standing == "new" for one in applications], dtype=np.bool_)
        self.has_choice = np.diff(model.first) > 0
        self.smallest = _smallest(model)
        self.order: Ints = np.lexsort((np.arange(len(applications)), -self.score))

    def envious(self, state: State) -> Iterator[int]:
        """Applications with justified envy, the highest score first (ties by lottery rank)."""
        for application in self.order.tolist():
            is_out = state.column[application] == NONE and self.has_choice[application]
            if is_out and next(self.swaps(state, application), None) is not None:
                yield application

    def swaps(self, state: State, application: int) -> Iterator[Swap]:
        """Every (award, smallest choice) that `application` could justly have in place of the award."""
        awards = self._lower(state, application)
        if not len(awards):
            return
        first, last = np.searchsorted(self.smallest, self.model.first[application : application + 2])
        for column in self.smallest[first:last].tolist():
            rows, amounts = self.model.uses(column)
            short = amounts - state.left[rows]
            rows, short = rows[short > 0], short[short > 0]
            for award in awards.tolist():
                if self._covers(int(state.column[award]), rows, short):
                    yield Swap(application, award, column)

    def _lower(self, state: State, application: int) -> Ints:
        """Awards the application may justly envy by score, the lowest score first."""
        funded = np.flatnonzero(state.column != NONE)
        same = self.lane[funded] == self.lane[application]
        lower = self.score[funded] + self.delta <= self.score[application]
        found = funded[same & lower & self.is_enviable[funded]]
        order: Ints = found[np.lexsort((-found, self.score[found]))]
        return order

    def _covers(self, column: int, rows: Ints, short: Ints) -> bool:
        """Whether dropping `column` gives back `short` on all of `rows`."""
        if not len(rows):
            return True
        own, amounts = self.model.uses(column)
        place = np.searchsorted(own, rows)
        place[place == len(own)] = 0
        return bool(((own[place] == rows) & (amounts[place] >= short)).all())


def _smallest(model: Model) -> Ints:
    """The columns of the smallest size at each cluster and start of each application, ascending."""
    if not model.columns:
        return np.zeros(0, dtype=np.int64)
    keys = np.stack([model.owner, model.cluster, model.start])
    is_first = np.concatenate([[True], (keys[:, 1:] != keys[:, :-1]).any(axis=0)])
    return np.flatnonzero(is_first)
