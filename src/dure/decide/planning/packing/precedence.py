"""A bound for plans without envy: who is out bars some choices of those below.

Take group i, eligible to envy, group g it may displace, and a choice c of g such that some choice of i uses no more
than c of every row that can bind at all. If g holds c and i is out, then dropping g lets i in: envy. So every plan
without envy satisfies

    sum over such choices c of g: x[c]  <=  sum over all choices of i: x[j]

a *precedence term*. With prices on terms as on rows, L(p) bounds the best plan without envy. Terms are found where
the linear relaxation breaks them; the relaxation is then solved again.
"""

# ruff: noqa: ANN001, ANN202
# (Numba infers the types of kernels, and compiles plain loops best.)

from __future__ import annotations

import numba
import numpy as np

from dure.decide.planning.packing.blocks import never_binds
from dure.decide.planning.packing.bound import Blocks
from dure.decide.planning.packing.columns import Linear, solve_linear
from dure.decide.planning.packing.envy import Merit, Rule, may_displace, rule_of
from dure.decide.planning.packing.master import Floats
from dure.decide.planning.packing.model import Bool, Int64, Model
from dure.decide.planning.packing.terms import Term, compress

LEAST = 1e-4
"""How much a term must be broken to be taken in."""


@numba.njit(cache=True, nogil=True)
def _undercuts(use_start, use_row, use_amount, never, load, c):  # type: ignore[no-untyped-def]
    """Whether choice c uses no more than `load` [rows] of every row that can bind."""
    for k in range(use_start[c], use_start[c + 1]):
        if use_amount[k] > load[use_row[k]] and not never[use_row[k]]:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _most_broken(model, never, rule, x, served, out, second, worst):  # type: ignore[no-untyped-def]
    """For every group the first group whose precedence over it `x` [choices] breaks most, into `second` [groups].

    `model` is (group_start, use_start, use_row, use_amount), `served` [groups] the sum of x per group, `out` the
    groups not fully served that may envy. `worst` [groups] receives by how much; `second` is -1 where none is.
    """
    group_start, use_start, use_row, use_amount = model
    load = np.zeros(len(never), dtype=np.int64)
    for g in range(len(served)):
        second[g], worst[g] = -1, LEAST
        if served[g] <= LEAST or rule.shielded[g]:
            continue
        broken = np.zeros(len(out))
        for c in range(group_start[g], group_start[g + 1]):
            if x[c] <= LEAST:
                continue
            for k in range(use_start[c], use_start[c + 1]):
                load[use_row[k]] += use_amount[k]
            for n in range(len(out)):
                i = out[n]
                if i == g or served[i] > served[g] - LEAST or not may_displace(rule, i, g):
                    continue
                for at in range(rule.lean_start[i], rule.lean_start[i + 1]):
                    if _undercuts(use_start, use_row, use_amount, never, load, rule.lean[at]):
                        broken[n] += x[c]
                        break
            for k in range(use_start[c], use_start[c + 1]):
                load[use_row[k]] = 0
        for n in range(len(out)):
            if broken[n] - served[out[n]] > worst[g]:
                second[g], worst[g] = out[n], broken[n] - served[out[n]]


def barred(model: Model, rule: Rule, never: Bool, i: int, g: int) -> Int64:
    """The choices of g that undercut no choice of i: g may not hold them while i is out."""
    load = np.zeros(model.rows, dtype=np.int64)
    found = []
    for c in range(int(model.group_start[g]), int(model.group_start[g + 1])):
        uses = slice(model.use_start[c], model.use_start[c + 1])
        np.add.at(load, model.use_row[uses], model.use_amount[uses])
        if any(
            _undercuts(model.use_start, model.use_row, model.use_amount, never, load, int(k))
            for k in rule.lean[rule.lean_start[i] : rule.lean_start[i + 1]]
        ):
            found.append(c)
        load[model.use_row[uses]] = 0
    return np.array(found, dtype=np.int64)


class Precedences:
    """The terms found so far for one model and merit order."""

    def __init__(self, model: Model, merit: Merit) -> None:
        self.model, self.rule = model, rule_of(model, merit)
        self.never = never_binds(model)
        self.terms: list[Term] = []
        self._known: set[tuple[int, int]] = set()

    def broken(self, x: Floats) -> list[Term]:
        """New terms that `x` [choices] breaks, at most one per group."""
        model = self.model
        served = np.bincount(model.group_of(), x, model.groups)
        lean = np.diff(self.rule.lean_start) > 0
        out = np.flatnonzero((served < 1 - LEAST) & self.rule.may_envy & lean)
        first, worst = np.empty(model.groups, dtype=np.int64), np.empty(model.groups)
        _most_broken(
            (model.group_start, model.use_start, model.use_row, model.use_amount),
            self.never, self.rule, x, served, out, first, worst,
        )  # fmt: skip
        pairs = [(int(first[g]), int(g)) for g in np.flatnonzero(first >= 0)]
        new = [self.term(i, g) for i, g in pairs if (i, g) not in self._known]
        self._known.update(pairs)
        return new

    def term(self, i: int, g: int) -> Term:
        """The precedence of i over g."""
        above = np.arange(self.model.group_start[i], self.model.group_start[i + 1])
        below = barred(self.model, self.rule, self.never, i, g)
        weight = np.concatenate([-np.ones(len(above), dtype=np.int64), np.ones(len(below), dtype=np.int64)])
        return Term(np.concatenate([above, below]), weight, 0, i, g)

    def round(self, linear: Linear, nothing: Blocks, alive: Bool) -> int:
        """Take in what the relaxation breaks and solve it again; returns how many terms were new."""
        new = self.broken(linear.answer.x)
        if not new:
            return 0
        self.terms += new
        linear.master.add_terms(new)
        linear.resolve()
        solve_linear(self.model, nothing, compress(self.terms), alive, linear, passes=20)
        return len(new)
