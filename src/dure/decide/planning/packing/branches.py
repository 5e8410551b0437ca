"""A bound for plans without envy in parts: those that serve a group, those that do not, and so on.

Prices let a group be served by half. Where that is what keeps a bound high, the plans are divided: either the group is
served, and something is gained by each of its choices that has to be paid for in any case,

    sum over all choices of g: x[j]  >=  1

or it is not, and then nobody whom it could displace holds what would let it in. Each part has prices of its own, and
the largest of their bounds holds for all plans.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dure.decide.planning.packing.bound import Prices
from dure.decide.planning.packing.master import Floats
from dure.decide.planning.packing.patterns import Patterns
from dure.decide.planning.packing.precedence import Precedences
from dure.decide.planning.packing.terms import Term

PASSES = 60
"""Passes of one look at a part."""

CLOSE = 1e-5
"""The relative distance at which the prices of a part count as best."""

WHOLE = 0.02
"""A group counts as served or not when this close to it."""


@dataclass(slots=True, eq=False)
class Part:
    """The plans that serve the groups `served` and not those `out`: `total` at `prices` bounds them (in 1/scale).

    `x` is the mixture that says so, None until nothing lowers `total` any more; `group` what divides it, -1 while it
    is a leaf, and `parts` those that serve it and those that do not.
    """

    served: tuple[int, ...]
    out: tuple[int, ...]
    total: int
    prices: Prices
    x: Floats | None
    group: int = -1
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A part as it is proven: `prices` with `terms`."""

    served: tuple[int, ...]
    out: tuple[int, ...]
    total: int
    prices: Prices
    terms: tuple[Term, ...]


class Branches:
    """All plans, divided; the part whose bound is the highest is worked at."""

    def __init__(self, patterns: Patterns, found: Precedences) -> None:
        self.patterns, self.found = patterns, found
        self.root = Part((), (), patterns.total, patterns.prices, patterns.x)
        self._leaves = [self.root]

    @property
    def total(self) -> int:
        """The bound of all plans."""
        return max(part.total for part in self._leaves)

    def step(self, most: int) -> bool:
        """Lower the highest bound, or divide it; False when there is nothing to divide by, or there are `most` parts
        already."""
        part = max(self._leaves, key=lambda part: part.total)
        if part.x is None:
            self._lower(part, max((one.total for one in self._leaves if one is not part), default=0))
            return True
        group = self._undecided(part.x) if len(self._leaves) < most else -1
        if group < 0:
            return False
        part.group = group
        part.parts = (
            Part((*part.served, group), part.out, part.total, part.prices, None),
            Part(part.served, (*part.out, group), part.total, part.prices, None),
        )
        self._leaves.remove(part)
        self._leaves += part.parts
        return True

    def listed(self) -> tuple[int | Leaf, ...]:
        """The group that divides all plans, then all of the part that serves it, then all of the other; and so on."""
        found: list[int | Leaf] = []
        stack = [self.root]
        while stack:
            part = stack.pop()
            if part.parts:
                found.append(part.group)
                stack += part.parts[::-1]
            else:
                found.append(self._leaf(part))
        return tuple(found)

    def _leaf(self, part: Part) -> Leaf:
        priced = np.flatnonzero(part.prices.terms)
        prices = Prices(part.prices.scale, part.prices.rows, part.prices.terms[priced])
        return Leaf(part.served, part.out, part.total, prices, tuple(self.patterns.terms[t] for t in priced.tolist()))

    def _lower(self, part: Part, enough: int) -> None:
        """Better prices until the part's bound is below `enough` or the best."""
        patterns, before = self.patterns, part.total
        patterns.decide(part.served, part.out, part.prices)
        is_best = patterns.solve(PASSES, enough, CLOSE)
        while is_best and patterns.total >= enough:
            new = self.found.broken(patterns.x)
            if not new:
                part.x = patterns.x
                break
            patterns.add_terms(new)
            is_best = patterns.solve(PASSES, enough, CLOSE)
        if patterns.total < before:
            part.total, part.prices = patterns.total, patterns.prices

    def _undecided(self, x: Floats) -> int:
        """The group that is served nearest to a half, of the best score among those as near; -1 for none."""
        model, rule = self.patterns.model, self.found.rule
        served = np.bincount(model.group_of(), x, model.groups)
        groups = np.flatnonzero((served > WHOLE) & (served < 1 - WHOLE) & rule.may_envy)
        if not len(groups):
            return -1
        near = np.round(np.abs(served[groups] - 0.5), 2)
        return int(groups[np.lexsort((-rule.score[groups], near))[0]])
