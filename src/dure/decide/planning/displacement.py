"""The exact swap statement: for every application without an award, which single award, gone, would make room."""

# ruff: noqa: ANN001, ANN202
# (Numba infers types, and compiles loops best.)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dure.decide.planning.kernels import NONE, Tables, Work, compiled
from dure.decide.planning.model import Ints, Model

SHOWN = 10
"""How many awards are named; all are counted."""

REMEMBERED = 1 << 13
"""How many answers to "which awards give back so much of this row" are kept."""


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
    are the places in it of the awards that use row r, ascending, and `amounts` what each uses of it.

    Sets of awards are bits of words. Which awards give back so much of a row is remembered, as many ask for the same.
    """
    words = (len(funded) + 63) // 64
    known = np.zeros((REMEMBERED, words), dtype=np.uint64)
    last, before = np.full(len(start), -1, dtype=np.int64), np.full(REMEMBERED, -1, dtype=np.int64)
    needs, size = np.zeros(REMEMBERED, dtype=np.int64), np.zeros(1, dtype=np.int64)
    mine, one = np.zeros(words, dtype=np.uint64), np.zeros(words, dtype=np.uint64)
    for i in range(len(w.column)):
        if w.column[i] != NONE:
            continue
        mine[:] = 0
        for at in range(t.small_first[i], t.small_first[i + 1]):
            short = 0
            for k in range(t.use_first[t.small[at]], t.use_first[t.small[at] + 1]):
                row, need = t.use_row[k], t.use_amount[k] - w.left[t.use_row[k]]
                if need <= 0:
                    continue
                entry = _remembered(row, need, start, places, amounts, known, last, before, needs, size)
                for word in range(words):
                    one[word] = known[entry, word] if short == 0 else one[word] & known[entry, word]
                short += 1
            if short == 0:
                mine[:] = ~np.uint64(0)
                count[i] = len(funded)
                break
            for word in range(words):
                mine[word] |= one[word]
        _count(mine, i, funded, count, lowest[i])


@compiled
def _remembered(row, need, start, places, amounts, known, last, before, needs, size):  # type: ignore[no-untyped-def]
    """The place in `known` of the awards that give back `need` of `row`; `last` [rows] and `before` chain what is known
    of one row. Once there is no more space the last place is used over again."""
    entry = last[row]
    while entry >= 0 and needs[entry] != need:
        entry = before[entry]
    if entry >= 0:
        return entry
    entry = size[0]
    known[entry] = 0
    for at in range(start[row], start[row + 1]):
        if amounts[at] >= need:
            known[entry, places[at] >> 6] |= np.uint64(1) << np.uint64(places[at] & 63)
    if entry < len(known) - 1:
        needs[entry], before[entry], last[row] = need, last[row], entry
        size[0] += 1
    return entry


@compiled
def _count(mine, i, funded, count, named):  # type: ignore[no-untyped-def]
    """How many awards the bits of `mine` stand for, into `count[i]`, and the first of them into `named`."""
    found = 0
    for word in range(len(mine)):
        rest = mine[word]
        while rest != 0:
            bit = rest & (~rest + np.uint64(1))
            rest ^= bit
            if found < len(named):
                place = word << 6
                while bit > np.uint64(1):
                    bit >>= np.uint64(1)
                    place += 1
                if place < len(funded):
                    named[found] = funded[place]
            found += 1
    count[i] = min(found, len(funded))
