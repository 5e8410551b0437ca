"""What no plan can exceed, from integer prices of rows.

For prices p >= 0 (of a soft row at most its own price), every plan obeys

    value  <=  sum p[r] cap[r]  +  sum over applications of max(0, best value[j] - sum p[r] use[r, j])

because what a plan pays for the rows it uses never exceeds what their caps are worth.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from dure.decide.planning.model import Ints, Model
from dure.decide.planning.plan import Certificate

SCALE = 1_000_000


def units(model: Model) -> Ints:
    """Per row the greatest common divisor of what columns use of it: won are counted in those, so sums stay small."""
    found = np.zeros(len(model.rows), dtype=np.int64)
    np.gcd.at(found, model.use_row, model.use_amount)
    return np.maximum(found, 1)


def certificate(model: Model, duals: npt.NDArray[np.float64]) -> tuple[Certificate, int]:
    """Prices rounded to integers from `duals` (value per unit of a row), and the bound they prove."""
    unit = units(model)
    price = np.round(np.maximum(duals, 0.0) * unit * SCALE).astype(np.int64)
    for r, row in enumerate(model.rows):
        if row.price is not None:
            price[r] = min(int(price[r]), row.price * int(unit[r]) * SCALE)
    cost = np.concatenate([[0], np.cumsum(price[model.use_row] * (model.use_amount // unit[model.use_row]))])
    reduced = SCALE * model.value - (cost[model.use_first[1:]] - cost[model.use_first[:-1]])
    best = np.zeros(len(model.applications), dtype=np.int64)
    np.maximum.at(best, model.owner, reduced)
    common = math.lcm(*(int(one) for one in unit[price > 0]))
    prices = {row.name: int(price[r]) * (common // int(unit[r])) for r, row in enumerate(model.rows) if price[r] > 0}
    total = sum(prices[row.name] * row.cap for r, row in enumerate(model.rows) if price[r] > 0)
    bound = (total + common * int(best.sum())) // (SCALE * common)
    return Certificate(scale=SCALE * common, prices=prices), bound
