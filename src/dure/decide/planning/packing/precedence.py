"""A bound for plans without envy: who is out bars some choices of those below.

Take group i, eligible to envy, group g it may displace, and a choice c of g such that some choice of i uses no more
than c of every row that can refuse i at all. If g holds c and i is out, then dropping g lets i in: envy. So every plan
without envy satisfies

    sum over such choices c of g: x[c]  <=  sum over all choices of i: x[j]

a *precedence term*. A row r can refuse a choice only if it uses more than `room[r]`, what every plan worth considering
leaves free there (see `slack`). If only one further row b, of which i needs at most n, may refuse i, that row must hold
more than cap - n whenever g holds c without i:

    (cap[b] - n) (sum over such c of g: x[c] - sum over all choices of i: x[j])  <=  load of row b

With prices on terms as on rows, L(p) bounds the best plan without envy. Terms are found where the linear relaxation
breaks them; the relaxation is then solved again.
"""

# ruff: noqa: ANN001, ANN202
# (Numba infers the types of kernels, and compiles plain loops best.)

from __future__ import annotations

import numba
import numpy as np

from dure.decide.planning.packing.blocks import never_binds
from dure.decide.planning.packing.bound import Blocks
from dure.decide.planning.packing.envy import Merit, Rule, may_displace, rule_of
from dure.decide.planning.packing.master import Floats
from dure.decide.planning.packing.model import LARGEST, Int64, Model
from dure.decide.planning.packing.patterns import Patterns
from dure.decide.planning.packing.terms import Term

LEAST = 1e-4
"""How much a plain term must be broken to be taken in."""

LEAST_CONDITIONAL = 0.02
"""The same for terms that depend on a row's load, which are longer and weaker."""

FEW = 5
"""While a round finds more plain terms than this, none that depend on a row are looked for."""


@numba.njit(cache=True, nogil=True)
def _undercuts(use_start, use_row, use_amount, room, load, c):  # type: ignore[no-untyped-def]
    """Whether choice c uses no more than `load` [rows] of every row that can refuse it."""
    for k in range(use_start[c], use_start[c + 1]):
        if use_amount[k] > load[use_row[k]] and use_amount[k] > room[use_row[k]]:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _most_broken(model, room, rule, x, served, out, excuse, least, second, worst):  # type: ignore[no-untyped-def]
    """For every group the first group whose precedence over it `x` [choices] breaks most, into `second` [groups].

    `model` is (group_start, use_start, use_row, use_amount), `served` [groups] the sum of x per group, `out` the
    groups not fully served that may envy and `excuse` how much of the breach each must bear. `worst` [groups]
    receives by how much; `second` is -1 where no breach is above `least`.
    """
    group_start, use_start, use_row, use_amount = model
    load = np.zeros(len(room), dtype=np.int64)
    for g in range(len(served)):
        second[g], worst[g] = -1, least
        if served[g] <= least or rule.shielded[g]:
            continue
        broken = np.zeros(len(out))
        for c in range(group_start[g], group_start[g + 1]):
            if x[c] <= LEAST:
                continue
            for k in range(use_start[c], use_start[c + 1]):
                load[use_row[k]] += use_amount[k]
            for n in range(len(out)):
                i = out[n]
                if i == g or served[i] + excuse[n] > served[g] - least or not may_displace(rule, i, g):
                    continue
                for at in range(rule.lean_start[i], rule.lean_start[i + 1]):
                    if _undercuts(use_start, use_row, use_amount, room, load, rule.lean[at]):
                        broken[n] += x[c]
                        break
            for k in range(use_start[c], use_start[c + 1]):
                load[use_row[k]] = 0
        for n in range(len(out)):
            breach = broken[n] - served[out[n]] - excuse[n]
            if breach > worst[g]:
                second[g], worst[g] = out[n], breach


def barred(model: Model, rule: Rule, room: Int64, i: int, g: int) -> Int64:
    """The choices of g that some choice of i undercuts: g may not hold them while i is out."""
    load = np.zeros(model.rows, dtype=np.int64)
    found = []
    for c in range(int(model.group_start[g]), int(model.group_start[g + 1])):
        uses = slice(model.use_start[c], model.use_start[c + 1])
        np.add.at(load, model.use_row[uses], model.use_amount[uses])
        if any(
            _undercuts(model.use_start, model.use_row, model.use_amount, room, load, int(k))
            for k in rule.lean[rule.lean_start[i] : rule.lean_start[i + 1]]
        ):
            found.append(c)
        load[model.use_row[uses]] = 0
    return np.array(found, dtype=np.int64)


def needs(model: Model, rule: Rule) -> Int64:
    """The most that anybody who may envy needs of each row [rows], taking their leanest choices."""
    eager = np.flatnonzero(np.repeat(rule.may_envy, np.diff(rule.lean_start)))
    used = np.zeros(model.choices, dtype=np.bool_)
    used[rule.lean[eager]] = True
    uses = np.flatnonzero(np.repeat(used, np.diff(model.use_start)))
    most = np.zeros(model.rows, dtype=np.int64)
    np.maximum.at(most, model.use_row[uses], model.use_amount[uses])
    return most


def known_room(model: Model) -> Int64:
    """`room` [rows] as far as the model alone tells: endless where all groups together cannot fill a row."""
    return np.where(never_binds(model), LARGEST, 0).astype(np.int64)


class Precedences:
    """The terms found so far for one model and merit order; `room` [rows] may be raised from outside, to `needs`."""

    def __init__(self, model: Model, merit: Merit, blocks: Blocks) -> None:
        self.model, self.rule, self.soft = model, rule_of(model, merit), merit.soft
        self.room, self.needs = known_room(model), needs(model, self.rule)
        self._known: set[tuple[int, int, int]] = set()
        self._users = {int(b): self._users_of(int(b)) for b in blocks.row if self.room[b] == 0}
        self._row_of = np.where(blocks.of_group >= 0, blocks.row[blocks.of_group], -1) if len(blocks.row) else None

    def _users_of(self, row: int) -> tuple[Int64, Int64]:
        uses = np.flatnonzero(self.model.use_row == row)
        return np.searchsorted(self.model.use_start, uses, side="right") - 1, self.model.use_amount[uses]

    def broken(self, x: Floats) -> list[Term]:
        """New terms that `x` [choices] breaks, at most one per group and row."""
        model = self.model
        served = np.bincount(model.group_of(), x, model.groups).astype(np.float64)
        lean = np.diff(self.rule.lean_start) > 0
        out = np.flatnonzero((served < 1 - LEAST) & self.rule.may_envy & lean)
        found = self._worst(x, served, out, np.zeros(len(out)), self.room, LEAST)
        new = [self.term(i, g) for i, g, _ in found if self._is_new(i, g, -1)]
        if len(new) < FEW:
            new += self._conditional(x, served, out)
        return new

    def _is_new(self, i: int, g: int, row: int) -> bool:
        if (i, g, row) in self._known:
            return False
        self._known.add((i, g, row))
        return True

    def _worst(
        self, x: Floats, served: Floats, out: Int64, excuse: Floats, room: Int64, least: float
    ) -> list[tuple[int, int, float]]:
        """(i, g, breach) for every group g over which somebody of `out` has a broken precedence."""
        model = self.model
        first, worst = np.empty(model.groups, dtype=np.int64), np.empty(model.groups)
        _most_broken(
            (model.group_start, model.use_start, model.use_row, model.use_amount),
            room, self.rule, x, served, out, excuse, least, first, worst,
        )  # fmt: skip
        return [(int(first[g]), int(g), float(worst[g])) for g in np.flatnonzero(first >= 0)]

    def _conditional(self, x: Floats, served: Floats, out: Int64) -> list[Term]:
        """Terms that depend on the load of the row of i's block; the worst of each group only."""
        worst: dict[int, tuple[float, int, int]] = {}
        for row, (users, amounts) in self._users.items():
            room = self.room.copy()
            room[row] = LARGEST
            own = out[self._row_of[out] == row] if self._row_of is not None else out[:0]
            reach = np.array([self._reach(int(i), row) for i in own], dtype=np.float64)
            own, reach = own[reach > 0], reach[reach > 0]
            excuse = float(amounts @ x[users]) / reach
            for i, g, breach in self._worst(x, served, own, excuse, room, LEAST_CONDITIONAL):
                if (i, g, row) not in self._known and breach > worst.get(g, (0.0, 0, 0))[0]:
                    worst[g] = breach, i, row
        self._known.update((i, g, row) for g, (_, i, row) in worst.items())
        return [self.conditional_term(i, g, row) for g, (_, i, row) in sorted(worst.items())]

    def _reach(self, i: int, row: int) -> int:
        """The load row `row` must at least have when it alone refuses i."""
        lean = self.rule.lean[self.rule.lean_start[i] : self.rule.lean_start[i + 1]]
        need = 0
        for c in lean.tolist():
            uses = slice(self.model.use_start[c], self.model.use_start[c + 1])
            need = max(need, int(self.model.use_amount[uses][self.model.use_row[uses] == row].sum()))
        return int(self.model.caps[row]) - need

    def term(self, i: int, g: int) -> Term:
        """The precedence of i over g."""
        above = np.arange(self.model.group_start[i], self.model.group_start[i + 1])
        below = barred(self.model, self.rule, self.room, i, g)
        weight = np.concatenate([-np.ones(len(above), dtype=np.int64), np.ones(len(below), dtype=np.int64)])
        return Term(np.concatenate([above, below]), weight, 0, i, g)

    def conditional_term(self, i: int, g: int, row: int) -> Term:
        """The precedence of i over g as far as row `row` has room for i."""
        room = self.room.copy()
        room[row] = LARGEST
        weight = np.zeros(self.model.choices, dtype=np.int64)
        reach = self._reach(i, row)
        weight[self.model.group_start[i] : self.model.group_start[i + 1]] = -reach
        weight[barred(self.model, self.rule, room, i, g)] = reach
        users, amounts = self._users[row]
        weight[users] -= amounts
        choice = np.flatnonzero(weight)
        return Term(choice, weight[choice], 0, i, g, row, reach)

    def round(self, patterns: Patterns) -> int:
        """Take in what the relaxation breaks and solve it again; returns how many terms were new."""
        new = self.broken(patterns.x)
        if new:
            patterns.add_terms(new)
            patterns.solve()
        return len(new)
