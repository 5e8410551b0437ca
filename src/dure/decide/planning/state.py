"""A plan in the making: which column each application has, and how much of every row is left."""

from __future__ import annotations

import numpy as np

from dure.decide.planning.model import Ints, Model

NONE = -1


class State:
    """Chosen columns of a model and what they leave. Soft rows never refuse anything: they count as endless."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.is_hard = np.array([row.price is None for row in model.rows], dtype=np.bool_)
        self.column = np.full(len(model.applications), NONE, dtype=np.int64)
        self.left: Ints = np.where(self.is_hard, model.caps, np.iinfo(np.int64).max // 4)
        self._over = model.caps.copy()
        self._price = np.array([row.price or 0 for row in model.rows], dtype=np.int64)

    @property
    def value(self) -> int:
        """Value of the chosen columns less what going over soft caps costs."""
        chosen = self.column[self.column >= 0]
        return int(self.model.value[chosen].sum()) - int((self._price * np.maximum(0, -self._over)).sum())

    def fits(self, column: int) -> bool:
        """Whether `column` can be added beside everything chosen."""
        rows, amounts = self.model.uses(column)
        return bool((amounts <= self.left[rows]).all())

    def put(self, column: int) -> None:
        """Fund the owner of `column` with it; the owner must be without."""
        owner = self.model.owner[column]
        if self.column[owner] != NONE:
            raise ValueError("this application is already funded")
        self.column[owner] = column
        self._take(column, 1)

    def drop(self, application: int) -> int:
        """Take the award of `application` away; the column it had."""
        column = int(self.column[application])
        self.column[application] = NONE
        self._take(column, -1)
        return column

    def fitting(self, application: int) -> Ints:
        """The columns of `application` that fit beside everything chosen."""
        first, last = int(self.model.first[application]), int(self.model.first[application + 1])
        begin, end = int(self.model.use_first[first]), int(self.model.use_first[last])
        rows, amounts = self.model.use_row[begin:end], self.model.use_amount[begin:end]
        short = np.concatenate([[0], np.cumsum(amounts > self.left[rows])])
        bounds = self.model.use_first[first : last + 1] - begin
        return first + np.flatnonzero(short[bounds[1:]] == short[bounds[:-1]])

    def best_fitting(self, application: int) -> int:
        """The most valuable column of `application` that fits (the earlier and smaller of equals), or NONE."""
        columns = self.fitting(application)
        if not len(columns):
            return NONE
        return int(columns[np.argmax(self.model.value[columns])])

    def refill(self, order: Ints) -> int:
        """Fund whoever fits, in `order`; how many were added."""
        added = 0
        for application in order.tolist():
            if self.column[application] == NONE:
                column = self.best_fitting(application)
                if column != NONE:
                    self.put(column)
                    added += 1
        return added

    def _take(self, column: int, sign: int) -> None:
        rows, amounts = self.model.uses(column)
        self._over[rows] -= sign * amounts
        hard = self.is_hard[rows]
        self.left[rows[hard]] -= sign * amounts[hard]
