"""What committees do with a spreadsheet: down the list of scores, full size, as early as there is room.

The baseline every plan is measured against; it is a plan like any other and passes the same audit.
"""

from __future__ import annotations

from dure.decide.planning import kernels, merit
from dure.decide.planning.envy import Envy
from dure.decide.planning.merit import Choice
from dure.decide.planning.model import build
from dure.decide.planning.problem import Problem


def committee(problem: Problem) -> Choice:
    """Awards in order of score, at the full size asked for, at the earliest start that fits, where it is liked best."""
    model = build(problem)
    tables = merit.tables(model, Envy(model, 0), merit.no_prices(model))
    state = merit.empty(model)
    for application in reversed(tables.by_score.tolist()):
        one = model.applications[application]
        liking = {option.cluster: option.utility for option in one.options}
        full = {option.cluster: option.max_nodes for option in one.options}
        best: tuple[int, int, int] | None = None
        for column in range(int(model.first[application]), int(model.first[application + 1])):
            cluster = problem.clusters[model.cluster[column]].code
            if model.nodes[column] == full[cluster] and kernels.fits(tables, state, column):
                rank = (int(model.start[column]), -liking[cluster], column)
                best = rank if best is None or rank < best else best
        if best is not None:
            kernels.move(tables, state, best[2], 1)
    return merit.choice(model, state)
