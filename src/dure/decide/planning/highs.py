"""The column model before HiGHS: its linear relaxation for prices, its integer program for whether all can be served.

Prices are not trusted: they are rounded to integers and the bound is recomputed from them. One thread makes a run the
same every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import highspy
import numpy as np
import numpy.typing as npt

from dure.decide.planning.model import Model

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Relaxation:
    """Duals of rows (>= 0, in value per unit of the row) and how many simplex iterations they took."""

    duals: Floats
    iterations: int


def relax(model: Model) -> Relaxation:
    """Duals of the linear relaxation; zeros, which price nothing, where HiGHS finds no optimum."""
    if not model.columns:
        return Relaxation(np.zeros(len(model.rows)), 0)
    solver, unit = _load(model, is_integer=False)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return Relaxation(np.zeros(len(model.rows)), int(solver.getInfo().simplex_iteration_count))
    duals = np.array(solver.getSolution().row_dual)[: len(model.rows)]
    return Relaxation(np.maximum(duals, 0.0) / unit, int(solver.getInfo().simplex_iteration_count))


def all_served(model: Model) -> bool:
    """Whether every application can have one of its columns within every hard row, all together; exact, no limit."""
    unweighted = replace(model, value=np.ones(model.columns, dtype=np.int64))
    solver, _ = _load(unweighted, is_integer=True)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", 0.5)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError(f"HiGHS ended with {solver.getModelStatus()}")
    served = int(np.round(solver.getInfo().objective_function_value))
    return served == len(model.applications)


def has_amounts(columns: int, rows: Sequence[tuple[Sequence[int], int | None, int | None]]) -> bool:
    """Whether amounts >= 0 of `columns` exist whose sums over each row's columns lie within its (least, most)."""
    if not columns:
        return all((least or 0) <= 0 for _, least, _ in rows)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.addVars(columns, np.zeros(columns), np.full(columns, highspy.kHighsInf))
    for among, least, most in rows:
        low = -highspy.kHighsInf if least is None else float(least)
        high = highspy.kHighsInf if most is None else float(most)
        solver.addRow(low, high, len(among), np.array(among, dtype=np.int32), np.ones(len(among)))
    solver.run()
    status = solver.getModelStatus()
    if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible):
        raise RuntimeError(f"HiGHS ended with {status}")
    return bool(status == highspy.HighsModelStatus.kOptimal)


def _load(model: Model, is_integer: bool) -> tuple[highspy.Highs, Floats]:
    """HiGHS holding the model, and the unit each row was divided by so that numbers stay near one."""
    rows, columns, groups = len(model.rows), model.columns, len(model.first) - 1
    unit = np.ones(rows)
    np.maximum.at(unit, model.use_row, model.use_amount.astype(float))
    unit = np.where(unit > 1_000, unit / 100, 1.0)
    soft = np.array([r for r, row in enumerate(model.rows) if row.price is not None], dtype=np.int64)
    counts = np.diff(model.use_first)
    starts = np.concatenate([[0], np.cumsum(counts + 1), len(model.use_row) + columns + np.arange(1, len(soft) + 1)])
    index = np.empty(len(model.use_row) + columns + len(soft), dtype=np.int32)
    amount = np.ones(len(index))
    ends = np.cumsum(counts + 1) - 1
    is_use = np.ones(len(index), dtype=np.bool_)
    is_use[ends] = False
    is_use[len(model.use_row) + columns :] = False
    index[is_use] = model.use_row
    amount[is_use] = model.use_amount / unit[model.use_row]
    index[ends] = rows + model.owner
    index[len(model.use_row) + columns :] = soft
    amount[len(model.use_row) + columns :] = -1.0
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = columns + len(soft), rows + groups
    lp.sense_ = highspy.ObjSense.kMaximize
    prices = np.array([float(model.rows[r].price or 0) for r in soft]) * unit[soft]
    lp.col_cost_ = np.concatenate([model.value.astype(float), -prices])
    lp.col_lower_ = np.zeros(lp.num_col_)
    lp.col_upper_ = np.concatenate([np.ones(columns), np.full(len(soft), highspy.kHighsInf)])
    lp.row_lower_ = np.full(lp.num_row_, -highspy.kHighsInf)
    lp.row_upper_ = np.concatenate([model.caps / unit, np.ones(groups)])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = starts.astype(np.int32)
    lp.a_matrix_.index_ = index
    lp.a_matrix_.value_ = amount
    if is_integer:
        kind = [highspy.HighsVarType.kInteger] * columns + [highspy.HighsVarType.kContinuous] * len(soft)
        lp.integrality_ = kind
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.passModel(lp)
    return solver, unit
