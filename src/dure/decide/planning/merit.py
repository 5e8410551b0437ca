"""From a valuable plan to one without justified envy, by swaps that only ever raise the scores of the funded.

Each swap puts a higher score in the place of a lower one and free room is filled from the highest score down, so the
sorted vector of funded scores rises with every step and the pass ends.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dure.decide.planning.envy import Envy
from dure.decide.planning.model import Model
from dure.decide.planning.state import NONE, State


def settle(model: Model, state: State, envy: Envy, keep_going: Callable[[], bool]) -> bool:
    """Swap and refill `state` until nobody has justified envy; False if `keep_going` ended it early."""
    state.refill(envy.order)
    while True:
        application = next(envy.envious(state), None)
        if application is None:
            return True
        if not keep_going():
            return False
        _swap(model, state, envy, application)
        state.refill(envy.order)


def _swap(model: Model, state: State, envy: Envy, application: int) -> None:
    """Give `application` the place of the award whose loss costs least value."""
    best: tuple[int, int, int] | None = None
    for award in sorted({swap.award for swap in envy.swaps(state, application)}):
        had = state.drop(award)
        column = state.best_fitting(application)
        state.put(had)
        gain = int(model.value[column] - model.value[had])
        if best is None or gain > best[0]:
            best = (gain, award, column)
    if best is None:
        raise ValueError("there is no swap for an application without justified envy")
    state.drop(best[1])
    state.put(best[2])


def enlarge(model: Model, state: State, envy: Envy) -> None:
    """Let awards grow into what is left, the highest score first, where no one comes to envy them for it."""
    for application in envy.order.tolist():
        if state.column[application] == NONE:
            continue
        had = state.drop(application)
        columns = state.fitting(application)
        same = columns[
            (model.cluster[columns] == model.cluster[had])
            & (model.start[columns] == model.start[had])
            & (model.value[columns] > model.value[had])
        ]
        state.put(had)
        for column in same[np.argsort(-model.value[same], kind="stable")].tolist():
            state.drop(application)
            state.put(column)
            if next(envy.envious(state), None) is None:
                break
            state.drop(application)
            state.put(had)
