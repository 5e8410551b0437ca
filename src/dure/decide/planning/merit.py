"""Plans as states of the kernels: from a model to tables, from awards to a state and back, and free of envy."""

# ruff: noqa: ANN001, ANN202
# (Numba infers types.)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dure.decide.planning import kernels
from dure.decide.planning.envy import Envy
from dure.decide.planning.kernels import Tables, Work, compiled
from dure.decide.planning.model import Ints, Model
from dure.decide.planning.plan import Award, Certificate


def tables(model: Model, envy: Envy, duals: npt.NDArray[np.float64]) -> Tables:
    """The model as the kernels read it; `duals` are prices per unit of each row."""
    paid = _paid(model.use_first, model.use_row, model.use_amount, duals)
    return Tables(
        first=model.first,
        owner=model.owner,
        cluster=model.cluster,
        start=model.start,
        nodes=model.nodes,
        value=model.value,
        use_first=model.use_first,
        use_row=model.use_row,
        use_amount=model.use_amount,
        small_first=np.searchsorted(envy.smallest, model.first).astype(np.int64),
        small=envy.smallest,
        score=envy.score,
        lane=envy.lane,
        is_enviable=envy.is_enviable,
        by_score=np.ascontiguousarray(envy.order[::-1]),
        soft_price=np.array([-1 if row.price is None else row.price for row in model.rows], dtype=np.int64),
        soft_rows=np.array([r for r, row in enumerate(model.rows) if row.price is not None], dtype=np.int64),
        priced=np.round(model.value - paid).astype(np.int64),
    )


@compiled
def _paid(use_first, use_row, use_amount, duals):  # type: ignore[no-untyped-def]
    """[columns] what each pays for all it uses."""
    paid = np.zeros(len(use_first) - 1, dtype=np.float64)
    for column in range(len(paid)):
        for k in range(use_first[column], use_first[column + 1]):
            paid[column] += duals[use_row[k]] * use_amount[k]
    return paid


def duals(model: Model, proof: Certificate, of: Model | None = None) -> npt.NDArray[np.float64]:
    """The certificate's prices per unit of each row; those of inequalities from rounding are charged to their rows, by
    what a unit weighs on average. `of` is the model the certificate is for, where that is another."""
    price = {row: float(one) for row, one in proof.prices.items()}
    caps = {row.name: row.cap for row in (of or model).rows} if proof.rounding else {}
    for one in proof.rounding:
        cap = sum(factor * (caps[row] // unit) for row, factor, unit in one.rows)
        left = (cap - sum(amount for _, amount in one.free)) % one.divisor
        for row, factor, unit in one.rows:
            weight = factor * (one.divisor - left) / one.divisor - min(0, factor)
            price[row] = price.get(row, 0.0) + one.price * weight / (one.shrink * unit)
    return np.array([price.get(row.name, 0.0) / proof.scale for row in model.rows], dtype=np.float64)


def empty(model: Model) -> Work:
    """A state with no award."""
    is_hard = np.array([row.price is None for row in model.rows], dtype=np.bool_)
    return Work(
        column=np.full(len(model.applications), kernels.NONE, dtype=np.int64),
        left=np.where(is_hard, model.caps, kernels.ENDLESS),
        room=model.caps.copy(),
        value=np.zeros(1, dtype=np.int64),
    )


def settle(t: Tables, work: Work, delta: int) -> None:
    """Make a state free of justified envy, in place, and let awards grow where nobody comes to envy them.

    Packing searches among such plans already; what is left to do here is where soft rows seemed to refuse somebody.
    """
    kernels.settle(t, work, delta, t.value)
    kernels.enlarge(t, work, delta)


def no_prices(model: Model) -> npt.NDArray[np.float64]:
    """Rows that cost nothing."""
    return np.zeros(len(model.rows), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Choice:
    """Awards and what they are worth, soft costs taken off."""

    awards: tuple[Award, ...]
    value: int


def choice(model: Model, work: Work) -> Choice:
    """What a state stands for."""
    awards = tuple(sorted(award(model, column) for column in columns(work).tolist()))
    return Choice(awards, int(work.value[0]))


def award(model: Model, column: int) -> Award:
    """The award a column stands for."""
    application = model.applications[int(model.owner[column])]
    cluster = model.problem.clusters[int(model.cluster[column])]
    return Award(application.id, cluster.code, int(model.start[column]), int(model.nodes[column]))


def columns(work: Work) -> Ints:
    """The chosen columns of a state."""
    found: Ints = work.column[work.column != kernels.NONE]
    return found
