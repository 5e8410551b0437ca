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
from dure.decide.planning.packing import model as packing
from dure.decide.planning.packing.bound import Prices, blocks_of, evaluate
from dure.decide.planning.packing.envy import Merit
from dure.decide.planning.packing.pack import Packed
from dure.decide.planning.packing.state import possible
from dure.decide.planning.packing.terms import compress
from dure.decide.planning.plan import Certificate


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


def certificate(model: Model, translation: Translation, packed: Packed) -> tuple[Certificate, int]:
    """The proof in the problem's rows, and the bound it proves there, exactly as an auditor derives it."""
    unit, scale = translation.unit, packed.prices.scale
    price = packed.prices.rows.copy()
    for r, one in enumerate(model.rows):
        if one.price is not None:
            price[r] = min(int(price[r]), one.price * int(unit[r]) * scale)
    blocks = blocks_of(translation.model, packed.blocks)
    price[blocks.row] = 0
    proof = evaluate(
        translation.model,
        blocks,
        compress(packed.terms),
        Prices(scale, price, packed.prices.terms),
        possible(translation.model),
    )
    priced = np.flatnonzero(price > 0).tolist()
    common = math.lcm(*(int(unit[r]) for r in priced))
    prices = {model.rows[r].name: int(price[r]) * (common // int(unit[r])) for r in priced}
    total = (proof.total - translation.refund * scale) * common
    for r in priced:
        cap = model.caps[r] // unit[r]
        total += prices[model.rows[r].name] * model.rows[r].cap - common * int(price[r]) * int(cap)
    names = tuple(sorted(model.rows[r].name for r in blocks.row.tolist()))
    precedence = tuple(
        sorted(
            (model.applications[term.first].id, model.applications[term.second].id, int(one) * common)
            for term, one in zip(packed.terms, packed.prices.terms.tolist(), strict=True)
            if one > 0
        )
    )
    return Certificate(scale * common, prices, names, precedence), total // (scale * common)


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
