"""The linear relaxation, kept in HiGHS and grown choice by choice while it is solved.

Only the simplex code of HiGHS is used, never its search over integers. Nothing HiGHS says is believed: its dual
values become integer prices, and `bound.evaluate` proves what they prove.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from dure.decide.planning.packing.model import Int64, Model

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """An optimal basis: `x` [choices] (zero where not in the master), dual values of rows and groups."""

    value: float
    x: Floats
    rows: Floats
    groups: Floats


class Master:
    """A linear programme over some choices of `model`; every row is there from the start, group rows as needed."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._group_of = model.group_of()
        self._column = np.full(model.choices, -1, dtype=np.int64)
        self._choice = np.empty(0, dtype=np.int64)
        self._group_row = np.full(model.groups, -1, dtype=np.int64)
        self._height = model.rows
        self._iterations = 0
        self._highs: Any = highspy.Highs()
        for option, setting in (
            ("output_flag", False),
            ("threads", 1),
            ("presolve", "off"),
            ("solver", "simplex"),
            ("simplex_strategy", 4),
            ("large_matrix_value", 1e19),  # larger amounts would be refused with their columns
        ):
            self._highs.setOptionValue(option, setting)
        nothing = np.empty(0, dtype=np.int32)
        self._highs.addRows(
            model.rows,
            np.full(model.rows, -highspy.kHighsInf),
            model.caps.astype(np.float64),
            0,
            np.zeros(model.rows, dtype=np.int32),
            nothing,
            np.empty(0),
        )

    @property
    def size(self) -> int:
        """Number of choices in the master."""
        return len(self._choice)

    @property
    def chosen(self) -> Int64:
        """The choices in the master, in order of entry."""
        return self._choice

    def add(self, choices: Int64) -> int:
        """Bring in `choices`; returns how many were new."""
        new = choices[self._column[choices] < 0]
        if len(new) == 0:
            return 0
        self._open_groups(np.unique(self._group_of[new]))
        self._column[new] = self.size + np.arange(len(new))
        self._choice = np.concatenate([self._choice, new])
        start, index, amount = self._entries(new)
        self._highs.addCols(
            len(new),
            -self.model.value[new].astype(np.float64),
            np.zeros(len(new)),
            np.full(len(new), highspy.kHighsInf),
            len(index),
            start.astype(np.int32),
            index.astype(np.int32),
            amount,
        )
        return len(new)

    def _open_groups(self, groups: Int64) -> None:
        fresh = groups[self._group_row[groups] < 0]
        if len(fresh) == 0:
            return
        self._group_row[fresh] = self._height + np.arange(len(fresh))
        self._height += len(fresh)
        self._highs.addRows(
            len(fresh),
            np.full(len(fresh), -highspy.kHighsInf),
            np.ones(len(fresh)),
            0,
            np.zeros(len(fresh), dtype=np.int32),
            np.empty(0, dtype=np.int32),
            np.empty(0),
        )

    def _entries(self, new: Int64) -> tuple[Int64, Int64, Floats]:
        """Column starts, row indices and coefficients of `new`: its uses and its group row."""
        model = self.model
        length = model.use_start[new + 1] - model.use_start[new]
        first = np.concatenate([[0], np.cumsum(length)[:-1]])
        source = np.arange(int(length.sum())) - np.repeat(first, length) + np.repeat(model.use_start[new], length)
        column = [np.repeat(np.arange(len(new)), length), np.arange(len(new))]
        row = [model.use_row[source].astype(np.int64), self._group_row[self._group_of[new]]]
        amount = [model.use_amount[source].astype(np.float64), np.ones(len(new))]
        columns = np.concatenate(column)
        order = np.argsort(columns, kind="stable")
        start = np.searchsorted(columns[order], np.arange(len(new)))
        return start, np.concatenate(row)[order], np.concatenate(amount)[order]

    def take_iterations(self) -> int:
        """Simplex iterations since this was last asked."""
        taken, self._iterations = self._iterations, 0
        return taken

    def solve(self) -> Answer:
        """Optimise from the last basis. Raises RuntimeError if HiGHS does not reach an optimum."""
        self._highs.run()
        self._iterations += int(self._highs.getInfo().simplex_iteration_count)
        status = self._highs.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"the linear programme ended as {status}")
        solution = self._highs.getSolution()
        dual = -np.array(solution.row_dual)
        x = np.zeros(self.model.choices)
        x[self._choice] = np.array(solution.col_value)
        groups = np.zeros(self.model.groups)
        opened = self._group_row >= 0
        groups[opened] = dual[self._group_row[opened]]
        return Answer(float((self.model.value * x).sum()), x, dual[: self.model.rows], groups)
