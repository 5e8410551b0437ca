"""Who may have justified envy of whom, as far as that depends on the problem alone.

Application i, fundable and without an award, has justified envy of award j when both are in one track and rubric,
score_i >= score_j + delta, j is neither running nor nominated, and the plan without j, all else unchanged, admits
some choice of i under every hard row. The last part depends on the plan: see `kernels`.
"""

from __future__ import annotations

import numpy as np

from dure.decide.planning.model import Ints, Model


class Envy:
    """The merit order of a model at a band of `delta` tenths of a point. Arrays by application.

    `lane`: equal numbers are compared with each other. `smallest`: the columns of the smallest size at each cluster
    and start, which fit wherever a larger one does. `order`: from the highest score down, ties by lottery rank.
    """

    def __init__(self, model: Model, delta: int) -> None:
        self.delta = delta
        applications, track = model.applications, model.problem.track
        self.score: Ints = np.array([one.score_tenths for one in applications], dtype=np.int64)
        places = [(one.track, track[one.track].rubric) for one in applications]
        number = {place: index for index, place in enumerate(sorted(set(places)))}
        self.lane: Ints = np.array([number[place] for place in places], dtype=np.int64)
        self.is_enviable = np.array([one.standing == "new" for one in applications], dtype=np.bool_)
        self.smallest = _smallest(model)
        self.order: Ints = np.lexsort((np.arange(len(applications)), -self.score))


def _smallest(model: Model) -> Ints:
    """The columns of the smallest size at each cluster and start of each application, ascending."""
    if not model.columns:
        return np.zeros(0, dtype=np.int64)
    keys = np.stack([model.owner, model.cluster, model.start])
    is_first = np.concatenate([[True], (keys[:, 1:] != keys[:, :-1]).any(axis=0)])
    return np.flatnonzero(is_first)
