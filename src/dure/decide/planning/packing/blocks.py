"""Which rows to keep as exact knapsacks: those whose price overstates most what the row can really be filled with."""

from __future__ import annotations

import numpy as np

from dure.decide.planning.packing.bound import Prices, blocks_of, evaluate
from dure.decide.planning.packing.model import Bool, Int64, Model
from dure.decide.planning.packing.terms import compress

CANDIDATES = 48
"""Priced rows that are tried one by one, fewer in a large model, where each row matters less and costs more to try."""

TRIALS = 20_000_000
"""Uses gone through in all trials together."""

LARGEST_TABLE = 1 << 22
"""Uses of a row times its cap up to which its table is worth the time that prices beside it would take."""

CROWD = 600
"""A row that holds more mean uses than this fills smoothly; keeping it exact gains next to nothing."""


def promising_blocks(model: Model, prices: Prices, alive: Bool) -> Int64:
    """Rows in the order in which keeping them exact should help most.

    First the priced rows, by how much the bound falls when the row alone is kept exact; then the unpriced, fewest
    choices first. Rows that can never bind, because all groups together cannot fill them, are left out.
    """
    binding = ~never_binds(model)
    count = np.maximum(np.bincount(model.use_row, minlength=model.rows), 1)
    mean = np.bincount(model.use_row, model.use_amount, model.rows) / count
    step = np.zeros(model.rows, dtype=np.int64)
    np.gcd.at(step, model.use_row, model.use_amount)
    cells = model.caps // np.maximum(step, 1) * count
    small = np.flatnonzero(binding & (model.caps < CROWD * mean) & (cells <= LARGEST_TABLE))
    priced = small[prices.rows[small] > 0]
    priced = priced[np.lexsort((priced, -prices.rows[priced] * mean[priced]))][: candidates(model)]
    terms, nothing = compress([]), blocks_of(model, np.empty(0, dtype=np.int64))
    before = evaluate(model, nothing, terms, prices, alive).total
    gain = np.array(
        [before - evaluate(model, blocks_of(model, priced[k : k + 1]), terms, prices, alive).total
         for k in range(len(priced))],
        dtype=np.int64,
    )  # fmt: skip
    helpful = gain > 0
    first = priced[helpful][np.lexsort((priced[helpful], -gain[helpful]))]
    rest = np.setdiff1d(small[prices.rows[small] == 0], first)
    return np.concatenate([first, rest[np.lexsort((rest, count[rest]))]])


def candidates(model: Model) -> int:
    """How many rows are tried."""
    return min(CANDIDATES, TRIALS // max(1, len(model.use_row)))


def never_binds(model: Model) -> Bool:
    """The rows [rows] that all groups together cannot fill, whatever they choose."""
    return np.asarray(_most_of_each(model) <= model.caps)


def _most_of_each(model: Model) -> Int64:
    """What all groups together could use at most of each row [rows]."""
    owner = np.repeat(model.group_of(), np.diff(model.use_start)).astype(np.int64)
    order = np.lexsort((model.use_amount, owner, model.use_row))
    row, group = model.use_row[order], owner[order]
    last = np.ones(len(order), dtype=np.bool_)
    last[:-1] = (row[1:] != row[:-1]) | (group[1:] != group[:-1])
    most = np.zeros(model.rows, dtype=np.int64)
    np.add.at(most, row[last], model.use_amount[order][last])
    return most
