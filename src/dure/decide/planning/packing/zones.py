"""Better a plan zone by zone: some held choices close to each other are decided anew, together and exactly.

A zone begins where the plan loses against its bound: at a row with room that has a price, or at a group that holds less
than its best. Its choices are those that share most with that place, and rows that everybody uses count for nothing.
Annealing changes a few choices at a time; what is left when it has cooled are gaps that only a change of many at once
can close. Each zone is a small integer programme (HiGHS, one thread, limited in nodes). Two are decided side by side
from the same plan, and the second stands if it still fits after the first.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import highspy
import numpy as np

from dure.decide.planning.chance import Chance
from dure.decide.planning.packing.model import Int64, Model

FREE = 100
"""Held choices a zone decides anew."""

MOST_NODES = 60
"""Nodes of the tree search of one zone."""

AT_ONCE = 2
"""Zones decided from the same plan, whatever the number of threads."""

ZONE_COST, ITERATION_COST = 30_000, 60
"""Units of work: of a zone, and of a simplex iteration in it."""


@dataclass(frozen=True, slots=True, eq=False)
class Zone:
    """`given` choices are let go; `chosen` of the model are held instead."""

    given: Int64
    chosen: Int64
    iterations: int


class Zones:
    """Betters the plan `held` [groups] of `model` among the choices that lose at most `width` at the prices.

    `regret` [choices] is what a choice is worth to its group at the prices `price` [rows], all in one unit.
    """

    def __init__(self, model: Model, regret: Int64, price: Int64, width: int, held: Int64) -> None:
        self.model, self.held = model, held.copy()
        self._owner, self._regret, self._price = model.group_of(), regret, price
        self._best = np.zeros(model.groups, dtype=np.int64)
        np.maximum.at(self._best, self._owner, regret)
        self._near = np.flatnonzero((self._best[self._owner] - regret <= width) & (model.value > 0))
        self._free = model.caps - self._load(held[held >= 0])
        self._chance = Chance(0, "zones")

    def round(self, threads: int) -> int:
        """Decide `AT_ONCE` zones; returns the units of work, 0 where the plan loses nothing any more."""
        starts = [start for start in (self._start() for _ in range(AT_ONCE)) if start is not None]
        if threads == 1:
            found = [self._decide(start) for start in starts]
        else:
            with ThreadPoolExecutor(threads) as pool:
                found = list(pool.map(self._decide, starts))
        for zone in found:
            self._take(zone)
        return sum(ZONE_COST + zone.iterations * ITERATION_COST for zone in found)

    def _load(self, choices: Int64) -> Int64:
        source, _ = self.model.uses_of(choices)
        load = np.zeros(self.model.rows, dtype=np.int64)
        np.add.at(load, self.model.use_row[source], self.model.use_amount[source])
        return load

    def _start(self) -> Int64 | None:
        """One or two choices of a group where the plan loses, in proportion to the loss; None where it does not."""
        short = self._best - np.where(self.held >= 0, self._regret[self.held], 0)
        lost = np.cumsum(np.concatenate([short, self._free * self._price]))
        if lost[-1] <= 0:
            return None
        at = int(np.searchsorted(lost, self._chance.below(int(lost[-1])), side="right"))
        near = self._near
        if at < self.model.groups:
            among = near[self._owner[near] == at]
        else:
            source, length = self.model.uses_of(near)
            touches = self.model.use_row[source] == at - self.model.groups
            among = near[np.unique(np.repeat(np.arange(len(near)), length)[touches])]
        if len(among) == 0:
            return np.empty(0, dtype=np.int64)
        first = int(among[self._chance.below(len(among))])
        alike = near[self._owner[near] == self._owner[first]]
        return np.array([first, int(alike[self._chance.below(len(alike))])], dtype=np.int64)

    def _decide(self, start: Int64) -> Zone:
        """The best plan of the zone around the choices `start`."""
        given = self._around(start)
        room = self._free + self._load(given)
        is_open = self.held < 0
        is_open[self._owner[given]] = True
        choices = np.union1d(self._near[is_open[self._owner[self._near]]], given)
        small = self.model.within(choices)
        over = np.repeat(np.arange(len(choices)), np.diff(small.use_start))[small.use_amount > room[small.use_row]]
        choices = np.delete(choices, np.unique(over))
        return _best(self.model.within(choices), room, choices, given)

    def _around(self, start: Int64) -> Int64:
        """Up to `FREE` held choices that share most with `start`; a row counts by how few use it."""
        held = self.held[self.held >= 0]
        source, length = self.model.uses_of(held)
        rows = self.model.use_row[source]
        users = np.bincount(rows, minlength=self.model.rows)
        weight = np.zeros(self.model.rows)
        core = np.unique(self.model.use_row[self.model.uses_of(start)[0]])
        weight[core] = 1.0 / np.maximum(users[core], 1)
        score = np.bincount(np.repeat(np.arange(len(held)), length), weight[rows], len(held))
        return np.sort(held[np.argsort(-score, kind="stable")[:FREE]])

    def _take(self, zone: Zone) -> None:
        """Hold what the zone chose, where it is better and still fits."""
        if self.model.value[zone.chosen].sum() <= self.model.value[zone.given].sum():
            return
        before, after = self._owner[zone.given], self._owner[zone.chosen]
        others = np.setdiff1d(after, before)
        free = self._free + self._load(zone.given) - self._load(zone.chosen)
        if (self.held[before] != zone.given).any() or (self.held[others] >= 0).any() or (free < 0).any():
            return
        self.held[before] = -1
        self.held[after] = zone.chosen
        self._free = free


def _best(small: Model, room: Int64, choices: Int64, given: Int64) -> Zone:
    """The best of `choices`, which make up the model `small`, within `room` [rows]; never worse than `given`."""
    if len(choices) == len(given):
        return Zone(given, given, 0)
    rows = np.flatnonzero(np.bincount(small.use_row, small.use_amount, small.rows) > room)
    solver = _load_solver(small, room, rows)
    hint = highspy.HighsSolution()
    hint.col_value = np.isin(choices, given).astype(float).tolist()
    solver.setSolution(hint)
    solver.run()
    share = np.array(solver.getSolution().col_value)
    chosen = choices[share > 0.5] if len(share) == len(choices) else given
    return Zone(given, chosen, max(0, int(solver.getInfo().simplex_iteration_count)))


def _load_solver(small: Model, room: Int64, rows: Int64) -> highspy.Highs:
    """HiGHS holding `small` with those `rows` that can run out, divided by what is used of them at most."""
    place = np.full(small.rows, -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    _, group = np.unique(small.group_of(), return_inverse=True)
    length = np.diff(small.use_start)
    index = np.concatenate([place[small.use_row], len(rows) + group])
    unit = np.ones(small.rows)
    np.maximum.at(unit, small.use_row, small.use_amount.astype(float))
    unit = np.where(unit > 100, unit / 100, 1.0)
    amount = np.concatenate([small.use_amount / unit[small.use_row], np.ones(small.choices)])
    column = np.concatenate([np.repeat(np.arange(small.choices), length), np.arange(small.choices)])
    kept = np.flatnonzero(index >= 0)
    kept = kept[np.lexsort((index[kept], column[kept]))]
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = small.choices, len(rows) + int(group.max(initial=-1)) + 1
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = small.value / max(1.0, float(small.value.mean()))
    lp.col_lower_, lp.col_upper_ = np.zeros(small.choices), np.ones(small.choices)
    lp.row_lower_ = np.full(lp.num_row_, -highspy.kHighsInf)
    lp.row_upper_ = np.concatenate([room[rows] / unit[rows], np.ones(lp.num_row_ - len(rows))])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.searchsorted(column[kept], np.arange(small.choices + 1)).astype(np.int32)
    lp.a_matrix_.index_ = index[kept].astype(np.int32)
    lp.a_matrix_.value_ = amount[kept]
    lp.integrality_ = [highspy.HighsVarType.kInteger] * small.choices
    solver = highspy.Highs()
    for name, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", 0.0), ("mip_max_nodes", MOST_NODES)):
        solver.setOptionValue(name, value)
    solver.passModel(lp)
    return solver
