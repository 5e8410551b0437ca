"""The column model as a packing model, and what packing proved as a certificate in the problem's own words.

Amounts of a row are counted in their greatest common divisor. A soft row becomes a hard one with room for all that
could be used, plus groups that pay the row's price for every unit of that room left unused: binary chunks, so that any
excess can be paid for exactly. What those groups can pay at most is a constant, taken off again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dure.decide.planning.envy import Envy
from dure.decide.planning.model import Ints, Model
from dure.decide.planning.packing import branches
from dure.decide.planning.packing import model as packing
from dure.decide.planning.packing.bound import Prices, blocks_of, evaluate
from dure.decide.planning.packing.envy import Merit
from dure.decide.planning.packing.result import Packed
from dure.decide.planning.packing.rounding import Pools
from dure.decide.planning.packing.slack import Slack
from dure.decide.planning.packing.state import possible
from dure.decide.planning.packing.terms import Term, compress
from dure.decide.planning.plan import Certificate, Conditional, Decision, Leaf, Rounding
from dure.decide.planning.plan import Slack as PlanSlack


@dataclass(frozen=True, slots=True, eq=False)
class Translation:
    """`model` for the packing room; `unit` [rows] what one of its units is; `refund` the constant of soft rows."""

    model: packing.Model
    unit: Ints
    refund: int


def translate(model: Model) -> Translation:
    """The packing model of `model`: one group per application, then the groups of soft rows."""
    unit = _units(model)
    caps = model.caps // unit
    value, start = [model.value], [model.first]
    row, amount, counts = [model.use_row], [model.use_amount // unit[model.use_row]], [np.diff(model.use_first)]
    refund, end = 0, model.columns
    for r, one in enumerate(model.rows):
        if one.price is None:
            continue
        chunks = _chunks(_most_over(model, r, unit))
        caps[r] += sum(chunks)
        worth = [chunk * int(unit[r]) * one.price for chunk in chunks]
        refund += sum(worth)
        value.append(np.array(worth, dtype=np.int64))
        start.append(np.arange(end + 1, end + len(chunks) + 1, dtype=np.int64))
        row.append(np.full(len(chunks), r, dtype=np.int64))
        amount.append(np.array(chunks, dtype=np.int64))
        counts.append(np.ones(len(chunks), dtype=np.int64))
        end += len(chunks)
    built = packing.build(
        caps,
        np.concatenate(start),
        np.concatenate(value),
        np.concatenate([[0], np.cumsum(np.concatenate(counts))]),
        np.concatenate(row).astype(np.int32),
        np.concatenate(amount),
    )
    return Translation(built, unit, refund)


def blocks_to_try(model: Model) -> Ints | None:
    """None lets packing find rows to keep as knapsacks; with soft rows about, only rules' own hard rows come in."""
    if all(row.price is None for row in model.rows):
        return None
    found = [r for r, row in enumerate(model.rows) if row.policy is not None and row.price is None]
    return np.array(sorted(found, key=lambda r: (model.rows[r].name.count("/") == 0, r)), dtype=np.int64)


def pools(model: Model, translation: Translation) -> Pools:
    """Clusters of one GPU model in one slot cannot be told apart by most applications; soft rows refuse nobody."""
    kind = {cluster.code: cluster.gpu_model for cluster in model.problem.clusters}
    found: dict[tuple[str, int], list[int]] = {}
    usable = np.array([row.price is None for row in model.rows], dtype=np.bool_)
    for r, row in enumerate(model.rows):
        if row.policy is None:
            _, code, slot = row.name.split("/")
            found.setdefault((kind[code], int(slot)), []).append(r)
            usable[r] = translation.unit[r] == 1
    return Pools([np.array(found[key], dtype=np.int64) for key in sorted(found)], usable)


def certificate(model: Model, translation: Translation, packed: Packed) -> tuple[Certificate, int]:
    """The proof in the problem's rows, and the bound it proves there, exactly as an auditor derives it."""
    main = _Proof(model, translation, packed.blocks, packed.terms, packed.prices)
    rooms = [_Proof(model, translation, packed.blocks, one.terms, one.prices, slack=one) for one in packed.slack]
    divided = [
        one if isinstance(one, int) else _Proof(model, translation, packed.blocks, one.terms, one.prices, leaf=one)
        for one in packed.branches
    ]
    leaves = [one for one in divided if isinstance(one, _Proof)]
    common = math.lcm(*(int(unit) for proof in (main, *rooms, *leaves) for unit in proof.units()))
    scale = packed.prices.scale
    names = tuple(sorted(model.rows[r].name for r in packed.blocks.tolist()))
    slack = tuple(
        PlanSlack(
            model.rows[one.row].name, one.room * int(translation.unit[one.row]), proof.prices(common),
            proof.precedence(common), proof.conditional(common), proof.rounding(common),
        )
        for one, proof in zip(packed.slack, rooms, strict=True)
    )  # fmt: skip
    tree = tuple(Decision(model.applications[one].id) if isinstance(one, int) else one.leaf(common) for one in divided)
    highest = main.total(common)
    if leaves:
        highest = min(highest, max(one.total(common) for one in leaves))
    bound = max([highest, *(one.total(common) for one in rooms)]) // (scale * common)
    found = Certificate(
        scale * common, main.prices(common), names, main.precedence(common), main.conditional(common), slack,
        main.rounding(common), tree,
    )  # fmt: skip
    return found, bound


class _Proof:
    """Prices and terms of one bound, said in the problem's own rows and units."""

    def __init__(
        self,
        model: Model,
        translation: Translation,
        blocks: Ints,
        terms: tuple[Term, ...],
        prices: Prices,
        *,
        slack: Slack | None = None,
        leaf: branches.Leaf | None = None,
    ) -> None:
        self.model, self.translation, self.slack = model, translation, slack
        self.terms, self.term_prices, self.scale = terms, prices.terms, prices.scale
        kept = blocks if slack is None else blocks[blocks != slack.row]
        price = prices.rows.copy()
        for r, one in enumerate(model.rows):
            if one.price is not None:
                price[r] = min(int(price[r]), one.price * int(translation.unit[r]) * prices.scale)
        price[kept] = 0
        self.price: Ints = price
        packing = translation.model
        known = Prices(prices.scale, price, prices.terms)
        alive = possible(packing)
        if leaf is not None:
            alive &= ~np.isin(packing.group_of(), leaf.out)
        self._relaxed = evaluate(packing, blocks_of(packing, kept), compress(terms), known, alive).total

    def units(self) -> list[int]:
        """The units of all rows that have a price or excuse a precedence."""
        rows = set(np.flatnonzero(self.price).tolist()) | {term.row for term in self.terms if term.row >= 0}
        return [int(self.translation.unit[r]) for r in sorted(rows)]

    def prices(self, common: int) -> dict[str, int]:
        """Prices by row, in 1/(scale x common) of value per unit of the row."""
        unit = self.translation.unit
        return {
            self.model.rows[r].name: int(self.price[r]) * (common // int(unit[r]))
            for r in np.flatnonzero(self.price).tolist()
        }

    def total(self, common: int) -> int:
        """The bound in the same fractions; rounding a cap to whole units is undone, as an auditor knows of no units."""
        total = (self._relaxed - self.translation.refund * self.scale) * common
        for r in np.flatnonzero(self.price).tolist():
            unit, row = int(self.translation.unit[r]), self.model.rows[r]
            full = row.cap
            if self.slack is not None and r == self.slack.row:
                full -= self.slack.room * unit
            total += int(self.price[r]) * (common // unit) * full
            total -= common * int(self.price[r]) * (row.cap // unit)
        return total

    def precedence(self, common: int) -> tuple[tuple[str, str, int], ...]:
        """The plain terms that have a price."""
        return tuple(
            sorted((*self._pair(term), one * common) for term, one in self._priced() if term.row < 0 <= term.second)
        )

    def leaf(self, common: int) -> Leaf:
        """The proof of one part of the plans."""
        served = {
            self.model.applications[term.first].id: price * common
            for term, price in self._priced()
            if term.second < 0 <= term.first
        }
        return Leaf(
            served, self.prices(common), self.precedence(common), self.conditional(common), self.rounding(common)
        )

    def conditional(self, common: int) -> tuple[Conditional, ...]:
        """The terms that depend on a row's load and have a price."""
        found = []
        for term, one in self._priced():
            if term.row >= 0:
                unit = int(self.translation.unit[term.row])
                row = self.model.rows[term.row].name
                found.append(Conditional(*self._pair(term), row, term.reach * unit, one * (common // unit)))
        return tuple(sorted(found, key=lambda one: (one.first, one.second, one.row)))

    def rounding(self, common: int) -> tuple[Rounding, ...]:
        """The terms from rounding that have a price."""
        found = []
        for term, price in self._priced():
            one = term.rounding
            if one is not None:
                rows = ((self.model.rows[r].name, factor, int(self.translation.unit[r])) for r, factor in one.rows)
                free = ((self.model.applications[i].id, amount) for i, amount in one.free)
                taken = Rounding(tuple(sorted(rows)), one.divisor, tuple(sorted(free)), one.shrink, price * common)
                found.append(taken)
        return tuple(sorted(found, key=lambda one: (one.rows, one.free)))

    def _priced(self) -> list[tuple[Term, int]]:
        return [pair for pair in zip(self.terms, self.term_prices.tolist(), strict=True) if pair[1] > 0]

    def _pair(self, term: Term) -> tuple[str, str]:
        return self.model.applications[term.first].id, self.model.applications[term.second].id


def merit_order(model: Model, translation: Translation, envy: Envy) -> Merit:
    """Who may envy whom, for packing; the groups of soft rows envy nobody and are envied by nobody."""
    extra = translation.model.groups - len(model.applications)
    fundable = [model.problem.is_fundable(one) for one in model.applications]
    return Merit(
        score=np.pad(envy.score, (0, extra)),
        track=np.pad(envy.lane, (0, extra), constant_values=-1),
        shielded=np.pad(~envy.is_enviable, (0, extra), constant_values=True),
        may_envy=np.array(fundable + [False] * extra, dtype=np.bool_),
        delta=envy.delta,
        soft=np.array([r for r, row in enumerate(model.rows) if row.price is not None], dtype=np.int64),
    )


def _units(model: Model) -> Ints:
    """Per row the greatest common divisor of what columns use of it."""
    found = np.zeros(len(model.rows), dtype=np.int64)
    np.gcd.at(found, model.use_row, model.use_amount)
    return np.maximum(found, 1)


def _most_over(model: Model, row: int, unit: Ints) -> int:
    """The most by which all applications together could exceed a row, in its units."""
    uses = np.flatnonzero(model.use_row == row)
    column = np.searchsorted(model.use_first, uses, side="right") - 1
    most = np.zeros(len(model.applications), dtype=np.int64)
    np.maximum.at(most, model.owner[column], model.use_amount[uses] // unit[row])
    return max(0, int(most.sum()) - int(model.caps[row] // unit[row]))


def _chunks(total: int) -> list[int]:
    """Parts whose sums reach every number from 0 to `total`."""
    parts, size = [], 1
    while total > 0:
        part = min(size, total)
        parts.append(part)
        total -= part
        size *= 2
    return parts
