"""The exact swap statement: for every application without an award, which single award, gone, would make room."""

# ruff: noqa: ANN001, ANN202
# (Numba infers types, and compiles loops best.)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dure.decide.planning.kernels import NONE, Tables, Work, compiled, covers
from dure.decide.planning.model import Ints, Model

SHOWN = 10
"""How many awards are named; all are counted."""


@dataclass(frozen=True, slots=True, eq=False)
class Displacement:
    """`count` [applications] awards any one of which would make room; `lowest` [applications, SHOWN] the first of them
    from the lowest score up (ties: the worst lottery rank first), -1 where there are fewer. Numbers of applications."""

    count: Ints
    lowest: Ints


def displacement(model: Model, tables: Tables, work: Work) -> Displacement:
    """What stands between each application without an award and a place, by one award at a time."""
    funded: Ints = tables.by_score[work.column[tables.by_score] != NONE]
    columns = work.column[funded]
    length = model.use_first[columns + 1] - model.use_first[columns]
    place = np.repeat(np.arange(len(funded)), length)
    first = np.cumsum(length) - length
    uses = np.arange(int(length.sum())) - np.repeat(first - model.use_first[columns], length)
    rows, amounts = model.use_row[uses], model.use_amount[uses]
    order = np.argsort(rows, kind="stable")
    start = np.searchsorted(rows[order], np.arange(len(model.rows) + 1)).astype(np.int64)
    count = np.zeros(len(model.applications), dtype=np.int64)
    lowest = np.full((len(model.applications), SHOWN), -1, dtype=np.int64)
    _displace(tables, work, funded, start, place[order].astype(np.int64), amounts[order], count, lowest)
    return Displacement(count, lowest)


@compiled
def _displace(t, w, funded, start, places, amounts, count, lowest):  # type: ignore[no-untyped-def]
    """Fill the arrays of `Displacement`. `funded` lists awards from the lowest score up; `places[start[r]:start[r+1]]`
    are the places in it of the awards that use row r, ascending, and `amounts` what each uses of it."""
    stamp = np.full(len(funded), -1, dtype=np.int64)
    for i in range(len(w.column)):
        if w.column[i] != NONE:
            continue
        seen_row, seen_need = -1, t.first[0]
        for at in range(t.small_first[i], t.small_first[i + 1]):
            j, short, scarce, need = t.small[at], 0, -1, t.first[0]
            for k in range(t.use_first[j], t.use_first[j + 1]):
                row = t.use_row[k]
                if t.use_amount[k] > w.left[row]:
                    short += 1
                    if scarce < 0 or start[row + 1] - start[row] < start[scarce + 1] - start[scarce]:
                        scarce, need = row, t.use_amount[k] - w.left[row]
            if short == 0:
                stamp[:] = i
                count[i] = len(stamp)
                break
            if scarce == seen_row and need >= seen_need:
                continue  # an easier choice has named everybody this one could
            for at_row in range(start[scarce], start[scarce + 1]):
                place = places[at_row]
                if amounts[at_row] < need or stamp[place] == i:
                    continue
                if short == 1 or covers(t, w, w.column[funded[place]], j):
                    stamp[place] = i
                    count[i] += 1
            if short == 1:
                seen_row, seen_need = scarce, need
        if count[i] > 0:
            _name(stamp, i, funded, lowest[i])


@compiled
def _name(stamp, mark, funded, named):  # type: ignore[no-untyped-def]
    """The first awards that carry `mark`, into `named`."""
    found = 0
    for place in range(len(stamp)):
        if stamp[place] == mark:
            named[found] = funded[place]
            found += 1
            if found == len(named):
                return
